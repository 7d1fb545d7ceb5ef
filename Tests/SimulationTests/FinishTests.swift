import Git
import Ledger
import Migration
import Testing

@testable import Runner
@testable import Simulation
@testable import Site

/// The end of a migration: its result is judged as a whole, by whoever wants to end it.
@Suite("Finishing")
struct FinishTests {
  /// A command that ends the migration of a room.
  private func finish(_ room: Room, isPartial: Bool = false) -> Errand<FinishWork> {
    let process = room.processes[0]
    let work = FinishWork(
      in: process, World.migration, isPartial: isPartial, leavesBase: true, report: { _ in }, note: { _ in })
    return Errand(in: process, World.migration, work) { _ in }
  }

  private func check(_ room: Room) {
    #expect(room.world.violation == nil, "\(String(describing: room.world.violation))")
  }

  private struct Stepped: Error {}

  @Test("what passes as a whole is what the migration ends with, and is judged once")
  func passes() throws {
    let room = try Room(steps: 1)
    let merged = try room.merge(1)
    #expect(try room.end(finish(room).step) == .finished(merged.id))
    #expect(room.processes[0].gatesBegun == [room.world.objects.tree(of: merged)])
    #expect(try room.state.phase.isTerminal)
    // Whoever asks again hears the same.
    #expect(try room.end(finish(room).step) == .finished(merged.id))
    #expect(room.processes[0].gatesBegun.count == 1)
    check(room)
  }

  @Test("nothing was changed: there is nothing to judge")
  func unchanged() throws {
    let room = try Room(steps: 1)
    #expect(try room.end(finish(room, isPartial: true).step) == .finished(room.first.id))
    #expect(room.processes[0].gatesBegun == [])
    #expect(try room.state.step("S1")?.phase.word == "cancelled")
    check(room)
  }

  @Test("a step is open: it is refused by the rules, and no verifier runs for it")
  func open() throws {
    let room = try Room(steps: 2)
    try room.merge(1)
    #expect(throws: CommandError.self) { try room.end(finish(room).step) }
    #expect(room.processes[0].gatesBegun == [])
    #expect(try room.state.phase == .running)
    check(room)
  }

  @Test("what does not pass stays open, and the first step is named that did not")
  func fails() throws {
    let room = try Room(steps: 3)
    try room.merge(1)
    let bad = try room.merge(2, version: -2)
    try room.merge(3)
    guard case .rejected(let failure, let culprit?)? = try room.end(finish(room).step) else {
      Issue.record("it was not rejected")
      return
    }
    #expect(failure.reason == SimulatedGate.testFails)
    #expect(culprit.step == "S2" && culprit.commit == bad && !culprit.isStart)
    #expect(try room.state.phase == .running)
    #expect(room.world.violation?.rule == "I-22a", "whoever watches sees that the gate let it pass")
  }

  @Test("what passes when it is judged once more is undecided")
  func undecided() throws {
    let room = try Room(steps: 1)
    try room.merge(1)
    let errand = finish(room)
    room.world.isCalm = false
    room.world.faults.flaky = Rate(1)
    while room.processes[0].gatesBegun.count < 2 {
      guard case .nothing = try errand.step() else { throw Stepped() }
      room.world.now += 5000
    }
    room.world.isCalm = true
    guard case .undecided? = try room.end(errand.step) else {
      Issue.record("it was decided")
      return
    }
    #expect(try room.state.phase == .running)
    check(room)
  }

  @Test("a verifier that cannot be run says nothing of the result")
  func cannotRun() throws {
    let room = try Room(steps: 1)
    try room.merge(1)
    room.world.isCalm = false
    room.world.faults.noProgram = Rate(1)
    let error = #expect(throws: CommandError.self) { try room.end(finish(room).step) }
    #expect(error?.exitCode == .couldNotVerify)
    #expect(try room.state.phase == .running)
    check(room)
  }

  @Test("another step lands while it is judged: the new result is judged, too")
  func movedOn() throws {
    let room = try Room(steps: 2)
    let first = try room.merge(1)
    let errand = finish(room, isPartial: true)
    guard case .nothing = try errand.step() else { throw Stepped() }
    let second = try room.merge(2)
    #expect(try room.end(errand.step) == .finished(second.id))
    #expect(room.processes[0].gatesBegun == [first, second].map(room.world.objects.tree(of:)))
    check(room)
  }

  @Test("the branch moves each time: after five tries it says how to hold it still")
  func neverStill() throws {
    let room = try Room(steps: 8)
    let errand = finish(room, isPartial: true)
    var merged = 0
    let error = #expect(throws: CommandError.self) {
      while merged < 8 {
        merged += 1
        try room.merge(merged)
        let begun = room.processes[0].gatesBegun.count
        while room.processes[0].gatesBegun.count == begun {
          if case .ended = try errand.step() { throw Stepped() }
          room.world.now += 5000
        }
      }
    }
    #expect(error?.hint?.contains("git migrate pause") == true && merged == 6, "\(merged)")
    check(room)
  }

  @Test("who is asked to stop leaves everything as it was")
  func stopped() throws {
    let room = try Room(steps: 1)
    try room.merge(1)
    let errand = finish(room)
    guard case .nothing = try errand.step() else { throw Stepped() }
    errand.stop()
    let error = #expect(throws: CommandError.self) { try room.end(errand.step) }
    #expect(error?.exitCode == .interrupted)
    #expect(try room.state.phase == .running)
    check(room)
  }
}
