import CanonicalJSON
import Migration
import Testing

/// What a codemod makes again is the same, and so is the verdict on it.
@Suite("The same result of a codemod")
struct SameResultTests {
  /// One attempt whose candidate is `tree`, failed by the gate.
  private func fail(
    _ story: Story, tree: ObjectID, isOfCodemod: Bool = true, kind: Failure.Kind = .gate
  ) {
    story.wait(60)
    story.claim("S1")
    story.submit("S1")
    let fence = story.fence("S1")
    let gate = story.step("S1").gates + 1
    story.tell(
      .gateStarted(
        fence,
        GateStart(
          gate: gate, holder: "gate-1", owner: process(9), expiresAt: story.now.adding(seconds: 600),
          tip: story.current.tip, tree: tree)), by: "gate-1")
    story.tell(
      .gateFinished(
        fence,
        GateReport(
          gate: gate, tree: tree, verifiers: story.current.plan.verifierDigest, verdict: .failed,
          failure: Failure(kind: kind, reason: "t: test_a"), isNoChange: false, isOfCodemod: isOfCodemod)),
      by: "gate-1")
  }

  private func story() -> Story { Story(.sample([PlannedStep(id: "S1", run: "sed")])) }

  @Test("is known to fail, and blocks the step when it comes a second time")
  func twice() throws {
    let story = story()
    let digest = story.current.plan.verifierDigest
    fail(story, tree: oid(50))
    #expect(story.word("S1") == "backoff")
    #expect(story.step("S1").knownFailure(tree: oid(50), verifiers: digest)?.reason == "t: test_a")
    #expect(story.step("S1").knownFailure(tree: oid(51), verifiers: digest) == nil)
    #expect(story.step("S1").knownFailure(tree: oid(50), verifiers: "other") == nil)
    let plan = story.current.plan
    let saved = try State(json: JSON.parse(story.state.json.canonical)) { (_, _) throws(JSONFault) in plan }
    #expect(saved == story.state)
    fail(story, tree: oid(50))
    #expect(
      story.step("S1").phase
        == .blocked(reason: "2 of 3 attempts failed, the last two with the same result: t: test_a"))
    // A person who lets it try again wants the gate to be asked.
    story.retry("S1")
    #expect(story.step("S1").knownFailure(tree: oid(50), verifiers: digest) == nil)
    fail(story, tree: oid(50))
    #expect(story.word("S1") == "backoff")
  }

  @Test("is another one when the branch has moved on")
  func moved() {
    let story = story()
    fail(story, tree: oid(50))
    fail(story, tree: oid(51))
    #expect(story.word("S1") == "backoff")
  }

  @Test("means nothing for an agent, whose tests may be flaky, and nothing for a guard")
  func others() {
    let (agent, guarded) = (story(), story())
    for _ in 1...2 { fail(agent, tree: oid(50), isOfCodemod: false) }
    #expect(agent.word("S1") == "backoff")
    #expect(agent.step("S1").failedTree == nil)
    for _ in 1...2 { fail(guarded, tree: oid(50), kind: .guardFinding) }
    #expect(guarded.word("S1") == "backoff")
  }
}
