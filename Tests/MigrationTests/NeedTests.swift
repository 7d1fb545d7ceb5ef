import Migration
import Testing

/// What needs a person, how a migration stands, and how fast it goes: the views that every output shares.
@Suite struct NeedTests {
  /// A chain of which the first step is blocked, and another one that is blocked for the same cause.
  private static var stuck: Story {
    let story = Story(
      .sample([
        PlannedStep(id: "A"), PlannedStep(id: "B", needs: ["A"]), PlannedStep(id: "C", needs: ["B"]),
        PlannedStep(id: "D"), PlannedStep(id: "E"),
      ]))
    for step in ["A", "D"] {
      for _ in 1...3 {
        story.claim(step)
        story.fail(step, .noChange)
        story.wait(60)
      }
    }
    story.complete("E")
    return story
  }

  private static func report(_ story: Story, here: LocalFindings = LocalFindings()) -> MigrationReport {
    var course = Course()
    for event in story.events { course.add(event) }
    return StatusReport(
      story.state, sequence: story.events.count, now: story.now, courses: ["mig": course],
      here: ["mig": here]
    ).migrations[0]
  }

  @Test func `steps that are blocked for one cause are one thing to look at`() throws {
    let report = Self.report(Self.stuck)
    #expect(report.needs.map(\.code) == [.blocked])
    let need = try #require(report.needs.first)
    #expect(need.name == "F1" && need.steps == ["A", "D"] && need.holds == 2)
    #expect(need.command == "git migrate show F1")
    #expect(need.text { $0.utc } == "F1  2 steps, hold 2: it broke")
    #expect(report.standing == .waits && report.nextAction == need)
    #expect(report.sentence == "Nothing goes on by itself: 2 steps are blocked in 1 cause and hold 2 others.")
  }

  @Test func `what is most urgent comes first`() {
    let story = Self.stuck
    story.tell(.migrationPaused(reason: "lunch \u{1B}[31m"), by: "ann")
    var here = LocalFindings()
    (here.isUntrusted, here.obstacle) = (true, "'main' is in the way")
    let report = Self.report(story, here: here)
    #expect(report.needs.map(\.code) == [.untrusted, .paused, .obstructed, .blocked])
    #expect(
      report.needs.map(\.command) == [
        "git migrate trust mig", "git migrate resume", nil, "git migrate show F1",
      ])
    #expect(report.standing == .paused)
    #expect(report.needs[1].text { $0.utc } == "paused: lunch \u{FFFD}[31m")
  }

  @Test func `commands name the migration where more than one is open`() {
    let story = Self.stuck
    story.start(.sample([PlannedStep(id: "X")], name: "other"))
    let commands = StatusReport(story.state, sequence: 1, now: story.now).migrations.flatMap(\.needs)
      .compactMap(\.command)
    #expect(commands == ["git migrate show --migration mig F1", "git migrate run --migration other"])
  }

  @Test func `who is away is told when an agent goes on by itself`() throws {
    let story = Story(.sample([PlannedStep(id: "A")]))
    let until = story.now.adding(seconds: 3600)
    story.state.rests.note("agent", "too much", cause: "usage limit", until: until, at: story.now)
    let report = Self.report(story)
    #expect(report.needs.map(\.code) == [.rests, .idle])
    #expect(report.needs[0].until == until && report.standing == .rests)
    #expect(report.needs[0].text { _ in "05:00" } == "agent rests until 05:00 (usage limit)")
  }

  @Test func `what is done wants to be handed back, and what has ended nothing`() {
    let story = Story(chain: "A")
    story.complete("A")
    #expect(Self.report(story).nextAction?.command == "git migrate finish")
    #expect(Self.report(story).standing == .done)
    story.finish()
    #expect(Self.report(story).needs.isEmpty && Self.report(story).standing == .finished)
  }

  @Test func `time in which nobody worked does not count`() throws {
    let story = Story(chain: "A", "B", "C", "D")
    story.complete("A")
    // Eight hours in which nobody was there.
    story.wait(8 * 3600)
    story.complete("B")
    let pace = try #require(Self.report(story).pace)
    #expect(pace.steps == 2 && pace.seconds == 10 && pace.left == 2)
    #expect(pace.estimate == nil, "too early")
    story.claim("C")
    story.wait(30)
    story.submit("C")
    story.gate("C")
    story.verdict("C", .passed)
    story.intend("C")
    story.merged("C")
    let later = Self.report(story)
    #expect(later.pace?.estimate != nil && later.pace?.words?.hasPrefix("about ") == true)
    #expect(later.burnDown?.left.first == 4 && later.burnDown?.left.last == 1)
    #expect(later.burnDown?.line(isASCII: true).allSatisfy(\.isASCII) == true)
  }

  @Test func `a step tells since when it is where it is`() throws {
    let story = Self.stuck
    let step = try #require(Self.report(story).steps.first)
    let claimed = try #require(step.claimedAt)
    let changed = try #require(step.changedAt)
    #expect(claimed < changed && changed < story.now)
    #expect(Self.report(story).since == story.began.adding(seconds: 1))
  }

  @Test(arguments: [40, 80, 100, 200]) func `status begins with what needs a person`(_ width: Int) throws {
    let story = Self.stuck
    let report = StatusReport(story.state, sequence: 1, now: story.now)
    let lines = StatusText(report, width: width, colour: false).text.split(separator: "\n").map(String.init)
    #expect(lines[1].hasPrefix("  F1  2 steps, hold 2: it "))
    let hasBoth = lines[1].hasSuffix("  git migrate show F1")
    #expect(hasBoth == (width >= 100) && (hasBoth || lines[2] == "      git migrate show F1"))
    #expect(lines.allSatisfy { $0.count <= width }, "\(lines)")
    let merged = try #require(lines.firstIndex { $0.hasPrefix("  E ") })
    #expect(merged == lines.count - 1, "what is merged stands last")
  }
}
