/// The rules of trains: several results are judged on one candidate, one commit a step, each on the one
/// before. What is said of a candidate holds for the members from the front up to the one that it ends with.
extension Reducer {
  mutating func apply(_ change: TrainChange) throws(Refusal) {
    switch change {
    case .started(let start): try startTrain(start)
    case .joined(let join): try joinTrain(join)
    case .split(let split): try splitTrain(split)
    case .finished(let report): try finishTrain(report)
    }
  }

  mutating func startTrain(_ start: TrainStart) throws(Refusal) {
    try requireRunning()
    guard start.train == migration.trains + 1 else {
      throw Refusal(.stale, "the next train of '\(migration.name)' is number \(migration.trains + 1)")
    }
    // One that others may join begins with whoever is first.
    let least = migration.plan.gate.isOnlyRemote ? 1 : 2
    guard start.members.count >= least, start.members.count <= migration.trainLimit.members else {
      throw Refusal(
        .invalid, "a train of '\(migration.name)' has \(least) to \(migration.trainLimit.members) steps now")
    }
    try requireLength(until: start.expiresAt)
    try requireProcess(start.owner)
    try requireNoMover()
    guard migration.peopleShareBranch || start.tip == migration.tip else {
      throw Refusal(.tipMoved, "the train does not stand on the tip of '\(migration.into)'")
    }
    try requireWaiting(start.members)
    try judge(
      start.members,
      as: GateStart(
        gate: 0, holder: start.holder, owner: start.owner, expiresAt: start.expiresAt, tip: start.tip,
        tree: .zero))
    migration.trains = start.train
    migration.train = Train(number: start.train, members: start.members, passed: nil)
  }

  /// Whoever waits may join while nothing is known of a train: what a service judges need not hold up others.
  private mutating func joinTrain(_ join: TrainJoin) throws(Refusal) {
    try requireRunning()
    var train = try currentTrain(join.train)
    guard migration.plan.gate.isOnlyRemote, train.passed == nil, let first = train.members.first else {
      throw Refusal(.wrongPhase, "nobody can join train \(train.number) now")
    }
    let limit = migration.trainLimit.members
    guard !join.members.isEmpty, train.members.count + join.members.count <= limit else {
      throw Refusal(.limited, "a train of '\(migration.name)' has at most \(limit) steps now")
    }
    try requireWaiting(join.members)
    let (_, run) = try gating(first)
    try judge(join.members, as: run.start)
    train.members += join.members
    migration.train = train
  }

  /// Each of them is handed in, once, and may be judged with others now.
  private func requireWaiting(_ members: [TrainMember]) throws(Refusal) {
    var seen: Set<Int> = []
    for member in members {
      let index = try indexOfStep(member.fence)
      let step = migration.steps[index]
      guard seen.insert(index).inserted else {
        throw Refusal(.invalid, "'\(step.id)' stands twice in the train")
      }
      guard case .submitted(let submission) = step.phase else { throw wrongPhase(step, "judged") }
      guard at >= submission.notBefore else {
        throw Refusal(.limited, "the gate of '\(step.id)' rests until \(submission.notBefore.utc)")
      }
      guard member.gate == step.gates + 1 else {
        throw Refusal(.stale, "the next gate run of '\(step.id)' is number \(step.gates + 1)")
      }
      guard migration.plan.steps[index].resolves == nil else {
        throw Refusal(.invalid, "'\(step.id)' takes the base in and is judged alone")
      }
    }
  }

  /// Has them judged as `start` says, each by its own number and tree.
  private mutating func judge(_ members: [TrainMember], as start: GateStart) throws(Refusal) {
    for member in members {
      let index = try indexOfStep(member.fence)
      guard case .submitted(let submission) = migration.steps[index].phase else { continue }
      migration.steps[index].gates = member.gate
      var run = start
      (run.gate, run.tree) = (member.gate, member.tree)
      set(index, .gating(submission, GateRun(start: run, hasPassed: false)))
    }
  }

  /// Nobody may judge or move the branch beside a train.
  private func requireNoMover() throws(Refusal) {
    if let mover = migration.mover { throw Refusal(.limited, "\(mover) is being judged or merged") }
  }

