import CanonicalJSON

/// The rules of claims and leases.
extension Reducer {
  mutating func apply(_ change: ClaimChange, _ fence: Fence) throws(Refusal) {
    switch change {
    case .claimed(let claim): try self.claim(claim)
    case .renewed(let expiresAt): try renew(fence, until: expiresAt)
    case .expired(let renewal, let evidence): try expire(fence, renewal, evidence)
    case .released(let forced, let reason): try release(fence, forced: forced, reason)
    case .failed(let failure): try failAttempt(fence, failure)
    case .handedOver(let failure): try handOver(fence, failure)
    case .submitted(let result): try submit(fence, result)
    case .stageEnded(let end): try endStage(fence, end)
    }
  }

  mutating func apply(_ change: StepChange, _ step: String) throws(Refusal) {
    switch change {
    case .added(let addition): try addStep(addition)
    case .retried(_, let group): try retry(steps(step, group))
    case .skipped(let reason, let group):
      for index in try skippable(steps(step, group)) { skip(index, reason) }
    case .allowed(let finding, let reason): try allow(finding, reason, of: step)
    case .approved(let group): try approve(steps(step, group))
    case .rejected(let reason, let group): try reject(steps(step, group), reason)
    case .accepted(let group): try accept(steps(step, group))
    case .proposed(let proposal): try propose(proposal, step)
    case .undone(let undoing): try undo(step, undoing)
    }
  }

  mutating func claim(_ claim: Claim) throws(Refusal) {
    try requireRunning()
    let index = try indexOfStep(claim.fence.step)
    let step = migration.steps[index]
    try requireClaimable(step, index)
    guard claim.fence.epoch == step.epoch + 1 else {
      throw Refusal(.stale, "the next claim of '\(step.id)' has epoch \(step.epoch + 1)")
    }
    guard !claim.holder.isEmpty else { throw Refusal(.invalid, "a claim needs a holder") }
    try requireProcess(claim.owner)
    if let slot = claim.slot, !Self.isSlotName(slot) {
      throw Refusal(.invalid, "a worktree slot is called 'slot-' and a number")
    }
    try requireLength(until: claim.expiresAt)
    if let work = step.stages {
      guard claim.base == work.base else {
        throw Refusal(.tipMoved, "the work on '\(step.id)' so far stands on \(work.base.short)")
      }
    } else if !migration.peopleShareBranch, claim.base != migration.tip {
      throw Refusal(.tipMoved, "the base of the claim is not the tip of '\(migration.into)'")
    }
    if let stage = event.fact(ClaimFacts.stage),
      stage != migration.stageTask(at: index).map({ .string($0.stage.name) })
    {
      throw Refusal(.stale, "'\(step.id)' is at another stage")
    }
    if let refusal = claimLimit(index, machine: claim.owner.machine, slot: claim.slot) { throw refusal }
    let values = event.resourceValues
    if let refusal = migration.refusal(of: values, for: index, machine: claim.owner.machine) { throw refusal }
    try requireFleet(index, machine: claim.owner.machine)
    try requireAgent(claim, index)
    try requireMachine(index)
    let agent = try requireBudget()
    noteBegin(claim, index)
    migration.steps[index].epoch = claim.fence.epoch
    migration.steps[index].hasNewPrompt = false
    migration.steps[index].stages?.isFresh = false
    var lease = Lease(
      holder: claim.holder, owner: claim.owner, base: claim.base, expiresAt: claim.expiresAt, renewal: 0,
      slot: claim.slot, agent: agent)
    lease.resources = values
    set(index, .leased(lease))
  }

  /// What a step requires, the worker must say that it has. Version 1 of the format has no place for that.
  private func requireMachine(_ index: Int) throws(Refusal) {
    let step = migration.plan.steps[index]
    guard event.version >= 2, let lacking = step.lacks(event.has).first else { return }
    throw Refusal(
      .limited, "'\(step.id)' requires '\(lacking)', which this worker does not say that it has",
      hint: "say so with '--has \(lacking)', where it is so")
  }

  /// A slot becomes a folder's name, so that it is none but ours.
  private static func isSlotName(_ name: String) -> Bool {
    let digits = name.utf8.dropFirst("slot-".utf8.count)
    return name.utf8.starts(with: "slot-".utf8) && (1...9).contains(digits.count)
      && digits.first != UInt8(ascii: "0") && digits.allSatisfy { (0x30...0x39).contains($0) }
  }

