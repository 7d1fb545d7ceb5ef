import Testing

@testable import Migration

/// Performing the duties of an agenda, in any order, comes to an end: nothing spins, nothing is forgotten.
@Suite struct AgendaPropertyTests {
  @Test(arguments: 1...8) func performingDutiesInAnyOrderComesToAnEnd(seed: Int) {
    var chance = Chance(seed: UInt64(seed) &* 7919)
    for number in 0..<120 {
      let desk = Desk(chance: chance)
      let ending = desk.work(rounds: 4000)
      let state = desk.story.current
      let name = "seed \(seed), story \(number)"
      guard let ending else {
        Issue.record("\(name): no end after 4,000 rounds, last \(desk.last.suffix(5))")
        return
      }
      switch ending {
      case .allDone:
        let open = state.steps.filter { !$0.phase.isTerminal }
        #expect(open.isEmpty, "\(name): done too early")
      case .needsPerson(let blocked): #expect(!blocked.isEmpty, "\(name): nothing for a person to do")
      case .paused: #expect(state.phase.word == "paused", "\(name)")
      case .needsWorkers, .ended, .interrupted: Issue.record("\(name): ends with \(ending)")
      }
      chance = desk.chance
    }
  }
}

/// Three runs at one ledger, whose workers, gates and machines do what they like.
private final class Desk {
  let story: Story
  var chance: Chance
  var seats: [Seat]
  var last: [Duty] = []
  private var trees: [ObjectID: Int] = [:]

  init(chance: Chance) {
    self.chance = chance
    var plan = self.chance.plan()
    // There is no base here.
    plan.refreshSeconds = nil
    story = Story(plan)
    seats = (1...3).map { number in
      Seat(owner: process(number), actor: "run-\(number)", free: 2, clock: Timestamp(milliseconds: 0))
    }
  }

  /// Lets runs look at their agenda and perform some duty of it, until all of them end.
  func work(rounds: Int) -> Ending? {
    for _ in 0..<rounds {
      let index = chance.below(seats.count)
      look(index)
      let agenda = story.current.agenda(at: max(story.now, story.state.at), seat: seats[index])
      if case .end(let ending)? = agenda.first {
        if endings(agree: ending) { return ending }
        continue
      }
      if agenda.isEmpty || chance.once(in: 4) { passTime(index) }
      guard !agenda.isEmpty else { continue }
      let duty = chance.pick(agenda)
      last.append(duty)
      perform(duty, index)
    }
    return nil
  }

  /// Whether no run has anything to do any more.
  private func endings(agree ending: Ending) -> Bool {
    seats.indices.allSatisfy { index in
      look(index)
      return story.current.agenda(at: story.now, seat: seats[index]) == [.end(ending)]
    }
  }

  private func look(_ index: Int) {
    seats[index].clock = story.now
    seats[index].free = 2 - seats[index].work.count
    seats[index].branch = .at(story.current.tip, tree: tree(of: story.current.tip))
  }

  private func tree(of commit: ObjectID) -> ObjectID { commit }

  private func passTime(_ index: Int) {
    story.now = story.now.adding(seconds: chance.pick([1, 30, 400, 2000]))
    if chance.once(in: 30) { restart(index) }
    if chance.once(in: 200) {
      story.tell(.migrationPaused(reason: "lunch"), by: "ann")
      story.tell(.migrationResumed, by: "ann")
    }
    for fence in seats[index].work.sorted(by: { $0.step < $1.step }) where chance.once(in: 2) {
      seats[index].work.remove(fence)
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
    let dead = seats[index].owner
    let next = seats.map(\.owner.pid).max().map { $0 + 1 } ?? 1
    seats[index].owner = process(next)
    seats[index].actor = "run-\(next)"
    seats[index].work = []
    for other in seats.indices { seats[other].dead.insert(dead) }
  }

  private func perform(_ duty: Duty, _ index: Int) {
    let seat = seats[index]
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
    case .settle(.refresh, _): Issue.record("nobody refreshed")
    case .stopWork(let fence): seats[index].work.remove(fence)
    case .giveBack(let fence, let holder):
      story.tell(.stepReleased(fence, forced: false, reason: ""), by: holder)
    case .giveBackBase(let run):
      story.tell(.baselineAbandoned(run: run, evidence: .holder), by: seat.actor)
    case .followBase: Issue.record("the plan follows no base")
    case .judgeBase: judgeBase(index)
    case .gate(let fence): judge(fence, seat)
    case .begin(let step): begin(step, index)
    case .renew(let fence, let holder, let until):
      story.tell(.leaseRenewed(fence, expiresAt: until), by: holder)
    case .end: break
    }
  }

  private func judgeBase(_ index: Int) {
    let seat = seats[index]
    let claim = BaselineClaim(
      run: story.current.baselineRuns + 1, tree: tree(of: story.current.tip),
      verifiers: story.current.gateDigest, holder: seat.actor, owner: seat.owner,
      expiresAt: story.now.adding(seconds: 600))
    guard story.tell(.baselineClaimed(claim), by: seat.actor) else {
      Issue.record("the base is due and refused: \(String(describing: story.refusal))")
      return
    }
    // Now and then the run never hears of it, or dies.
    if chance.once(in: 6) { return }
    if chance.once(in: 6) { return restart(index) }
    story.tell(
      .baselineRecorded(
        Baseline(
          tree: claim.tree, verifiers: claim.verifiers, verdict: .passed, reason: "passed", run: claim.run)),
      by: seat.actor)
  }

  private func begin(_ step: String, _ index: Int) {
    let seat = seats[index]
    let claim = Claim(
      fence: Fence(step: step, epoch: story.step(step).epoch + 1), holder: "\(seat.actor)/1",
      owner: seat.owner, base: story.current.tip, expiresAt: story.now.adding(seconds: 1200), slot: nil)
    guard story.tell(.stepClaimed(claim), by: claim.holder) else {
      Issue.record("what was offered is refused: \(String(describing: story.refusal))")
      return
    }
    // Now and then the run never hears of it.
    if !chance.once(in: 10) { seats[index].work.insert(claim.fence) }
  }

  /// A whole gate, or its beginning: whoever ran it dies.
  private func judge(_ fence: Fence, _ seat: Seat) {
    let start = GateStart(
      gate: story.step(fence.step).gates + 1, holder: seat.actor, owner: seat.owner,
      expiresAt: story.now.adding(seconds: 600), tip: story.current.tip, tree: story.newObject())
    guard story.tell(.gateStarted(fence, start), by: seat.actor) else {
      Issue.record("a gate that is due is refused: \(String(describing: story.refusal))")
      return
    }
    if chance.once(in: 8) { return restart(seats.firstIndex { $0.owner == seat.owner } ?? 0) }
    let hasPassed = !chance.once(in: 3)
    let failure = hasPassed ? nil : Failure(kind: .gate, reason: "test_log failed")
    story.tell(
      .gateFinished(
        fence,
        GateReport(
          gate: start.gate, tree: start.tree, verifiers: story.current.gateDigest,
          verdict: hasPassed ? .passed : .failed, failure: failure, isNoChange: false)), by: seat.actor)
    guard hasPassed else { return }
    let target = MergeTarget(
      gate: start.gate, old: start.tip, new: story.newObject(), tree: start.tree, owner: seat.owner,
      expiresAt: story.now.adding(seconds: 60))
    story.tell(.mergeIntended(fence, target), by: seat.actor)
    if chance.once(in: 8) { return restart(seats.firstIndex { $0.owner == seat.owner } ?? 0) }
    story.tell(.stepMerged(fence, commit: target.new), by: seat.actor)
  }
}
