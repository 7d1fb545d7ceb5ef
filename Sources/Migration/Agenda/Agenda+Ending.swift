extension MigrationState {
  /// How a run that has nothing under way ends, or `nil` while there is something to wait for.
  func ending(_ seat: Seat) -> Ending? {
    if seat.isEnding { return .interrupted }
    switch phase {
    case .aborted, .finished: return .ended(phase.word)
    case .paused(let reason): return .paused(reason)
    case .running: break
    }
    if openCount == 0 { return .allDone }
    if isStuck {
      return .needsPerson(
        blocked: steps.filter { if case .blocked = $0.phase { true } else { false } }.map(\.id))
    }
    if !seat.mayClaim { return .outOfTime(left: openCount) }
    let open = stepsForOthers
    return open.isEmpty ? nil : .needsWorkers(open)
  }

  /// The open steps, when only such are left that no run can do, and nobody is at work on one.
  private var stepsForOthers: [String] {
    var open: [String] = []
    for (step, planned) in zip(steps, plan.steps) {
      switch step.phase {
      case .ready, .backoff:
        if planned.run != nil || plan.agent(of: planned) != nil { return [] }
        open.append(step.id)
      case .leased, .submitted, .gating, .merging: return []
      case .waiting, .merged, .blocked, .skipped, .cancelled: continue
      }
    }
    return open
  }
}
