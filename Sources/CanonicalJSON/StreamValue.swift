/// A JSON value that a stranger wrote: an agent's event, a report. Read leniently, where the ledger's own
/// JSON is strict: fractions and exponents are numbers, of a key that stands twice the last value counts, and
/// text that is no Unicode is repaired. What it cannot be is unbounded: see `parse`.
public enum StreamValue: Equatable, Sendable {
  /// `null`, or what was passed over.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number as it was written: nothing is rounded before somebody says to what.
  case number(String)
  /// Text.
  case string(String)
  /// A list.
  case array([StreamValue])
  /// Members by key.
  case object([String: StreamValue])

  /// The most values that one text may hold; one with more is not read.
  public static let maximumValues = 50_000
  /// How deep values may be nested; a deeper one is passed over.
  public static let maximumDepth = 24

  /// Reads one value, or gives `nil` when the text is not one. With `passingOverLists` every list is `null`:
  /// a report that holds a whole conversation is read in the memory that its few facts need. Who has bounded
  /// the text already may allow more values.
  public static func parse(
    _ bytes: [UInt8], passingOverLists: Bool = false, mostValues: Int = maximumValues
  ) -> StreamValue? {
    var parser = StreamParser(bytes: bytes, passesOverLists: passingOverLists, mostValues: mostValues)
    return parser.whole()
  }

  /// The member of an object; `nil` when this is none or has no such member.
  public subscript(key: String) -> StreamValue? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// The text, when this is text.
  public var text: String? { if case .string(let text) = self { text } else { nil } }

  /// The text, when this is text and says something.
  package var words: String? { text.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 } }

  /// Whether this is `true`.
  public var isTrue: Bool { self == .bool(true) }

  /// The elements, when this is a list; otherwise none.
  public var elements: [StreamValue] { if case .array(let items) = self { items } else { [] } }

  /// The members, when this is an object; otherwise none.
  public var members: [String: StreamValue] { if case .object(let members) = self { members } else { [:] } }

  /// The number without its fraction, when this is a number that fits.
  public var integer: Int? {
    guard case .number(let text) = self else { return nil }
    return Decimal(text)?.scaled(by: 0, rounds: false)
  }

  /// The number in millionths, rounded to the nearest one, when this is a number that fits: what money is
  /// counted in, so that no sum depends on the order of its parts.
  public var millionths: Int? {
    guard case .number(let text) = self else { return nil }
    return Decimal(text)?.scaled(by: 6, rounds: true)
  }
}

/// A number in decimal digits.
private struct Decimal {
  private var isNegative = false
  private var digits: [UInt8] = []
  /// The power of ten of the last digit.
  private var exponent = 0

  init?(_ text: String) {
    var rest = text.utf8[...]
    if rest.first == UInt8(ascii: "-") {
      isNegative = true
      rest.removeFirst()
    }
    var isFraction = false
    while let byte = rest.first, byte != UInt8(ascii: "e"), byte != UInt8(ascii: "E") {
      rest.removeFirst()
      if byte == UInt8(ascii: ".") {
        isFraction = true
      } else {
        guard (0x30...0x39).contains(byte) else { return nil }
        digits.append(byte - 0x30)
        if isFraction { exponent -= 1 }
      }
    }
    if !rest.isEmpty {
      guard let power = Int(String(decoding: rest.dropFirst(), as: UTF8.self)), abs(power) < 1000 else {
        return nil
      }
      exponent += power
    }
  }

  /// The number times ten to the `power`, to the nearest whole number or towards zero; `nil` when that does
  /// not fit.
  func scaled(by power: Int, rounds: Bool) -> Int? {
    let dropped = -(exponent + power)
    let kept = dropped > 0 ? digits.dropLast(dropped) : digits[...]
    var value = 0
    for digit in kept { guard value.append(Int(digit)) else { return nil } }
    if dropped < 0, value > 0 {
      for _ in 0..<(-dropped) { guard value.append(0) else { return nil } }
    }
    if rounds, dropped > 0, dropped <= digits.count, digits[digits.count - dropped] >= 5 { value += 1 }
    return isNegative ? -value : value
  }
}

extension Int {
  /// Puts a decimal digit behind; whether it fits, with room for one more.
  fileprivate mutating func append(_ digit: Int) -> Bool {
    guard self < Int.max / 10 - 1 else { return false }
    self = self * 10 + digit
    return true
  }
}
