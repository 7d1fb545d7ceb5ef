import Draws
import Testing

@testable import Migration

/// Performing the duties of an agenda, in any order, comes to an end: nothing spins, nothing is forgotten.
///
/// Three runs share a ledger. Each looks at its agenda now and then and performs one duty of it, or all of
/// them in any order with no look in between, as a loop that is slow would; some it never performs in time.
/// Workers, gates and processes do what they like, and people pause, resume and retry. Whatever happens, a
/// story ends in a state in which every agenda is empty but for one `end`, and nothing is left that only the
/// machine could do.
@Suite struct AgendaPropertyTests {
  @Test(arguments: 1...8) func performingDutiesInAnyOrderComesToAnEnd(seed: Int) {
    var chance = Chance(seed: UInt64(seed) &* 7919)
    var performed: [String: Int] = [:]
    for number in 0..<120 {
      let office = Office(chance: chance)
      let ending = office.work(rounds: 6000)
      let name = "seed \(seed), story \(number)"
      guard let ending else {
        Issue.record("\(name): no end after 6,000 rounds, last \(office.last.suffix(5).map(\.words))")
        return
      }
      check(ending, office.story.current, name)
      performed.merge(office.performed) { $0 + $1 }
      chance = office.chance
    }
    // A dull run proves nothing.
    for word in [
      "take", "give", "settle", "stop", "judge", "begin", "renew", "look",
    ] {
      #expect(performed[word, default: 0] >= 20, "seed \(seed): too little of '\(word)'")
    }
  }

  private func check(_ ending: Ending, _ state: MigrationState, _ name: String) {
    #expect(state.refresh == nil && state.baselineRun == nil, "\(name): something is held for ever")
    // What was handed in before a pause is judged after it.
    let isPaused = state.phase.word == "paused"
    let held = state.stepsInFlight.filter { !(isPaused && $0.phase.word == "submitted") }
    #expect(Array(held).isEmpty, "\(name): a step is held for ever")
    switch ending {
    case .allDone:
      let open = state.steps.filter { !$0.phase.isTerminal }
      #expect(open.isEmpty, "\(name): done too early")
    case .needsPerson(let blocked):
      #expect(!blocked.isEmpty, "\(name): nothing for a person to do")
      let ready = state.steps.filter { if case .ready = $0.phase { true } else { false } }
      #expect(ready.isEmpty, "\(name): a step could have been begun")
    case .paused: #expect(state.phase.word == "paused", "\(name)")
    case .needsWorkers, .needsMachine, .idle, .machineCannot, .outOfTime, .partDone, .ended, .interrupted:
      Issue.record("\(name): ends with \(ending)")
    }
  }
}

/// Three runs at one ledger, whose workers, gates and machines do what they like.
private final class Office {
  let story: Story
  var chance: Chance
  var runs: [Run]
  var last: [Duty] = []
  /// How often a duty was performed, by the first of its words.
  var performed: [String: Int] = [:]
  private var trees: [ObjectID: ObjectID] = [:]
  /// How often people still help.
  private var help = 3

  struct Run {
    var seat: Seat
    /// What it judges, as long as it does.
    var gate: (fence: Fence, start: GateStart)?
    var base: BaselineClaim?
  }

  init(chance: Chance) {
    self.chance = chance
    var plan = self.chance.plan()
    plan.refreshSeconds = self.chance.once(in: 2) ? 3600 : nil
    story = Story(plan)
    runs = (1...3).map { number in
      Run(
        seat: Seat(
          owner: process(number), actor: "run-\(number)", free: 2, clock: Timestamp(milliseconds: 0)))
    }
  }

  /// Lets runs look at their agenda and perform of it what they like, until all of them end.
  func work(rounds: Int) -> Ending? {
    for _ in 0..<rounds {
      let index = chance.below(runs.count)
      let agenda = agenda(index)
      if agenda.isEmpty || chance.once(in: 4) {
        passTime(index)
        continue
      }
      if case .end(let ending)? = agenda.first {
        guard agree(ending) else {
          passTime(index)
          continue
        }
        if helps(ending) { continue }
        return ending
      }
      let duties = chance.once(in: 3) ? shuffled(agenda) : [chance.pick(agenda)]
      for (number, duty) in duties.enumerated() {
        last.append(duty)
        performed[String(duty.words.prefix { $0 != " " }), default: 0] += 1
        perform(duty, index, isFresh: number == 0)
      }
    }
    return nil
  }

