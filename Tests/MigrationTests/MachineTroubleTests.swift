import CanonicalJSON
import Testing

@testable import Migration

@Suite("A machine that has not got a program")
struct MachineTroubleTests {
  private let missing = MissingProgram("mender", reason: "'mender' is missing")

  private func story() -> Story {
    var plan = Plan.sample([
      PlannedStep(id: "A"), PlannedStep(id: "M", run: "cd src && mender ."),
      PlannedStep(id: "N", run: "true"),
    ])
    plan.gate = Plan.Gate(verifiers: [Plan.Verifier(name: "test", run: "make test")])
    let story = Story(plan)
    story.tell(.ledgerUpgraded(version: 2), of: FormatVersion.everyMigration)
    return story
  }

  private func seat(_ story: Story, _ missing: [MissingProgram]) -> Seat {
    var seat = Seat(owner: process(7), actor: "run", free: 1, clock: story.now)
    (seat.missing, seat.branch) = (missing, .unknown)
    return seat
  }

  @Test func `is told once, and has it again once`() throws {
    let story = story()
    #expect(!story.tell(.machineCleared("m1", program: "mender"), of: "*"))
    #expect(story.tell(.machineTroubled("m1", missing), of: "*"))
    #expect(!story.tell(.machineTroubled("m1", missing), of: "*"))
    #expect(story.tell(.machineTroubled("m2", missing), of: "*"), "another machine has troubles of its own")
    #expect(!story.tell(.machineTroubled("m3", missing), of: "mig"))
    #expect(try State(json: story.state.json) { _, _ in story.current.plan }.troubles == story.state.troubles)
    let told = StatusReport(story.state, sequence: 1, now: story.now).migrations[0].missing
    #expect(told.map(\.machine) == ["m1", "m2"])
    #expect(story.tell(.machineCleared("m1", program: "mender"), of: "*"))
    #expect(story.state.troubles["m1"].isEmpty && !story.state.troubles["m2"].isEmpty)
    #expect(story.step("M").infrastructureRetries == 0)
  }

  @Test func `begins nothing there that needs it, and all else`() {
    let story = story()
    story.claim("A")
    func offer(_ missing: [MissingProgram]) -> MigrationState.Offer {
      story.current.nextOffer(at: story.now, seat: seat(story, missing), sparingGate: false)
    }
    #expect(offer([]) == .step("M"))
    #expect(offer([missing]) == .step("N"))
    #expect(offer([MissingProgram("jq", command: "cd", reason: "")]) == .step("N"), "the same command")
    #expect(offer([MissingProgram("mend", reason: "")]) == .step("M"), "another program")
  }

  @Test func `keeps its gate closed, and what is handed in waits without a charge`() {
    let story = story()
    story.claim("A")
    story.submit("A")
    let make = MissingProgram("make", reason: "'make' is missing")
    let due = story.current.agenda(at: story.now, seat: seat(story, [make]))
    #expect(!due.contains(.gate(story.fence("A"))), "\(due)")
    #expect(story.current.agenda(at: story.now, seat: seat(story, [])).contains(.gate(story.fence("A"))))
  }

  @Test func `ends a run that can do nothing else, unless the program was there when it began`() {
    let story = story()
    for id in ["A", "N"] { story.tell(.stepSkipped(step: id, reason: "x")) }
    var seat = seat(story, [missing])
    #expect(story.current.agenda(at: story.now, seat: seat) == [.end(.machineCannot("'mender' is missing"))])
    seat.awaitsMissing = true
    #expect(story.current.agenda(at: story.now, seat: seat).isEmpty)
    story.claim("M", by: "other")
    seat.awaitsMissing = false
    #expect(story.current.agenda(at: story.now, seat: seat).isEmpty, "somebody else is at it")
  }

  @Test func `is unknown to the first version`() {
    var state = State()
    state.version = 1
    let change = Change.machineTroubled("m1", missing)
    let event = Event(
      migration: "*", at: Timestamp(milliseconds: 1), by: "w", change: change, version: 1)
    #expect(throws: Refusal.self) { try state.apply(event) }
  }
}
