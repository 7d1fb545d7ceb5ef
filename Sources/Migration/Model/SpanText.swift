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

  /// How long something takes or took, in the two largest units that matter: `45s`, `2m10s`, `14m`, `2h05m`,
  /// `2d04h`. What is below none is none.
  public static func words(_ seconds: some BinaryInteger) -> String {
    let seconds = Int(clamping: seconds)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    switch seconds {
    case ..<60: return "\(max(0, seconds))s"
    case ..<600: return seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds / 60)m\(two(seconds % 60))s"
    case ..<3600: return "\(seconds / 60)m"
    case ..<86_400: return "\(seconds / 3600)h\(two(seconds % 3600 / 60))m"
    default: return "\(seconds / 86_400)d\(two(seconds % 86_400 / 3600))h"
    }
  }

  /// The time between two moments, in the same words.
  public static func words(from start: Timestamp, to end: Timestamp) -> String {
    words(end.seconds - start.seconds)
  }

  /// A limit, or what was used of one, to the second: `90s`, `12m30s`, `1h30m`.
  static func exact(_ seconds: Int) -> String {
    if seconds < 60 { return "\(seconds)s" }
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
    if hours == 0 { return rest == 0 ? "\(minutes)m" : "\(minutes)m\(rest)s" }
    return minutes == 0 ? "\(hours)h" : "\(hours)h\(minutes)m"
  }
}
