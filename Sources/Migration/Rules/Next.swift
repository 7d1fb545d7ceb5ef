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

  /// The step a worker on `machine` should claim at `now`: highest priority, then longest remaining path,
  /// then the plan's order (DESIGN §3). Steps that the worker does not accept are passed over.
  public func nextOffer(
    at now: Timestamp, machine: String, accepting accepts: (PlannedStep) -> Bool = { _ in true }
  ) -> Offer {
    if phase.isTerminal { return .nothingLeft }
    if case .paused(let reason) = phase {
      return .nothingNow(reason: "the migration is paused: \(reason)", until: nil)
    }
    if let duePause { return .nothingNow(reason: duePause.reason, until: nil) }
    var candidates: [Int] = []
    var resting: Timestamp?
    for index in steps.indices {
      switch steps[index].phase {
      case .ready: if accepts(planned(index)) { candidates.append(index) }
      case .backoff(let until):
        guard accepts(planned(index)) else { continue }
        if hasOpenNeed(index) { continue }
        if until <= now { candidates.append(index) } else { resting = min(resting ?? until, until) }
      case .waiting, .leased, .submitted, .gating, .merging, .merged, .blocked, .person, .proposed, .skipped,
        .cancelled, .undone:
        continue
      }
    }
    candidates.sort { goesFirst($0, before: $1) }
    var limit: Refusal?
    for index in candidates {
      guard let refusal = claimLimit(index, machine: machine, slot: nil) else {
        return .step(steps[index].id)
      }
      limit = limit ?? refusal
    }
    if let limit { return .nothingNow(reason: limit.message, until: nil) }
    return nothing(resting: resting)
  }

  /// Whether of two steps that can be claimed this one is offered first.
  func goesFirst(_ left: Int, before right: Int) -> Bool {
    let (one, two) = (plan.steps[left].priority, plan.steps[right].priority)
    if one != two { return one > two }
    if graph.remaining[left] != graph.remaining[right] {
      return graph.remaining[left] > graph.remaining[right]
    }
    return left < right
  }

  private func nothing(resting: Timestamp?) -> Offer {
    if openCount == 0 { return .nothingLeft }
    if let resting { return .nothingNow(reason: "a step rests after a failed attempt", until: resting) }
    if !inFlight.isEmpty {
      return .nothingNow(
        reason: "the remaining steps wait for \(inFlight.count) that are under way", until: nil)
    }
    let blocked = steps.filter { $0.phase.waitsForPerson }
    if blocked.isEmpty {
      return .nothingNow(
        reason: "the remaining steps are for other workers: see what they require", until: nil)
    }
    let names = blocked.prefix(5).map(\.id).joined(separator: ", ")
    return .nothingNow(
      reason: "the remaining steps are held by \(names), which a person must look at", until: nil)
  }

  /// Whether a run that looked at the base at `last` is to look again at `now`: the plan says how often, and
  /// while something is judged or merged the branch would move under it.
  public func looksAtBase(at now: Timestamp, last: Timestamp?) -> Bool {
    guard let interval = plan.refreshSeconds, case .running = phase, mover == nil else { return false }
    // What conflicts is being put together; the next look takes the rest in.
    if let step = openResolution {
      guard case .blocked = step.phase else { return false }
    }
    guard let last else { return true }
    // A clock that was set back must not put it off.
    return now < last || now >= last.adding(seconds: interval)
  }

  /// Who judges or moves the integration branch now: a step, or a refresh.
  public var mover: String? {
    let step = stepsInFlight.first { step in
      switch step.phase {
      case .gating, .merging: true
      case .waiting, .ready, .leased, .submitted, .merged, .backoff, .blocked, .person, .proposed, .skipped,
        .cancelled, .undone:
        false
      }
    }
    return step?.id ?? (refresh == nil ? nil : "another refresh")
  }

  /// Who is about to move the integration branch: a step that is merged, or a refresh.
  var moving: String? {
    let step = stepsInFlight.first { if case .merging = $0.phase { true } else { false } }
    return step?.id ?? (refresh == nil ? nil : "a refresh")
  }

  /// Whether nothing more can happen without a person: no step can be claimed, rests, or is under way.
  public var isStuck: Bool {
    steps.indices.allSatisfy { index in
      switch steps[index].phase {
      case .waiting, .merged, .blocked, .person, .proposed, .skipped, .cancelled, .undone: true
      case .backoff: hasOpenNeed(index)
      case .ready, .leased, .submitted, .gating, .merging: false
      }
    }
  }
}
