import Git
import Ledger
import Migration
import Testing

@testable import Runner
@testable import Simulation
@testable import Site

/// Steps are tried once more: worked on and judged as ever, and never merged.
@Suite("Trials")
struct TrialTests {
  private func run(_ room: Room, _ steps: [String] = ["S1"], workers: Int = 1) throws -> TrialRun {
    let base = room.tip.id
    return TrialRun(
      in: room.processes[0], World.migration, steps.map { TrialWish(step: $0, base: base) },
      workers: workers
    ) { _ in }
  }

  private func kinds(_ room: Room) -> [String] {
    room.world.chain.map(\.entry.event.change.kind.rawValue).filter { $0.hasPrefix("trial.") }
  }

  private func check(_ room: Room) throws {
    #expect(room.world.violation == nil, "\(String(describing: room.world.violation))")
    #expect(try room.state.loop.open == [], "nothing is under way")
    #expect(!room.processes[0].machine.slots.values.contains { !$0.isClosed })
  }

  private struct Stepped: Error {}

  @Test("what passes its gate is told, and its step is left as it is")
  func passes() throws {
    let room = try Room(steps: 2)
    let merged = try room.merge(1)
    let before = try room.state.steps
    let reports = try #require(try room.end(run(room, ["S1", "S2"]).step))
    #expect(reports.map(\.outcome) == [.passed, .passed] && reports.map(\.trial) == [1, 2])
    #expect(try room.state.steps == before && room.world.branch == merged)
    #expect(kinds(room) == ["trial.started", "trial.finished", "trial.started", "trial.finished"])
    try check(room)
  }

  @Test("several are under way at once, each in a place of its own")
  func severalAtOnce() throws {
    let room = try Room(steps: 3)
    let reports = try #require(try room.end(run(room, ["S1", "S2", "S3"], workers: 2).step))
    #expect(reports.map(\.outcome) == [.passed, .passed, .passed])
    #expect(kinds(room).prefix(2) == ["trial.started", "trial.started"])
    #expect(room.processes[0].machine.slots.count == 2)
    try check(room)
  }

  @Test("what the gate does not let pass has failed, and says why")
  func fails() throws {
    let room = try Room(steps: 1)
    let trial = try run(room)
    guard case .more = try trial.step() else { throw Stepped() }
    room.world.isCalm = false
    room.world.faults.flaky = Rate(1)
    let reports = try #require(try room.end(trial.step))
    #expect(reports.map(\.outcome) == [.failed] && reports[0].failure?.reason == "flaky")
    try check(room)
  }

  @Test("a place that cannot be made, or kept, says nothing of the step", arguments: [false, true])
  func lost(isBegun: Bool) throws {
    let room = try Room(steps: 1)
    let trial = try run(room)
    if isBegun { guard case .more = try trial.step() else { throw Stepped() } }
    room.world.isCalm = false
    (room.world.faults.setup, room.world.faults.collect) = (Rate(1), Rate(1))
    let reports = try #require(try room.end(trial.step))
    #expect(reports.map(\.outcome) == [.lost] && reports[0].failure == nil)
    #expect(try room.state.step("S1")?.failures == 0)
    try check(room)
  }

  @Test("a program that is missing says nothing of the steps that need it")
  func hindered() throws {
    let room = try Room(steps: 2)
    room.world.isCalm = false
    room.world.faults.noProgram = Rate(1)
    let reports = try #require(try room.end(run(room, ["S1", "S2"]).step))
    #expect(reports.map(\.outcome) == [.lost, .lost])
    #expect(try room.state.steps.map(\.failures) == [0, 0])
    try check(room)
  }

  @Test("who is asked to stop ends what is under way, and begins nothing more")
  func stopped() throws {
    let room = try Room(steps: 2)
    let trial = try run(room, ["S1", "S2"])
    guard case .more = try trial.step() else { throw Stepped() }
    trial.stop()
    let reports = try #require(try room.end(trial.step))
    #expect(reports.map(\.outcome) == [.lost] && kinds(room) == ["trial.started", "trial.finished"])
    try check(room)
  }

  @Test("a trial of a process that is dead is told to be lost by the next one")
  func leftBehind() throws {
    let room = try Room(steps: 2)
    let left = try run(room)
    guard case .more = try left.step() else { throw Stepped() }
    let dead = room.processes[0]
    dead.crash()
    let next = Process(world: room.world, machine: dead.machine, actor: "m1")
    dead.machine.process = next
    let trial = TrialRun(
      in: next, World.migration, [TrialWish(step: "S2", base: room.first.id)], workers: 1
    ) { _ in }
    let reports = try #require(try room.end(trial.step))
    #expect(reports.map(\.outcome) == [.passed] && reports.map(\.trial) == [2])
    #expect(kinds(room) == ["trial.started", "trial.finished", "trial.started", "trial.finished"])
    let state = try #require(try next.events.read().state.migration(named: World.migration))
    #expect(state.loop.open == [])
    #expect(room.world.violation == nil, "\(String(describing: room.world.violation))")
  }
}

/// The gate is asked about work that is not handed in.
@Suite("Verifying")
struct VerifyTests {
  private func verify(_ room: Room, _ claim: Claim) throws -> Errand<VerifyWork> {
    let (plan, process) = (try room.state.plan, room.processes[0])
    let lease = Lease(
      holder: claim.holder, owner: claim.owner, base: claim.base, expiresAt: claim.expiresAt, renewal: 0,
      slot: nil)
    let held = WorkerClaim(
      migration: World.migration, fence: claim.fence, lease: lease, holder: claim.holder,
      step: plan.steps[0], plan: plan)
    return Errand(in: process, World.migration, VerifyWork(in: process, held) { _ in }) { _ in }
  }

  @Test("it says what the gate would say of what lies there, and records nothing")
  func says() throws {
    let room = try Room(steps: 1)
    let claim = try room.claim(1)
    try room.record(.stepClaimed(claim))
    let entries = room.world.chain.count
    var verdicts: Set<Verdict> = []
    // What lies there is drawn: good, bad, or a repository.
    for _ in 0..<40 {
      let outcome = try #require(try room.end(verify(room, claim).step))
      verdicts.insert(outcome.verdict)
      #expect((outcome.failure == nil) == (outcome.verdict == .passed))
    }
    #expect(verdicts == [.passed, .failed])
    #expect(room.world.chain.count == entries && room.world.violation == nil)
  }

  @Test("a claim that is over has nothing to verify")
  func over() throws {
    let room = try Room(steps: 1)
    let claim = try room.claim(1)
    try room.record(.stepClaimed(claim))
    try room.record(.stepReleased(claim.fence, forced: true, reason: "now"))
    let error = #expect(throws: CommandError.self) { try room.end(verify(room, claim).step) }
    #expect(error?.exitCode == .no && room.processes[0].gatesBegun == [])
  }
}
