import Migration

extension MigrationState {
  /// The steps that their gate sent back and that did not get through since, each with the reason, in the
  /// plan's order.
  package var sentBack: [(step: String, reason: String)] {
    steps.compactMap { step in
      guard !step.phase.isTerminal, let failure = step.lastFailure else { return nil }
      switch failure.kind {
      case .gate, .guardFinding, .conflict, .unusable, .rejected: return (step.id, failure.reason)
      case .worker, .timeout, .noChange, .expired, .setup, .unmerged, .nested, .submodule, .filter, .gitFile,
        .cannot, .left:
        return nil
      }
    }
  }
}
