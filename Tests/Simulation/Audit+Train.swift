import Git
import Migration

/// Steps that are judged together: what lands is what passed, whoever is blamed is guilty, and nobody is
/// lost.
extension Audit {
  /// A train that is judged.
  struct TrainLog {
    var number: Int
    /// The steps still under judgement, in order, and whether it is known how many of them passed.
    var members: [Fence]
    var passed: Int?
  }

  mutating func checkTrain(_ change: TrainChange, _ event: Event, _ world: World) {
    switch change {
    case .started(let start): checkTrainStart(start, event, world)
    case .joined(let join): checkJoin(join, event, world)
    case .split(let split): checkSplit(split, event, world)
    case .finished(let report): checkTrainEnd(report, event, world)
    }
  }

  private mutating func checkTrainStart(_ start: TrainStart, _ event: Event, _ world: World) {
    world.load.trains += 1
    if isPaused { world.fail("I-18", "train \(start.train) is judged although all is paused") }
    let other = logs.first { [.gating, .passed, .merging].contains($0.value.stage) }
    if let other { world.fail("I-17", "train \(start.train) is judged beside '\(other.key)'") }
    trains += 1
    if start.train != trains { world.fail("I-12", "train \(start.train) follows train \(trains - 1)") }
    let gate = GateStart(
      gate: 0, holder: start.holder, owner: start.owner, expiresAt: start.expiresAt, tip: start.tip,
      tree: .zero)
    judge(start.members, as: gate, event, world)
    train = TrainLog(number: start.train, members: start.members.map(\.fence), passed: nil)
  }

  private mutating func judge(
    _ members: [TrainMember], as start: GateStart, _ event: Event, _ world: World
  ) {
    for member in members {
      let isOnTime = world.isOnTime(event.at)
      change(member.fence, world) { log in
        if log.stage != .submitted {
          world.fail("I-13", "'\(member.fence.step)' is judged, but not handed in")
        }
        log.gates += 1
        if member.gate != log.gates { world.fail("I-12", "gate run \(member.gate) follows \(log.gates - 1)") }
        log.stage = .gating
        var gate = start
        (gate.gate, gate.tree) = (member.gate, member.tree)
        log.gate = gate
        log.isProtected = isOnTime
      }
    }
  }

  /// Who joins does so before anything is known, where a service judges.
  private mutating func checkJoin(_ join: TrainJoin, _ event: Event, _ world: World) {
    guard let train = current(join.train, event, world), let first = train.members.first,
      let gate = logs[first.step]?.gate
    else { return }
    if isPaused { world.fail("I-18", "train \(join.train) is joined although all is paused") }
    if train.passed != nil { world.fail("I-22b", "train \(join.train) is joined, and its culprit is known") }
    if plan?.gate.verifiers.contains(where: { $0.remote == nil }) == true {
      world.fail("I-17", "train \(join.train) is joined, and no service judges it")
    }
    judge(join.members, as: gate, event, world)
    self.train?.members += join.members.map(\.fence)
    world.load.joins += 1
  }

  /// The train that an entry speaks of, which its author judges.
  private func current(_ number: Int, _ event: Event, _ world: World) -> TrainLog? {
    guard let train, train.number == number, let first = train.members.first,
      logs[first.step]?.gate?.holder == event.by
    else {
      world.fail("I-13", "\(event.by) speaks of train \(number), which is not theirs")
      return nil
    }
    return train
  }

  private func checkPassed(
    _ fence: Fence, _ kept: [String], _ evidence: VerdictEvidence, _ verifiers: String, _ world: World
  ) {
    guard let tree = logs[fence.step]?.gate?.tree, let plan, !plan.gate.verifiers.isEmpty else { return }
    let subject = "the train up to '\(fence.step)'"
    checkHonesty(.passed, nil, of: tree, subject, world)
    checkKept(kept, .passed, of: tree, by: verifiers, subject, world)
    checkReuse(evidence, of: tree, by: verifiers, subject, world)
    if passes[tree.oid]?.contains(verifiers) != true {
      world.fail("I-22", "\(subject) is said to pass, and no verifier has passed that tree")
    }
  }

  private mutating func checkSplit(_ split: TrainSplit, _ event: Event, _ world: World) {
    guard var train = current(split.train, event, world), train.members.indices.contains(split.passed) else {
      return world.fail("I-13", "train \(split.train) is split where it has no step")
    }
    world.load.splits += 1
    if train.members[split.passed].step != split.culprit {
      world.fail("I-22b", "'\(split.culprit)' is blamed, and stands elsewhere")
    }
    if split.passed > 0 {
      if let tree = logs[train.members[split.passed - 1].step]?.gate?.tree {
        checkOwn(train.members[..<split.passed], on: tree, world)
      }
      checkPassed(train.members[split.passed - 1], split.kept, split.evidence, split.verifiers, world)
    }
    for fence in train.members[..<split.passed] { change(fence, world) { $0.stage = .passed } }
    for fence in train.members[(split.passed + 1)...] { change(fence, world) { $0.stage = .submitted } }
    train.members = Array(train.members[...split.passed])
    train.passed = split.passed
    self.train = train
  }