  private func agenda(_ index: Int) -> [Duty] {
    look(index)
    return story.current.agenda(at: max(story.now, story.state.at), seat: runs[index].seat)
  }

  private func shuffled(_ duties: [Duty]) -> [Duty] {
    var (rest, result) = (duties, [Duty]())
    while !rest.isEmpty { result.append(rest.remove(at: chance.below(rest.count))) }
    return result
  }

  /// Whether no run has anything to do any more.
  private func agree(_ ending: Ending) -> Bool { runs.indices.allSatisfy { agenda($0) == [.end(ending)] } }

  /// Whether a person does something about it.
  private func helps(_ ending: Ending) -> Bool {
    guard help > 0 else { return false }
    help -= 1
    switch ending {
    case .paused: return story.tell(.migrationResumed, by: "ann")
    case .needsPerson(let blocked):
      return blocked.map { story.tell(.stepRetried(step: $0, reason: ""), by: "ann") }.contains(true)
    case .allDone, .needsWorkers, .needsMachine, .idle, .machineCannot, .outOfTime, .partDone, .ended,
      .interrupted:
      return false
    }
  }

  private func look(_ index: Int) {
    let run = runs[index]
    var seat = run.seat
    seat.clock = story.now
    seat.free = 2 - seat.work.count
    seat.branch = .at(story.current.tip, tree: tree(of: story.current.tip))
    seat.judging = run.base != nil ? .base : run.gate.map { .result($0.fence) } ?? .nothing
    for number in seat.holds.indices where seat.holds[number].freshSince == nil {
      guard story.current.expiry(of: seat.holds[number].hold) != nil else { continue }
      seat.holds[number].freshSince = story.now
    }
    runs[index].seat = seat
  }

  private func tree(of commit: ObjectID) -> ObjectID { trees[commit] ?? commit }

  // MARK: What happens by itself

  private func passTime(_ index: Int) {
    story.now = story.now.adding(seconds: chance.pick([1, 30, 400, 2000]))
    if chance.once(in: 30) { restart(index) }
    if chance.once(in: 200) {
      story.tell(.migrationPaused(reason: "lunch"), by: "ann")
      if chance.once(in: 2) { story.tell(.migrationResumed, by: "ann") }
    }
    if chance.once(in: 2) { endJudging(index) }
    for fence in runs[index].seat.work.sorted(by: { $0.step < $1.step }) where chance.once(in: 2) {
      runs[index].seat.work.remove(fence)
      guard case .leased(let lease)? = story.current.step(fence.step)?.phase else { continue }
      switch chance.below(5) {
      case 0: story.fail(fence.step, by: lease.holder, epoch: fence.epoch)
      case 1: story.fail(fence.step, .setup, by: lease.holder, epoch: fence.epoch)
      default: story.submit(fence.step, by: lease.holder, epoch: fence.epoch)
      }
    }
  }

  /// A run dies, and another one takes its seat; the others can tell.
  private func restart(_ index: Int) {
    let dead = runs[index].seat.owner
    let next = runs.map(\.seat.owner.pid).max().map { $0 + 1 } ?? 1
    var seat = Seat(
      owner: process(next), actor: "run-\(next)", free: 2, clock: Timestamp(milliseconds: 0))
    seat.dead = runs[index].seat.dead
    runs[index] = Run(seat: seat)
    for other in runs.indices { runs[other].seat.dead.insert(dead) }
  }

  private func endJudging(_ index: Int) {
    if let claim = runs[index].base {
      story.tell(
        .baselineRecorded(
          Baseline(
            tree: claim.tree, verifiers: claim.verifiers, verdict: chance.once(in: 9) ? .failed : .passed,
            reason: "judged", run: claim.run)), by: runs[index].seat.actor)
    }
    if let gate = runs[index].gate { endGate(gate.fence, gate.start, index) }
    forget(index)
  }

