import Migration
import System

/// Times and spans as people read them.
package enum TimeText {
  /// The local time: `2026-11-21 03:53:10`.
  package static func local(_ time: Timestamp) -> String {
    LocalTime(seconds: time.seconds)?.text ?? String(time.seconds)
  }

  /// The local time of day of what is less than a day away, otherwise the day with it: `05:00`.
  package static func clock(_ time: Timestamp, now: Timestamp) -> String {
    let text = local(time)
    let isNear = abs(time.seconds - now.seconds) < 86_400
    return String(isNear ? text.dropFirst(11).prefix(5) : text.prefix(16))
  }

  /// The next time at which local clocks show `07:00`, as hours and minutes; `nil` when that is no time of
  /// day.
  package static func next(_ text: String, after now: Timestamp) -> Timestamp? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ (1...2).contains($0.utf8.count) }), parts[1].utf8.count == 2,
      let hour = Int(parts[0]), let minute = Int(parts[1]), (0..<24).contains(hour),
      (0..<60).contains(minute)
    else { return nil }
    guard let local = LocalTime(seconds: now.seconds) else { return nil }
    return (0...1).lazy.map { local.seconds(days: $0, hour: hour, minute: minute) }
      .first { $0 > now.seconds }.map { Timestamp(milliseconds: $0 * 1000) }
  }

  /// A time that lies behind, as people write it: `yesterday` (a day ago), `today` (since midnight), `2h`,
  /// `07:00` (the last time that clocks showed it), `2026-11-21` or `2026-11-21 18:00`, also in UTC with a
  /// `Z` or ` UTC` behind it; `nil` for anything else.
  package static func past(_ text: String, before now: Timestamp) -> Timestamp? {
    if text == "yesterday" { return now.adding(seconds: -86_400) }
    if let next = next(text == "today" ? "00:00" : text, after: now) { return next.adding(seconds: -86_400) }
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    if let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()),
      (0...100_000).contains(count)
    {
      return now.adding(seconds: -count * unit)
    }
    return day(text, now)
  }

  private static func day(_ text: String, _ now: Timestamp) -> Timestamp? {
    let isUniversal = text.hasSuffix("Z") || text.hasSuffix(" UTC")
    let text = isUniversal ? text.prefix { $0 != "Z" && $0 != "U" } : text[...]
    let halves = text.split(whereSeparator: { $0 == " " || $0 == "T" })
    let date = (halves.first ?? "").split(separator: "-").compactMap { Int32($0) }
    let time = halves.count == 2 ? halves[1].split(separator: ":").compactMap { Int32($0) } : [0, 0]
    guard (1...2).contains(halves.count), date.count == 3, (2...3).contains(time.count),
      (1970...9999).contains(date[0]), (1...12).contains(date[1]), (1...31).contains(date[2]),
      (0..<24).contains(time[0]), (0..<60).contains(time[1]), (0..<60).contains(time.count == 3 ? time[2] : 0)
    else { return nil }
    let seconds = LocalTime.seconds(
      year: date[0], month: date[1], day: date[2], hour: time[0], minute: time[1], isUniversal: isUniversal)
    return Timestamp(milliseconds: (seconds + Int64(time.count == 3 ? time[2] : 0)) * 1000)
  }
}
