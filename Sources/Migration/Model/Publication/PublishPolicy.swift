/// How a migration's work is offered to people as pull requests: the key `publish` of a plan.
public struct PublishPolicy: Equatable, Sendable {
  /// What becomes a pull request of its own.
  public var unit: Unit = .migration
  /// How many names of a path make its folder; for units by folder.
  public var depth = 1
  /// How many files a unit may change before the steps that follow begin another one; `nil` is no limit.
  public var maxFiles: Int?
  /// Whether a unit waits for a person's `approve`.
  public var needsApproval = false
  /// Globs of the units that are opened as drafts.
  public var drafts: [String] = []
  /// Whether a draft is made ready once its checks are green.
  public var readiesWhenGreen = false
  /// The template of the title, or `nil` for the ordinary one.
  public var title: String?
  /// The template of the text, or `nil` for the ordinary one.
  public var body: String?
  /// What a forge is to mark them with.
  public var labels: [String] = []
  /// Who is asked to review, by the forge's names.
  public var reviewers: [String] = []
  /// Whether the owners of the changed files are asked to review.
  public var asksOwners = false
  /// When they are opened.
  public var window = PublishWindow()
  /// How many steps a unit gets that mend it after red checks or requested changes.
  public var fixes = 3

  /// The policy of a plan that says no more than that it publishes.
  public init() {}

  /// What becomes a pull request of its own.
  public enum Unit: String, CaseIterable, Sendable {
    /// All of it, when every step is done.
    case migration
    /// What the same people own.
    case owner
    /// What lies in the same folder.
    case folder
    /// Each step.
    case step
  }

  /// The ranges of its numbers.
  public static let depths = 1...16
  /// How many files a unit may have.
  public static let files = 1...100_000
  /// How many fixes a unit may get.
  public static let fixRange = 0...20

  /// Whether a unit is opened as a draft.
  public func isDraft(_ unit: String) -> Bool {
    drafts.contains { $0 == "*" || PathGlob($0)?.matches(unit) == true }
  }
}

/// When pull requests are opened: so many an hour or day, at those times of the week, with a pause between
/// two.
public struct PublishWindow: Equatable, Sendable {
  /// How many at most in a span; `nil` is no limit but the forge's.
  public var rate: Rate?
  /// The days of the week, Monday is 0; empty is every day.
  public var days: [Int] = []
  /// The minutes of the day from and before which; equal ones are the whole day.
  public var (start, end) = (0, 0)
  /// The pause between two, in seconds.
  public var spacing = 1

  /// Always.
  public init() {}

  /// So many in a span.
  public struct Rate: Equatable, Sendable {
    /// How many.
    public var count: Int
    /// In how many seconds.
    public var seconds: Int

    /// Makes a rate.
    public init(count: Int, seconds: Int) { (self.count, self.seconds) = (count, seconds) }

    /// Reads `10/hour` or `40/day`.
    public init?(_ text: String) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let count = Int(parts[0]), (1...10_000).contains(count) else { return nil }
      switch parts[1] {
      case "minute": self.init(count: count, seconds: 60)
      case "hour": self.init(count: count, seconds: 3600)
      case "day": self.init(count: count, seconds: 86_400)
      default: return nil
      }
    }
  }

  /// The names of the days, as a plan writes them.
  public static let dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

  /// The minute of the day of `09:00`; `nil` for what is none.
  public static func minute(_ text: String) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Int(parts[0]),
      let minute = Int(parts[1]), (0...24).contains(hour), (0...59).contains(minute),
      hour * 60 + minute <= 1440
    else { return nil }
    return hour * 60 + minute
  }

  /// In how many seconds one may be opened next, 0 for now: `moment` is the time where people live, `opened`
  /// when the earlier ones were.
  public func wait(_ moment: WeekMoment, at now: Timestamp, opened: [Timestamp]) -> Int {
    var wait = 0
    let sorted = opened.sorted()
    if let last = sorted.last { wait = max(wait, left(until: last.adding(seconds: spacing), now)) }
    if let rate, sorted.count >= rate.count {
      let oldest = sorted[sorted.count - rate.count]
      wait = max(wait, left(until: oldest.adding(seconds: rate.seconds), now))
    }
    return wait + closed(moment.adding(seconds: wait))
  }

  private func left(until time: Timestamp, _ now: Timestamp) -> Int {
    Int(max(0, (time.milliseconds - now.milliseconds + 999) / 1000))
  }

  /// For how many seconds the window is closed from a moment on.
  private func closed(_ moment: WeekMoment) -> Int {
    var (current, waited) = (moment, 0)
    // A week and a day has every hour of every day in it.
    for _ in 0..<16 {
      let isDay = days.isEmpty || days.contains(current.day)
      let minute = current.secondOfDay / 60
      if isDay, start == end || (start < end && (start..<end).contains(minute)) { return waited }
      if isDay, start > end, minute >= start || minute < end { return waited }
      let next: Int
      if isDay, start != end, minute < start {
        next = start * 60 - current.secondOfDay
      } else {
        next = 86_400 - current.secondOfDay
      }
      current = current.adding(seconds: next)
      waited += next
    }
    return waited
  }
}

/// A moment of the week, where people live.
public struct WeekMoment: Equatable, Sendable {
  /// The day, Monday is 0.
  public var day: Int
  /// The second of the day.
  public var secondOfDay: Int

  /// Makes a moment.
  public init(day: Int, secondOfDay: Int) { (self.day, self.secondOfDay) = (day, secondOfDay) }

  /// The moment of a time in a zone that is so many seconds ahead of UTC.
  public init(_ time: Timestamp, offset: Int) {
    let seconds = time.seconds + Int64(offset)
    // 1970-01-01 was a Thursday.
    day = Int(((seconds / 86_400) + 3) % 7)
    secondOfDay = Int(seconds % 86_400)
  }

  /// The moment so many seconds later.
  func adding(seconds: Int) -> WeekMoment {
    let total = day * 86_400 + secondOfDay + seconds
    return WeekMoment(day: (total / 86_400) % 7, secondOfDay: total % 86_400)
  }
}
