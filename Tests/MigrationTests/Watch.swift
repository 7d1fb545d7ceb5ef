import Migration

/// The invariants of INVARIANTS.md as a second opinion: looks at each accepted event from outside and says
/// what is wrong. Knows nothing of how `decide` works.
struct Watch {
  /// The highest epoch each step was ever claimed at.
  private var claimed: [String: Int] = [:]

  /// What the accepted event broke, or `nil`.
  mutating func fault(_ event: Event, from old: MigrationState, to new: MigrationState, _ effects: [Effect])
    -> String?
  {
    if event.change.ownName != nil { return old == new ? nil : "a migration changed by what is of none" }
    if old.phase.isTerminal { return "I-18: an event was accepted after the end" }
    if let fault = fenceFault(event, old) { return fault }
    if case .baseline(.claimed(let claim)) = event.change {
      if old.baselineRun != nil { return "I-17: two judge the base" }
      if claim.run != old.baselineRuns + 1 { return "I-12: a run on the base has a used number" }
    }
    if case .claim(_, .claimed(let claim)) = event.change {
      if let fault = claimFault(claim, old, new) { return fault }
    }
    var movers: Set<String> = new.refresh == nil ? [] : ["refresh"]
    for index in new.steps.indices {
      if let fault = stepFault(index, old, new, event) { return "\(new.steps[index].id): \(fault)" }
      switch new.steps[index].phase {
      case .gating: movers.insert(mover(new.steps[index], new))
      case .merging(_, _, let target):
        movers.insert(target.train.map { "train \($0.train)" } ?? new.steps[index].id)
      case .waiting, .ready, .leased, .submitted, .merged, .backoff, .blocked, .person, .proposed, .skipped,
        .cancelled, .undone:
        break
      }
    }
    if movers.count > 1 { return "I-22: two candidates at once" }
    if new.plan.fault(added: new.keptCount) != nil { return "I-20: the plan is broken" }
    return tipFault(event, old, new) ?? effectFault(effects, new)
  }

  private func fenceFault(_ event: Event, _ old: MigrationState) -> String? {
    guard let fence = event.change.fence else { return nil }
    guard let step = old.step(fence.step) else { return "I-13: a step that there is not" }
    let expected = event.change.kind == .claim(.claimed) ? step.epoch + 1 : step.epoch
    return fence.epoch == expected ? nil : "I-13: epoch \(fence.epoch) was accepted at \(step.epoch)"
  }

  private mutating func claimFault(_ claim: Claim, _ old: MigrationState, _ new: MigrationState) -> String? {
    guard let index = old.index(of: claim.fence.step) else { return "I-11: no such step" }
    if old.steps[index].phase.isInFlight { return "I-11: claimed while somebody holds it" }
    if claim.fence.epoch <= claimed[claim.fence.step, default: 0] { return "I-12: an epoch was used twice" }
    claimed[claim.fence.step] = claim.fence.epoch
    for need in old.plan.steps[index].needs {
      guard let place = old.index(of: need), old.isMet(place) else {
        return "I-21: \(need) is not done"
      }
    }
    if old.steps[index].failures >= old.allowance(old.steps[index]) { return "I-16: one attempt too many" }
    return limitFault(new)
  }

  /// I-17, asked when something is claimed: a new plan may lower a limit under what is under way.
  private func limitFault(_ state: MigrationState) -> String? {
    var locks: [String] = []
    var agents = 0
    var used: [String: Int] = [:]
    var slots: [String] = []
    for (step, planned) in zip(state.steps, state.plan.steps) {
      if step.phase.isInFlight, let lock = planned.lock { locks.append(lock) }
      guard case .leased(let lease) = step.phase else { continue }
      if planned.run == nil { agents += 1 }
      for name in planned.uses { used["\(name)@\(lease.owner.machine)", default: 0] += 1 }
      if let slot = lease.slot { slots.append("\(slot)@\(lease.owner.machine)") }
    }
    if state.planNumber > 1 { return nil }
    if Set(locks).count < locks.count { return "I-17: a lock is held twice" }
    if Set(slots).count < slots.count { return "I-25: a slot is used twice" }
    if let limit = state.plan.agent?.maxConcurrent, agents > limit { return "I-17: too many agents" }
    let capacity = state.plan.resources.first?.capacity ?? 1
    return used.values.contains { $0 > capacity } ? "I-17: a resource is overdrawn" : nil
  }

