/// What a run shows of itself while it goes on: a few lines, by what the ledger says and what this process
/// sees of its own workers. Pure: the same facts give the same lines.
public struct RunPicture: Sendable {
  /// Somebody who works on a step, or judges it.
  public struct Worker: Equatable, Sendable {
    /// The step, or what else is judged.
    public var subject: String
    /// What it is about.
    public var title = ""
    /// Who works: the agent, `codemod`, or the verifier that runs.
    public var who: String
    /// Since when.
    public var since: Timestamp?
    /// What it does, as far as it says so.
    public var doing = ""
    /// When it was heard of last.
    public var heard: Timestamp?
    /// What it used so far.
    public var used = Amounts()
    /// Which attempt it is.
    public var attempt = 1
    /// Whether it judges.
    public var isGate = false

    /// Makes one.
    public init(subject: String, who: String) { (self.subject, self.who) = (subject, who) }
  }

  /// The migrations that are driven.
  public var migrations: [MigrationReport]
  /// Who is at work here.
  public var workers: [Worker]
  /// When the run began.
  public var began: Timestamp
  /// Now.
  public var now: Timestamp
  /// How a time of day is written.
  public var clock: @Sendable (Timestamp) -> String = { $0.utc }

  /// The terminal: its columns and rows, and what it can show.
  public struct Screen: Equatable, Sendable {
    /// Its columns.
    public var columns: Int
    /// Its rows.
    public var rows: Int
    /// Whether it shows colours.
    public var colour: Bool
    /// Whether only ASCII can be shown.
    public var isASCII: Bool

    /// Describes one.
    public init(columns: Int, rows: Int, colour: Bool, isASCII: Bool) {
      (self.columns, self.rows, self.colour, self.isASCII) = (columns, rows, colour, isASCII)
    }
  }

  /// Puts the facts together.
  public init(_ migrations: [MigrationReport], workers: [Worker], began: Timestamp, now: Timestamp) {
    (self.migrations, self.workers, self.began, self.now) = (migrations, workers, began, now)
  }

  /// How many workers are listed.
  static let workerLimit = 8
  /// Whoever says nothing for so many seconds is said to be quiet.
  static let quietSeconds: Int64 = 60
  /// Narrower terminals get the line of counts alone.
  static let narrow = 60
  /// From so many columns on there is room for titles and what was used.
  static let wide = 120

  /// The lines; never as many as the terminal has rows.
  public func lines(on screen: Screen) -> [String] {
    let width = max(10, screen.columns - 1)
    let counts = migrations.map { PlainText.cut(head($0, width, screen), to: width) }
    if width < Self.narrow { return Array(counts.prefix(1)) }
    var needs: [String] = []
    for migration in migrations { needs += needLines(migration, width, screen) }
    let rule = String(repeating: screen.isASCII ? "-" : "─", count: width)
    let foot = PlainText.cut(foot(), to: width)
    let room = max(1, screen.rows - 3 - counts.count - needs.count)
    let rows = workerLines(width, screen, atMost: min(room, Self.workerLimit))
    let all = [dim(rule, screen)] + counts.map { $0 } + rows + needs + [dim(foot, screen)]
    let shown = all.prefix(max(1, screen.rows - 1))
    // What was cut says so with a sign that is not ASCII.
    return screen.isASCII ? shown.map { String($0.map { $0 == "…" ? "~" : $0 }) } : Array(shown)
  }

  private func dim(_ text: String, _ screen: Screen) -> String { screen.colour ? Paint.dim.on(text) : text }

  // MARK: Counts

  /// `new-logging  █████▒▒░░░░  42/60  1 blocked  about 14m`.
  private func head(_ migration: MigrationReport, _ width: Int, _ screen: Screen) -> String {
    let done = StepWord.done.reduce(0) { $0 + migration.count($1) }
    let work = StepWord.underWay.reduce(0) { $0 + migration.count($1) }
    let total = migration.steps.count
    var parts = ["\(done)/\(total)"]
    if migration.count(.blocked) > 0 { parts.append("\(migration.count(.blocked)) blocked") }
    if width >= Self.wide {
      let held = migration.held
      if held > 0 { parts.append("\(held) held") }
      if work > 0 { parts.append("\(work) at work") }
      if migration.count(.ready) > 0 { parts.append("\(migration.count(.ready)) ready") }
      let waiting = migration.count(.waiting) - held
      if waiting > 0 { parts.append("\(waiting) waiting") }
      if let pace = migration.pace { parts.append(pace.rate) }
    }
    if work > 0, let words = migration.pace?.words { parts.append(words) }
    let name = PlainText.cut(PlainText.line(migration.name), to: max(8, width / 3))
    let text = parts.joined(separator: "  ")
    let room = min(60, width - PlainText.width(name) - PlainText.width(text) - 4)
    guard room >= 8 else { return "\(name)  \(text)" }
    return "\(name)  \(bar(done: done, work: work, of: total, room, screen.isASCII))  \(text)"
  }

