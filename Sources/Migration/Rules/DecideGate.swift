/// The rules of the gate and of merge-back.
extension Reducer {
  mutating func apply(_ change: GateChange, _ fence: Fence) throws(Refusal) {
    switch change {
    case .started(let start): try startGate(fence, start)
    case .renewed(let gate, let expiresAt): try renewGate(fence, gate, until: expiresAt)
    case .finished(let report):
      if let start = report.start { try startKnownGate(fence, start, report) }
      try finishGate(fence, report)
    case .abandoned(let gate, let evidence): try abandonGate(fence, gate, evidence)
    case .judged(let answer): try judge(fence, answer)
    case .waits(let gate, let reason): try waitForPerson(fence, gate, reason)
    }
  }

  mutating func apply(_ change: MergeChange, _ fence: Fence) throws(Refusal) {
    switch change {
    case .intended(let target): try intendMerge(fence, target)
    case .abandoned(let evidence, let reason): try abandonMerge(fence, evidence, reason)
    case .merged(let commit, let train): try merge(fence, commit, train)
    }
  }

  mutating func apply(_ change: RefreshChange) throws(Refusal) {
    switch change {
    case .intended(let refresh): try intendRefresh(refresh)
    case .merged(let commit): try mergeRefresh(commit)
    case .abandoned(let evidence, _): try abandonRefresh(evidence)
    }
  }

  mutating func startGate(_ fence: Fence, _ start: GateStart) throws(Refusal) {
    try requireRunning()
    let index = try indexOfStep(fence)
    let step = migration.steps[index]
    guard case .submitted(let submission) = step.phase else { throw wrongPhase(step, "judged") }
    guard at >= submission.notBefore else {
      throw Refusal(.limited, "the gate of '\(step.id)' rests until \(submission.notBefore.utc)")
    }
    guard start.gate == step.gates + 1 else {
      throw Refusal(.stale, "the next gate run of '\(step.id)' is number \(step.gates + 1)")
    }
    try requireLength(until: start.expiresAt)
    try requireProcess(start.owner)
    try requireOnlyMover(but: index)
    guard migration.peopleShareBranch || start.tip == migration.tip else {
      throw Refusal(
        .tipMoved, "the candidate of '\(step.id)' does not stand on the tip of '\(migration.into)'")
    }
    migration.steps[index].gates = start.gate
    set(index, .gating(submission, GateRun(start: start, hasPassed: false)))
  }

  /// A run that begins and ends with one entry: what it found was known when it began.
  private mutating func startKnownGate(
    _ fence: Fence, _ start: GateStart, _ report: GateReport
  ) throws(Refusal) {
    guard start.gate == report.gate, start.tree == report.tree else {
      throw Refusal(.invalid, "the run that began is not the one that ended")
    }
    guard report.verdict != .couldNotRun else {
      throw Refusal(.invalid, "what could not run was not known before")
    }
    guard event.by == start.holder else {
      throw Refusal(.held, "gate run \(start.gate) is held by \(start.holder), not by \(event.by)")
    }
    try startGate(fence, start)
  }

  /// One candidate at a time: whatever passes is what the branch gets, so a second one would be judged in
  /// vain.
  private func requireOnlyMover(but index: Int) throws(Refusal) {
    if migration.refresh != nil {
      throw Refusal(.limited, "a refresh of '\(migration.into)' is under way")
    }
    for position in migration.inFlight where position != index {
      let step = migration.steps[position]
      switch step.phase {
      case .gating, .merging: throw Refusal(.limited, "'\(step.id)' is \(step.phase.word)")
      case .waiting, .ready, .leased, .submitted, .merged, .backoff, .blocked, .person, .proposed, .skipped,
        .cancelled, .undone:
        continue
      }
    }
  }