  private mutating func checkTrainEnd(_ report: TrainReport, _ event: Event, _ world: World) {
    guard let train = current(report.train, event, world) else { return }
    guard let passed = train.passed else {
      switch report.verdict {
      case .passed:
        if let last = train.members.last {
          if let tree = logs[last.step]?.gate?.tree { checkOwn(train.members, on: tree, world) }
          checkPassed(last, report.kept, report.evidence, report.verifiers, world)
        }
        for fence in train.members { change(fence, world) { $0.stage = .passed } }
        self.train?.passed = train.members.count
      case .couldNotRun:
        for fence in train.members { change(fence, world) { $0.stage = .submitted } }
        self.train = nil
      case .failed, .ranNoTests: world.fail("I-22b", "train \(report.train) failed, and by whom is not said")
      }
      return
    }
    guard train.members.indices.contains(passed) else {
      return world.fail("I-22b", "train \(report.train) has no culprit")
    }
    let culprit = train.members[passed]
    if report.culprit != culprit.step { world.fail("I-22b", "'\(report.culprit ?? "")' is not the culprit") }
    checkGuilt(culprit, report, world)
    let isLeft = report.partner == nil && report.verdict != .couldNotRun && handsOver(culprit.step)
    change(culprit, world) { log in
      if report.partner != nil {
        log.stage = .open
        log.restart()
      } else if report.verdict == .couldNotRun {
        log.stage = .submitted
        log.restart()
      } else {
        log.failures += isLeft ? 0 : 1
        log.stage = .open
      }
    }
    self.train = nil
  }

  /// I-22b: who is sent back for a failing test has made it fail, alone.
  private func checkGuilt(_ culprit: Fence, _ report: TrainReport, _ world: World) {
    guard report.partner == nil, report.failure?.reason == SimulatedGate.testFails,
      let result = logs[culprit.step]?.result, world.objects.isGood(result.tree.oid)
    else { return }
    world.fail("I-22b", "'\(culprit.step)' is blamed for a failing test, and its own result passes")
  }

  /// The steps that are renewed, given up, merged with this one.
  func together(with fence: Fence) -> [Fence] {
    guard let train, train.members.contains(fence) else { return [fence] }
    return train.members
  }

  /// Whether it is judged in a train.
  func isInTrain(_ fence: Fence) -> Bool { train?.members.contains(fence) == true }

  /// Ends a train one of whose steps is not judged any more.
  mutating func dissolveTrain() {
    guard let train else { return }
    let isWhole = train.members.allSatisfy {
      guard let log = logs[$0.step], log.epoch == $0.epoch else { return false }
      return log.stage == .gating || log.stage == .passed
    }
    if isWhole { return }
    for fence in train.members {
      guard let log = logs[fence.step], log.epoch == fence.epoch, log.stage == .gating || log.stage == .passed
      else { continue }
      logs[fence.step]?.stage = .submitted
    }
    self.train = nil
  }

  /// The move that a train makes: a commit for each of its steps that passed, each the branch with that
  /// step's change.
  mutating func checkTrainIntent(_ lead: Fence, _ target: MergeTarget, _ merge: TrainMerge, _ world: World) {
    if isPaused { world.fail("I-18", "train \(merge.train) is to be merged although all is paused") }
    if !isShared, target.old != tip { world.fail("I-22", "the merge does not begin at the ledger's tip") }
    if merge.members.last?.fence != lead || merge.members.last?.commit != target.new {
      world.fail("I-22", "train \(merge.train) does not end where the branch goes")
    }
    var before = target.old
    for member in merge.members {
      let commit = world.objects.commits[member.commit.oid.number]
      if commit.parents != [before.oid] {
        world.fail("I-22", "the commit of '\(member.fence.step)' does not follow the one before")
      }
      change(member.fence, world) { log in
        guard log.stage == .passed, let gate = log.gate, let result = log.result else {
          return world.fail("I-22", "'\(member.fence.step)' is to be merged and has not passed")
        }
        if commit.tree != gate.tree.oid {
          world.fail("I-24", "'\(member.fence.step)' is to be merged with another tree than was judged")
        }
        let wanted = world.objects.merge(
          base: world.objects.tree(of: log.base.oid), ours: world.objects.tree(of: before.oid),
          theirs: result.tree.oid)
        if wanted.tree != commit.tree {
          world.fail(
            "I-24", "what is to be merged is not the branch with the change of '\(member.fence.step)'")
        }
        log.stage = .merging
        log.intent = target
      }
      before = member.commit
    }
    train?.members.removeAll { fence in merge.members.contains { $0.fence == fence } }
    train?.passed = 0
    if train?.members.isEmpty == true { train = nil }
  }
}