  /// The train in force, provided that the event speaks for it and comes from who judges it.
  private func currentTrain(_ number: Int) throws(Refusal) -> Train {
    guard let train = migration.train else {
      throw Refusal(.wrongPhase, "train \(number) of '\(migration.name)' is judged no more")
    }
    guard train.number == number else {
      throw Refusal(.stale, "'\(migration.name)' is at train \(train.number), not \(number)")
    }
    for member in train.members {
      let (_, run) = try gating(member)
      guard event.by == run.start.holder else {
        throw Refusal(.held, "the train is judged by \(run.start.holder), not by \(event.by)")
      }
    }
    return train
  }

  private func gating(_ member: TrainMember) throws(Refusal) -> (Submission, GateRun) {
    let step = migration.steps[try indexOfStep(member.fence)]
    guard case .gating(let submission, let run) = step.phase, run.start.gate == member.gate else {
      throw wrongPhase(step, "judged in a train")
    }
    return (submission, run)
  }

  mutating func splitTrain(_ split: TrainSplit) throws(Refusal) {
    try requireNotEnded()
    var train = try currentTrain(split.train)
    guard train.passed == nil else { throw Refusal(.wrongPhase, "the train was split already") }
    guard train.members.indices.contains(split.passed) else {
      throw Refusal(.invalid, "the train has \(train.members.count) steps, and one of them cannot land")
    }
    guard train.members[split.passed].fence.step == split.culprit else {
      throw Refusal(.invalid, "'\(split.culprit)' is not behind the \(split.passed) steps that passed")
    }
    try requireVerifiers(split.verifiers)
    if split.passed > 0 {
      let tree = train.members[split.passed - 1].tree
      try requireKnown(tree, split.evidence, .passed)
      share(tree, split.evidence)
      migration.record(
        TreeVerdict(tree: tree, verifiers: split.verifiers, verdict: .passed, runs: event.runs))
    }
    for member in train.members[..<split.passed] { try notePassed(member) }
    for member in train.members[(split.passed + 1)...] { try putBack(member) }
    train.members = Array(train.members[...split.passed])
    train.passed = split.passed
    migration.train = train
    migration.trainLimit.noteFailed()
  }

  mutating func finishTrain(_ report: TrainReport) throws(Refusal) {
    try requireNotEnded()
    let train = try currentTrain(report.train)
    try requireVerifiers(report.verifiers)
    guard (report.verdict == .passed) == (report.failure == nil) else {
      throw Refusal(.invalid, "a verdict '\(report.verdict.rawValue)' and what was found do not go together")
    }
    switch (report.verdict, train.passed) {
    case (.passed, nil):
      guard let last = train.members.last else { throw Refusal(.invalid, "the train is empty") }
      try requireKnown(last.tree, report.evidence, report.verdict)
      share(last.tree, report.evidence)
      migration.record(
        TreeVerdict(tree: last.tree, verifiers: report.verifiers, verdict: .passed, runs: event.runs))
      for member in train.members { try notePassed(member) }
      migration.trainLimit.notePassed()
      migration.train = Train(number: train.number, members: train.members, passed: train.members.count)
    case (.passed, _?):
      throw Refusal(.invalid, "the culprit of train \(train.number) did not pass with those before it")
    case (.failed, nil), (.ranNoTests, nil):
      throw Refusal(.invalid, "a train fails by one of its steps: it is split first")
    case (.couldNotRun, nil):
      // Nothing is known of any step; a shorter train finds out whether one of them is the reason.
      migration.trainLimit.noteFailed()
      for member in train.members { try putBack(member, rests: true) }
      migration.train = nil
    case (_, let passed?):
      try settleCulprit(train, passed, report)
    }
  }

  /// The culprit fails by itself, or together with one before it: then nobody is to blame, and it is done
  /// again on what landed.
  private mutating func settleCulprit(
    _ train: Train, _ passed: Int, _ report: TrainReport
  ) throws(Refusal) {
    guard passed == train.members.count - 1, let culprit = train.members.last,
      report.culprit == culprit.fence.step, let failure = report.failure
    else { throw Refusal(.invalid, "the train has no culprit") }
    let index = try indexOfStep(culprit.fence)
    let (submission, _) = try gating(culprit)
    if let partner = report.partner {
      guard migration.index(of: partner) != nil, partner != culprit.fence.step else {
        throw Refusal(.unknownStep, "no step '\(partner)' could be the partner of '\(culprit.fence.step)'")
      }
      noteFailure(index, failure)
      countInfrastructureRetry(index, then: openPhase(index), failure.reason)
    } else if report.verdict == .couldNotRun {
      noteFailure(index, failure)
      countInfrastructureRetry(
        index, then: .submitted(rested(submission, migration.steps[index])), failure.reason)
    } else {
      if handsOver(index) { handOver(index, failure) } else { countFailure(index, failure) }
    }
    let others = Array(train.members.dropLast())
    migration.train =
      others.isEmpty ? nil : Train(number: train.number, members: others, passed: others.count)
  }

