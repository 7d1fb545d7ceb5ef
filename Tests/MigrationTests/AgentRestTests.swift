import CanonicalJSON
import Testing

@testable import Migration

/// Agents that rest.
@Suite struct AgentRestTests {
  private func at(_ seconds: Int) -> Timestamp { Timestamp(milliseconds: Int64(seconds) * 1000) }

  @Test func `until the time that the service told`() {
    let rest = AgentRest("usage limit", toldUntil: at(5000), after: nil, at: at(100))
    #expect(rest.permission(at: at(4999)) == .restsUntil(at(5000)))
    #expect(rest.permission(at: at(5000)) == .mayTry)
  }

  @Test func `a clock that was set back puts nothing off`() {
    let rest = AgentRest("usage limit", toldUntil: at(5000), after: nil, at: at(1000))
    #expect(rest.permission(at: at(999)) == .mayTry)
  }

  @Test func `a time that nobody can mean is none`() {
    #expect(AgentRest("x", toldUntil: at(50), after: nil, at: at(100)).until == at(130))
    #expect(
      AgentRest("x", toldUntil: at(99_999_999), after: nil, at: at(100)).until
        == at(100 + AgentRest.longestToldSeconds))
  }

  @Test func `otherwise for a while that doubles, and one tries`() {
    var rest = AgentRest("overloaded", toldUntil: nil, after: nil, at: at(0))
    var times = [rest.until]
    for _ in 0..<7 {
      #expect(rest.permission(at: rest.until) == .mayTry)
      rest.probe = AgentRest.Probe(migration: "mig", fence: Fence(step: "A", epoch: 1))
      #expect(rest.permission(at: rest.until.adding(seconds: 60)) == .isTried)
      rest = AgentRest("overloaded", toldUntil: nil, after: rest, at: rest.until)
      times.append(rest.until)
    }
    #expect(times == [30, 90, 210, 450, 930, 1830, 2730, 3630].map(at))
  }

  /// Four workers fail at once: that is one fault.
  @Test func `what was under way does not make the rest longer`() {
    let first = AgentRest("overloaded", toldUntil: nil, after: nil, at: at(0))
    let second = AgentRest("overloaded", toldUntil: nil, after: first, at: at(1))
    #expect(second.until == first.until && second.faults == 1)
    let told = AgentRest("limit", toldUntil: at(500), after: first, at: at(1))
    #expect(told.until == at(500))
  }

  // MARK: In the ledger

  private func story() -> Story {
    Story(.sample(["A", "B", "C"].map { PlannedStep(id: $0) } + [PlannedStep(id: "M", run: "true")]))
  }

  /// A claim for which the plan's agent is to work.
  @discardableResult
  private func claim(_ step: String, _ story: Story) throws -> Bool {
    let claim = Claim(
      fence: story.fence(step, story.step(step).epoch + 1), holder: "w1", owner: process(7),
      base: story.current.tip, expiresAt: story.now.adding(seconds: 7200), slot: nil)
    story.now = story.now.adding(seconds: 1)
    let event = Event(
      migration: "mig", at: story.now, by: "w1", change: .stepClaimed(claim),
      reserved: [JSON.Member("agent", .string("agent"))]
    ).written(in: story.state)
    do throws(Refusal) { _ = try story.state.apply(event) } catch {
      story.refusal = error
      return false
    }
    return true
  }

  private func rest(_ story: Story, until: Timestamp? = nil) {
    #expect(story.tell(.agentRests("agent", cause: "usage limit", until: until, reason: "limit"), of: "*"))
  }

  @Test func `nobody starts an agent that rests, and at the end one tries`() throws {
    let story = story()
    rest(story, until: story.now.adding(seconds: 600))
    #expect(try !claim("A", story))
    let until = try #require(story.state.rests["agent"]?.until.utc)
    #expect(story.refusal?.message == "agent rests until \(until) (usage limit)")
    #expect(story.claim("M"), "codemods go on")
    #expect(story.claim("C"), "so does who brings a worker of his own")
    story.release("C")
    story.wait(600)
    #expect(try claim("A", story))
    #expect(try !claim("B", story))
    #expect(story.refusal?.message == "agent rests, and one attempt tries it (usage limit)")
    let read = try State(json: JSON.parse(story.state.json.canonicalBytes)) { (_, _) throws(JSONFault) in
      try Plan(json: story.current.plan.json)
    }
    #expect(read == story.state)
    story.submit("A")
    #expect(story.state.rests.isEmpty, "who hands in was served")
    #expect(try claim("B", story))
  }

  @Test func `a probe without an answer lets another try, a refused one rests longer`() throws {
    let story = story()
    rest(story)
    story.wait(30)
    #expect(try claim("A", story))
    story.tell(.leaseExpired(story.fence("A"), renewal: 0, evidence: .holderDead(process(7))), by: "x")
    #expect(try claim("B", story), "its run was killed")
    story.release("B")
    rest(story)
    #expect(story.state.rests["agent"]?.faults == 2)
    story.wait(60)
    #expect(try claim("B", story))
    story.tell(.agentWoke("agent"), of: "*")
    #expect(try claim("A", story), "its stream told that it serves")
    #expect(!story.tell(.agentWoke("agent"), of: "*"))
  }

  @Test func `the agenda offers no agent's step while it rests, and wakes it`() throws {
    let story = story()
    rest(story, until: story.now.adding(seconds: 600))
    var seat = Seat(owner: process(7), actor: "w1", free: 1, clock: story.now)
    seat.rests = story.state.rests
    #expect(story.current.nextOffer(at: story.now, seat: seat, sparingGate: false) == .step("M"))
    story.wait(600)
    #expect(try claim("A", story))
    seat.rests = story.state.rests
    seat.work = [story.fence("A")]
    #expect(!story.current.agenda(at: story.now, seat: seat).contains(.wake(agent: "agent")))
    seat.served = [story.fence("A")]
    #expect(story.current.agenda(at: story.now, seat: seat).contains(.wake(agent: "agent")))
  }

  @Test func `what is known already is not told again`() {
    var rests = AgentRests()
    rests.note("claude", "x", cause: "usage limit", until: at(500), at: at(0))
    #expect(
      rests.covers("claude", until: nil, at: at(1)) && rests.covers("claude", until: at(400), at: at(1)))
    #expect(!rests.covers("claude", until: at(600), at: at(1)))
    #expect(!rests.covers("codex", until: nil, at: at(1)) && !rests.covers("claude", until: nil, at: at(500)))
  }

  @Test func `the first version knows no rests`() {
    var state = State()
    state.version = 1
    let event = Event(migration: "*", at: at(1), by: "w", change: .agentWoke("claude"), version: 1)
    #expect(throws: Refusal.self) { try state.apply(event) }
  }
}
