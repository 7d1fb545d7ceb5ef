/// The rules of a migration as a whole.
extension Reducer {
  mutating func apply(_ change: MigrationChange) throws(Refusal) {
    switch change {
    case .started: throw Refusal(.migrationExists, "the migration has started already")
    case .amended(let amendment): try amend(amendment)
    case .paused(let reason): try pause(reason)
    case .resumed: try resume()
    case .budgetRaised(let unit, let amount): try raiseBudget(unit, by: amount)
    case .aborted(let reason): try abort(reason)
    case .finished(let result, let partial): try finish(result, partial: partial)
    }
  }

  mutating func start(_ start: MigrationStart) throws(Refusal) {
    guard start.plan.migration == event.migration else {
      throw Refusal(.invalid, "the plan is for '\(start.plan.migration)', not '\(event.migration)'")
    }
    if let other = state.migration(named: event.migration) { throw other.isInTheWay(of: "the plan") }
    if let fault = start.plan.fault() { throw Refusal(.invalid, fault) }
    try requireRoom(for: start.plan)
    if let other = state.migrations.first(where: {
      !$0.phase.isTerminal
        && ($0.into == start.plan.into || $0.into == start.base || $0.base == start.plan.into)
    }) {
      throw Refusal(
        .invalid, "the migration '\(other.name)' works from '\(other.base)' into '\(other.into)' already",
        hint: "finish it first, or use other branches")
    }
    if let fault = BranchName.fault(start.base) {
      throw Refusal(.invalid, "the name of the base '\(start.base)' \(fault)")
    }
    guard start.plan.into != start.base || start.shared else {
      throw Refusal(.invalid, "the integration branch '\(start.base)' is the base: people share it")
    }
    let graph = Graph(start.plan.steps)
    let steps = start.plan.steps.map { planned in
      Step(id: planned.id, phase: planned.skip.map { .skipped(reason: $0) } ?? .waiting)
    }
    var migration = MigrationState(
      name: event.migration, phase: .running, plan: start.plan, planNumber: 1, planDigest: start.digest,
      base: start.base, peopleShareBranch: start.shared, start: start.commit, tip: start.commit, steps: steps,
      verdicts: [], refresh: nil, graph: graph)
    migration.recount()
    for index in migration.steps.indices {
      if case .waiting = migration.steps[index].phase, !migration.hasOpenNeed(index) {
        migration.set(index, .ready)
      }
    }
    state.migrations.append(migration)
    effects.append(
      .createBranch(migration: event.migration, branch: start.plan.into, commit: start.commit))
  }

  mutating func pause(_ reason: String) throws(Refusal) {
    switch migration.phase {
    case .running:
      migration.phase = .paused(reason: reason)
      // Nobody asked for it: a person is told.
      if event.fact(Event.causeKey) != nil { notify(.paused(reason: reason)) }
    case .paused: throw Refusal(.wrongPhase, "the migration '\(migration.name)' is paused already")
    case .aborted, .finished: try requireNotEnded()
    }
  }

  mutating func resume() throws(Refusal) {
    switch migration.phase {
    case .paused:
      migration.phase = .running
      // A base that failed is judged afresh: resuming is how a person says that the cause is gone.
      migration.verdicts.removeAll { $0.verdict != .passed }
      migration.baselineFailure = nil
    case .running: throw Refusal(.wrongPhase, "the migration '\(migration.name)' is not paused")
    case .aborted, .finished: try requireNotEnded()
    }
  }

  mutating func raiseBudget(_ unit: Budget.Unit, by amount: Int) throws(Refusal) {
    try requireNotEnded()
    guard amount > 0 else { throw Refusal(.invalid, "a budget is raised by more than nothing") }
    guard migration.plan.budget.total[unit] != nil else {
      throw Refusal(
        .invalid, "the plan of '\(migration.name)' has no budget in \(unit.rawValue)",
        hint: "give it one with 'budget: { \(unit.rawValue): … }' and 'git migrate amend'")
    }
    migration.raised[unit] = migration.raised[unit].addingCapped(amount)
  }

  mutating func abort(_ reason: String) throws(Refusal) {
    try requireNotEnded()
    try requireNoMove()
    cancelOpenSteps()
    migration.baselineRun = nil
    migration.phase = .aborted(reason: reason)
  }

