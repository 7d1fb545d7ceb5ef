/// What entries tell of when things happened. The state knows only how things stand; this is no part of it,
/// is told entry by entry, and decides nothing.
public struct Course: Equatable, Sendable {
  /// When things happened to a step.
  public struct Times: Equatable, Sendable {
    /// When it was claimed for the first time.
    public var claimed: Timestamp?
    /// When its last attempt began.
    public var attempted: Timestamp?
    /// When an entry was about it last, but for those that only keep a hold.
    public var changed: Timestamp?
    /// When it was done.
    public var landed: Timestamp?
  }

  /// Steps that were done at a time.
  struct Landing: Equatable, Sendable {
    var at: Timestamp
    var count: Int
    /// How long work had gone on by then, in milliseconds.
    var worked: Int64
  }

  /// By the id of the step.
  public private(set) var steps: [String: Times] = [:]
  /// When the migration was started, where that was told.
  public private(set) var started: Timestamp?
  private(set) var landings: [Landing] = []
  /// Who is at work or judged, by the entries that were told.
  private var busy: Set<String> = []
  private var last: Timestamp?
  /// How long somebody was at work, in milliseconds.
  private(set) var worked: Int64 = 0

  /// A longer time without an entry is no work: whoever works renews a claim meanwhile.
  private static let longestGap: Int64 = 20 * 60 * 1000

  /// Nothing was told.
  public init() {}

  /// Takes the next entry of the migration, oldest first.
  public mutating func add(_ event: Event) {
    if let last, !busy.isEmpty {
      worked += min(Course.longestGap, max(0, event.at.milliseconds - last.milliseconds))
    }
    last = event.at
    switch event.change {
    case .migration(.started): started = event.at
    case .claim(let fence, let change): add(change, to: fence.step, at: event.at)
    case .gate(let fence, let change): add(change, to: fence.step, at: event.at)
    case .merge(_, .merged): land(event.change.steps, at: event.at)
    case .step(_, .skipped): land(event.change.steps, at: event.at)
    case .train(.finished(let report)): if let step = report.culprit { end(step, at: event.at) }
    case .migration, .refresh, .baseline, .train, .merge, .step, .ledger, .agent, .machine, .loop, .lesson,
      .publication, .notice, .forge, .fleet,
      .reserved:
      for step in event.change.steps { steps[step, default: Times()].changed = event.at }
    }
  }

  private mutating func add(_ change: ClaimChange, to step: String, at time: Timestamp) {
    switch change {
    case .claimed:
      busy.insert(step)
      steps[step, default: Times()].attempted = time
      if steps[step]?.claimed == nil { steps[step]?.claimed = time }
    case .renewed: return
    case .expired, .released, .failed, .handedOver, .stageEnded: busy.remove(step)
    case .submitted: break
    }
    steps[step, default: Times()].changed = time
  }

  private mutating func add(_ change: GateChange, to step: String, at time: Timestamp) {
    switch change {
    case .started: busy.insert(step)
    case .renewed: return
    case .abandoned, .judged: break
    case .waits: busy.remove(step)
    case .finished(let report):
      if report.isNoChange { return land([step], at: time) }
      if report.verdict != .passed { busy.remove(step) }
    }
    steps[step, default: Times()].changed = time
  }

  private mutating func end(_ step: String, at time: Timestamp) {
    busy.remove(step)
    steps[step, default: Times()].changed = time
  }

  private mutating func land(_ names: [String], at time: Timestamp) {
    for step in names {
      end(step, at: time)
      steps[step]?.landed = time
    }
    landings.append(Landing(at: time, count: names.count, worked: worked))
  }
}

/// How fast it goes, and how long the rest may take.
public struct Pace: Equatable, Sendable {
  /// How many steps were done lately.
  public var steps: Int
  /// In how many seconds of work.
  public var seconds: Int
  /// How many are left that need no person first.
  public var left: Int
  /// How many more seconds of work those may take; `nil` when it is too early to tell.
  public var estimate: Int?

  /// How many landings are looked at.
  static let window = 50
  /// Nothing is estimated before so many seconds of work.
  static let earliest = 15

  /// That of a migration; `nil` when nothing was done yet. `chain` is the longest row of open steps of which
  /// each needs the one before.
  init?(_ course: Course, left: Int, of total: Int, chain: Int) {
    let recent = course.landings.suffix(Pace.window)
    guard let newest = recent.last else { return nil }
    let before = course.landings.dropLast(recent.count).last
    let span = newest.worked - (before?.worked ?? 0)
    steps = recent.reduce(0) { $0 + $1.count }
    seconds = Int((span + 500) / 1000)
    self.left = left
    let done = course.landings.reduce(0) { $0 + $1.count }
    guard course.worked >= Int64(Pace.earliest) * 1000, done * 20 >= total, left > 0, steps > 0 else {
      return
    }
    let whole = Double(span) / 1000 / Double(steps) * Double(left)
    let times = course.steps.values.compactMap { times -> Int64? in
      guard let landed = times.landed, let begun = times.attempted else { return nil }
      return landed.milliseconds - begun.milliseconds
    }.sorted()
    let median = times.isEmpty ? 0 : Double(times[times.count / 2]) / 1000
    estimate = Int(min(max(whole, Double(chain) * median), 1e9))
  }

  /// `12 an hour`, `1.6 a minute`.
  public var rate: String {
    let perHour = Double(steps) * 3600 / Double(max(1, seconds))
    let (number, unit) = perHour >= 60 ? (perHour / 60, "a minute") : (perHour, "an hour")
    let tenths = Int((number * 10).rounded())
    let text = number >= 10 || tenths % 10 == 0 ? "\(Int(number.rounded()))" : "\(tenths / 10).\(tenths % 10)"
    return "\(text) \(unit)"
  }

  /// `about 2h10m`; `nil` when nothing can be told.
  public var words: String? { estimate.map { "about \(SpanText.words($0))" } }
}

/// How many steps were left, as one short line: `█▇▆▅▃▂`.
public struct BurnDown: Equatable, Sendable {
  /// How many were left, oldest first, at moments that lie as far apart in time of work.
  public var left: [Int]
  /// How many steps there are.
  public var total: Int

  /// Counts back from how many are `left` now; `nil` where nothing was done.
  init?(_ course: Course, left: Int, of total: Int, points: Int = 24) {
    guard !course.landings.isEmpty, course.worked > 0, total > 0 else { return nil }
    var counts: [(worked: Int64, left: Int)] = [(course.worked, left)]
    var open = left
    for landing in course.landings.reversed() {
      counts.append((landing.worked, open))
      open += landing.count
    }
    counts.append((0, open))
    counts.reverse()
    let end = max(1, course.worked)
    var position = 0
    self.left = (0..<points).map { point in
      let moment = end * Int64(point) / Int64(points - 1)
      while position + 1 < counts.count, counts[position + 1].worked <= moment { position += 1 }
      return counts[position].left
    }
    self.total = total
  }

  /// The line; of digits where only ASCII can be shown.
  public func line(isASCII: Bool) -> String {
    let signs = Array(isASCII ? "_123456789" : " ▁▂▃▄▅▆▇█")
    return String(
      left.map { count in
        let level = (count * (signs.count - 1) + total - 1) / total
        return signs[min(max(0, level), signs.count - 1)]
      })
  }
}
