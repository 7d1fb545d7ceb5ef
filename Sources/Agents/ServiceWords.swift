import Migration

/// Tells from a status and from the words of a service which kind of fault it is. The statuses are those of
/// HTTP as the vendors document them; the words are what their programs print (see
/// `Tests/AgentsTests/Streams`).
enum ServiceWords {
  /// The fault of an answer that was no success. `evidence` is the text that is looked at where that is more
  /// than the words for people.
  static func fault(status: Int?, _ text: String, evidence: String? = nil) -> ServiceFault {
    let words = AgentText.line(text)
    let lower = (evidence ?? text).lowercased()
    if isUsageLimit(lower) { return .limit(untilSeconds: nil, words) }
    switch status {
    case 401, 402, 403, 404, 407: return .configuration(words)
    case 400, 405, 406, 410, 411, 413, 414, 415, 422:
      return isConfiguration(lower) ? .configuration(words) : .request(words)
    case .some(let status): return .transient(status: status, words)
    case nil: break
    }
    if isConfiguration(lower) { return .configuration(words) }
    if isRequest(lower) { return .request(words) }
    return .transient(status: nil, words)
  }

  /// Whether the service speaks of what the user may use in a time, and not of the moment.
  private static func isUsageLimit(_ lower: String) -> Bool {
    ["usage limit", "5-hour limit", "weekly limit", "hit your limit", "session limit"].contains {
      lower.contains($0)
    }
  }

  private static func isConfiguration(_ lower: String) -> Bool {
    [
      "not logged in", "/login", "log in", "api key", "api_key", "unauthorized", "authenticat",
      "credit balance",
      "billing", "insufficient_quota", "model_not_found", "selected model", "does not exist",
      "permission_error",
    ].contains { lower.contains($0) }
  }

  private static func isRequest(_ lower: String) -> Bool {
    ["invalid_request", "prompt is too long", "context window", "context length"].contains {
      lower.contains($0)
    }
  }

  /// The first number of three digits behind the word `status`.
  static func status(in text: String) -> Int? {
    let words = text.split(whereSeparator: { !$0.isLetter && !$0.isNumber })
    guard let index = words.firstIndex(where: { $0.lowercased() == "status" }) else { return nil }
    return words[index...].dropFirst().prefix(2).lazy.compactMap { Int($0) }
      .first { (100...599).contains($0) }
  }
}

/// The time of day where an agent runs, which the core never reads itself.
public struct AgentClock: Equatable, Sendable {
  /// Now.
  public var now: Timestamp
  /// How far local clocks are ahead of UTC, in seconds.
  public var secondsEastOfUTC: Int

  /// Makes one.
  public init(now: Timestamp, secondsEastOfUTC: Int = 0) {
    self.now = now
    self.secondsEastOfUTC = secondsEastOfUTC
  }

  /// The time, in seconds since the Unix epoch, that follows `phrase` in a text as local clocks show it: the
  /// next `1:22 AM` or `13:05`, or that of a day, `Dec 3rd, 2026 1:22 AM`. It is the end of that minute,
  /// because agents leave the seconds out. `nil` when there is no such time.
  func time(after phrase: String, in text: String) -> Int? {
    guard let range = text.firstRange(of: phrase) else { return nil }
    let words = text[range.upperBound...].split(whereSeparator: { $0.isWhitespace || $0 == "." || $0 == "," })
    if let time = AgentClock.timeOfDay(words[...]) {
      let local = Int(now.seconds) + secondsEastOfUTC
      let midnight = local - local % 86_400
      return (midnight + time > local ? midnight + time : midnight + time + 86_400) - secondsEastOfUTC
    }
    guard let day = AgentClock.day(words), let time = AgentClock.timeOfDay(words.dropFirst(3)) else {
      return nil
    }
    return day * 86_400 + time - secondsEastOfUTC
  }

  /// The seconds from midnight to the end of the minute that the words name.
  private static func timeOfDay(_ words: ArraySlice<Substring>) -> Int? {
    let parts = words.first?.split(separator: ":") ?? []
    guard parts.count == 2, var hour = Int(parts[0]), let minute = Int(parts[1]), (0..<60).contains(minute)
    else { return nil }
    switch words.dropFirst().first?.lowercased() {
    case "am" where (1...12).contains(hour): hour %= 12
    case "pm" where (1...12).contains(hour): hour = hour % 12 + 12
    default: guard (0..<24).contains(hour) else { return nil }
    }
    return hour * 3600 + minute * 60 + 60
  }

  /// The days since the Unix epoch of `Dec 3rd 2026`.
  private static func day(_ words: [Substring]) -> Int? {
    guard words.count >= 3, let month = CivilDate.month(named: words[0]),
      let day = Int(words[1].prefix { $0.isASCII && $0.isNumber }), (1...31).contains(day),
      let year = Int(words[2]), (1970...9999).contains(year)
    else { return nil }
    return CivilDate(year: year, month: month, day: day).daysSinceEpoch
  }
}
