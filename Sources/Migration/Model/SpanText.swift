/// A length of time as people write it: `90s`, `20m`, `1h`, `2d`, or a number of seconds.
public enum SpanText {
  private static let units: [(seconds: Int, letter: UInt8)] = [
    (86_400, UInt8(ascii: "d")), (3600, UInt8(ascii: "h")), (60, UInt8(ascii: "m")), (1, UInt8(ascii: "s")),
  ]

  /// Its seconds, and the largest number for one that nobody can count; `nil` when the text is none. Leading
  /// zeros, which are octal to some, are none.
  public static func seconds(_ text: String) -> Int? {
    let unit = units.first { $0.letter == text.utf8.last }
    let digits = unit == nil ? text.utf8[...] : text.utf8.dropLast()
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      digits.first != 0x30 || digits.count == 1
    else { return nil }
    let number = Int(String(Substring(digits))) ?? .max
    let (seconds, overflowed) = number.multipliedReportingOverflow(by: unit?.seconds ?? 1)
    return overflowed ? .max : seconds
  }

  /// So many seconds in the largest unit that has no rest.
  public static func of(_ seconds: Int) -> String {
    let unit = units.first { seconds > 0 && seconds % $0.seconds == 0 } ?? (1, UInt8(ascii: "s"))
    return "\(seconds / unit.seconds)" + String(decoding: [unit.letter], as: UTF8.self)
  }
}