  private func forget(_ index: Int) {
    (runs[index].base, runs[index].gate, runs[index].seat.holds) = (nil, nil, [])
  }

  private func endGate(_ fence: Fence, _ start: GateStart, _ index: Int) {
    let seat = runs[index].seat
    let hasPassed = !chance.once(in: 3)
    let failure = hasPassed ? nil : Failure(kind: .gate, reason: "test_log failed")
    let isTaken = story.tell(
      .gateFinished(
        fence,
        GateReport(
          gate: start.gate, tree: start.tree, verifiers: story.current.gateDigest,
          verdict: hasPassed ? .passed : .failed, failure: failure, isNoChange: false)), by: seat.actor)
    let giveUp = Change.gateAbandoned(fence, gate: start.gate, evidence: .holder)
    guard isTaken else {
      story.tell(giveUp, by: seat.actor)
      return
    }
    guard hasPassed else { return }
    let target = MergeTarget(
      gate: start.gate, old: start.tip, new: story.newObject(), tree: start.tree, owner: seat.owner,
      expiresAt: story.now.adding(seconds: 60))
    trees[target.new] = target.tree
    // Meanwhile it was paused: the verdict is kept, and the merge waits.
    guard story.tell(.mergeIntended(fence, target), by: seat.actor) else {
      story.tell(giveUp, by: seat.actor)
      return
    }
    if chance.once(in: 8) { return restart(index) }
    story.tell(.stepMerged(fence, commit: target.new), by: seat.actor)
  }

  // MARK: Duties

  private func perform(_ duty: Duty, _ index: Int, isFresh: Bool) {
    let seat = runs[index].seat
    switch duty {
    case .createBranch: Issue.record("the branch was never gone")
    case .expire(let fence, let renewal, let evidence):
      story.tell(.leaseExpired(fence, renewal: renewal, evidence: evidence), by: seat.actor)
    case .abandonGate(let fence, let gate, let evidence):
      story.tell(.gateAbandoned(fence, gate: gate, evidence: evidence), by: seat.actor)
    case .abandonBase(let run, let evidence):
      story.tell(.baselineAbandoned(run: run, evidence: evidence), by: seat.actor)
    case .giveBackGate(let fence, let gate):
      story.tell(.gateAbandoned(fence, gate: gate, evidence: .holder), by: seat.actor)
    case .settle(.merge(let fence, let target), let evidence):
      story.tell(
        chance.once(in: 2)
          ? .stepMerged(fence, commit: target.new, train: target.train)
          : .mergeAbandoned(fence, evidence: evidence, reason: "cut off"), by: seat.actor)
    case .settle(.refresh(let refresh), let evidence):
      story.tell(
        chance.once(in: 2)
          ? .refreshMerged(commit: refresh.new)
          : .refreshAbandoned(evidence: evidence, reason: "cut off"), by: seat.actor)
    case .pause(let pause): story.tell(.migrationPaused(reason: pause.reason), by: seat.actor)
    case .tell: Issue.record("nobody here may tell people")
    case .wake: Issue.record("no agent rests here")
    case .stopWork(let fence): runs[index].seat.work.remove(fence)
    case .giveBack(let fence, let holder):
      story.tell(.stepReleased(fence, forced: false, reason: ""), by: holder)
    case .giveBackBase(let run):
      story.tell(.baselineAbandoned(run: run, evidence: .holder), by: seat.actor)
    case .followBase: followBase(index)
    case .countUses(let commit):
      // Whether somebody else was faster is nothing to anybody.
      let command = story.current.plan.until?.digest ?? ""
      story.tell(
        .usesCounted(UseCount(count: 0, commit: commit, tree: tree(of: commit), command: command)),
        by: seat.actor)
    case .judgeBase: judgeBase(index, isFresh)
    case .gate(let fence): judge(fence, index, isFresh)
    case .join: Issue.record("no service judges here")
    case .begin(let step): begin(step, index, isFresh)
    case .renew(let fence, let holder, let until):
      if chance.once(in: 4) { return }
      story.tell(.leaseRenewed(fence, expiresAt: until), by: holder)
    case .renewHold(let hold, _): renew(hold, index, isFresh)
    case .stopJudging: forget(index)
    case .takeBaseIn, .tryGate, .judgeResult, .finish, .answer: Issue.record("no run has wished for it")
    case .end: break
    }
  }

