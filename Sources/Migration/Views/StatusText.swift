/// A report for a person at a terminal.
///
/// Each migration has a header line, then a line a step. A migration of more than `fullListLimit` steps shows
/// only those that are worth looking at (under way, blocked, resting, and the next ready ones) and says what
/// it left out, unless `showsAll`.
public struct StatusText: Sendable {
  /// The report.
  public var report: StatusReport
  /// The terminal's columns; longer lines are cut. 0 cuts nothing.
  public var width: Int
  /// Whether states are coloured with ANSI sequences.
  public var colour: Bool
  /// Whether every step is shown, however many there are.
  public var showsAll: Bool

  /// Whether only ASCII can be shown.
  public var isASCII = false

  /// How a time of day is written.
  public var clock: @Sendable (Timestamp) -> String = { $0.utc }

  /// The most steps that are listed without `showsAll`.
  public static let fullListLimit = 40
  /// The most steps of one kind that a shortened list shows.
  static let groupLimit = 20
  /// How many of the ready steps a shortened list shows.
  static let readyLimit = 10

  /// Prepares the text of a report.
  public init(_ report: StatusReport, width: Int, colour: Bool, showsAll: Bool = false) {
    self.report = report
    self.width = width
    self.colour = colour
    self.showsAll = showsAll
  }

  /// The text; every line ends in a line feed. An empty ledger gives an empty text.
  public var text: String {
    var output = ""
    for (index, migration) in report.migrations.enumerated() {
      if index > 0 { output += "\n" }
      write(migration, to: &output)
    }
    return output
  }

  private func write(_ migration: MigrationReport, to output: inout String) {
    let header = cut(header(migration))
    let name = PlainText.line(migration.name)
    if colour && header.hasPrefix(name) {
      output += Paint.bold.on(name) + header.dropFirst(name.count) + "\n"
    } else {
      output += header + "\n"
    }
    if let reason = migration.reason, !migration.isOpen {
      output += cut("  \(migration.state): \(PlainText.line(reason))") + "\n"
    }
    for missing in migration.missing { output += cut("  " + missing.text) + "\n" }
    writeNeeds(migration, to: &output)
    if let baseline = migration.baseline {
      let time = baseline.isHolderDead ? "holder is dead" : Span.expiry(baseline.expiresAt, now: report.now)
      output += cut("  the base is judged by \(PlainText.line(baseline.holder)) (\(time))") + "\n"
    }
    writeBaseline(migration, to: &output)
    writePace(migration, to: &output)
    if let left = migration.usesLeft { output += cut("  \(Count.of(left, "use")) left") + "\n" }
    if migration.isShared {
      output += cut("  \(migration.doneBy[0]) by codemod, \(migration.doneBy[1]) by agent") + "\n"
    }
    if migration.judges.total > 0 {
      let judges = migration.judges
      output +=
        cut(
          "  judge: \(judges[.approve]) of \(judges.total) approved, \(judges[.reject]) rejected, "
            + "\(judges[.unsure]) unsure") + "\n"
    }
    writeCauses(migration, to: &output)
    let shown = showsAll || migration.steps.count <= Self.fullListLimit
    let list = shown ? mergedLast(migration) : selection(migration)
    let columns = Columns(migration, list, limit: width > 0 ? max(24, width / 2) : .max)
    for index in list { output += line(migration.steps[index], columns) + "\n" }
    if !shown { output += cut(summary(migration, leavingOut: list)) + "\n" }
  }

  /// What needs a person, each with its one command: beside it where there is room, else below it.
  private func writeNeeds(_ migration: MigrationReport, to output: inout String) {
    for need in migration.needs.prefix(Self.needLimit) {
      let words = "  " + need.text(clock)
      guard let command = need.command else {
        output += paintedNeed(cut(words), need) + "\n"
        continue
      }
      let room = width - PlainText.width(command) - 4
      if width >= Self.wide, room > 40 {
        let left = PlainText.padded(PlainText.cut(words, to: room), to: room)
        output += paintedNeed(left, need) + "  " + command + "\n"
      } else {
        output += paintedNeed(cut(words), need) + "\n" + cut("      \(command)") + "\n"
      }
    }
    let more = migration.needs.count - Self.needLimit
    if more > 0 { output += cut("  and \(more) more ('--json' has all)") + "\n" }
  }

  /// How many needs are listed.
  static let needLimit = 10
  /// From so many columns on a command stands beside what it is for.
  static let wide = 100

  private func paintedNeed(_ text: String, _ need: Need) -> String {
    guard colour else { return text }
    switch need.code {
    case .untrusted, .paused, .base, .obstructed, .blocked, .person: return Paint.red.on(text)
    case .rests, .untold: return Paint.magenta.on(text)
    case .idle, .done: return Paint.cyan.on(text)
    }
  }

  /// `1.6 a minute, about 14m; $18.20 of $40, 31 turns in 12 attempts; █▇▆▅▃▂`.
  private func writePace(_ migration: MigrationReport, to output: inout String) {
    if !migration.used.isEmpty { output += cut("  used \(migration.used.text)") + "\n" }
    var parts: [String] = []
    if let pace = migration.pace {
      parts.append("\(pace.rate) lately")
      if migration.isOpen, let words = pace.words { parts.append("\(words) for the rest") }
    }
    if let line = migration.burnDown?.line(isASCII: isASCII) { parts.append("left to do \(line)") }
    if !parts.isEmpty { output += cut("  " + parts.joined(separator: ", ")) + "\n" }
  }

  /// The steps in the plan's order, but for those that are done: they stand last.
  private func mergedLast(_ migration: MigrationReport) -> [Int] {
    let done = migration.steps.indices.filter { migration.steps[$0].word == .merged }
    return migration.steps.indices.filter { migration.steps[$0].word != .merged } + done
  }

