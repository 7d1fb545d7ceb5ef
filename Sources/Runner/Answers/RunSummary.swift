import Migration

/// What a run has come to, of each of its migrations.
package struct RunSummary: PrintedAnswer {
  /// One migration of a run.
  package struct Part: Answer {
    let report: MigrationReport
    let tally: RunTally
    let cost: Int
    let ending: Ending?

    /// Tells of a migration; `cost` is what its agents used in this run, in millionths of a US dollar.
    package init(_ report: MigrationReport, _ tally: RunTally, cost: Int, ending: Ending?) {
      (self.report, self.tally, self.cost, self.ending) = (report, tally, cost, ending)
    }

    private var left: Int { report.steps.count { !$0.word.isDone } }

    /// What became of its steps in this run, and what needs a person now.
    package static let form = AnswerForm<Part>([
      .text("name", \.report.name), .word("ending", Ending.words, orNull: \.ending?.word),
      .number("merged", \.tally.merged), .number("unchanged", \.tally.unchanged),
      .number("failed_attempts", \.tally.failed), .number("blocked", \.tally.blocked),
      .number("skipped", \.tally.skipped), .number("left", \.left), .number("cost", \.cost),
      .list("needs", \.report.needs),
    ])
  }

  let parts: [Part]
  let seconds: Int
  let now: Timestamp

  /// Tells of a run that took so many seconds.
  package init(_ parts: [Part], seconds: Int, now: Timestamp) {
    (self.parts, self.seconds, self.now) = (parts, seconds, now)
  }

  /// How long it took, and what became of the steps.
  package static let form = AnswerForm<RunSummary>.document([
    .word("kind", ["run.ended"]) { _ in "run.ended" }, .number("seconds", \.seconds),
    .list("migrations", \.parts),
  ])

  package func text(_ palette: Palette) -> String {
    var text = ""
    for part in parts where !part.tally.isEmpty {
      let cost = part.cost > 0 ? ", \(Money.text(part.cost))" : ""
      text += "\(part.report.name): \(part.tally.words) in \(SpanText.words(seconds))\(cost)\n"
      for need in part.report.needs where need.code == .blocked {
        text += "  \(palette.red(need.text { TimeText.clock($0, now: now) }))\n"
        text += need.command.map { "      \($0)\n" } ?? ""
      }
    }
    return text
  }
}

extension Ending {
  /// Every word of `word`.
  static let words = [
    "done", "needs_person", "needs_workers", "needs_machine", "idle", "machine_cannot", "out_of_time",
    "part_done", "paused", "ended",
    "interrupted",
  ]

  /// The word for scripts.
  var word: String {
    switch self {
    case .allDone: "done"
    case .needsPerson: "needs_person"
    case .needsWorkers: "needs_workers"
    case .needsMachine: "needs_machine"
    case .idle: "idle"
    case .outOfTime: "out_of_time"
    case .machineCannot: "machine_cannot"
    case .partDone: "part_done"
    case .paused: "paused"
    case .ended: "ended"
    case .interrupted: "interrupted"
    }
  }
}
