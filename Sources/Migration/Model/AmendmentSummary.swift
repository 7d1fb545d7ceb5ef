/// What a new plan did to the steps of a migration.
public struct AmendmentSummary: Equatable, Sendable {
  /// Steps that no plan had before.
  public var added: [String] = []
  /// Steps that were dropped before they were done.
  public var cancelled: [String] = []
  /// Steps that the plan had and still has.
  public var kept: [String] = []
  /// Steps that wait for a person: only a retry lets them try the new plan.
  public var blocked: [String] = []

  /// Compares the states before and after.
  public init(from old: MigrationState, to new: MigrationState) {
    for (index, step) in new.steps.enumerated() {
      guard let before = old.step(step.id) else {
        added.append(step.id)
        continue
      }
      // What the plan has no more stands at the end, as history.
      if index >= new.steps.count - new.keptCount, !new.plan.steps[index].isExtra {
        if !before.phase.isTerminal { cancelled.append(step.id) }
        continue
      }
      switch step.phase {
      case .blocked:
        kept.append(step.id)
        blocked.append(step.id)
      case .waiting, .ready, .leased, .submitted, .gating, .merging, .merged, .backoff, .person, .proposed,
        .skipped, .cancelled, .undone:
        kept.append(step.id)
      }
    }
  }

  /// `+1 new, 3 cancelled, 10 kept; 4 blocked`; what there is none of is left out, but for the new ones.
  public var text: String {
    var parts = ["+\(added.count) new"]
    if !cancelled.isEmpty { parts.append("\(cancelled.count) cancelled") }
    parts.append("\(kept.count) kept")
    return parts.joined(separator: ", ") + (blocked.isEmpty ? "" : "; \(blocked.count) blocked")
  }
}