  private func requireClaimable(_ step: Step, _ index: Int) throws(Refusal) {
    switch step.phase {
    case .ready: return
    case .backoff(let until):
      guard at >= until else {
        throw Refusal(.limited, "'\(step.id)' rests until \(until.utc) after a failed attempt")
      }
      // A new plan may have given it a need while it was under way or rested (I-21).
      if migration.hasOpenNeed(index) { throw waits(step, index) }
    case .leased(let lease):
      throw Refusal(.held, "'\(step.id)' is held by \(lease.holder) until \(lease.expiresAt.utc)")
    case .submitted(let submission), .gating(let submission, _), .merging(let submission, _, _):
      throw Refusal(.held, "'\(step.id)' was submitted by \(submission.holder) and is \(step.phase.word)")
    case .waiting: throw waits(step, index)
    case .blocked(let reason):
      throw Refusal(
        .blocked, "'\(step.id)' is blocked: \(reason)", hint: "run 'git migrate retry \(step.id)'")
    case .person(let wait):
      throw Refusal(
        .blocked, "'\(step.id)' waits for a person: \(wait.reason)",
        hint: "run 'git migrate approve \(step.id)', or reject")
    case .proposed:
      throw Refusal(
        .blocked, "'\(step.id)' is proposed", hint: "run 'git migrate approve \(step.id)', or reject")
    case .merged, .skipped, .cancelled, .undone:
      throw Refusal(.ended, "'\(step.id)' is \(step.phase.word)")
    }
  }

  private func waits(_ step: Step, _ index: Int) -> Refusal {
    let open = migration.graph.needs[index].filter { !migration.isMet($0) }
    let names = open.prefix(5).map { migration.steps[$0].id }.joined(separator: ", ")
    return Refusal(.wrongPhase, "'\(step.id)' waits for \(names)")
  }

  /// The first limit that the claim would break (I-17), or `nil`.
  func claimLimit(_ index: Int, machine: String, slot: String?) -> Refusal? {
    migration.claimLimit(index, machine: machine, slot: slot)
  }

