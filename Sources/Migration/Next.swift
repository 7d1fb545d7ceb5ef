extension MigrationState {
  /// What a worker that wants a step is told.
  public enum Offer: Equatable, Sendable {
    /// This step can be claimed now.
    case step(String)
    /// Nothing can be claimed now; the reason is for people, `until` says when a pause is over if one is.
    case nothingNow(reason: String, until: Timestamp?)
    /// Every step is merged, skipped or cancelled, or the migration ended.
    case nothingLeft
  }

  /// The step a worker on `machine` should claim at `now`: highest priority, then longest remaining path, then the
  /// plan's order (DESIGN §3).
  public func nextOffer(at now: Timestamp, machine: String) -> Offer {
    if phase.isTerminal { return .nothingLeft }
    if case .paused(let reason) = phase {
      return .nothingNow(reason: "the migration is paused: \(reason)", until: nil)
    }
    var candidates: [Int] = []
    var resting: Timestamp?
    for (index, step) in steps.enumerated() {
      switch step.phase {
      case .ready: candidates.append(index)
      case .backoff(let until):
        if until <= now { candidates.append(index) } else { resting = min(resting ?? until, until) }
      case .waiting, .leased, .submitted, .gating, .merging, .merged, .blocked, .skipped, .cancelled: continue
      }
    }
    candidates.sort { left, right in
      let (one, two) = (plan.steps[left].priority, plan.steps[right].priority)
      if one != two { return one > two }
      if graph.remaining[left] != graph.remaining[right] { return graph.remaining[left] > graph.remaining[right] }
      return left < right
    }
    var limit: Refusal?
    for index in candidates {
      guard let refusal = claimLimit(index, machine: machine, slot: nil) else { return .step(steps[index].id) }
      limit = limit ?? refusal
    }
    if let limit { return .nothingNow(reason: limit.message, until: nil) }
    return nothing(resting: resting)
  }

  private func nothing(resting: Timestamp?) -> Offer {
    if steps.allSatisfy(\.phase.isTerminal) { return .nothingLeft }
    if let resting { return .nothingNow(reason: "a step rests after a failed attempt", until: resting) }
    let inFlight = steps.count { $0.phase.isInFlight }
    if inFlight > 0 {
      return .nothingNow(reason: "the remaining steps wait for \(inFlight) that are under way", until: nil)
    }
    let blocked = steps.filter { if case .blocked = $0.phase { true } else { false } }
    let names = blocked.prefix(5).map(\.id).joined(separator: ", ")
    return .nothingNow(reason: "the remaining steps are held by \(names), which a person must look at", until: nil)
  }

  /// Whether nothing more can happen without a person: no step can be claimed, rests, or is under way.
  public var isStuck: Bool {
    steps.allSatisfy { step in
      switch step.phase {
      case .waiting, .merged, .blocked, .skipped, .cancelled: true
      case .ready, .leased, .submitted, .gating, .merging, .backoff: false
      }
    }
  }
}
