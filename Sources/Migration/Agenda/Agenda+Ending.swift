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
        blocked: steps.filter { $0.phase.waitsForPerson }.map(\.id))
    }
    if let only = seat.only, !goesOn(only) { return .partDone(left: openCount) }
    if !seat.mayClaim { return .outOfTime(left: openCount) }
    let open = stepsForOthers(seat)
    if let first = open.first, let index = index(of: first) {
      let lacking = plan.steps[index].lacks(seat.has)
      return lacking.isEmpty ? .needsWorkers(open) : .needsMachine(open, lacking: lacking)
    }
    return seat.awaitsMissing ? nil : machineEnd(seat)
  }

  /// How a run ends that can do nothing more for want of a program, while nobody else is at work.
  private func machineEnd(_ seat: Seat) -> Ending? {
    let missing = seat.missing
    guard let first = missing.first, baselineRun == nil, refresh == nil else { return nil }
    let isGateStopped = missing.stop(gateOf: plan)
    // Nothing begins before the base is judged.
    let isAllStopped = isGateStopped && mustJudgeBase(seat)
    var isStopped = isAllStopped
    for (index, step) in steps.enumerated() {
      let planned = planned(index)
      switch step.phase {
      case .ready, .backoff:
        if isAllStopped { continue }
        if planned.run == nil, plan.agent(of: planned) == nil { continue }
        guard missing.stop(planned, of: plan) else { return nil }
      case .submitted: guard isGateStopped else { return nil }
      case .leased, .gating, .merging: return nil
      case .waiting, .merged, .blocked, .person, .proposed, .skipped, .cancelled, .undone: continue
      }
      isStopped = true
    }
    return isStopped ? .machineCannot(first.reason) : nil
  }

  /// Whether a run that begins these steps alone has something to do, or to wait for.
  private func goesOn(_ only: Set<String>) -> Bool {
    steps.indices.contains { index in
      guard only.contains(steps[index].id) else { return false }
      switch steps[index].phase {
      case .ready, .leased, .submitted, .gating, .merging: return true
      case .backoff: return !hasOpenNeed(index)
      // What it waits for is not to be begun here.
      case .waiting, .merged, .blocked, .person, .proposed, .skipped, .cancelled, .undone: return false
      }
    }
  }

  /// The open steps, when only such are left that this run cannot do, and nobody is at work on one.
  private func stepsForOthers(_ seat: Seat) -> [String] {
    var open: [String] = []
    for (index, step) in steps.enumerated() {
      switch step.phase {
      case .ready, .backoff:
        let planned = planned(index)
        let isForRuns = planned.run != nil || plan.agent(of: planned) != nil
        if isForRuns, planned.lacks(seat.has).isEmpty { return [] }
        open.append(step.id)
      case .leased, .submitted, .gating, .merging: return []
      case .waiting, .merged, .blocked, .person, .proposed, .skipped, .cancelled, .undone: continue
      }
    }
    return open
  }
}
