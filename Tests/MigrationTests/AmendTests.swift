import CanonicalJSON
import Migration
import Testing

/// A plan that changes while steps are under way.
@Suite struct AmendTests {
  static let tied = Plan.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2", needs: ["S1"])])

  @Test func aRestingStepWithANewOpenNeedCannotBeClaimed() {
    let story = Story(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2")]))
    story.claim("S2")
    story.fail("S2")
    story.amend(Self.tied)
    story.wait(600)
    #expect(!story.claim("S2"))
    #expect(story.refusal?.code == .wrongPhase)
    #expect(story.current.nextOffer(at: story.now, machine: "m1") == .step("S1"))
    story.complete("S1")
    #expect(story.claim("S2"))
  }

  @Test func aStepGivenBackWithANewOpenNeedWaits() {
    for back in ["release", "force", "fail", "die", "conflict", "setup"] {
      let story = Story(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2")], backoff: 0))
      story.claim("S2")
      story.amend(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2", needs: ["S1"])], backoff: 0))
      switch back {
      case "release": story.release("S2")
      case "force": story.release("S2", by: "ann", forced: true)
      case "fail": story.fail("S2")
      case "setup": story.fail("S2", .setup)
      case "conflict":
        story.submit("S2")
        story.fail("S2", .conflict)
      default: story.expire("S2", .holderDead(process(7)))
      }
      #expect(story.word("S2") == "waiting", "after \(back)")
      story.complete("S1")
      #expect(story.word("S2") == "ready", "after \(back)")
    }
  }

  @Test func aPlanWithFewerAttemptsBlocksWhatHasUsedThemUp() {
    let story = Story(.sample([PlannedStep(id: "S1")]))
    story.claim("S1")
    story.fail("S1")
    story.wait(60)
    story.claim("S1")
    story.fail("S1")
    story.amend(.sample([PlannedStep(id: "S1")], attempts: 2))
    #expect(story.word("S1") == "blocked")
    #expect(story.effects.count == 1)
  }

  @Test func aCandidateThatPassedAnotherGateIsJudgedAgain() {
    let story = Story(chain: "S1")
    story.claim("S1")
    story.submit("S1")
    story.gate("S1")
    story.verdict("S1", .passed)
    story.amend(.sample([PlannedStep(id: "S1")], verifier: "make stricter-test"))
    #expect(!story.intend("S1"))
    #expect(story.word("S1") == "submitted")
    #expect(story.gate("S1"))
  }

  @Test func droppedAndNamedAgain() {
    let story = Story(chain: "S1", "S2")
    story.complete("S1")
    story.amend(.sample([PlannedStep(id: "S3")]))
    #expect(story.word("S1") == "merged")
    #expect(story.word("S2") == "cancelled")
    #expect(story.step("S2").epoch == 1)
    story.amend(.sample([PlannedStep(id: "S2", needs: ["S3"]), PlannedStep(id: "S3")]))
    #expect(story.word("S2") == "waiting")
    story.complete("S3")
    #expect(story.claim("S2", epoch: 2))
  }

  @Test func droppingTheLastOpenStepTellsThatAllAreDone() {
    let story = Story(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2")]))
    story.complete("S1")
    story.amend(.sample([PlannedStep(id: "S1")]))
    #expect(story.effects == [.notify(migration: "mig", .allStepsDone)])
  }

  @Test func aStepUnderWayCannotBeDropped() {
    let story = Story(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2")]))
    story.claim("S2")
    #expect(!story.amend(.sample([PlannedStep(id: "S1")])))
    #expect(story.refusal?.code == .held)
  }

  @Test func historyIsKeptInACheckpoint() throws {
    let story = Story(chain: "S1", "S2")
    story.complete("S1")
    let plan = Plan.sample([PlannedStep(id: "S3")])
    story.amend(plan)
    let read = try State(json: story.state.json) { (_, _) throws(JSONFault) in plan }
    #expect(read == story.state)
  }
}

extension AmendTests {
  @Test func aRetryGrantsAttemptsEvenWhenAPlanAllowsFewerThanWereUsed() {
    let story = Story(.sample([PlannedStep(id: "S1")], backoff: 0))
    for _ in 1...3 {
      story.claim("S1")
      story.fail("S1")
    }
    story.amend(.sample([PlannedStep(id: "S1")], attempts: 1, backoff: 0))
    story.retry("S1")
    #expect(story.step("S1").failures < story.current.allowance(story.step("S1")))
  }

  @Test func whatIsUnderWayWhenAPlanTakesItsAttemptsAwayIsBlockedWhenItComesBack() {
    let story = Story(.sample([PlannedStep(id: "S1")], backoff: 0))
    story.claim("S1")
    story.fail("S1")
    story.claim("S1")
    story.amend(.sample([PlannedStep(id: "S1")], attempts: 1, backoff: 0))
    #expect(story.word("S1") == "leased")
    story.release("S1")
    #expect(story.word("S1") == "blocked")
  }

  @Test func whatANewPlanDidIsCounted() {
    let story = Story(.sample(["S1", "S2", "S3", "S4"].map { PlannedStep(id: $0) }))
    story.complete("S1")
    for _ in 1...3 {
      story.claim("S2")
      story.fail("S2")
      story.wait(60)
    }
    let before = story.current
    story.amend(.sample(["S2", "S3", "S5"].map { PlannedStep(id: $0) }))
    let summary = AmendmentSummary(from: before, to: story.current)
    #expect(summary.added == ["S5"])
    #expect(summary.cancelled == ["S4"], "S1 is done, and stays as history")
    #expect(summary.kept == ["S2", "S3"])
    #expect(summary.blocked == ["S2"])
    #expect(summary.text == "+1 new, 1 cancelled, 2 kept; 1 blocked")
    // Once dropped, a step is not dropped again.
    let then = story.current
    story.amend(.sample(["S2", "S3"].map { PlannedStep(id: $0) }))
    #expect(AmendmentSummary(from: then, to: story.current).text == "+0 new, 1 cancelled, 2 kept; 1 blocked")
  }
}
