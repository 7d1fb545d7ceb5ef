import Migration

/// A migration that follows a new plan, or would.
package struct AmendedPlan: PrintedAnswer {
  /// The migration afterwards.
  package let state: MigrationState
  /// What the plan does to the steps.
  package let summary: AmendmentSummary
  /// Whether nothing was recorded.
  package let isDryRun: Bool

  /// The plan's number, and what it does to the steps.
  package static let form = AnswerForm<AmendedPlan>.document([
    .text("migration", \.state.name), .number("plan", \.state.planNumber), .number("steps", \.count),
    .flag("dry_run", \.isDryRun), .texts("added", \.summary.added), .texts("cancelled", \.summary.cancelled),
    .texts("kept", \.summary.kept), .texts("blocked", \.summary.blocked),
  ])

  /// Compares the states before and after.
  package init(from old: MigrationState, to new: MigrationState, isDryRun: Bool) {
    state = new
    summary = AmendmentSummary(from: old, to: new)
    self.isDryRun = isDryRun
  }

  /// How many steps the plan has.
  private var count: Int { state.steps.count - state.keptCount }

  package func text(_: Palette) -> String {
    let would = isDryRun ? "would follow" : "follows"
    return "\(state.name) \(would) plan \(state.planNumber), \(Count.of(count, "step")): \(summary.text)\n"
  }

  /// What to do next.
  package var hint: String? {
    guard !isDryRun, !summary.blocked.isEmpty else { return nil }
    let steps = summary.blocked.count > 5 ? "--all-blocked" : summary.blocked.joined(separator: " ")
    return "what is blocked stays so: let it try the new plan with 'git migrate retry \(steps)'"
  }
}
