/// The rules of stages, and of people in between.
extension Reducer {
  /// A worker ended a stage with a word: the plan's table says what follows, and nobody else.
  mutating func endStage(_ fence: Fence, _ end: StageEnd) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    let lease = try heldLease(index, "ended")
    guard let workflow = migration.workflow(at: index), let task = migration.stageTask(at: index) else {
      throw Refusal(.invalid, "'\(fence.step)' has no stages")
    }
    let stage = task.stage
    guard end.stage == stage.name else {
      throw Refusal(.stale, "'\(fence.step)' is at the stage '\(stage.name)', not '\(end.stage)'")
    }
    var work = migration.steps[index].stages ?? StageWork(entering: stage.name, on: lease.base)
    var answer = workflow.next(after: stage.name, end.verdict, entries: work.entries)
    #if KNOWN_BUGS
      if KnownBug.wordFallsThrough.isOn, answer == nil, let first = stage.on.first {
        answer = workflow.next(after: stage.name, first.word, entries: work.entries)
      }
    #endif
    guard let next = answer else {
      throw Refusal(
        .invalid, "'\(end.verdict)' is no word of the stage '\(stage.name)'",
        hint: "its words are \(stage.words)")
    }
    #if KNOWN_BUGS
      let isTrue = KnownBug.wordFallsThrough.isOn || end.next == next.target.word
    #else
      let isTrue = end.next == next.target.word
    #endif
    guard isTrue, end.round == work.entries[stage.name, default: 1] else {
      throw Refusal(.stale, "'\(end.verdict)' of '\(stage.name)' leads to '\(next.target.word)' now")
    }
    guard end.notes.count <= StageWork.mostNotes else { throw Refusal(.invalid, "a stage says too much") }
    if stage.writes {
      guard let result = end.result else { throw Refusal(.invalid, "'\(stage.name)' hands its work on") }
      (work.result, work.epoch) = (result, fence.epoch)
    } else if end.result != work.result {
      throw Refusal(.invalid, "the stage '\(stage.name)' writes nothing, and hands on what it got")
    }
    work.note(end.notes)
    (work.from, work.verdict) = (stage.name, end.verdict)
    try follow(next, work, index, lease)
  }

  private mutating func follow(
    _ next: Workflow.Next, _ work: StageWork, _ index: Int, _ lease: Lease
  ) throws(Refusal) {
    let why = "'\(work.from)' ended with \(work.verdict)"
    let said = work.notes.last.map { "\(why): \($0.split(whereSeparator: \.isNewline).first ?? "")" } ?? why
    switch next.target {
    case .stage(let name):
      var work = work
      work.stage = name
      work.entries[name, default: 0] += 1
      work.isFresh = true
      migration.steps[index].stages = work
      set(index, openPhase(index))
    case .gate, .person:
      guard let result = work.result else {
        return giveUp(index, "\(said), and no stage has written anything", work)
      }
      let submission = Submission(result: result, holder: lease.holder, base: lease.base, notBefore: at)
      migration.steps[index].stages = nil
      if next.target == .gate { return set(index, .submitted(submission)) }
      wait(index, PersonWait(asks: work.from, reason: next.reason ?? said, submission: submission))
    case .retry:
      migration.steps[index].stages = nil
      countFailure(index, Failure(kind: .worker, reason: said, details: Array(work.notes.suffix(8))))
    case .block: giveUp(index, said, work)
    }
  }

  private mutating func giveUp(_ index: Int, _ reason: String, _ work: StageWork) {
    migration.steps[index].stages = nil
    migration.steps[index].failures += 1
    noteFailure(index, Failure(kind: .cannot, reason: reason, details: Array(work.notes.suffix(8))))
    block(index, "it cannot be done: \(reason)")
  }

  /// Nothing goes on before a person has decided.
  mutating func wait(_ index: Int, _ wait: PersonWait) {
    set(index, .person(wait))
    notify(.personWanted(step: migration.steps[index].id, reason: wait.reason))
  }

  /// A person takes the work as it is: the gate judges it.
  mutating func approve(_ ids: [String]) throws(Refusal) {
    try requireNotEnded()
    var found: [(index: Int, wait: PersonWait)] = []
    for id in ids {
      let index = try indexOfStep(id)
      guard case .person(let wait) = migration.steps[index].phase else {
        throw notWaiting(index)
      }
      found.append((index, wait))
    }
    for (index, wait) in found {
      var submission = wait.submission
      submission.notBefore = at
      // What a person has looked at no judge is asked about again.
      migration.steps[index].approved = submission.result.tree
      set(index, .submitted(submission))
    }
  }

  private func notWaiting(_ index: Int) -> Refusal {
    let step = migration.steps[index]
    return Refusal(.wrongPhase, "'\(step.id)' is \(step.phase.word), and waits for no person")
  }

  /// A person does not take the work: the attempt has failed. What was proposed is not done.
  mutating func reject(_ ids: [String], _ reason: String) throws(Refusal) {
    try requireNotEnded()
    guard !reason.isEmpty else { throw Refusal(.invalid, "work is rejected with a reason") }
    var indices: [Int] = []
    for id in ids {
      let index = try indexOfStep(id)
      switch migration.steps[index].phase {
      case .person, .proposed: indices.append(index)
      case .waiting, .ready, .leased, .submitted, .gating, .merging, .merged, .backoff, .blocked, .skipped,
        .cancelled, .undone:
        throw notWaiting(index)
      }
    }
    for index in indices {
      if case .proposed = migration.steps[index].phase {
        set(index, .cancelled)
        continue
      }
      migration.steps[index].epoch += 1
      countFailure(index, Failure(kind: .rejected, reason: "rejected by \(event.by): \(reason)"))
    }
    if migration.openCount == 0 { notify(.allStepsDone) }
  }

  // MARK: Proposed steps

  /// A worker found something that is to be done: a step that begins when a person has accepted it.
  mutating func propose(_ proposal: StepProposal, _ id: String) throws(Refusal) {
    try requireNotEnded()
    if let fault = proposal.fault(id) { throw Refusal(.invalid, fault) }
    let lower = id.lowercased()
    guard !migration.plan.steps.contains(where: { $0.id.lowercased() == lower }) else {
      throw Refusal(.wrongPhase, "there is a step '\(id)' already")
    }
    for need in proposal.needs { _ = try indexOfStep(need) }
    guard migration.steps.count < Plan.stepLimit,
      migration.steps.count(where: { $0.phase == .proposed }) < StepProposal.most
    else { throw Refusal(.limited, "\(StepProposal.most) proposed steps wait for a person already") }
    migration.plan.steps.append(proposal.step(id))
    add(Step(id: id, phase: .proposed))
  }

  /// Takes a step in that stands behind those of the plan's file.
  mutating func add(_ step: Step) {
    migration.steps.append(step)
    migration.keptCount += 1
    migration.graph = Graph(migration.plan.steps)
    migration.recount()
  }

  /// A person takes proposed steps into the plan.
  mutating func accept(_ ids: [String]) throws(Refusal) {
    try requireNotEnded()
    var indices: [Int] = []
    for id in ids {
      let index = try indexOfStep(id)
      guard case .proposed = migration.steps[index].phase else {
        throw Refusal(.wrongPhase, "'\(id)' is \(migration.steps[index].phase.word), and not proposed")
      }
      indices.append(index)
    }
    for index in indices { set(index, openPhase(index)) }
  }

  // MARK: Codemods that leave something

  /// Whether what a step's codemod has not brought about goes to its agent.
  func handsOver(_ index: Int) -> Bool { migration.handsOver(index) && event.version >= 2 }

  /// The codemod itself says that it leaves something, or what it made is none that a gate need look at.
  mutating func handOver(_ fence: Fence, _ failure: Failure) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    _ = try heldLease(index, "handed over")
    guard handsOver(index) else {
      throw Refusal(.invalid, "'\(fence.step)' has no agent for what its codemod leaves")
    }
    guard failure.isLeftOver else {
      throw Refusal(.invalid, "nothing is handed over by '\(failure.kind.rawValue)'")
    }
    handOver(index, failure)
  }

  /// The agent goes on where the codemod has ended; that is no failed attempt.
  mutating func handOver(_ index: Int, _ failure: Failure) {
    migration.steps[index].handedOver = migration.steps[index].epoch
    migration.steps[index].lastFailure = failure
    migration.steps[index].failedTree = nil
    set(index, openPhase(index))
    blockIfUsedUp(index)
  }

  /// What was begun of a workflow that a new plan has not got begins anew.
  mutating func forgetLostStages() {
    for index in migration.steps.indices {
      guard let work = migration.steps[index].stages else { continue }
      if migration.workflow(at: index)?.stage(work.stage) == nil { migration.steps[index].stages = nil }
    }
  }
}

extension MigrationState {
  /// Whether what the codemod of a step has not brought about is its agent's to do.
  func handsOver(_ index: Int) -> Bool { plan.steps[index].isShared && !steps[index].isHandedOver }

  /// Whether a step that a worker proposes can be taken in.
  public func admits(_ change: Change) -> Bool {
    guard case .step(let id, .proposed(let proposal)) = change, !phase.isTerminal,
      proposal.fault(id) == nil, proposal.needs.allSatisfy({ index(of: $0) != nil })
    else { return false }
    return !steps.contains { $0.id.lowercased() == id.lowercased() }
      && steps.count(where: { $0.phase == .proposed }) < StepProposal.most
  }
}

extension Reducer {
  /// A ledger of the first version has no entries for stages, judges and codemods that hand over.
  func requireRoom(for plan: Plan) throws(Refusal) {
    guard event.version < 2 else { return }
    guard plan.hasStages || plan.gate.judge != nil || plan.steps.contains(where: \.isShared) else { return }
    throw Refusal(
      .invalid, "a ledger of version \(event.version) has no place for stages, judges and shared steps",
      hint: "'git migrate init --upgrade' moves it to version \(FormatVersion.newest)")
  }
}