  mutating func finish(_ result: ObjectID, partial: Bool) throws(Refusal) {
    try requireNotEnded()
    try requireNoMove()
    guard migration.peopleShareBranch || result == migration.tip else {
      throw Refusal(.tipMoved, "the result is not the tip of '\(migration.into)'")
    }
    let open = migration.steps.filter { !$0.phase.isTerminal }
    if !open.isEmpty && !partial {
      throw Refusal(
        .wrongPhase,
        "not done: \(open.count) of \(Count.of(migration.steps.count, "step")), first '\(open[0].id)'",
        hint: "skip them, or take what is there with 'git migrate finish --partial'")
    }
    if !partial { try requireNoUses(result) }
    cancelOpenSteps()
    migration.baselineRun = nil
    migration.phase = .finished(result: result)
  }

  /// Terminal is terminal (I-18): every hold ends here, and its epoch with it.
  private mutating func cancelOpenSteps() {
    for index in migration.steps.indices where !migration.steps[index].phase.isTerminal {
      cancel(index)
    }
  }

  private mutating func cancel(_ index: Int) {
    #if KNOWN_BUGS
      if KnownBug.timerSurvivesEnd.isOn, case .leased = migration.steps[index].phase { return }
    #endif
    migration.steps[index].epoch += 1
    set(index, .cancelled)
  }

  private func requireNoMove() throws(Refusal) {
    if migration.refresh != nil {
      throw Refusal(.limited, "a refresh of '\(migration.into)' is under way", hint: "try again in a moment")
    }
    for index in migration.inFlight {
      let step = migration.steps[index]
      if case .merging = step.phase {
        throw Refusal(
          .limited, "'\(step.id)' is being merged",
          hint: "try again in a moment; 'git migrate run' settles a merge that was cut off")
      }
    }
  }

  mutating func amend(_ amendment: PlanAmendment) throws(Refusal) {
    try requireNotEnded()
    let plan = amendment.plan
    guard plan.migration == migration.name else {
      throw Refusal(.invalid, "the plan is for '\(plan.migration)', not '\(migration.name)'")
    }
    guard amendment.number == migration.planNumber + 1 else {
      throw Refusal(.stale, "the next plan is number \(migration.planNumber + 1)")
    }
    guard plan.into == migration.into else {
      throw Refusal(.invalid, "the integration branch '\(migration.into)' cannot be changed")
    }
    if let fleet = plan.fleet, !fleet.isPlace(of: migration.plan.fleet) {
      throw Refusal(.invalid, "a migration cannot be moved into another repository or fleet")
    }
    if migration.refresh != nil {
      throw Refusal(.limited, "a refresh of '\(migration.into)' is under way", hint: "try again in a moment")
    }
    if let fault = plan.fault() { throw Refusal(.invalid, fault) }
    try requireRoom(for: plan)
    let kept = try requireNothingLost(plan)
    var next = plan
    next.steps += kept.map { detached($0) }
    if let fault = next.fault(added: kept.count) { throw Refusal(.invalid, fault) }
    rebuild(next, amendment)
    migration.keptCount = kept.count
  }

  /// The done steps that the new plan drops: they stay as history. A step under way may not be dropped, and
  /// one that takes in the base is none of a plan's.
  private func requireNothingLost(_ plan: Plan) throws(Refusal) -> [PlannedStep] {
    let ids = Set(plan.steps.map(\.id))
    var kept: [PlannedStep] = []
    for (step, planned) in zip(migration.steps, migration.plan.steps) {
      if planned.isExtra {
        guard !ids.contains(step.id) else {
          throw Refusal(.invalid, "the step '\(step.id)' was added to the migration: give yours another id")
        }
        kept.append(planned)
        continue
      }
      if ids.contains(step.id) { continue }
      if step.phase.isInFlight {
        throw Refusal(
          .held, "the new plan drops '\(step.id)', which is \(step.phase.word)",
          hint: "release or skip it first")
      }
      kept.append(planned)
    }
    return kept
  }

  /// A dropped step keeps its place in history but must not tie the new graph to steps that are gone.
  private func detached(_ step: PlannedStep) -> PlannedStep {
    var copy = step
    if copy.isExtra { return copy }
    copy.needs = []
    copy.uses = []
    return copy
  }

