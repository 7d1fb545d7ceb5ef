import Git
import Ledger
import Migration
import Testing

@testable import Runner
@testable import Simulation
@testable import Site

/// A server that takes nothing, or cannot be reached, in simulated time.
@Suite("An hour with a server that takes nothing")
struct RefusedPushTests {
  private let world: World
  private let machine: Machine
  private let listener: Listener
  private let run: Orchestrator
  private let server: Clone

  /// A shared migration with two steps, of which nothing is done yet.
  init() throws {
    world = try #require((1...100).lazy.map { World(seed: $0) }.first { $0.server != nil && !$0.hasHooks })
    server = try #require(world.server)
    world.isCalm = true
    let clone = world.clones[0]
    machine = Machine(name: "m1", workers: 1, clone: clone, wakesAt: .max)
    let process = Process(world: world, machine: machine, actor: "m1")
    machine.process = process
    world.machines = [machine]
    listener = Listener(world)
    run = Orchestrator(in: process, .migration(World.migration), workers: 1, observer: listener)
    let first = world.objects.commit(world.objects.tree([1, 1, 1, 1]), parents: [])
    world.base = first
    clone.addCommit(first)
    var plan = Plan(migration: World.migration, steps: [PlannedStep(id: "S1"), PlannedStep(id: "S2")])
    plan.agent = Plan.Agent(command: "agent", timeoutSeconds: 600)
    let start = MigrationStart(plan: plan, digest: "d", base: "main", commit: first.id, shared: false)
    let outcome = try process.events.append([Proposal(World.migration, .migrationStarted(start))], by: "m1")
    guard case .won(_, let effects) = outcome else { throw NotStarted(outcome: "\(outcome)") }
    try Interpreter(in: process).perform(effects)
  }

  private struct NotStarted: Error { var outcome: String }

  /// Runs for an hour in which a wait is half a second. Gives how often it went round, how often something
  /// happened in a round, and the error with which it ended.
  private func anHour() throws -> (rounds: Int, busy: Int, error: CommandError?) {
    let end = world.now + 3_600_000
    var (rounds, busy) = (0, 0)
    while world.now < end, busy < 1000 {
      rounds += 1
      do throws(CommandError) {
        switch try run.step() {
        case .more: busy += 1
        case .nothing: world.now += 500
        case .ended: return (rounds, busy, nil)
        }
      } catch {
        do throws(CommandError) {
          if try run.bear(error) != nil { return (rounds, busy, nil) }
        } catch {
          return (rounds, busy, error)
        }
        world.now += 500
      }
    }
    return (rounds, busy, nil)
  }

  @Test("because a rule of its own refuses every push: the run ends with its words")
  func refused() throws {
    server.refusal = "pushes are closed until monday"
    let entries = world.chain.count
    let (rounds, _, error) = try anHour()
    #expect(rounds < 100, "it is not asked without end")
    #expect(error?.message.contains("pushes are closed until monday") == true, "\(String(describing: error))")
    #expect(world.chain.count == entries)
    #expect(listener.warnings.count < 5, "\(listener.warnings)")
  }

  @Test("because it is away: told now and then, and all is done when it is back")
  func away() throws {
    server.isAway = true
    let entries = world.chain.count
    let (rounds, busy, error) = try anHour()
    #expect(error == nil && rounds <= 7_201 && busy <= 3, "\(rounds) \(busy) \(String(describing: error))")
    #expect(world.chain.count == entries)
    #expect((1...10).contains(listener.warnings.count), "\(listener.warnings)")
    server.isAway = false
    _ = try anHour()
    let state = try #require(machine.process).events.read().state.migration(named: World.migration)
    #expect(state?.steps.map(\.phase.word) == ["merged", "merged"], "\(listener.warnings)")
  }
}
