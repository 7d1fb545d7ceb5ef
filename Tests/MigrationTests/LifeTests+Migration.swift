import CanonicalJSON
import Migration
import Testing

extension LifeTests {
  @Test func pauseAndResume() {
    let story = Story(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2")]))
    story.claim("S1")
    story.tell(.migrationPaused(reason: "lunch"), by: "ann")
    story.note("what is under way may be handed in, nothing new begins")
    story.claim("S2")
    story.renew("S1")
    story.submit("S1")
    story.gate("S1")
    story.tell(.migrationPaused(reason: "again"), by: "ann")
    story.tell(.migrationResumed, by: "ann")
    story.gate("S1")
    story.note("the base itself fails: the migration stops by itself and says so once")
    let digest = story.current.plan.verifierDigest
    let broken = Baseline(tree: oid(9), verifiers: digest, verdict: .failed, reason: "test_old failed")
    story.tell(.baselineRecorded(broken), by: "gate-1")
    story.tell(.baselineRecorded(broken), by: "gate-1")
    story.note("a pause holds the merge back too")
    story.verdict("S1", .passed)
    story.intend("S1")
    story.tell(.migrationResumed, by: "ann")
    story.intend("S1")
    story.merged("S1")
    Transcript.check("pause-and-resume", story.lines)
  }

  @Test func aBaseThatFailsIsRememberedWithItsFaults() throws {
    let story = Story(.sample([PlannedStep(id: "S1")]))
    let digest = story.current.plan.verifierDigest
    func judge(_ verdict: Verdict, _ details: [String]) {
      story.tell(
        .baselineRecorded(
          Baseline(tree: oid(9), verifiers: digest, verdict: verdict, reason: "r", details: details)),
        by: "gate-1")
    }
    judge(.failed, ["test_a: 1 != 2", "test_b"])
    #expect(story.current.baselineFailure?.details == ["test_a: 1 != 2", "test_b"])
    let plan = story.current.plan
    #expect(
      try State(json: JSON.parse(story.state.json.canonical)) { (_, _) throws(JSONFault) in plan }
        == story.state)
    let report = StatusReport(story.state, sequence: 2, now: story.now)
    let text = StatusText(report, width: 0, colour: false).text
    #expect(
      text.contains(
        """
          the base does not pass: r
              git migrate logs --baseline
            test_a: 1 != 2
            test_b

        """), "\(text)")
    story.tell(.migrationResumed, by: "ann")
    #expect(story.current.baselineFailure == nil, "a person says that the cause is gone")
    judge(.couldNotRun, ["no such program"])
    judge(.passed, [])
    #expect(story.current.baselineFailure == nil)
    // What entries of before said nothing of stays unsaid, and a checkpoint of then is still true.
    judge(.failed, [])
    #expect(story.current.baselineFailure == nil)
  }

  @Test func amendment() {
    let story = Story(chain: "S1", "S2", "S3")
    story.complete("S1")
    story.claim("S2")
    story.note("a step under way cannot be dropped")
    story.amend(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S3")]))
    story.release("S2")
    story.note("S2 is dropped, S4 is new, S3 no longer waits for it")
    story.amend(
      .sample([PlannedStep(id: "S1"), PlannedStep(id: "S3", needs: ["S1"]), PlannedStep(id: "S4")]))
    story.claim("S2")
    story.note("S2 comes back and goes on where it left off: no epoch is used twice")
    story.amend(
      .sample([PlannedStep(id: "S1"), PlannedStep(id: "S2"), PlannedStep(id: "S3", needs: ["S2"])]))
    story.claim("S2", epoch: 2)
    story.claim("S2")
    story.note("a plan with a cycle, another name or an old number is refused and the old one stays")
    story.amend(.sample([PlannedStep(id: "S2", needs: ["S3"]), PlannedStep(id: "S3", needs: ["S2"])]))
    story.tell(
      .planAmended(
        PlanAmendment(plan: .sample([PlannedStep(id: "S2")], name: "other"), number: 4, digest: "")),
      by: "ann")
    story.tell(
      .planAmended(PlanAmendment(plan: .sample([PlannedStep(id: "S2")]), number: 3, digest: "")), by: "ann")
    Transcript.check("amendment", story.lines)
  }

  @Test func refreshOfTheBase() {
    let story = Story(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2")]))
    story.claim("S1")
    story.submit("S1")
    story.refresh()
    story.note("one mover at a time")
    story.refresh()
    story.gate("S1")
    story.tell(.migrationAborted(reason: "no"), by: "ann")
    story.tell(.refreshMerged(commit: oid(3)), by: "ann")
    let moved = story.current.refresh?.new ?? oid(0)
    story.tell(.refreshMerged(commit: moved), by: "ann")
    story.gate("S1")
    story.note("no refresh while a candidate is judged")
    story.refresh()
    story.verdict("S1", .passed)
    story.intend("S1")
    story.merged("S1")
    story.refresh()
    story.note("it was not moved: given up with proof")
    story.tell(.refreshAbandoned(evidence: .timeout, reason: "not moved"), by: "sweeper")
    story.tell(.refreshAbandoned(evidence: .holderDead(process(9)), reason: "not moved"), by: "sweeper")
    story.claim("S2")
    Transcript.check("refresh", story.lines)
  }

  @Test func abort() {
    let story = Story(
      .sample([
        PlannedStep(id: "S1"), PlannedStep(id: "S2"), PlannedStep(id: "S3"),
        PlannedStep(id: "S4", needs: ["S3"]),
      ]))
    story.complete("S1")
    story.claim("S2")
    story.claim("S3", by: "w2")
    story.submit("S3", by: "w2")
    story.gate("S3")
    story.tell(.migrationAborted(reason: "wrong idea"), by: "ann")
    story.note("terminal is terminal")
    story.submit("S2", epoch: 1)
    story.verdict("S3", .passed, epoch: 1)
    story.expire("S2", .holderDead(process(7)), epoch: 1)
    story.claim("S4")
    story.retry("S2")
    story.skip("S2")
    story.amend(.sample([PlannedStep(id: "S1")]))
    story.refresh()
    story.finish(partial: true)
    story.tell(.migrationResumed, by: "ann")
    Transcript.check("abort", story.lines)
  }

  @Test func finishInPart() {
    let story = Story(chain: "S1", "S2")
    story.complete("S1")
    story.claim("S2")
    story.finish()
    story.note("a result that is not the tip")
    story.tell(.migrationFinished(result: oid(4), partial: true), by: "ann")
    story.finish(partial: true)
    story.submit("S2", epoch: 1)
    Transcript.check("finish-in-part", story.lines)
  }

  @Test func limits() {
    let steps = [
      PlannedStep(id: "S1", lock: "schema"), PlannedStep(id: "S2", lock: "schema"),
      PlannedStep(id: "S3", uses: ["build"]), PlannedStep(id: "S4", uses: ["build"]),
      PlannedStep(id: "S5"), PlannedStep(id: "S6", run: "sed"),
    ]
    let story = Story(.sample(steps, agents: 3, resources: [Plan.Resource(name: "build", capacity: 1)]))
    story.claim("S1", slot: "slot-1")
    story.note("the lock is held until the step is merged")
    story.claim("S2")
    story.submit("S1")
    story.claim("S2")
    story.note("a resource is counted on each machine by itself, and only while the step is worked on")
    story.claim("S3")
    story.claim("S4")
    story.claim("S4", machine: "m2")
    story.note("a slot belongs to one claim of its machine")
    story.release("S4")
    story.claim("S5", slot: "slot-1")
    story.claim("S6", slot: "slot-1")
    story.claim("S4", machine: "m2", slot: "slot-1")
    story.note("three agents at most; a codemod is none")
    story.release("S4")
    story.claim("S4", machine: "m2")
    story.claim("S2")
    story.gate("S1")
    story.verdict("S1", .passed)
    story.intend("S1")
    story.merged("S1")
    story.claim("S2")
    story.claim("S6")
    Transcript.check("limits", story.lines)
  }

  @Test func sharedBranch() {
    let plan = Plan.sample([PlannedStep(id: "S1")])
    let story = Story(plan, shared: true)
    story.note(
      "people move the branch: a claim and a candidate may stand on a tip that the ledger has not seen")
    story.tell(
      .stepClaimed(
        Claim(
          fence: Fence(step: "S1", epoch: 1), holder: "w1", owner: process(7), base: oid(50),
          expiresAt: story.now.adding(seconds: 600), slot: nil)))
    story.submit("S1")
    story.tell(
      .gateStarted(
        story.fence("S1"),
        GateStart(
          gate: 1, holder: "gate-1", owner: process(9), expiresAt: story.now.adding(seconds: 600),
          tip: oid(51), tree: oid(60))), by: "gate-1")
    story.verdict("S1", .passed)
    story.note("the move must start at the tip that was judged")
    story.tell(
      .mergeIntended(
        story.fence("S1"),
        MergeTarget(
          gate: 1, old: oid(52), new: oid(61), tree: oid(60), owner: process(9),
          expiresAt: story.now.adding(seconds: 60))), by: "gate-1")
    story.tell(.gateAbandoned(story.fence("S1"), gate: 1, evidence: .holder), by: "gate-1")
    story.gate("S1")
    story.verdict("S1", .passed)
    story.intend("S1")
    story.merged("S1")
    Transcript.check("shared-branch", story.lines)
  }

  @Test func starts() {
    let story = Story(chain: "S1")
    story.note("the same name, the same branch, a plan that cannot be carried out")
    story.start(.sample([PlannedStep(id: "S1")]))
    let same = Plan(migration: "other", into: "migrate/mig", steps: [PlannedStep(id: "S1")])
    story.start(same)
    story.start(.sample([], name: "other"))
    story.start(.sample([PlannedStep(id: "S1"), PlannedStep(id: "s1")], name: "other"))
    story.start(.sample([PlannedStep(id: "S1", needs: ["S9"])], name: "other"))
    story.start(Plan(migration: "other", into: "main", steps: [PlannedStep(id: "S1")]))
    story.start(.sample([PlannedStep(id: "S1")], name: "other"))
    story.note("an event that is older than the last one")
    story.now = Timestamp(milliseconds: 5)
    story.claim("S1")
    Transcript.check("starts", story.lines)
  }
}
