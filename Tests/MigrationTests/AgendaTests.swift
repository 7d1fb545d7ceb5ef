import Testing

@testable import Migration

/// State, seat and time → what is due.
@Suite struct AgendaTests {
  /// A run on machine m1 with a free worker; the base has passed unless `tree` is another.
  private func seat(_ story: Story, free: Int? = 1, tree: Int = 50) -> Seat {
    var seat = Seat(owner: process(7), actor: "run-1", free: free, clock: story.now)
    seat.branch = .at(story.current.tip, tree: oid(tree))
    return seat
  }

  private func begun(_ steps: [PlannedStep], agents: Int? = nil, resources: [Plan.Resource] = []) -> Story {
    let story = Story(.sample(steps, agents: agents, resources: resources))
    pass(story)
    return story
  }

  private func pass(_ story: Story) {
    story.tell(
      .baselineRecorded(
        Baseline(
          tree: oid(50), verifiers: story.current.gateDigest, verdict: .passed, reason: "passed")))
  }

  private func agenda(_ story: Story, _ seat: Seat) -> [Duty] {
    story.current.agenda(at: max(seat.clock, story.state.at), seat: seat)
  }

  @Test func beforeAnythingElseTheBaseIsJudged() {
    let story = Story(chain: "A")
    #expect(agenda(story, seat(story)) == [.judgeBase])
  }

  @Test func whileTheBaseIsJudgedNothingBegins() {
    let story = Story(chain: "A")
    var seat = seat(story)
    seat.judging = .base
    #expect(agenda(story, seat).isEmpty)
  }