  /// The first faults of a base that does not pass, and where the rest is.
  private func writeBaseline(_ migration: MigrationReport, to output: inout String) {
    let faults = migration.baselineFaults
    guard !faults.isEmpty else { return }
    for fault in faults.prefix(Self.faultLimit) { output += cut("    \(PlainText.line(fault))") + "\n" }
    let left = faults.count - Self.faultLimit
    if left > 0 { output += cut("    and \(left) more") + "\n" }
  }

  /// Why steps fail, where several do: what one fails for stands in its own line.
  private func writeCauses(_ migration: MigrationReport, to output: inout String) {
    let causes = migration.causes.filter { $0.steps.count > 1 && $0.blocked.isEmpty }
    for cause in causes.prefix(Self.causeLimit) {
      output += cut("  " + cause.line(width: max(0, width - 2))) + "\n"
    }
    let left = causes.count - Self.causeLimit
    if left > 0 { output += cut("  and \(left) more, see 'git migrate failures'") + "\n" }
  }

  /// How many causes are listed.
  static let causeLimit = 5

  /// How many faults of the base are listed.
  static let faultLimit = 5

  /// `new-logging  running  12 of 40 merged  3 leased  1 blocked  → migrate/new-logging`
  private func header(_ migration: MigrationReport) -> String {
    var parts = [PlainText.line(migration.name), migration.state]
    parts.append("\(migration.count(.merged)) of \(migration.steps.count) merged")
    for word in Self.headerOrder where migration.count(word) > 0 {
      parts.append("\(migration.count(word)) \(word)")
    }
    parts.append("→ \(PlainText.line(migration.into))")
    return parts.joined(separator: "  ")
  }

  /// What a narrow terminal may cut off stands last.
  private static let headerOrder: [StepWord] = [
    .leased, .submitted, .gating, .merging, .blocked, .person, .proposed, .backoff, .ready, .waiting,
    .skipped, .cancelled, .undone,
  ]

  /// The steps worth looking at, in the plan's order but for the ready ones, which stand last, next one
  /// first.
  private func selection(_ migration: MigrationReport) -> [Int] {
    var room: [StepWord: Int] = [:]
    var list: [Int] = []
    for (index, step) in migration.steps.enumerated() {
      switch step.word {
      case .leased, .submitted, .gating, .merging, .blocked, .person, .proposed, .backoff:
        let used = room[step.word, default: 0]
        if used == Self.groupLimit { continue }
        room[step.word] = used + 1
        list.append(index)
      case .waiting, .ready, .merged, .skipped, .cancelled, .undone: continue
      }
    }
    return list + migration.readyOrder.prefix(Self.readyLimit)
  }

  private func summary(_ migration: MigrationReport, leavingOut shown: [Int]) -> String {
    var counts = migration.counts
    for index in shown { counts[migration.steps[index].word.rank] -= 1 }
    let parts = zip(StepWord.allCases, counts).filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
    return "  and \(counts.reduce(0, +)) more: \(parts.joined(separator: ", ")) ('--all' shows all)"
  }

  // MARK: One step

  /// How wide the columns of a list are.
  private struct Columns {
    var id = 0
    var state = 0

    /// Longer ids than `limit` stand out: they are what a person copies, so they are never cut.
    init(_ migration: MigrationReport, _ list: [Int], limit: Int) {
      for index in list {
        id = min(limit, max(id, PlainText.width(migration.steps[index].id)))
        state = max(state, migration.steps[index].state.utf8.count)
      }
    }
  }

  private func line(_ step: StepReport, _ columns: Columns) -> String {
    let id = PlainText.padded(PlainText.line(step.id), to: columns.id)
    let state = PlainText.padded(step.state, to: columns.state)
    var title = PlainText.line(step.title)
    let note = note(step)
    if width > 0 && !note.isEmpty {
      let taken = 2 + PlainText.width(id) + 2 + columns.state + 2 + 4
      title = PlainText.cut(title, to: max(0, width - taken - PlainText.width(shortest(note))))
    }
    let tail = (step.title == step.id || title.isEmpty ? [] : [title]) + (note.isEmpty ? [] : ["(\(note))"])
    let start = "  \(id)  \(tail.isEmpty ? step.state : state)"
    let plain = cut(([start] + tail).joined(separator: "  "))
    guard colour else { return plain }
    let before = "  \(id)  "
    guard plain.hasPrefix(before + step.state) else { return plain }
    return before + Paint(step.word).on(step.state) + plain.dropFirst(before.count + step.state.count)
  }

  /// As much of a note as a title has to make room for: a commit or a holder, not a reason's whole length.
  private func shortest(_ note: String) -> String { PlainText.cut(note, to: max(20, width / 3)) }

  private func note(_ step: StepReport) -> String {
    var parts: [String] = []
    if let holder = step.holder { parts.append(PlainText.line(holder)) }
    if step.holder != nil && step.attempts > 1 { parts.append("attempt \(step.attempts)") }
    if step.holder != nil, let since = step.attemptedAt {
      parts.append("for \(SpanText.words(from: since, to: report.now))")
    }
    if step.isHolderDead {
      parts.append("holder is dead")
    } else if let expiresAt = step.expiresAt {
      parts.append(Span.expiry(expiresAt, now: report.now))
    }
    if let until = step.restsUntil { parts.append("again \(Span.until(until, now: report.now))") }
    if let commit = step.commit { parts.append(commit.short) }
    if let reason = step.reason { parts.append(PlainText.line(reason)) }
    return parts.joined(separator: ", ")
  }

  private func cut(_ line: String) -> String { width > 0 ? PlainText.cut(line, to: width) : line }
}