  private func requireVerifiers(_ digest: String) throws(Refusal) {
    guard digest == migration.gateDigest else {
      throw Refusal(.stale, "the verdict on the train comes from verifiers that are not the plan's")
    }
  }

  private mutating func notePassed(_ member: TrainMember) throws(Refusal) {
    let (submission, run) = try gating(member)
    set(try indexOfStep(member.fence), .gating(submission, GateRun(start: run.start, hasPassed: true)))
  }

  /// Lets a step wait for its gate again; `rests` for a while.
  private mutating func putBack(_ member: TrainMember, rests: Bool = false) throws(Refusal) {
    let (submission, _) = try gating(member)
    let index = try indexOfStep(member.fence)
    set(index, .submitted(rests ? rested(submission, migration.steps[index]) : submission))
  }

  // MARK: Together with the rules of single gates

  /// Keeps the other members of a train, too, when one of them is renewed.
  mutating func renewTrain(with fence: Fence, until expiresAt: Timestamp) throws(Refusal) {
    guard let train = migration.train, train.has(fence) else { return }
    for member in train.members {
      let (submission, run) = try gating(member)
      guard !run.hasPassed else { continue }
      var start = run.start
      start.expiresAt = expiresAt
      set(try indexOfStep(member.fence), .gating(submission, GateRun(start: start, hasPassed: false)))
    }
  }

  /// Ends a train whose members are not all under judgement any more, whatever took one of them out: nothing
  /// is known of the others' candidate without it, and they wait for the next train. That costs nobody
  /// anything: the trains get shorter, and a step alone is counted.
  mutating func dissolveBrokenTrain() {
    guard migration.phase.isTerminal || !isTrainWhole, let train = migration.train else { return }
    for member in train.members {
      guard let index = migration.index(of: member.fence.step),
        migration.steps[index].epoch == member.fence.epoch,
        case .gating(let submission, let run) = migration.steps[index].phase, run.start.gate == member.gate
      else { continue }
      set(index, .submitted(submission))
    }
    migration.train = nil
  }

  private var isTrainWhole: Bool {
    guard let train = migration.train else { return true }
    return train.members.allSatisfy { member in
      guard let step = migration.step(member.fence.step), step.epoch == member.fence.epoch,
        case .gating(_, let run) = step.phase
      else { return false }
      return run.start.gate == member.gate
    }
  }

  /// The members that land with this move, which must be all of the train that passed, in its order. They
  /// leave the train; what remains of it is its culprit.
  mutating func intendTrainMerge(_ fence: Fence, _ target: MergeTarget, _ merge: TrainMerge) throws(Refusal) {
    let train = try currentTrain(merge.train)
    guard let passed = train.passed, passed > 0 else {
      throw Refusal(.wrongPhase, "train \(train.number) has not passed its gate")
    }
    let landing = train.members[..<passed]
    guard merge.members.map(\.fence) == landing.map(\.fence), merge.members.last?.fence == fence,
      merge.members.last?.commit == target.new, target.base == nil
    else {
      throw Refusal(.invalid, "the merge does not bring what passed in train \(train.number)")
    }
    guard let last = landing.last, last.tree == target.tree, last.gate == target.gate else {
      throw Refusal(.invalid, "the tree to be merged is not the one that passed in train \(train.number)")
    }
    guard Set(merge.members.map(\.commit)).count == merge.members.count,
      !merge.members.contains(where: { $0.commit == target.old })
    else { throw Refusal(.invalid, "two steps of train \(train.number) have the same commit") }
    for member in landing {
      let (submission, run) = try gating(member)
      guard target.old == run.start.tip else {
        throw Refusal(.tipMoved, "the merge of the train does not start at the tip that was judged")
      }
      set(try indexOfStep(member.fence), .merging(submission, run, target))
    }
    let rest = Array(train.members[passed...])
    migration.train = rest.isEmpty ? nil : Train(number: train.number, members: rest, passed: 0)
  }
}