  /// The gate run, provided that the event speaks for the current one.
  func currentGate(_ index: Int, _ gate: Int, _ wanted: String) throws(Refusal) -> (
    Submission, GateRun
  ) {
    let step = migration.steps[index]
    guard case .gating(let submission, let run) = step.phase else { throw wrongPhase(step, wanted) }
    #if KNOWN_BUGS
      if KnownBug.gateNotRechecked.isOn { return (submission, run) }
    #endif
    guard run.start.gate == gate else {
      throw Refusal(.stale, "'\(step.id)' is at gate run \(run.start.gate), not \(gate)")
    }
    return (submission, run)
  }

  mutating func renewGate(_ fence: Fence, _ gate: Int, until expiresAt: Timestamp) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    let (submission, run) = try currentGate(index, gate, "renewed")
    guard !run.hasPassed else { throw Refusal(.wrongPhase, "'\(fence.step)' has passed already") }
    try requireAuthor(.holder, holder: run.start.holder, fence)
    guard expiresAt > run.start.expiresAt else {
      throw Refusal(
        .limited, "the gate of '\(fence.step)' has time until \(run.start.expiresAt.utc) already")
    }
    try requireLength(until: expiresAt)
    var start = run.start
    start.expiresAt = expiresAt
    set(index, .gating(submission, GateRun(start: start, hasPassed: false)))
    try renewTrain(with: fence, until: expiresAt)
  }

  mutating func finishGate(_ fence: Fence, _ report: GateReport) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    let (submission, run) = try currentGate(index, report.gate, "judged")
    try requireAlone(fence)
    guard !run.hasPassed else { throw Refusal(.wrongPhase, "'\(fence.step)' has passed already") }
    guard report.tree == run.start.tree else {
      throw Refusal(.invalid, "the verdict speaks of a tree that is not the candidate of '\(fence.step)'")
    }
    guard report.verifiers == migration.gateDigest else {
      throw Refusal(.stale, "the verdict on '\(fence.step)' comes from verifiers that are not the plan's")
    }
    try requireKnown(report.tree, report.evidence, report.verdict)
    switch report.verdict {
    case .passed:
      guard report.failure == nil else { throw Refusal(.invalid, "a verdict 'passed' with a failure") }
      try requireJudged(index, submission, report)
      migration.record(
        TreeVerdict(tree: report.tree, verifiers: report.verifiers, verdict: .passed, runs: event.runs))
      share(report.tree, report.evidence)
      // A step alone is a train of one: after a bad patch they get longer again.
      migration.trainLimit.notePassed()
      if report.isNoChange {
        set(index, .merged(commit: nil))
        forgetFailure(index)
        migration.steps[index].failedTree = nil
        settle(index)
      } else {
        set(index, .gating(submission, GateRun(start: run.start, hasPassed: true)))
      }
    case .failed, .ranNoTests:
      guard let failure = report.failure else { throw Refusal(.invalid, "a failed verdict without a reason") }
      if handsOver(index) { return handOver(index, failure) }
      countFailure(index, failure, of: report)
    case .couldNotRun:
      guard let failure = report.failure else { throw Refusal(.invalid, "a failed verdict without a reason") }
      noteFailure(index, failure)
      countInfrastructureRetry(
        index, then: .submitted(rested(submission, migration.steps[index])), failure.reason)
    }
  }

  /// Counts a failed attempt. What a codemod makes once more is the same tree: when it has failed already, a
  /// third time would only cost time, and a person is asked.
  private mutating func countFailure(_ index: Int, _ failure: Failure, of report: GateReport) {
    let failed = TreeVerdict(tree: report.tree, verifiers: report.verifiers, verdict: report.verdict)
    let isAgain = migration.steps[index].failedTree == failed
    migration.steps[index].failedTree = report.isOfCodemod && failure.kind == .gate ? failed : nil
    guard isAgain, migration.steps[index].failedTree != nil else { return countFailure(index, failure) }
    migration.steps[index].failures += 1
    noteFailure(index, failure)
    let step = migration.steps[index]
    let counts = "\(step.failures) of \(migration.allowance(step)) attempts failed"
    block(index, "\(counts), the last two with the same result: \(failure.reason)")
  }

  /// A step that is judged in a train has no verdict of its own.
  private func requireAlone(_ fence: Fence) throws(Refusal) {
    guard let train = migration.train, train.has(fence) else { return }
    throw Refusal(.wrongPhase, "'\(fence.step)' is judged in train \(train.number)")
  }

  func rested(_ submission: Submission, _ step: Step) -> Submission {
    var later = submission
    let pause = migration.plan.backoff.pause(afterFailures: step.infrastructureRetries + 1)
    later.notBefore = at.adding(seconds: pause)
    return later
  }

  mutating func abandonGate(_ fence: Fence, _ gate: Int, _ evidence: Evidence) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    let (submission, run) = try currentGate(index, gate, "given up")
    try requireAuthor(evidence, holder: run.start.holder, fence)
    try require(evidence, owner: run.start.owner, expiresAt: run.start.expiresAt)
    if migration.train?.has(fence) == true {
      if evidence != .holder { migration.trainLimit.noteFailed() }
      // Without this member the train is none any more.
      return set(index, .submitted(submission))
    }
    switch evidence {
    case .holder: set(index, .submitted(submission))
    case .timeout: countInfrastructureRetry(index, then: .submitted(submission), "the gate run timed out")
    case .holderDead: countInfrastructureRetry(index, then: .submitted(submission), "the gate run died")
    }
  }

  mutating func intendMerge(_ fence: Fence, _ target: MergeTarget) throws(Refusal) {
    try requireRunning()
    let index = try indexOfStep(fence)
    let (submission, run) = try currentGate(index, target.gate, "merged")
    guard run.hasPassed else { throw Refusal(.wrongPhase, "'\(fence.step)' has not passed its gate") }
    guard target.tree == run.start.tree else {
      throw Refusal(.invalid, "the tree to be merged is not the one that passed for '\(fence.step)'")
    }
    guard target.old == run.start.tip, target.new != target.old else {
      throw Refusal(.tipMoved, "the merge of '\(fence.step)' does not start at the tip that was judged")
    }
    guard target.base == migration.plan.steps[index].resolves else {
      throw Refusal(.invalid, "the merge of '\(fence.step)' does not take in what the step takes in")
    }
    try requireLength(until: target.expiresAt)
    try requireProcess(target.owner)
    if let merge = target.train {
      try intendTrainMerge(fence, target, merge)
    } else {
      try requireAlone(fence)
      set(index, .merging(submission, run, target))
    }
    effects.append(
      .moveBranch(migration: migration.name, fence, old: target.old, new: target.new))
  }

  /// Who gives something up without proof must be who holds it.
  func requireAuthor(_ evidence: Evidence, holder: String, _ fence: Fence) throws(Refusal) {
    switch evidence {
    case .timeout, .holderDead: return
    case .holder:
      guard event.by == holder else {
        throw Refusal(.held, "the gate of '\(fence.step)' is held by \(holder), not by \(event.by)")
      }
    }
  }

  mutating func abandonMerge(_ fence: Fence, _ evidence: Evidence, _ reason: String) throws(Refusal) {
    let index = try indexOfStep(fence)
    let step = migration.steps[index]
    guard case .merging(_, let run, let target) = step.phase else {
      throw wrongPhase(step, "given up")
    }
    try requireLead(step, target)
    try requireAuthor(evidence, holder: run.start.holder, fence)
    try require(evidence, owner: target.owner, expiresAt: target.expiresAt)
    for index in landing(index, target) {
      let step = migration.steps[index]
      guard case .merging(let submission, _, target) = step.phase else { continue }
      noteFailure(index, Failure(kind: .setup, reason: reason))
      countInfrastructureRetry(index, then: .submitted(rested(submission, step)), reason)
    }
  }

  /// One step speaks for the move that a train makes.
  private func requireLead(_ step: Step, _ target: MergeTarget) throws(Refusal) {
    guard !target.isLed(by: step.id), let train = target.train else { return }
    throw Refusal(.wrongPhase, "'\(step.id)' is merged with train \(train.train)")
  }

  /// The steps that one move of the branch brings: that one, or all of its train.
  private func landing(_ index: Int, _ target: MergeTarget) -> [Int] {
    target.train?.members.compactMap { migration.index(of: $0.fence.step) } ?? [index]
  }

  mutating func merge(_ fence: Fence, _ commit: ObjectID, _ train: TrainMerge?) throws(Refusal) {
    let index = try indexOfStep(fence)
    let step = migration.steps[index]
    guard case .merging(_, _, let target) = step.phase else { throw wrongPhase(step, "merged") }
    try requireLead(step, target)
    guard train == target.train else {
      throw Refusal(.invalid, "the merge of '\(step.id)' does not bring the steps that were to be merged")
    }
    guard commit == target.new else {
      throw Refusal(.invalid, "'\(step.id)' was to be merged as \(target.new.short), not \(commit.short)")
    }
    migration.tip = commit
    let landing = landing(index, target)
    if landing.contains(where: { migration.base(takenInBy: migration.steps[$0].id) == nil }) {
      migration.publications.noteWork()
    }
    for index in landing {
      let own = target.train?.members.first { $0.fence.step == migration.steps[index].id }?.commit
      set(index, .merged(commit: own ?? commit))
      forgetFailure(index)
      migration.steps[index].failedTree = nil
      settle(index)
      noteUndone(by: index)
      if migration.base(takenInBy: migration.steps[index].id) != nil { migration.notices.dropBaseHeld() }
    }
  }

  // MARK: Refresh

  mutating func intendRefresh(_ refresh: Refresh) throws(Refusal) {
    try requireNotEnded()
    try requireOnlyMover(but: -1)
    guard refresh.verdict == .passed else {
      throw Refusal(.invalid, "a refresh is merged only when its tree passed the plan's gate")
    }
    guard refresh.verifiers == migration.gateDigest else {
      throw Refusal(.stale, "the verdict on the refresh comes from verifiers that are not the plan's")
    }
    guard migration.peopleShareBranch || refresh.old == migration.tip, refresh.new != refresh.old else {
      throw Refusal(.tipMoved, "the refresh does not start at the tip of '\(migration.into)'")
    }
    try requireLength(until: refresh.expiresAt)
    try requireProcess(refresh.owner)
    try requireKnown(refresh.tree, refresh.evidence, refresh.verdict)
    share(refresh.tree, refresh.evidence)
    migration.refresh = refresh
    if !event.runs.isEmpty {
      // What comes next is compared with it.
      migration.record(
        TreeVerdict(tree: refresh.tree, verifiers: refresh.verifiers, verdict: .passed, runs: event.runs))
    }
    effects.append(
      .moveRefreshedBranch(migration: migration.name, old: refresh.old, new: refresh.new))
  }

  mutating func mergeRefresh(_ commit: ObjectID) throws(Refusal) {
    guard let refresh = migration.refresh else { throw Refusal(.wrongPhase, "no refresh is under way") }
    guard commit == refresh.new else {
      throw Refusal(.invalid, "the refresh was to be merged as \(refresh.new.short), not \(commit.short)")
    }
    migration.record(TreeVerdict(tree: refresh.tree, verifiers: refresh.verifiers, verdict: .passed))
    migration.tip = commit
    migration.refresh = nil
    migration.baselineFailure = nil
    migration.notices.dropBaseHeld()
  }

  mutating func abandonRefresh(_ evidence: Evidence) throws(Refusal) {
    guard let refresh = migration.refresh else { throw Refusal(.wrongPhase, "no refresh is under way") }
    try require(evidence, owner: refresh.owner, expiresAt: refresh.expiresAt)
    migration.refresh = nil
  }
}