  private func bar(done: Int, work: Int, of total: Int, _ room: Int, _ isASCII: Bool) -> String {
    let signs = isASCII ? ("#", "+", ".") : ("█", "▒", "░")
    let full = total == 0 ? room : done * room / total
    let busy = total == 0 ? 0 : min(room - full, (work * room + total - 1) / total)
    return String(repeating: signs.0, count: full) + String(repeating: signs.1, count: busy)
      + String(repeating: signs.2, count: room - full - busy)
  }

  // MARK: Workers

  private func workerLines(_ width: Int, _ screen: Screen, atMost limit: Int) -> [String] {
    let sorted = workers.filter { !$0.isGate }.sorted { ($0.since ?? now) < ($1.since ?? now) }
    let gates = workers.filter(\.isGate)
    let shown = sorted.prefix(max(0, limit - gates.count))
    let listed = Array(shown) + gates
    let names = min(max(8, width / 4), listed.map { PlainText.width(PlainText.line($0.subject)) }.max() ?? 0)
    var lines = shown.enumerated().map { line($1, "\($0 + 1)", names, width, screen) }
    if sorted.count > shown.count { lines.append("   and \(sorted.count - shown.count) more") }
    return lines + gates.map { line($0, "g", names, width, screen) }
  }

  private func line(_ worker: Worker, _ mark: String, _ names: Int, _ width: Int, _ screen: Screen) -> String
  {
    let name = PlainText.middle(PlainText.line(worker.subject), to: names)
    var text = " \(mark) \(PlainText.padded(name, to: names))  "
    if width >= Self.wide, workers.contains(where: { !$0.title.isEmpty }) {
      text +=
        PlainText.padded(PlainText.cut(PlainText.line(worker.title), to: width / 3), to: width / 3) + "  "
    }
    text += PlainText.padded(PlainText.cut(PlainText.line(worker.who), to: 12), to: 8)
    if let since = worker.since {
      let span = SpanText.words(from: since, to: now)
      text += String(repeating: " ", count: max(0, 7 - span.count)) + span
    }
    if worker.attempt > 1 { text += "  attempt \(worker.attempt)" }
    if width >= Self.wide, !worker.used.isZero {
      var used = worker.used
      used.milliseconds = 0
      if !used.isZero { text += "  \(used.words)" }
    }
    let quiet = worker.heard.map { now.seconds - $0.seconds } ?? 0
    let isQuiet = quiet >= Self.quietSeconds
    let doing = isQuiet ? "quiet for \(SpanText.words(quiet))" : PlainText.line(worker.doing)
    let line = PlainText.cut(doing.isEmpty ? text : "\(text)  \(doing)", to: width)
    return isQuiet && screen.colour ? Paint.yellow.on(line) : line
  }

  // MARK: Below

  private func needLines(_ migration: MigrationReport, _ width: Int, _ screen: Screen) -> [String] {
    migration.needs.filter { $0.isUrgent || $0.code == .rests }.prefix(3).map { need in
      let head = need.isUrgent ? "needs you: " : ""
      let words = head + need.text(clock)
      guard let command = need.command, PlainText.width(command) + 24 < width else {
        return paint(PlainText.cut(words, to: width), need, screen)
      }
      let room = width - PlainText.width(command) - 2
      let left = PlainText.padded(PlainText.cut(words, to: room), to: room)
      return paint(left, need, screen) + "  " + command
    }
  }

  private func paint(_ text: String, _ need: Need, _ screen: Screen) -> String {
    guard screen.colour else { return text }
    return (need.isUrgent ? Paint.red : Paint.magenta).on(text)
  }

  /// `$18.20 of $40.00  31m  2 ready  12 waiting`.
  private func foot() -> String {
    var parts: [String] = []
    for migration in migrations where !migration.used.isEmpty {
      let used = migration.used
      if used.amounts.microdollars > 0 || used.limits[.usd] != nil {
        let limit = used.limits[.usd].map { " of \(Money.text($0))" } ?? ""
        parts.append(Money.text(used.amounts.microdollars) + limit)
      }
    }
    parts.append(SpanText.words(from: began, to: now))
    for word in [StepWord.ready, .waiting, .backoff] {
      let count = migrations.reduce(0) { $0 + $1.count(word) }
      if count > 0 { parts.append("\(count) \(word == .backoff ? "resting" : word.rawValue)") }
    }
    return parts.joined(separator: "  ")
  }
}

extension StepWord {
  /// The states in which a step needs nothing more.
  static let done: [StepWord] = [.merged, .skipped, .cancelled, .undone]

  /// Whether a step in this state needs nothing more.
  public var isDone: Bool { StepWord.done.contains(self) }
}

extension PlainText {
  /// `text` cut in its middle to at most `columns` columns: what ids begin and end with tells them apart.
  static func middle(_ text: String, to columns: Int) -> String {
    guard width(text) > columns, columns > 4 else { return cut(text, to: columns) }
    var tail = ""
    for character in text.reversed() {
      guard width(String(character) + tail) <= (columns - 1) / 2 else { break }
      tail = String(character) + tail
    }
    return cut(text, to: columns - width(tail)) + tail
  }
}
