import CanonicalJSON
import Testing

@testable import Migration

@Suite("A step that requires something of a machine")
struct RequirementTests {
  private func story() -> Story {
    var step = PlannedStep(id: "G", run: "true")
    step.requires = ["gpu", "os=linux"]
    let story = Story(Plan.sample([step, PlannedStep(id: "N", run: "true")]))
    story.tell(.ledgerUpgraded(version: 2), of: FormatVersion.everyMigration)
    return story
  }

  private func seat(_ story: Story, _ has: Set<String>) -> Seat {
    var seat = Seat(owner: process(7), actor: "run", free: 1, clock: story.now)
    seat.has = has
    return seat
  }

  @Test func `is offered to a worker that has all of it`() {
    let story = story()
    func offer(_ has: Set<String>) -> MigrationState.Offer {
      story.current.nextOffer(at: story.now, seat: seat(story, has), sparingGate: false)
    }
    #expect(offer([]) == .step("N"))
    #expect(offer(["gpu"]) == .step("N"))
    #expect(offer(["gpu", "os=linux", "ssd"]) == .step("G"))
  }

  @Test func `is nobody else's, whatever is offered`() {
    let story = story()
    let claim = Claim(
      fence: Fence(step: "G", epoch: 1), holder: "w", owner: process(7), base: story.current.tip,
      expiresAt: story.now.adding(seconds: 600), slot: nil)
    #expect(!story.tell(.stepClaimed(claim)))
    let has = JSON.array([.string("gpu"), .string("os=linux")])
    #expect(story.tell(.stepClaimed(claim), by: "w", with: [JSON.Member("has", has)]))
  }

  @Test func `ends a run without it that can do nothing else`() {
    let story = story()
    story.tell(.stepSkipped(step: "N", reason: "x"))
    let due = story.current.agenda(at: story.now, seat: seat(story, ["gpu"]))
    #expect(due == [.end(.needsMachine(["G"], lacking: ["os=linux"]))])
    #expect(
      story.current.agenda(at: story.now, seat: seat(story, ["gpu", "os=linux"])) == [.begin(step: "G")])
  }

  @Test func `names it in words that mean one thing`() {
    #expect(Requirement.fault("os=linux") == nil && Requirement.fault("node>=20") != nil)
    #expect(Requirement.fault("") != nil && Requirement.fault("-x") != nil)
    #expect(Requirement.fault(String(repeating: "a", count: 64)) != nil)
  }

  @Test func `a worker waits as long as it was told, from when it has nothing to do`() {
    var patience = Patience(seconds: 60)
    func isOver(after seconds: Int) -> Bool {
      patience.isOver(at: Timestamp(milliseconds: 1_000_000).adding(seconds: seconds))
    }
    #expect([0, 59, 60].map(isOver) == [false, false, true])
    patience.hasWork()
    #expect([61, 120].map(isOver) == [false, false])
    #expect([0, 59, 60].map(isOver) == [false, false, true], "a clock that was set back begins anew")
  }
}
