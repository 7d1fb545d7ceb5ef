import Migration

/// What each kind of entry may say, and what the books hold after it.
extension Checker {
  mutating func book(_ event: Event, _ world: World) -> String? {
    events += 1
    switch event.change {
    case .migrationStarted(let start): return take(start.plan)
    case .planAmended(let amendment): return amended(amendment)
    case .migrationPaused: isPaused = true
    case .migrationResumed: isPaused = false
    case .migrationAborted: return end()
    case .migrationFinished(let result, let partial):
      if number(result) != tip { return "I-22: the result is not the tip" }
      if !partial && steps.contains(where: { !$0.isTerminal }) { return "I-19: finished with open steps" }
      return end()
    case .refreshIntended, .refreshMerged, .refreshAbandoned: return refreshed(event, world)
    case .baselineRecorded(let baseline):
      if baseline.verdict != .passed { isPaused = true }
    case .stepClaimed(let claim): return claimed(claim, event)
    case .leaseRenewed(let fence, let expiresAt): return renewed(fence, expiresAt, event)
    case .leaseExpired(let fence, let renewal, let evidence):
      return expired(stepNumber(fence.step), renewal, evidence, event, world)
    case .stepReleased(let fence, let forced, _):
      let index = stepNumber(fence.step)
      if steps[index].kind != .leased { return "I-18: released without a lease" }
      if forced {
        steps[index].epoch += 1
      } else if steps[index].holder != event.by {
        return "I-14: released by somebody else"
      }
      steps[index].kind = .idle
    case .attemptFailed(let fence, let failure): return failed(stepNumber(fence.step), failure, event)
    case .stepSubmitted(let fence, _):
      let index = stepNumber(fence.step)
      guard steps[index].kind == .leased, steps[index].holder == event.by else {
        return "I-13: submitted by somebody who does not hold it"
      }
      steps[index].kind = .submitted
    case .gateStarted, .gateFinished, .gateAbandoned, .mergeIntended, .mergeAbandoned, .stepMerged:
      return judged(event, world)
    case .stepRetried(let step, _):
      let index = stepNumber(step)
      if steps[index].kind != .idle { return "I-18: retried while it is \(steps[index].kind)" }
      steps[index].epoch += 1
      // Only a step that was blocked gets new attempts; a resting one has some left.
      if steps[index].wasBlocked {
        steps[index].granted = max(steps[index].granted + attempts, steps[index].failures)
      }
    case .stepSkipped(let step, _):
      let index = stepNumber(step)
      if steps[index].isTerminal || steps[index].kind == .merging { return "I-18: skipped too late" }
      steps[index].kind = .skipped
      steps[index].epoch += 1
    }
    return nil
  }

  private mutating func take(_ plan: Plan) -> String? {
    self.plan = plan
    planNumber += 1
    attempts = plan.attempts
    digest = plan.verifierDigest
    while steps.count < plan.steps.count { steps.append(Books()) }
    for (index, planned) in plan.steps.enumerated() {
      steps[index].planned = planned
      steps[index].needs = planned.needs.map(stepNumber)
      if steps[index].needs.contains(where: { $0 >= plan.steps.count }) { return "I-20: a need is no step" }
    }
    return nil
  }

  private mutating func amended(_ amendment: PlanAmendment) -> String? {
    if amendment.number != planNumber + 1 { return "I-20: plan \(amendment.number) after \(planNumber)" }
    if refresh != nil { return "I-22: a new plan during a refresh" }
    let old = digest
    if let fault = take(amendment.plan) { return fault }
    // A new gate has not judged what the old one is at.
    if digest != old {
      for index in steps.indices where steps[index].kind == .gating { steps[index].kind = .submitted }
    }
    return nil
  }

  private mutating func end() -> String? {
    if refresh != nil || steps.contains(where: { $0.kind == .merging }) { return "I-18: ended during a move" }
    for index in steps.indices where !steps[index].isTerminal {
      steps[index].kind = .cancelled
      steps[index].epoch += 1
    }
    isEnded = true
    return nil
  }

  // MARK: Claims