  private mutating func rebuild(_ plan: Plan, _ amendment: PlanAmendment) {
    let old = migration
    let isGateNew = old.gateDigest != plan.verifierDigest
    let planned = old.plan.steps.lazy.filter { !$0.isExtra }.map(\.id)
    let dropped = Set(planned).subtracting(amendment.plan.steps.map(\.id))
    migration.plan = plan
    migration.planNumber = amendment.number
    migration.planDigest = amendment.digest
    migration.graph = Graph(plan.steps)
    migration.steps = plan.steps.map { old.step($0.id) ?? Step(id: $0.id, phase: .waiting) }
    migration.recount()
    if isGateNew { migration.baselineRun = nil }
    let isOwnGateNew = forgetOwnVerdicts(after: old)
    for index in migration.steps.indices {
      let step = migration.steps[index]
      if dropped.contains(step.id) && !step.phase.isTerminal { cancel(index) }
    }
    for index in migration.steps.indices {
      guard let reason = plan.steps[index].skip else { continue }
      switch migration.steps[index].phase {
      case .waiting, .ready, .backoff, .blocked, .person, .proposed: set(index, .skipped(reason: reason))
      case .leased, .submitted, .gating, .merging, .merged, .skipped, .cancelled, .undone: continue
      }
    }
    for index in migration.steps.indices {
      switch migration.steps[index].phase {
      case .waiting, .ready: set(index, openPhase(index))
      case .backoff where migration.undoneNeed(index) != nil: set(index, openPhase(index))
      case .cancelled:
        // A step that an earlier plan dropped and this one names again begins where it left off.
        // What was proposed and rejected is not.
        if !dropped.contains(migration.steps[index].id), !plan.steps[index].isAdded {
          set(index, openPhase(index))
        }
      case .gating(let submission, _) where isGateNew || isOwnGateNew:
        // Whatever the old gate found or will find, the branch only gets what the plan's gate passed (I-22).
        set(index, .submitted(submission))
      case .leased, .submitted, .gating, .merging, .merged, .backoff, .blocked, .person, .proposed, .skipped,
        .undone:
        break
      }
      blockIfUsedUp(index)
    }
    forgetLostStages()
    noteNewPrompts(after: old)
    if migration.openCount == 0 && old.openCount > 0 { notify(.allStepsDone) }
  }
}

extension Reducer {
  /// What a step's own verifiers have said is nothing that others would say. Says whether one that is judged
  /// now is to be judged by others: those that are judged together begin anew.
  private mutating func forgetOwnVerdicts(after old: MigrationState) -> Bool {
    var isUnderWay = false
    for index in migration.steps.indices {
      let planned = migration.plan.steps[index]
      let before = old.index(of: planned.id).map { old.plan.steps[$0].verifiers } ?? []
      if planned.verifiers == before { continue }
      migration.steps[index].failedTree = nil
      if case .gating = migration.steps[index].phase { isUnderWay = true }
    }
    return isUnderWay
  }

  /// Notes which of the steps that have failed get another prompt from now on.
  private mutating func noteNewPrompts(after old: MigrationState) {
    guard event.version >= CauseBook.version else { return }
    for index in migration.steps.indices where migration.steps[index].lastFailure != nil {
      if migration.steps[index].phase.isTerminal { continue }
      let planned = migration.plan.steps[index]
      guard let before = old.index(of: planned.id).map({ old.plan.steps[$0] }) else { continue }
      let (now, then) = (planned.prompt ?? migration.plan.prompt, before.prompt ?? old.plan.prompt)
      if now != then || planned.run != before.run || planned.title != before.title {
        migration.steps[index].hasNewPrompt = true
      }
    }
  }
}

extension MigrationState {
  /// Why another migration cannot have this one's name, and what to do; `plan` names the other's plan.
  public func isInTheWay(of plan: String) -> Refusal {
    switch phase {
    case .running, .paused:
      Refusal(
        .migrationExists, "a migration '\(name)' exists already",
        hint: "change it with 'git migrate amend', or give \(plan) another name")
    case .aborted, .finished:
      Refusal(
        .migrationExists, "a migration '\(name)' exists already, and is \(phase.word)",
        hint: "its name is used up: give \(plan) another 'migration:'")
    }
  }
}