  @Test func aFreeWorkerIsGivenTheNextStep() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B", priority: 5)])
    #expect(agenda(story, seat(story)) == [.begin(step: "B")])
  }

  @Test func aResultIsJudgedWhileTheOtherWorkerGoesOn() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B")])
    story.claim("A", by: "run-1/1")
    story.submit("A", by: "run-1/1")
    #expect(agenda(story, seat(story)) == [.gate(story.fence("A")), .begin(step: "B")])
  }

  @Test func whoJudgesBeginsNoSecondGate() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B")])
    for step in ["A", "B"] {
      story.claim(step, by: "run-1/1")
      story.submit(step, by: "run-1/1")
    }
    var seat = seat(story)
    seat.judging = .result(story.fence("A"))
    #expect(agenda(story, seat).isEmpty)
  }

  @Test func aStepBehindAnObstructedOneIsJudged() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B")])
    for step in ["A", "B"] {
      story.claim(step, by: "w1")
      story.submit(step, by: "w1")
    }
    var seat = seat(story)
    seat.resting = [story.fence("A")]
    #expect(agenda(story, seat) == [.gate(story.fence("B"))])
    seat.resting.insert(story.fence("B"))
    #expect(agenda(story, seat).isEmpty, "until one has rested")
  }

  @Test func nobodyJudgesWhileAnotherRunDoes() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B")])
    for step in ["A", "B"] {
      story.claim(step, by: "w1")
      story.submit(step, by: "w1")
    }
    story.gate("A")
    #expect(agenda(story, seat(story)).isEmpty)
  }

  @Test func aGateThatDiedIsGivenUp() {
    let story = begun([PlannedStep(id: "A")])
    story.claim("A", by: "w1")
    story.submit("A", by: "w1")
    story.gate("A")
    var seat = seat(story, free: nil)
    #expect(agenda(story, seat).isEmpty)
    seat.dead = [process(9)]
    #expect(agenda(story, seat) == [.abandonGate(story.fence("A"), gate: 1, .holderDead(process(9)))])
  }

  @Test func aLeaseIsTakenAwayWhenItsTimeAndTheGraceAreOver() {
    let story = begun([PlannedStep(id: "A")])
    story.claim("A", by: "w1", machine: "m2")
    var seat = seat(story, free: nil)
    seat.clock = story.now.adding(seconds: 1200 + expiryGraceSeconds - 1)
    #expect(agenda(story, seat).isEmpty)
    seat.clock = seat.clock.adding(seconds: 2)
    #expect(agenda(story, seat) == [.expire(story.fence("A"), renewal: 0, .timeout)])
  }

  @Test func whatOthersLeftComesFirstAndHoldsUpNothingElse() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B")])
    story.claim("A", by: "w1", machine: "m2")
    var seat = seat(story)
    seat.dead = [process(7, on: "m2")]
    let expired = Duty.expire(story.fence("A"), renewal: 0, .holderDead(process(7, on: "m2")))
    #expect(agenda(story, seat) == [expired, .begin(step: "B")])
  }

  @Test func aMergeThatCannotBeSettledYetKeepsNobodyFromEnding() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B")])
    story.claim("A")
    story.submit("A")
    story.gate("A")
    story.verdict("A", .passed)
    story.intend("A")
    var seat = seat(story)
    seat.dead = [process(9)]
    #expect(agenda(story, seat).contains(.begin(step: "B")))
    seat.isEnding = true
    #expect(agenda(story, seat).last == .end(.interrupted))
  }

  @Test func aMergeThatWasCutOffIsSettled() {
    let story = begun([PlannedStep(id: "A")])
    story.claim("A")
    story.submit("A")
    story.gate("A")
    story.verdict("A", .passed)
    story.intend("A")
    guard case .merging(_, _, let target) = story.step("A").phase else { return #expect(Bool(false)) }
    var seat = seat(story, free: nil)
    seat.dead = [process(9)]
    #expect(agenda(story, seat) == [.settle(.merge(story.fence("A"), target), .holderDead(process(9)))])
  }

  @Test func aBranchThatAStartDidNotMakeIsMade() {
    let story = Story(chain: "A")
    var seat = seat(story, free: nil)
    seat.branch = .absent
    #expect(agenda(story, seat) == [.createBranch(at: oid(1))])
  }

  @Test func aBranchThatHasMovedAndIsGoneIsLeftToAPerson() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B")])
    story.complete("A")
    var seat = seat(story, free: nil)
    seat.branch = .absent
    #expect(agenda(story, seat).isEmpty)
    seat.free = 1
    #expect(agenda(story, seat) == [.judgeBase], "whoever performs it says that the branch is gone")
  }

  @Test func halfWayThroughALeaseIsRenewed() {
    let story = begun([PlannedStep(id: "A")])
    story.claim("A", by: "run-1/1")
    var seat = seat(story, free: 0)
    seat.work = [story.fence("A")]
    seat.renewed = [story.fence("A"): story.now]
    #expect(agenda(story, seat).isEmpty)
    seat.clock = story.now.adding(seconds: story.current.plan.leaseSeconds / 2)
    guard case .renew(let fence, let holder, let until)? = agenda(story, seat).first else {
      return #expect(Bool(false), "nothing is renewed")
    }
    #expect(fence == story.fence("A") && holder == "run-1/1" && until > seat.clock)
    seat.stopping = seat.work
    #expect(agenda(story, seat).isEmpty, "a worker that is asked to end needs no more time")
  }

  @Test func aWorkerWhoseClaimWasTakenIsStopped() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B", needs: ["A"])])
    story.claim("A", by: "run-1/1")
    var seat = seat(story, free: 0)
    seat.work = [story.fence("A")]
    story.release("A", by: "ann", forced: true)
    seat.clock = story.now
    #expect(agenda(story, seat) == [.stopWork(Fence(step: "A", epoch: 1))])
  }

  @Test func aClaimThatNobodyHereWorksOnIsGivenBack() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B", needs: ["A"])])
    story.claim("A", by: "run-1/1")
    #expect(agenda(story, seat(story)) == [.giveBack(story.fence("A"), holder: "run-1/1")])
    #expect(agenda(story, seat(story, free: nil)).isEmpty, "a command knows nothing of a run's workers")
  }

  @Test func aStepThatWouldTakeWhatTheGateNeedsWaits() {
    let one = PlannedStep(id: "A", run: "a")
    let two = PlannedStep(id: "B", uses: ["db"], run: "b")
    let story = Story(
      Plan(
        migration: "mig", resources: [Plan.Resource(name: "db", capacity: 1)],
        gate: Plan.Gate(verifiers: [Plan.Verifier(name: "test", run: "t", uses: "db")]), steps: [one, two]))
    pass(story)
    story.claim("A")
    story.submit("A")
    #expect(agenda(story, seat(story)) == [.gate(story.fence("A"))])
  }

  @Test func theEndIsSaidWhenNothingIsUnderWay() {
    let story = begun([PlannedStep(id: "A")])
    story.complete("A")
    var seat = seat(story)
    #expect(agenda(story, seat) == [.end(.allDone)])
    seat.judging = .base
    #expect(agenda(story, seat).isEmpty)
  }

  @Test func aBlockedStepEndsTheRunWhenNothingElseIsLeft() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B")])
    for _ in 1...3 {
      story.wait(3600)
      story.claim("A")
      story.fail("A")
    }
    #expect(agenda(story, seat(story)) == [.begin(step: "B")])
    story.complete("B")
    #expect(agenda(story, seat(story)) == [.end(.needsPerson(blocked: ["A"]))])
  }

  @Test func withoutAnAgentWhatIsLeftIsForOthers() {
    let story = Story(
      Plan(
        migration: "mig", gate: Plan.Gate(verifiers: [Plan.Verifier(name: "test", run: "t")]),
        steps: [PlannedStep(id: "A"), PlannedStep(id: "B", run: "b")]))
    pass(story)
    #expect(agenda(story, seat(story)) == [.begin(step: "B")])
    story.complete("B")
    #expect(agenda(story, seat(story)) == [.end(.needsWorkers(["A"]))])
  }

  @Test func aPausedMigrationIsTidiedAndBeginsNothing() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B")])
    story.claim("A", by: "w1", machine: "m2")
    story.tell(.migrationPaused(reason: "lunch"), by: "ann")
    var seat = seat(story)
    #expect(agenda(story, seat) == [.end(.paused("lunch"))])
    seat.dead = [process(7, on: "m2")]
    #expect(agenda(story, seat).count == 2, "it is put in order, and ends")
  }

  @Test func afterASignalNothingBegins() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B")])
    story.claim("A", by: "run-1/1")
    var seat = seat(story)
    seat.work = [story.fence("A")]
    seat.stopping = seat.work
    seat.isEnding = true
    #expect(agenda(story, seat).isEmpty, "it waits for its workers")
    story.release("A", by: "run-1/1")
    seat.work = []
    #expect(agenda(story, seat) == [.end(.interrupted)])
  }

  @Test func aRestThatIsNotOverIsWaitedFor() {
    let story = begun([PlannedStep(id: "A")])
    story.claim("A")
    story.fail("A")
    #expect(agenda(story, seat(story)).isEmpty)
    story.wait(10)
    #expect(agenda(story, seat(story)) == [.begin(step: "A")])
  }

  @Test func aBaseThatIsFollowedIsLookedAtBeforeItIsJudged() {
    var plan = Plan.sample([PlannedStep(id: "A")])
    plan.refreshSeconds = 3600
    let story = Story(plan)
    var seat = seat(story)
    #expect(agenda(story, seat) == [.followBase, .judgeBase])
    seat.judging = .refresh
    #expect(agenda(story, seat).isEmpty, "no work on a base that nobody has judged")
    pass(story)
    seat = self.seat(story)
    seat.baseLook = story.now
    #expect(agenda(story, seat) == [.begin(step: "A")])
    seat.clock = story.now.adding(seconds: 3600)
    #expect(agenda(story, seat) == [.followBase, .begin(step: "A")])
  }

  /// Its push was cut off and came through after all, or the remote went away before the branch had moved.
  @Test func whatARunHoldsAndIsNotAtWorkOnIsGivenBackOrGoneOnWith() {
    let story = begun([PlannedStep(id: "A")])
    story.claim("A")
    story.submit("A")
    story.gate("A")
    guard case .gating(_, let run) = story.step("A").phase else { return #expect(Bool(false)) }
    var seat = seat(story)
    (seat.owner, seat.actor) = (run.start.owner, run.start.holder)
    #expect(agenda(story, seat) == [.giveBackGate(story.fence("A"), gate: 1)])
    seat.judging = .result(story.fence("A"))
    #expect(agenda(story, seat).isEmpty)
    story.verdict("A", .passed)
    story.intend("A")
    guard case .merging(_, _, let target) = story.step("A").phase else { return #expect(Bool(false)) }
    seat.judging = .nothing
    #expect(target.owner == seat.owner)
    #expect(agenda(story, seat) == [.settle(.merge(story.fence("A"), target), .holder)])
    seat.isEnding = true
    #expect(agenda(story, seat) == [.settle(.merge(story.fence("A"), target), .holder)])
    seat.free = nil
    #expect(agenda(story, seat).isEmpty, "a command may be in the middle of it")
  }

  @Test func whoIsNotTheFirstToJudgeTheBaseWaits() {
    let story = Story(chain: "A")
    let claim = BaselineClaim(
      run: 1, tree: oid(50), verifiers: story.current.gateDigest, holder: "run-2", owner: process(8),
      expiresAt: story.now.adding(seconds: 600))
    story.tell(.baselineClaimed(claim), by: "run-2")
    var seat = seat(story)
    #expect(agenda(story, seat).isEmpty)
    seat.dead = [process(8)]
    #expect(agenda(story, seat) == [.abandonBase(run: 1, .holderDead(process(8)))])
    seat.dead = []
    (seat.owner, seat.actor) = (process(8), "run-2")
    #expect(agenda(story, seat) == [.giveBackBase(run: 1)], "a claim that the run never heard of")

    seat.judging = .base
    #expect(agenda(story, seat).isEmpty)
  }

  @Test func whatIsJudgedIsKeptHalfWayThrough() {
    let story = begun([PlannedStep(id: "A")])
    story.claim("A", by: "w1")
    story.submit("A", by: "w1")
    story.gate("A")
    let hold = Hold.gate(story.fence("A"), gate: 1)
    story.tell(
      .gateRenewed(story.fence("A"), gate: 1, expiresAt: story.now.adding(seconds: 1200)), by: "gate-1")
    var seat = seat(story, free: 0)
    (seat.owner, seat.judging) = (process(9), .result(story.fence("A")))
    seat.holds = [Seat.Held(hold, freshSince: story.now)]
    #expect(agenda(story, seat).isEmpty)
    seat.clock = story.now.adding(seconds: story.current.plan.leaseSeconds / 2)
    guard case .renewHold(hold, let until)? = agenda(story, seat).first else {
      return #expect(Bool(false), "nothing is renewed")
    }
    #expect(until > seat.clock)
    seat.free = nil
    #expect(agenda(story, seat) == [.renewHold(hold, until: until)], "and so is that of a command")
  }

  @Test func whoLostItsGateStopsTheVerifiers() {
    let story = begun([PlannedStep(id: "A")])
    story.claim("A", by: "w1")
    story.submit("A", by: "w1")
    story.gate("A")
    let hold = Hold.gate(story.fence("A"), gate: 1)
    story.tell(.gateAbandoned(story.fence("A"), gate: 1, evidence: .holder), by: "gate-1")
    var seat = seat(story, free: 0)
    seat.judging = .result(story.fence("A"))
    seat.holds = [Seat.Held(hold, freshSince: nil)]
    #expect(agenda(story, seat).isEmpty, "its entry may not be known here yet")
    seat.holds = [Seat.Held(hold, freshSince: story.now)]
    #expect(agenda(story, seat) == [.stopJudging(hold)])
  }

  @Test func afterItsTimeARunJudgesWhatWasHandedInAndEnds() {
    let story = begun([PlannedStep(id: "A"), PlannedStep(id: "B")])
    story.claim("A", by: "w1")
    story.submit("A", by: "w1")
    var seat = seat(story, free: 1)
    seat.mayClaim = false
    #expect(agenda(story, seat) == [.gate(story.fence("A"))])
    story.gate("A")
    story.verdict("A", .passed)
    story.intend("A")
    story.merged("A")
    #expect(agenda(story, seat) == [.end(.outOfTime(left: 1))])
    seat.mayClaim = true
    #expect(agenda(story, seat) == [.begin(step: "B")])
  }
}