  mutating func renew(_ fence: Fence, until expiresAt: Timestamp) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    var lease = try heldLease(index, "renewed")
    guard expiresAt > lease.expiresAt else {
      throw Refusal(.limited, "the lease of '\(fence.step)' lasts until \(lease.expiresAt.utc) already")
    }
    try requireLength(until: expiresAt)
    lease.expiresAt = expiresAt
    lease.renewal += 1
    set(index, .leased(lease))
  }

  /// The lease, provided that the event's author holds it (I-14).
  func heldLease(_ index: Int, _ wanted: String) throws(Refusal) -> Lease {
    let step = migration.steps[index]
    guard case .leased(let lease) = step.phase else { throw wrongPhase(step, wanted) }
    guard lease.holder == event.by else {
      throw Refusal(.held, "'\(step.id)' is held by \(lease.holder), not by \(event.by)")
    }
    return lease
  }

  mutating func expire(_ fence: Fence, _ renewal: Int, _ evidence: Evidence) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    let step = migration.steps[index]
    guard case .leased(let lease) = step.phase else { throw wrongPhase(step, "expired") }
    guard renewal == lease.renewal else {
      throw Refusal(.stale, "the lease of '\(step.id)' was renewed in the meantime")
    }
    try require(evidence, owner: lease.owner, expiresAt: lease.expiresAt)
    switch evidence {
    case .holder: throw Refusal(.invalid, "a holder releases its step, it does not expire it")
    case .timeout:
      countFailure(index, Failure(kind: .expired, reason: "the lease of \(lease.holder) ran out"))
    case .holderDead:
      countInfrastructureRetry(index, then: openPhase(index), "\(lease.holder) died")
    }
  }

  mutating func release(_ fence: Fence, forced: Bool, _ reason: String) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    if forced {
      let step = migration.steps[index]
      guard case .leased = step.phase else { throw wrongPhase(step, "released") }
      migration.steps[index].epoch += 1
    } else {
      _ = try heldLease(index, "released")
    }
    set(index, openPhase(index))
    blockIfUsedUp(index)
  }

  mutating func failAttempt(_ fence: Fence, _ failure: Failure) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    let step = migration.steps[index]
    switch step.phase {
    case .leased:
      _ = try heldLease(index, "failed")
      switch failure.kind {
      case .left, .worker, .timeout, .noChange, .guardFinding, .unmerged, .nested, .submodule, .filter,
        .gitFile:
        countFailure(index, failure)
      case .cannot:
        migration.steps[index].failures += 1
        noteFailure(index, failure)
        block(index, "it cannot be done: \(failure.reason)")
      case .setup:
        noteFailure(index, failure)
        countInfrastructureRetry(index, then: rest(index), failure.reason)
      case .conflict, .unusable, .gate, .expired, .rejected:
        throw Refusal(.invalid, "a worker cannot fail by '\(failure.kind.rawValue)'")
      }
    case .submitted:
      guard [.conflict, .unusable].contains(failure.kind) else {
        throw Refusal(
          .invalid, "a submitted result can only fail by 'conflict' or 'unusable' before its gate")
      }
      noteFailure(index, failure)
      migration.steps[index].stages = nil
      countInfrastructureRetry(index, then: openPhase(index), failure.reason)
    case .waiting, .ready, .gating, .merging, .merged, .backoff, .blocked, .person, .proposed, .skipped,
      .cancelled, .undone:
      throw wrongPhase(step, "failed")
    }
  }

  private func rest(_ index: Int) -> StepPhase {
    let retries = migration.steps[index].infrastructureRetries
    let pause = migration.plan.backoff.pause(afterFailures: retries + 1)
    let rests = pause > 0 && migration.undoneNeed(index) == nil
    return rests ? .backoff(until: at.adding(seconds: pause)) : openPhase(index)
  }

  mutating func submit(_ fence: Fence, _ result: Submission.Result) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    let lease = try heldLease(index, "submitted")
    if let stage = migration.stageTask(at: index)?.stage, stage.target(of: "DONE") != .gate {
      throw Refusal(
        .invalid, "'\(fence.step)' is at the stage '\(stage.name)', which ends with a word",
        hint: "say it with 'git migrate submit --verdict WORD': one of \(stage.words)")
    }
    migration.steps[index].stages = nil
    set(
      index,
      .submitted(Submission(result: result, holder: lease.holder, base: lease.base, notBefore: at)))
  }

  /// The steps of a change that may be about a group.
  private func steps(_ step: String, _ group: StepGroup?) throws(Refusal) -> [String] {
    guard let group else { return [step] }
    guard event.version >= StepGroup.version, group.steps.first == step,
      Set(group.steps).count == group.steps.count
    else { throw Refusal(.invalid, "the steps of a group are not what they should be") }
    return group.steps
  }

  /// Lets steps try again: all, or none.
  private mutating func retry(_ ids: [String]) throws(Refusal) {
    try requireNotEnded()
    var indices: [Int] = []
    for id in ids { indices.append(try retriable(id)) }
    for index in indices {
      if case .undone = migration.steps[index].phase {
        try doAgain(index)
        continue
      }
      let step = migration.steps[index]
      if case .blocked = step.phase {
        // At least as many as the plan allows, even when a new plan allows fewer than were used.
        migration.steps[index].granted = max(step.granted + migration.plan.attempts, step.failures)
        migration.steps[index].forgiven = step.used
      }
      migration.steps[index].failedTree = nil
      migration.steps[index].stages = nil
      migration.steps[index].epoch += 1
      if let cause = step.cause { migration.causes.setTold(cause, false) }
      set(index, openPhase(index))
    }
  }

  private func retriable(_ id: String) throws(Refusal) -> Int {
    let index = try indexOfStep(id)
    let step = migration.steps[index]
    switch step.phase {
    case .blocked, .backoff: return index
    case .undone where event.version >= 2:
      try requireNobodyDoesAgain(index)
      return index
    case .person, .proposed:
      throw Refusal(
        .wrongPhase, "'\(id)' waits for a person", hint: "run 'git migrate approve \(id)', or reject")
    case .leased(let lease):
      throw Refusal(
        .held, "'\(id)' is held by \(lease.holder)", hint: "run 'git migrate release --force \(id)' first")
    case .waiting, .ready, .submitted, .gating, .merging:
      throw Refusal(.wrongPhase, "'\(id)' is \(step.phase.word), so there is nothing to retry")
    case .merged, .skipped, .cancelled, .undone:
      throw Refusal(.ended, "'\(id)' is \(step.phase.word)")
    }
  }

  /// The same work is not done twice: of an undone step at most one that does it again is open, or merged.
  private func requireNobodyDoesAgain(_ index: Int) throws(Refusal) {
    guard let other = migration.again(index).map({ migration.steps[$0] }) else { return }
    let id = migration.steps[index].id
    switch other.phase {
    case .undone, .cancelled, .skipped: return
    case .merged: throw Refusal(.ended, "'\(id)' was done again by '\(other.id)'")
    case .blocked, .backoff, .person, .proposed, .waiting, .ready, .leased, .submitted, .gating, .merging:
      throw Refusal(
        .wrongPhase, "'\(id)' is done again by '\(other.id)', which is \(other.phase.word)",
        hint: "see it with 'git migrate show \(other.id)'")
    }
  }

  /// A finding that a person has looked at does not stand in the way of this step again.
  mutating func allow(_ finding: String, _ reason: String, of id: String) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(id)
    let step = migration.steps[index]
    guard !finding.isEmpty, finding.utf8.count <= Step.findingLength, !reason.isEmpty else {
      throw Refusal(.invalid, "a finding is allowed by its name and with a reason")
    }
    switch step.phase {
    case .waiting, .ready, .leased, .backoff, .blocked, .person, .proposed, .submitted, .gating: break
    case .merging, .merged, .skipped, .cancelled, .undone:
      throw Refusal(.wrongPhase, "'\(id)' is \(step.phase.word), so there is nothing to allow")
    }
    if step.allowed.contains(finding) {
      throw Refusal(.limited, "'\(finding)' is allowed in '\(id)' already")
    }
    guard step.allowed.count < Step.mostAllowed else {
      throw Refusal(.limited, "\(Step.mostAllowed) findings are allowed in '\(id)' already")
    }
    migration.steps[index].allowed.append(finding)
    // The same tree may pass now.
    migration.steps[index].failedTree = nil
  }

  private func skippable(_ ids: [String]) throws(Refusal) -> [Int] {
    try requireNotEnded()
    var indices: [Int] = []
    for id in ids {
      let index = try indexOfStep(id)
      let step = migration.steps[index]
      switch step.phase {
      case .waiting, .ready, .leased, .backoff, .blocked, .person, .proposed, .submitted, .gating:
        indices.append(index)
      case .merging:
        throw Refusal(
          .wrongPhase, "'\(id)' is being merged", hint: "run 'git migrate run' to let the merge end")
      case .merged, .skipped, .cancelled, .undone: throw Refusal(.ended, "'\(id)' is \(step.phase.word)")
      }
    }
    return indices
  }

  private mutating func skip(_ index: Int, _ reason: String) {
    migration.steps[index].epoch += 1
    migration.steps[index].stages = nil
    set(index, .skipped(reason: reason))
    settle(index)
  }
}

