import Git
import Ledger
import Migration
import Testing

@testable import Runner
@testable import Simulation

/// A claim whose push was cut off, so that the run was told that nobody knows, and that came through after
/// all.
@Suite("A claim that comes through late")
struct LateClaimTests {
  @Test("is given back by the run in whose name it is, and the step is begun anew")
  func givenBack() throws {
    let world = try #require((1...100).lazy.map { World(seed: $0) }.first { $0.server == nil })
    world.isCalm = true
    let machine = Machine(name: "m1", workers: 1, clone: world.clones[0], wakesAt: .max)
    let process = Process(world: world, machine: machine, actor: "m1")
    machine.process = process
    world.machines = [machine]
    let first = world.objects.commit(world.objects.tree([1, 1]), parents: [])
    (world.base, world.branch) = (first, first)
    let plan = Plan(migration: World.migration, steps: [PlannedStep(id: "S1", run: "codemod")])
    let start = MigrationStart(plan: plan, digest: "d", base: "main", commit: first.id, shared: false)
    let late = Claim(
      fence: Fence(step: "S1", epoch: 1), holder: "m1/1", owner: process.owner, base: first.id,
      expiresAt: process.clock.now().adding(seconds: 600), slot: "slot-1")
    for change in [Migration.Change.migrationStarted(start), .stepClaimed(late)] {
      guard case .won = try process.events.append([Proposal(World.migration, change)], by: "m1/1") else {
        Issue.record("not recorded: \(change)")
        return
      }
    }
    let run = Orchestrator(
      in: process, .migration(World.migration), workers: 1, observer: Watcher(world: world))
    #expect(try run.step() == .more)
    var step = try #require(try process.events.read().state.migration(named: World.migration)?.step("S1"))
    #expect(step.phase == .ready)
    #expect(step.failures == 0)
    #expect(try run.step() == .more)
    step = try #require(try process.events.read().state.migration(named: World.migration)?.step("S1"))
    #expect(step.phase.word == "leased")
    #expect(process.children.map(\.claim.fence) == [Fence(step: "S1", epoch: step.epoch)])
    // Its own claims it keeps.
    _ = try run.step()
    step = try #require(try process.events.read().state.migration(named: World.migration)?.step("S1"))
    #expect(step.phase.word == "leased")
  }
}
