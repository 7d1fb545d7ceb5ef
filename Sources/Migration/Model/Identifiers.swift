/// Milliseconds since the Unix epoch. The core never reads a clock: every time it sees came in with an event.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Milliseconds since 1970-01-01T00:00:00Z; never negative.
  public var milliseconds: Int64

  /// Makes a timestamp; a negative count becomes 0.
  public init(milliseconds: Int64) { self.milliseconds = max(0, milliseconds) }

  /// Whole seconds since the Unix epoch, as machine output prints them.
  public var seconds: Int64 { milliseconds / 1000 }

  /// The time as people everywhere read it, in UTC to the second: `2026-11-21 05:15:58 UTC`.
  public var utc: String {
    let day = CivilDate(daysSinceEpoch: Int(seconds / 86_400))
    let rest = Int(seconds % 86_400)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    let date = "\(day.year)-\(two(day.month))-\(two(day.day))"
    return "\(date) \(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) UTC"
  }

  /// This time moved by `seconds`, saturating instead of overflowing.
  public func adding(seconds: Int) -> Timestamp {
    let (delta, overflowed) = Int64(seconds).multipliedReportingOverflow(by: 1000)
    let limit: Int64 = seconds < 0 ? .min : .max
    let (sum, carried) = milliseconds.addingReportingOverflow(overflowed ? limit : delta)
    return Timestamp(milliseconds: carried ? limit : sum)
  }

  /// Orders by time.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }
}

/// The name of a git object: 40 lower-case hexadecimal digits. The core treats it as opaque.
public struct ObjectID: Hashable, Sendable, CustomStringConvertible {
  /// The name's 20 bytes, most significant first. In integers, because states are full of names, and copied.
  package let words: (UInt64, UInt64, UInt32)

  /// The name of no object.
  public static let zero = ObjectID(words: (0, 0, 0))

  /// Takes exactly 40 lower-case hexadecimal digits; anything else gives `nil`.
  public init?(_ hex: String) {
    guard hex.utf8.count == 40 else { return nil }
    var words: (UInt64, UInt64, UInt32) = (0, 0, 0)
    for (index, digit) in hex.utf8.enumerated() {
      guard isLowerHex(digit) else { return nil }
      let value = digit < 0x61 ? digit - 0x30 : digit - 0x57
      switch index {
      case 0..<16: words.0 = words.0 << 4 | UInt64(value)
      case 16..<32: words.1 = words.1 << 4 | UInt64(value)
      default: words.2 = words.2 << 4 | UInt32(value)
      }
    }
    self.words = words
  }

  /// Takes the name's bytes as integers.
  package init(words: (UInt64, UInt64, UInt32)) { self.words = words }

  /// The 40 digits.
  public var hex: String {
    String(unsafeUninitializedCapacity: 40) { digits in
      for index in 0..<min(40, digits.count) {
        let word = index < 16 ? words.0 : index < 32 ? words.1 : UInt64(words.2)
        let shift = 4 * (index < 32 ? 15 - index % 16 : 39 - index)
        let value = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15
        digits[index] = value < 10 ? 0x30 + value : 0x57 + value
      }
      return min(40, digits.count)
    }
  }

  /// Whether both are the same name.
  public static func == (left: ObjectID, right: ObjectID) -> Bool { left.words == right.words }

  /// Feeds the name to a hasher.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
  }

  /// The 40 digits.
  public var description: String { hex }

  /// The first ten digits, for people.
  public var short: String { String(hex.prefix(10)) }
}

func isLowerHex(_ byte: UInt8) -> Bool {
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66)
}

/// The rules for names that become parts of refs and paths (DESIGN §4, INVARIANTS C.5).
public enum Identifier {
  /// The longest identifier, in bytes.
  public static let maximumLength = 63

  /// Why `id` cannot be a step id, or `nil` when it can: `[A-Za-z0-9][A-Za-z0-9._-]{0,62}`, without `..`,
  /// and not ending in `.lock` or `.` (git refuses both in a ref name).
  public static func stepFault(_ id: String) -> String? {
    let bytes = Array(id.utf8)
    guard let first = bytes.first, let last = bytes.last else { return "is empty" }
    if bytes.count > maximumLength { return "is longer than \(maximumLength) bytes" }
    if !isAlphanumeric(first) { return "must start with a letter or a digit" }
    for byte in bytes where !isAlphanumeric(byte) && byte != 0x2E && byte != 0x5F && byte != 0x2D {
      return "may hold only letters, digits, '.', '_' and '-'"
    }
    if id.contains("..") { return "must not hold '..'" }
    if id.lowercased().hasSuffix(".lock") { return "must not end in '.lock'" }
    if last == 0x2E { return "must not end in '.'" }
    if isDeviceName(id) { return "is a reserved device name" }
    return nil
  }

  /// Why `name` cannot be a migration name, or `nil` when it can: the step rule, in lower case.
  public static func migrationFault(_ name: String) -> String? {
    if let fault = stepFault(name) { return fault }
    if name.utf8.contains(where: { $0 >= 0x41 && $0 <= 0x5A }) { return "must be in lower case" }
    return nil
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
  }

  private static func isDeviceName(_ id: String) -> Bool {
    let stem = id.lowercased().prefix { $0 != "." }
    return ["con", "prn", "aux", "nul", "head"].contains(String(stem))
  }
}