  private mutating func claimed(_ claim: Claim, _ event: Event) -> String? {
    let index = stepNumber(claim.fence.step)
    if isPaused { return "I-18: claimed during a pause" }
    if steps[index].kind != .idle { return "I-11: claimed while it is \(steps[index].kind)" }
    if claim.fence.epoch != steps[index].epoch + 1 || claim.fence.epoch <= steps[index].lastClaimed {
      return "I-12: epoch \(claim.fence.epoch) after \(steps[index].epoch)"
    }
    if hasOpenNeed(index) { return "I-21: claimed with an open need" }
    if steps[index].failures >= attempts + steps[index].granted { return "I-16: one attempt too many" }
    if number(claim.base) != tip { return "I-22: the work does not start at the tip" }
    steps[index].kind = .leased
    steps[index].epoch = claim.fence.epoch
    steps[index].lastClaimed = claim.fence.epoch
    steps[index].holder = claim.holder
    steps[index].owner = claim.owner
    steps[index].machine = claim.owner.machine
    steps[index].expiresAt = claim.expiresAt
    steps[index].renewal = 0
    return limits(index)
  }

  /// I-17, for what the claimed step takes.
  private func limits(_ index: Int) -> String? {
    guard let plan else { return nil }
    let step = steps[index]
    var (agents, used) = (0, 0)
    for (position, other) in steps.enumerated() where other.isInFlight {
      if position != index, let lock = step.planned.lock, other.planned.lock == lock {
        return "I-17: the lock is held twice"
      }
      guard other.kind == .leased else { continue }
      if other.planned.run == nil { agents += 1 }
      if other.machine == step.machine && !other.planned.uses.isEmpty { used += 1 }
    }
    if step.planned.run == nil, let most = plan.agent?.maxConcurrent, agents > most {
      return "I-17: too many agents"
    }
    if !step.planned.uses.isEmpty, used > (plan.resources.first?.capacity ?? 1) {
      return "I-17: the resource is overdrawn"
    }
    return nil
  }

  private mutating func renewed(_ fence: Fence, _ expiresAt: Timestamp, _ event: Event) -> String? {
    let index = stepNumber(fence.step)
    guard steps[index].kind == .leased, steps[index].holder == event.by else {
      return "I-14: renewed by somebody who does not hold it"
    }
    if expiresAt <= steps[index].expiresAt { return "I-14: a renewal that shortens" }
    steps[index].expiresAt = expiresAt
    steps[index].renewal += 1
    return nil
  }

  private mutating func expired(
    _ index: Int, _ renewal: Int, _ evidence: Evidence, _ event: Event, _ world: World
  ) -> String? {
    let step = steps[index]
    if step.kind != .leased { return "I-15: expired while it is \(step.kind)" }
    if renewal != step.renewal { return "I-15: renewed in the meantime" }
    if let fault = unproven(evidence, step.owner, step.expiresAt, event, world) { return fault }
    if case .holder = evidence { return "I-15: a holder does not expire its lease" }
    if case .timeout = evidence { steps[index].failures += 1 }
    steps[index].kind = .idle
    return nil
  }

  /// I-15: a hold ends by its time and the grace, by a death that is true, or by its holder.
  func unproven(_ evidence: Evidence, _ owner: Owner?, _ expiresAt: Timestamp, _ event: Event, _ world: World)
    -> String?
  {
    switch evidence {
    case .holder: return nil
    case .timeout:
      return event.at.milliseconds > expiresAt.milliseconds + 60_000 ? nil : "I-15: taken before its time"
    case .holderDead(let dead):
      if dead != owner { return "I-15: somebody else is dead" }
      return world.alive.contains(dead.pid) ? "I-15: the holder lives" : nil
    }
  }

  private mutating func failed(_ index: Int, _ failure: Failure, _ event: Event) -> String? {
    switch (steps[index].kind, failure.kind) {
    case (.leased, .worker), (.leased, .timeout), (.leased, .noChange), (.leased, .guardFinding):
      if steps[index].holder != event.by { return "I-13: failed by somebody who does not hold it" }
      steps[index].failures += 1
    case (.leased, .setup):
      if steps[index].holder != event.by { return "I-13: failed by somebody who does not hold it" }
    case (.submitted, .conflict): break
    default: return "I-18: '\(failure.kind)' while it is \(steps[index].kind)"
    }
    steps[index].kind = .idle
    return nil
  }
}
