import Git
import Ledger
import Migration
import Testing

@testable import Runner
@testable import Simulation
@testable import Site

/// What others do, in this clone or another, between a look of ours and what comes of it.
@Suite("Others in the meantime")
struct ElsewhereTests {
  @Test(
    "a step is skipped just before a finish is recorded: nobody has judged the whole, so that it is first")
  func unjudgedFinish() throws {
    let room = try Room(steps: 2)
    let merged = try room.merge(1)
    let process = room.processes[0]
    let work = FinishWork(
      in: process, World.migration, isPartial: false, leavesBase: true, report: { _ in }, note: { _ in })
    // With an open step nothing has to be judged: the rules refuse the end anyway.
    let seen = try room.state
    room.recordBeside(.stepSkipped(step: "S2", reason: "not needed"))
    guard case .nothing = try work.begin(.finish(result: merged.id), seen) else { throw Stepped() }
    #expect(try room.state.phase == .running)
    let outcome = try room.end(Errand(in: process, World.migration, work) { _ in }.step)
    #expect(outcome == .finished(merged.id))
    #expect(process.gatesBegun == [room.world.objects.tree(of: merged)])
    #expect(room.world.violation == nil, "\(String(describing: room.world.violation))")
  }

  @Test("who waits for a gate in another clone looks at what became of it there")
  func waitsElsewhere() throws {
    let room = try Room(steps: 1, machines: 2, isShared: true)
    let fence = try room.submit(1)
    try room.processes[1].synchronize()
    room.moveBase()
    var told: [String] = []
    let process = room.processes[0]
    let errand = Errand(in: process, World.migration, RefreshWork(in: process) { _ in }) { told.append($0) }
    for _ in 0..<2 { guard case .nothing = try errand.step() else { throw Stepped() } }
    let commit = room.world.objects.commit(room.world.objects.tree([1, 2, 1, 1]), parents: [room.first])
    try room.start(gateOf: fence, on: commit, by: 1)
    try process.synchronize()
    room.world.now += 120_000
    for _ in 0..<3 {
      guard case .nothing = try errand.step() else { throw Stepped() }
      room.world.now += 5000
    }
    #expect(told == ["waiting for 'S1', which is at its gate"])
    try room.record(.gateAbandoned(fence, gate: 1, evidence: .holder), by: 1)
    guard case .refreshed? = try room.end(errand.step) else {
      Issue.record("it waits for ever")
      return
    }
    #expect(room.world.violation == nil, "\(String(describing: room.world.violation))")
  }

  @Test("who waits for a gate whose judge is gone puts that in order itself")
  func waitsForTheDead() throws {
    let room = try Room(steps: 1, machines: 2)
    let fence = try room.submit(1)
    room.moveBase()
    var told: [String] = []
    let process = room.processes[0]
    let errand = Errand(in: process, World.migration, RefreshWork(in: process) { _ in }) { told.append($0) }
    for _ in 0..<2 { guard case .nothing = try errand.step() else { throw Stepped() } }
    let commit = room.world.objects.commit(room.world.objects.tree([1, 2, 1, 1]), parents: [room.first])
    try room.start(gateOf: fence, on: commit, by: 1)
    room.world.now += 120_000
    guard case .nothing = try errand.step() else { throw Stepped() }
    #expect(told == ["waiting for 'S1', which is at its gate"])
    room.processes[1].crash()
    room.world.now += 24 * 3600 * 1000
    guard case .refreshed? = try room.end(errand.step) else {
      Issue.record("it waits for ever")
      return
    }
    #expect(room.world.violation == nil, "\(String(describing: room.world.violation))")
  }

  private struct Stepped: Error {}

  /// What a trial of the first step came to; its entries, and what was said.
  private func tried(_ room: Room) throws -> (reports: [TrialReport], said: [String]) {
    var said: [String] = []
    let run = TrialRun(
      in: room.processes[0], World.migration, [TrialWish(step: "S1", base: room.first.id)], workers: 1
    ) { said.append($0) }
    return (try #require(try room.end(run.step)), said)
  }

  @Test("a trial is not begun by a plan that nobody here has approved, nor by one that comes just then")
  func untrustedTrial() throws {
    var room = try Room(steps: 1)
    room.world.unapproved = [1]
    var (reports, said) = try tried(room)
    #expect(reports == [] && said.count == 1 && said[0].contains("has not been approved"), "\(said)")
    #expect(room.processes[0].children.isEmpty && room.world.chain.count == 1)

    room = try Room(steps: 1)
    let amendment = PlanAmendment(plan: Room.plan(1, "test-2"), number: 2, digest: "d")
    room.world.rivals = [{ [room] in room.recordBeside(.planAmended(amendment)) }]
    (reports, said) = try tried(room)
    #expect(reports == [] && said.count == 1 && said[0].contains("amended meanwhile"), "\(said)")
    #expect(room.processes[0].children.isEmpty && room.world.chain.count == 2)
  }

  @Test("a verdict of a train that cannot be recorded at once is recorded later")
  func unsettledVerdict() throws {
    let room = try Room(steps: 2)
    let (process, world) = (room.processes[0], room.world)
    let base = try BaselineTask.begin(
      site: process, state: room.state, commit: room.first, tree: world.objects.tree(of: room.first)
    ) { _ in }.get()
    _ = try base.advance()
    world.now += 60_000
    #expect(try base.advance() == .passed)
    let fences = [try room.submit(1), try room.submit(2)]
    let task = try #require(
      try TrainTask(site: process, state: room.state, passing: [], from: fences[0]) { _ in })
    #expect(try task.advance() == nil, "it is judged")
    world.now += 60_000
    world.isCalm = false
    (world.faults.noProgram, world.faults.busy) = (Rate(1), Rate(1))
    #expect(throws: CommandError.self) { try task.advance() }
    world.isCalm = true
    guard case .unjudged? = try task.advance() else {
      Issue.record("the verdict is gone")
      return
    }
    #expect(try room.state.steps.map(\.phase.word) == ["submitted", "submitted"])
    #expect(world.violation == nil, "\(String(describing: world.violation))")
  }

  @Test("the gate is amended just before a refresh is recorded: the base is judged once more, by the new one")
  func amendedRefresh() throws {
    let room = try Room(steps: 1)
    room.moveBase()
    let process = room.processes[0]
    let amendment = PlanAmendment(plan: Room.plan(1, "test-2"), number: 2, digest: "d")
    room.world.rivals = [{ room.recordBeside(.planAmended(amendment)) }]
    let errand = Errand(in: process, World.migration, RefreshWork(in: process) { _ in }) { _ in }
    guard case .refreshed? = try room.end(errand.step) else {
      Issue.record("it was not taken in")
      return
    }
    #expect(process.gatesBegun.count == 2 && room.world.rivals.isEmpty)
    #expect(room.world.violation == nil, "\(String(describing: room.world.violation))")
  }
}
