import Migration
import Testing

/// Whole lives, told and recorded: `Transcripts/<name>.txt` is what `decide` said to each event.
@Suite struct LifeTests {
  @Test func happyPath() {
    let story = Story(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2", needs: ["S1"])]))
    story.complete("S1")
    story.note("the second step finds nothing to change")
    story.claim("S2", by: "w2")
    story.renew("S2", by: "w2")
    story.submit("S2", by: "w2", noOp: true)
    story.gate("S2")
    story.verdict("S2", .passed, noChange: true)
    story.finish()
    Transcript.check("happy-path", story.lines)
  }

  @Test func failureAndRetry() {
    let story = Story(chain: "S1")
    story.claim("S1")
    story.fail("S1", .worker)
    story.note("it rests; claiming at once is refused")
    story.claim("S1")
    story.wait(10)
    story.claim("S1", by: "w2")
    story.submit("S1", by: "w2")
    story.gate("S1")
    story.verdict("S1", .failed)
    story.note("the second pause is twice as long")
    story.wait(12)
    story.claim("S1")
    story.wait(10)
    story.complete("S1")
    Transcript.check("failure-and-retry", story.lines)
  }

  @Test func blockedAndRetriedByAPerson() {
    let story = Story(chain: "S1", "S2")
    for _ in 1...3 {
      story.claim("S1")
      story.fail("S1", .noChange)
      story.wait(60)
    }
    story.note("a dead letter: nothing but a person helps, and the dependent is held")
    story.claim("S1")
    story.claim("S2")
    story.retry("S1")
    story.note("the counters go on, three more attempts are granted")
    for _ in 1...3 {
      story.claim("S1")
      story.fail("S1", .timeout)
      story.wait(600)
    }
    story.skip("S1")
    story.complete("S2")
    Transcript.check("blocked-and-retried", story.lines)
  }

  @Test func zombieAfterExpiry() {
    let story = Story(chain: "S1")
    story.claim("S1", by: "w1")
    story.note("too early: the lease lasts, then the grace")
    story.expire("S1")
    story.wait(1200)
    story.expire("S1")
    story.wait(60)
    story.note("an expiry that has not seen the renewal")
    story.renew("S1", by: "w1")
    story.expire("S1", renewal: 0)
    story.wait(1900)
    story.expire("S1")
    story.note("the zombie wakes before anybody else claims")
    story.renew("S1", by: "w1")
    story.submit("S1", by: "w1")
    story.wait(10)
    story.claim("S1", by: "w2")
    story.note("the zombie wakes when somebody else works")
    story.renew("S1", by: "w1", epoch: 1)
    story.submit("S1", by: "w1", epoch: 1)
    story.fail("S1", by: "w1", epoch: 1)
    story.note("a name is not enough either")
    story.submit("S1", by: "w1", epoch: 2)
    story.submit("S1", by: "w2")
    story.note("late verdicts of another claim do not count")
    story.gate("S1")
    story.verdict("S1", .passed, epoch: 1)
    story.verdict("S1", .passed)
    story.intend("S1", epoch: 1)
    story.intend("S1")
    story.merged("S1", epoch: 1)
    story.merged("S1")
    Transcript.check("zombie", story.lines)
  }

  @Test func deadHolder() {
    let story = Story(chain: "S1")
    story.claim("S1", by: "w1")
    story.note("another process is no evidence")
    story.expire("S1", .holderDead(process(8)))
    story.expire("S1", .holderDead(process(7, on: "m2")))
    story.expire("S1", .holder)
    story.expire("S1", .holderDead(process(7)))
    story.note("no attempt was counted, and it can be claimed at once")
    story.claim("S1", by: "w2")
    Transcript.check("dead-holder", story.lines)
  }

  @Test func conflict() {
    let story = Story(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2")]))
    story.claim("S1")
    story.claim("S2", by: "w2")
    story.submit("S1")
    story.submit("S2", by: "w2")
    story.gate("S1")
    story.note("one candidate at a time")
    story.gate("S2")
    story.verdict("S1", .passed)
    story.intend("S1")
    story.merged("S1")
    story.note("the second result does not fit what was merged; it begins again from the new tip")
    story.fail("S2", .conflict, by: "gate-1")
    story.complete("S2")
    Transcript.check("conflict", story.lines)
  }

  @Test func gateThatCannotRun() {
    let story = Story(chain: "S1")
    story.claim("S1")
    story.submit("S1")
    for round in 1...11 {
      if round > 1 { story.wait(300) }
      story.gate("S1")
      story.verdict("S1", .couldNotRun)
    }
    story.note("no attempt was counted, but it does not go on for ever")
    story.retry("S1")
    story.complete("S1")
    Transcript.check("gate-cannot-run", story.lines)
  }

  @Test func gateThatRanNoTests() {
    let story = Story(chain: "S1")
    story.claim("S1")
    story.submit("S1")
    story.gate("S1")
    story.verdict("S1", .ranNoTests)
    Transcript.check("gate-ran-no-tests", story.lines)
  }

  @Test func mergeThatCrashes() {
    let story = Story(chain: "S1", "S2")
    story.claim("S1")
    story.submit("S1")
    story.gate("S1")
    story.verdict("S1", .passed)
    story.intend("S1")
    story.note("the mover died; who finds the branch unmoved gives the intent up, with proof")
    story.tell(.mergeAbandoned(story.fence("S1"), evidence: .timeout, reason: "not moved"), by: "sweeper")
    story.tell(
      .mergeAbandoned(story.fence("S1"), evidence: .holderDead(process(9)), reason: "not moved"),
      by: "sweeper")
    story.gate("S1")
    story.wait(20)
    story.gate("S1")
    story.verdict("S1", .passed)
    story.intend("S1")
    story.note("the mover died after the move; who finds the branch moved says so, whoever it is")
    story.tell(.stepMerged(story.fence("S1"), commit: oid(5)), by: "sweeper")
    story.merged("S1")
    story.merged("S1")
    Transcript.check("merge-crash", story.lines)
  }

  @Test func gateThatIsLost() {
    let story = Story(chain: "S1")
    story.claim("S1")
    story.submit("S1")
    story.gate("S1")
    story.tell(.gateAbandoned(story.fence("S1"), gate: 1, evidence: .timeout), by: "sweeper")
    story.wait(661)
    story.tell(.gateAbandoned(story.fence("S1"), gate: 1, evidence: .timeout), by: "sweeper")
    story.gate("S1")
    story.note("the first run comes back late with its verdict")
    story.tell(
      .gateFinished(
        story.fence("S1"),
        GateReport(
          gate: 1, tree: oid(103), verifiers: story.current.plan.verifierDigest, verdict: .passed,
          failure: nil, isNoChange: false)), by: "gate-1")
    story.note("a verdict on another tree, or by other verifiers, does not count")
    story.tell(
      .gateFinished(
        story.fence("S1"),
        GateReport(
          gate: 2, tree: oid(1), verifiers: story.current.plan.verifierDigest, verdict: .passed,
          failure: nil, isNoChange: false)), by: "gate-1")
    story.tell(
      .gateFinished(
        story.fence("S1"),
        GateReport(
          gate: 2, tree: oid(104), verifiers: "other", verdict: .passed, failure: nil, isNoChange: false)),
      by: "gate-1")
    story.verdict("S1", .passed)
    Transcript.check("gate-lost", story.lines)
  }
}
