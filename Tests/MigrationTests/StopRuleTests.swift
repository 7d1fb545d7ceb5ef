import CanonicalJSON
import Testing

@testable import Migration

/// When a migration stops itself.
@Suite struct StopRuleTests {
  /// The stops that a story of attempts tells: `S1:x` failed for the cause x, `S1` did not fail. At each stop
  /// somebody lets the line go on.
  private func stops(_ story: String, _ rule: StopRule = StopRule()) -> [String] {
    var watch = LineWatch()
    return story.split(separator: " ").compactMap { word in
      let parts = word.split(separator: ":").map(String.init)
      watch.note(EndedAttempt(step: parts[0], cause: parts.count > 1 ? parts[1] : nil), by: rule)
      guard let stop = watch.stop(by: rule) else { return nil }
      watch = LineWatch()
      return stop.reason
    }
  }

  @Test func `five steps in a row with one cause stop the line`() {
    #expect(
      stops("A:x B:x C:x D:x E:x")
        == ["5 steps in a row failed for one cause: A, B, C, D, E"])
    #expect(stops("A:x B:x C:x D:x E:y").isEmpty)
    #expect(stops("A:x B:x C:x D:x E F:x").isEmpty)
  }

  @Test func `one step that fails again and again is one step`() {
    #expect(stops("A:x A:x A:x A:x A:x").isEmpty)
    #expect(stops("A:x A:x B:x B:x C:x D:x E:x").count == 1)
  }

  @Test func `what counts against no step is no failed attempt, and may have its cause in common`() {
    var watch = LineWatch()
    for _ in 0..<20 { watch.note(EndedAttempt(step: "A", cause: "x", counts: false), by: StopRule()) }
    #expect(watch.stop(by: StopRule()) == nil)
    for step in ["B", "C", "D", "E"] {
      watch.note(EndedAttempt(step: step, cause: "x", counts: false), by: StopRule())
    }
    #expect(watch.stop(by: StopRule()) == .alike(cause: "x", steps: ["A", "B", "C", "D", "E"]))
  }

  @Test func `half of the last ten stop the line`() {
    #expect(stops("A:a B C:b D E:c F G:d H I:e J") == ["5 of the last 10 attempts failed"])
    #expect(stops("A:a B C:b D E:c F G:d H I J").isEmpty)
    #expect(stops("A:a B:b C:c D:d E F G H I").isEmpty, "fewer than ten say nothing yet")
  }

  @Test func `a stop is told once, and whoever goes on has as many attempts again`() {
    let story = "A:x B:x C:x D:x E:x F:x G:x H:x I:x"
    #expect(stops(story).count == 1)
    #expect(stops(story + " J:x").count == 2)
  }

  @Test func `a plan may set other numbers, or none`() {
    #expect(stops("A:x B:x", StopRule(alike: 2)).count == 1)
    #expect(stops("A:x B:x C:x D:x E:x F:x", StopRule(alike: nil, failedPercent: nil)).isEmpty)
    #expect(stops("A:a B:b C", StopRule(alike: nil, failedPercent: 60, of: 3)).count == 1)
    #expect(stops("A B C", StopRule(alike: nil, failedPercent: 0, of: 3)).isEmpty)
  }

  // MARK: In the ledger

  private func story(_ count: Int, _ rule: StopRule = StopRule()) -> Story {
    var plan = Plan.sample((1...count).map { PlannedStep(id: "S\($0)") })
    plan.stop = rule
    return Story(plan)
  }

  private func fail(_ story: Story, _ step: String, _ reason: String) {
    story.claim(step)
    story.tell(.attemptFailed(story.fence(step), Failure(kind: .worker, reason: reason)))
  }

  @Test func `the pause is due, told once, and due again only after as many attempts`() throws {
    let story = story(7)
    for number in 1...5 { fail(story, "S\(number)", "no module named six in S\(number)") }
    let pause = try #require(story.current.duePause)
    #expect(pause.reason == "5 steps in a row failed for one cause: S1, S2, S3, S4, S5")
    let seat = Seat(owner: process(1), actor: "run", free: 2, clock: story.now)
    #expect(story.current.agenda(at: story.now, seat: seat).contains(.pause(pause)))
    #expect(
      !story.current.agenda(at: story.now, seat: seat).contains {
        if case .begin = $0 { true } else { false }
      }, "nothing is begun before it is recorded")
    var event = Event(
      migration: "mig", at: story.now, by: "run", change: .migrationPaused(reason: pause.reason),
      reserved: [JSON.Member("cause", .string(pause.cause))]
    ).written(in: story.state)
    #expect(event.fact("cause") == .string(pause.cause))
    let effects = try story.state.apply(event)
    #expect(effects == [.notify(migration: "mig", .paused(reason: pause.reason))])
    #expect(story.current.duePause == nil)
    event.at = event.at.adding(seconds: 1)
    #expect(throws: Refusal.self, "a second run comes too late") { try story.state.apply(event) }
    story.now = event.at
    #expect(story.tell(.migrationResumed, by: "ann"))
    fail(story, "S6", "no module named six in S6")
    #expect(story.current.duePause == nil)
  }

  @Test func `it is kept in a checkpoint, and the plan may say another rule or none`() throws {
    let story = story(4, StopRule(alike: 2, failedPercent: nil))
    fail(story, "S1", "x")
    let read = try State(json: JSON.parse(story.state.json.canonicalBytes)) { (_, _) throws(JSONFault) in
      try Plan(json: story.current.plan.json)
    }
    #expect(read == story.state)
    fail(story, "S2", "x")
    #expect(story.current.duePause?.reason == "2 steps in a row failed for one cause: S1, S2")
    var plan = story.current.plan
    plan.stop = .off
    story.amend(plan)
    #expect(story.current.duePause == nil)
  }

  @Test func `what is merged counts as well, and conflicts count as nothing`() {
    let story = story(12)
    for number in 1...5 {
      story.complete("S\(number)")
      fail(story, "S\(number + 5)", "reason number \(["a", "b", "c", "d", "e"][number - 1])")
    }
    #expect(story.current.duePause?.reason == "5 of the last 10 attempts failed")
    let other = self.story(3, StopRule(alike: 2))
    for step in ["S1", "S2", "S3"] {
      other.claim(step)
      other.submit(step)
      other.fail(step, .conflict)
    }
    #expect(other.current.duePause == nil)
  }

  @Test func `where nothing could begin anyway nothing is paused`() {
    let story = story(2, StopRule(alike: 2))
    for step in ["S1", "S2"] {
      for _ in 1...3 {
        fail(story, step, "x")
        story.now = story.now.adding(seconds: 600)
      }
    }
    #expect(story.current.isStuck && story.current.duePause == nil)
  }
}
