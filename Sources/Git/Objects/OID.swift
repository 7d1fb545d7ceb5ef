import Clibgit2

/// The name of a git object: a SHA-1 of 20 bytes.
///
/// The bytes are kept in three integers so that a value needs no allocation; nothing outside of this file
/// knows the layout of `git_oid`, which differs between releases of libgit2 (STYLE 5.1).
public struct OID: Hashable, Sendable, CustomStringConvertible, Comparable {
  static let byteCount = 20

  private let high: UInt64
  private let middle: UInt64
  private let low: UInt32

  /// The name that git uses for "no object": 40 zeros.
  public static let zero = OID(high: 0, middle: 0, low: 0)

  private init(high: UInt64, middle: UInt64, low: UInt32) {
    self.high = high
    self.middle = middle
    self.low = low
  }

  /// Reads exactly 40 hexadecimal digits, upper or lower case; anything else gives `nil`.
  public init?(_ hex: String) {
    let digits = hex.utf8
    guard digits.count == OID.byteCount * 2 else { return nil }
    var high: UInt64 = 0
    var middle: UInt64 = 0
    var low: UInt32 = 0
    for (index, digit) in digits.enumerated() {
      guard let value = OID.value(ofDigit: digit) else { return nil }
      switch index {
      case 0..<16: high = high << 4 | UInt64(value)
      case 16..<32: middle = middle << 4 | UInt64(value)
      default: low = low << 4 | UInt32(value)
      }
    }
    self.init(high: high, middle: middle, low: low)
  }

  /// Takes the name's 20 bytes as integers, most significant first.
  package init(words: (UInt64, UInt64, UInt32)) {
    self.init(high: words.0, middle: words.1, low: words.2)
  }

  /// The name's 20 bytes as integers, most significant first.
  package var words: (UInt64, UInt64, UInt32) { (high, middle, low) }

  /// A name for an object of a simulated repository: of a kind, and of a number among those.
  package init(kind: UInt32, number: Int) {
    self.init(high: UInt64(kind), middle: 0, low: UInt32(truncatingIfNeeded: number))
  }

  /// The kind that a simulated object was given.
  package var kind: UInt32 { UInt32(truncatingIfNeeded: high) }

  /// The number that a simulated object was given.
  package var number: Int { Int(low) }

  init(_ raw: git_oid) {
    var high: UInt64 = 0
    var middle: UInt64 = 0
    var low: UInt32 = 0
    withUnsafeBytes(of: raw.id) { bytes in
      for (index, byte) in bytes.prefix(OID.byteCount).enumerated() {
        switch index {
        case 0..<8: high = high << 8 | UInt64(byte)
        case 8..<16: middle = middle << 8 | UInt64(byte)
        default: low = low << 8 | UInt32(byte)
        }
      }
    }
    self.init(high: high, middle: middle, low: low)
  }

  /// The object that a borrowed pointer names, or `nil` for a null pointer.
  init?(_ pointer: UnsafePointer<git_oid>?) {
    guard let pointer else { return nil }
    self.init(pointer.pointee)
  }

  var raw: git_oid {
    var result = git_oid()
    withUnsafeMutableBytes(of: &result.id) { bytes in
      for index in 0..<min(OID.byteCount, bytes.count) {
        let word = index < 8 ? high : index < 16 ? middle : UInt64(low)
        let shift = 8 * (index < 16 ? 7 - index % 8 : 19 - index)
        bytes[index] = UInt8(truncatingIfNeeded: word >> UInt64(shift))
      }
    }
    return result
  }

  /// The 40 lower-case hexadecimal digits.
  public var hex: String {
    String(unsafeUninitializedCapacity: OID.byteCount * 2) { digits in
      var next = 0
      func write(_ word: UInt64, from top: Int) {
        for shift in stride(from: top, through: 0, by: -4) where next < digits.count {
          digits[next] = OID.digit(UInt8(truncatingIfNeeded: word >> shift) & 15)
          next += 1
        }
      }
      write(high, from: 60)
      write(middle, from: 60)
      write(UInt64(low), from: 28)
      return next
    }
  }

  /// Whether this is `zero`.
  public var isZero: Bool { self == .zero }

  /// The 40 digits.
  public var description: String { hex }

  /// Orders by the bytes, as git does.
  public static func < (left: OID, right: OID) -> Bool {
    (left.high, left.middle, left.low) < (right.high, right.middle, right.low)
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

  private static func value(ofDigit digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x57
    case 0x41...0x46: digit - 0x37
    default: nil
    }
  }
}

extension OID {
  /// The first ten digits, for people.
  public var short: String { String(hex.prefix(10)) }
}