  private func isIdle(_ index: Int) -> Bool { runs[index].base == nil && runs[index].gate == nil }

  private func expectTaken(_ change: Change, by author: String, _ isFresh: Bool) -> Bool {
    let isTaken = story.tell(change, by: author)
    if !isTaken && isFresh {
      Issue.record("what is due is refused: \(change.kindName), \(String(describing: story.refusal))")
    }
    return isTaken
  }

  /// Now and then it sleeps, and others take away what it holds.
  private func renew(_ hold: Hold, _ index: Int, _ isFresh: Bool) {
    if chance.once(in: 4) { return }
    guard let change = story.current.renewal(of: hold, at: story.now.adding(seconds: 1)),
      expectTaken(change, by: runs[index].seat.actor, isFresh)
    else { return }
    runs[index].seat.holds = [Seat.Held(hold, freshSince: story.now)]
  }

  private func followBase(_ index: Int) {
    let seat = runs[index].seat
    runs[index].seat.baseLook = story.now
    guard isIdle(index), chance.once(in: 2) else { return }
    let refresh = Refresh(
      base: story.newObject(), old: story.current.tip, new: story.newObject(), tree: story.newObject(),
      verifiers: story.current.gateDigest, verdict: .passed, owner: seat.owner,
      expiresAt: story.now.adding(seconds: 60))
    trees[refresh.new] = refresh.tree
    // The branch may be somebody else's to move.
    guard story.tell(.refreshIntended(refresh), by: seat.actor) else { return }
    if chance.once(in: 4) { return restart(index) }
    story.tell(.refreshMerged(commit: refresh.new), by: seat.actor)
  }

  private func judgeBase(_ index: Int, _ isFresh: Bool) {
    guard isIdle(index) else { return }
    let seat = runs[index].seat
    let claim = BaselineClaim(
      run: story.current.baselineRuns + 1, tree: tree(of: story.current.tip),
      verifiers: story.current.gateDigest, holder: seat.actor, owner: seat.owner,
      expiresAt: story.now.adding(seconds: 600))
    guard expectTaken(.baselineClaimed(claim), by: seat.actor, isFresh) else { return }
    // Now and then the run never hears of it, or dies.
    if chance.once(in: 6) { return }
    if chance.once(in: 6) { return restart(index) }
    runs[index].base = claim
    runs[index].seat.holds = [Seat.Held(.base(run: claim.run), freshSince: nil)]
  }

  private func begin(_ step: String, _ index: Int, _ isFresh: Bool) {
    let seat = runs[index].seat
    guard seat.work.count < 2 else { return }
    let claim = Claim(
      fence: Fence(step: step, epoch: story.step(step).epoch + 1), holder: "\(seat.actor)/1",
      owner: seat.owner, base: story.current.tip, expiresAt: story.now.adding(seconds: 1200), slot: nil)
    guard expectTaken(.stepClaimed(claim), by: claim.holder, isFresh) else { return }
    // Now and then the run never hears of it.
    if !chance.once(in: 10) { runs[index].seat.work.insert(claim.fence) }
  }

  /// Begins a gate, which ends some time; whoever runs it may die before.
  private func judge(_ fence: Fence, _ index: Int, _ isFresh: Bool) {
    guard isIdle(index) else { return }
    let seat = runs[index].seat
    let start = GateStart(
      gate: story.step(fence.step).gates + 1, holder: seat.actor, owner: seat.owner,
      expiresAt: story.now.adding(seconds: 600), tip: story.current.tip, tree: story.newObject())
    guard expectTaken(.gateStarted(fence, start), by: seat.actor, isFresh) else { return }
    if chance.once(in: 8) { return restart(index) }
    runs[index].gate = (fence, start)
    runs[index].seat.holds = [Seat.Held(.gate(fence, gate: start.gate), freshSince: nil)]
  }
}
