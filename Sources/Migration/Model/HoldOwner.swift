extension StepPhase {
  /// The process that holds the step now: the worker's, or that of who judges or merges it.
  var owner: Owner? {
    switch self {
    case .leased(let lease): lease.owner
    case .gating(_, let run): run.start.owner
    case .merging(_, _, let target): target.owner
    case .waiting, .ready, .submitted, .merged, .backoff, .blocked, .person, .proposed, .skipped, .cancelled,
      .undone:
      nil
    }
  }
}
