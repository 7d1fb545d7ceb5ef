extension StepPhase {
  /// What was handed in and is not settled yet.
  public var submission: Submission? {
    switch self {
    case .submitted(let submission), .gating(let submission, _), .merging(let submission, _, _): submission
    case .waiting, .ready, .leased, .merged, .backoff, .blocked, .person, .proposed, .skipped, .cancelled,
      .undone:
      nil
    }
  }
}
