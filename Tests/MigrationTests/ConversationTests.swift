import CanonicalJSON
import Testing

@testable import Migration

/// Conversations that go on with a step's next attempt.
@Suite struct ConversationTests {
  private func story(afterFailure: Bool = false, continuations: Int? = nil) -> Story {
    var plan = Plan.sample(["A", "B"].map { PlannedStep(id: $0) })
    var agent = Plan.Agent(command: "claude -p", adapter: "claude")
    agent.resumesAfterFailure = afterFailure
    agent.continuations = continuations
    plan.agent = agent
    return Story(plan)
  }

  @discardableResult
  private func tell(_ change: Change, _ facts: [(String, JSON)], _ story: Story) -> Bool {
    story.now = story.now.adding(seconds: 1)
    let event = Event(
      migration: "mig", at: story.now, by: "w1", change: change,
      reserved: facts.map { JSON.Member($0.0, $0.1) }
    ).written(in: story.state)
    do throws(Refusal) { _ = try story.state.apply(event) } catch {
      story.refusal = error
      return false
    }
    return true
  }

  private func claim(_ story: Story, going: Conversation? = nil) {
    let claim = Claim(
      fence: story.fence("A", story.step("A").epoch + 1), holder: "w1", owner: process(7),
      base: story.current.tip, expiresAt: story.now.adding(seconds: 7200), slot: nil)
    var facts: [(String, JSON)] = [("agent", .string("claude"))]
    if let going {
      facts += [
        ("session", .string(going.session)), ("continues", .integer(Int64(going.continues + 1))),
      ]
    }
    #expect(tell(.stepClaimed(claim), facts, story))
  }

  private func facts(_ session: String = "s-1", turns: Int64 = 2) -> [(String, JSON)] {
    [
      ("session", .string(session)), ("wall", .integer(5)), ("turns", .integer(turns)),
      ("tokens_in", .integer(100)), ("tokens_out", .integer(10)), ("cost", .integer(7)),
    ]
  }

  private func going(_ story: Story, on machine: String = "m1") -> Conversation? {
    story.current.conversation(toGoOn: 0, machine: machine)
  }

  @Test func `what was interrupted goes on, on its machine, as often as the plan allows`() throws {
    let story = story(continuations: 2)
    claim(story)
    tell(.leaseExpired(story.fence("A"), renewal: 0, evidence: .holderDead(process(7))), facts(), story)
    let first = try #require(going(story))
    #expect(first.session == "s-1" && first.continues == 0 && first.epoch == 1 && !first.hasFailed)
    #expect(first.recorded == [100, 0, 10, 7])
    #expect(going(story, on: "m2") == nil)
    let read = try State(json: JSON.parse(story.state.json.canonicalBytes)) { (_, _) throws(JSONFault) in
      try Plan(json: story.current.plan.json)
    }
    #expect(read == story.state)
    claim(story, going: first)
    let more = facts() + [("continues", JSON.integer(1))]
    tell(.stepReleased(story.fence("A"), forced: false, reason: ""), more, story)
    let second = try #require(going(story))
    #expect(second.continues == 1 && second.epoch == 2 && second.recorded == [200, 0, 20, 14])
    claim(story, going: second)
    tell(
      .stepReleased(story.fence("A"), forced: false, reason: ""), facts() + [("continues", .integer(2))],
      story)
    #expect(going(story) == nil, "often enough")
  }

  @Test func `one that began anew, or never answered, is none`() {
    let story = story()
    claim(story)
    tell(.stepReleased(story.fence("A"), forced: false, reason: ""), facts(turns: 0), story)
    #expect(story.step("A").conversation == nil)
    claim(story)
    tell(.stepReleased(story.fence("A"), forced: false, reason: ""), facts(), story)
    #expect(going(story) != nil)
    claim(story)
    #expect(story.step("A").conversation == nil, "the claim did not say that it goes on")
  }

  @Test func `a failure ends it, unless the plan wants it to go on`() {
    let fresh = story()
    claim(fresh)
    tell(.attemptFailed(fresh.fence("A"), Failure(kind: .worker, reason: "x")), facts(), fresh)
    #expect(fresh.step("A").conversation == nil)
    let story = story(afterFailure: true)
    claim(story)
    tell(
      .stepSubmitted(
        story.fence("A"), Submission.Result(commit: story.newObject(), tree: story.newObject(), isNoOp: false)
      ),
      facts(), story)
    #expect(going(story)?.hasFailed == false)
    story.gate("A")
    story.verdict("A", .failed)
    #expect(going(story)?.hasFailed == true && going(story)?.epoch == 1)
    story.wait(600)
    story.complete("A")
    #expect(story.step("A").conversation == nil, "what is merged needs none")
  }
}