extension MigrationState {
  /// The first limit that a claim of the step by this machine would break (I-17, I-25), or `nil`.
  func claimLimit(_ index: Int, machine: String, slot: String?) -> Refusal? {
    let step = planned(index)
    let agent = plan.agent(of: step)
    let agentLimit = agent?.maxConcurrent
    if step.lock == nil, slot == nil, agentLimit == nil, step.uses.isEmpty { return nil }
    var agents = 0
    var used: [String: Int] = [:]
    // By index: a copy of every step under way would cost more than the rest of the decision.
    for position in inFlight where position != index {
      if let lock = step.lock, plan.steps[position].lock == lock {
        return Refusal(.limited, "'\(step.id)' and '\(steps[position].id)' share the lock '\(lock)'")
      }
      guard case .leased(let lease) = steps[position].phase else { continue }
      if agentLimit != nil, self.agent(at: position)?.name == agent?.name { agents += 1 }
      for name in plan.steps[position].uses where plan.isShared(name) { used[name, default: 0] += 1 }
      guard lease.owner.machine == machine else { continue }
      if let slot, lease.slot == slot {
        return Refusal(.limited, "the worktree slot '\(slot)' belongs to '\(steps[position].id)'")
      }
      for name in plan.steps[position].uses where !plan.isShared(name) { used[name, default: 0] += 1 }
    }
    if let limit = agentLimit, agents >= limit {
      return Refusal(.limited, "\(agents) of at most \(limit) agents are at work")
    }
    for name in step.uses {
      if used[name, default: 0] >= plan.capacity(of: name) {
        return Refusal(.limited, "the resource '\(name)' is taken")
      }
    }
    return nil
  }
}
