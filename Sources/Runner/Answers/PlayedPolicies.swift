import Migration
import Site

/// What recorded outcomes would have come to under another plan's policies.
package struct PlayedPolicies: PrintedAnswer {
  private let state: MigrationState
  private let record: Counterfactual
  private let outcome: Counterfactual.Outcome

  /// What would have been, beside what was.
  package static let form = AnswerForm<PlayedPolicies>.document([
    .text("migration", \.state.name), .text("pause", orNull: { $0.outcome.pause?.reason }),
    .time("paused_at", orNull: { $0.outcome.pause?.at }), .number("merged", \.outcome.merged),
    .number("blocked", \.outcome.blocked), .texts("unknown", \.outcome.unknown),
    .number("attempts", \.outcome.attempts), .number("cost", \.outcome.used.microdollars),
    .number("was_attempts", \.wasAttempts), .number("was_cost", \.record.used.microdollars),
  ])

  /// Takes what was recorded, and what would have been.
  package init(_ state: MigrationState, _ record: Counterfactual, _ outcome: Counterfactual.Outcome) {
    (self.state, self.record, self.outcome) = (state, record, outcome)
  }

  private var wasAttempts: Int { record.attempts.values.reduce(0) { $0 + $1.count } }

  package func text(_: Palette) -> String {
    let saved = record.used.microdollars - outcome.used.microdollars
    var lines: [String] = []
    if let pause = outcome.pause {
      lines.append("would have stopped at \(TimeText.local(pause.at)): \(pause.reason)")
    } else {
      lines.append("would not have stopped")
    }
    lines.append(
      "\(outcome.merged) merged, \(outcome.blocked) blocked, \(Count.of(outcome.attempts, "attempt")), "
        + "\(Money.text(outcome.used.microdollars)); it was \(Count.of(wasAttempts, "attempt")), "
        + Money.text(record.used.microdollars))
    if saved > 0 { lines.append("saved \(Money.text(saved))") }
    if saved < 0 { lines.append("cost \(Money.text(-saved)) more") }
    if !outcome.unknown.isEmpty {
      let names = outcome.unknown.prefix(10).joined(separator: ", ")
      lines.append(
        "\(Count.of(outcome.unknown.count, "step")) would have been tried again, and nobody knows what came "
          + "of that: \(names)")
    }
    return lines.lines
  }
}