  private func stepFault(_ index: Int, _ old: MigrationState, _ new: MigrationState, _ event: Event)
    -> String?
  {
    let step = new.steps[index]
    let hasOpenNeed = new.plan.steps[index].needs.contains { need in
      !(new.index(of: need).map(new.isMet) ?? false)
    }
    switch step.phase {
    case .ready: if hasOpenNeed { return "I-21: ready with an open need" }
    case .waiting: if !hasOpenNeed { return "I-19: waits for nothing" }
    case .leased, .submitted, .gating, .merging, .merged, .backoff, .blocked, .person, .proposed, .skipped,
      .cancelled, .undone:
      break
    }
    if new.phase.isTerminal && !step.phase.isTerminal { return "I-18: open after the end" }
    switch step.phase {
    case .waiting, .ready, .backoff:
      if step.failures >= new.allowance(step) { return "I-16: used up, and not blocked" }
    case .leased, .submitted, .gating, .merging, .merged, .blocked, .person, .proposed, .skipped, .cancelled,
      .undone:
      break
    }
    guard let was = old.step(step.id) else { return nil }
    if step.epoch < was.epoch { return "I-12: the epoch went back" }
    if step.failures < was.failures || step.granted < was.granted || step.gates < was.gates
      || step.infrastructureRetries < was.infrastructureRetries
    {
      return "a counter went back"
    }
    if was.phase.isTerminal && was != step {
      if case .cancelled = was.phase, event.change.kind == .migration(.amended) { return nil }
      // What was merged is undone by the merge of another step.
      if case (.merged, .undone) = (was.phase, step.phase), event.change.kind == .merge(.merged) {
        return nil
      }
      return "I-18: terminal is terminal"
    }
    return nil
  }

  private func mover(_ step: Step, _ state: MigrationState) -> String {
    guard let train = state.train, train.has(Fence(step: step.id, epoch: step.epoch)) else { return step.id }
    return "train \(train.number)"
  }

  private func tipFault(_ event: Event, _ old: MigrationState, _ new: MigrationState) -> String? {
    switch event.change {
    case .merge(let fence, .merged(let commit, _)):
      guard case .merging(_, let run, let target) = old.step(fence.step)?.phase else {
        return "I-23: no intent"
      }
      if let merge = target.train {
        let landed = merge.members.allSatisfy { new.step($0.fence.step)?.phase == .merged(commit: $0.commit) }
        if !landed { return "I-22: not all of the train landed" }
      }
      if !run.hasPassed || run.start.tree != target.tree { return "I-22: not the tree that passed" }
      return new.tip == commit && commit == target.new ? nil : "I-22: another commit than intended"
    case .refresh(.merged(let commit)):
      return old.refresh?.new == commit && new.tip == commit ? nil : "I-22: another refresh than intended"
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet,
      .reserved:
      return new.tip == old.tip ? nil : "I-22: the tip moved by '\(event.change.kind.rawValue)'"
    }
  }

  private func effectFault(_ effects: [Effect], _ new: MigrationState) -> String? {
    for effect in effects {
      switch effect {
      case .moveBranch(_, let fence, _, _):
        guard let step = new.step(fence.step), step.epoch == fence.epoch, step.phase.isInFlight else {
          return "I-18: work for a step that is not under way"
        }
      case .createBranch, .moveRefreshedBranch, .notify: continue
      }
    }
    return nil
  }
}
