import Git
import Ledger
import Migration
import Testing

@testable import Runner
@testable import Simulation

/// The base, and a gate, are held like work: one judges, the others wait no longer than his lease.
@Suite("Several runs at one gate")
struct BaselineClaimTests {
  private static let lease = 300

  /// Machines on one migration with a verifier, in clones of their own when the ledger is shared.
  private struct Team {
    let world: World
    let first: OID
    var runs: [(process: Process, run: Orchestrator)] = []

    init(_ count: Int, isShared: Bool, sameMachine: Bool = false) throws {
      world = try #require(
        (1...200).lazy.map { World(seed: $0) }.first { ($0.server != nil) == isShared && !$0.hasHooks })
      world.isCalm = true
      first = world.objects.commit(world.objects.tree([1, 1, 1]), parents: [])
      world.base = first
      if isShared {
        for number in 2...count { world.clones.append(Clone(name: "clone \(number)", isSharing: true)) }
      }
      for clone in world.clones { clone.addCommit(first) }
      var plan = Plan(migration: World.migration, steps: [PlannedStep(id: "S1", run: "codemod")])
      plan.leaseSeconds = BaselineClaimTests.lease
      plan.gate.verifiers = [Plan.Verifier(name: "test", run: "test-1", timeoutSeconds: 3600)]
      let begun = Person(world: world)
      let start = MigrationStart(plan: plan, digest: "d", base: "main", commit: first.id, shared: false)
      let outcome = try begun.process.events.append(
        [Proposal(World.migration, .migrationStarted(start))], by: "ann")
      guard case .won(_, let effects) = outcome else { throw NotStarted() }
      try Interpreter(in: begun.process).perform(effects)
      for number in 1...count {
        let clone = world.clones[isShared ? number - 1 : 0]
        let name = sameMachine ? "m" : "m\(number)"
        let machine =
          sameMachine && number > 1
          ? runs[0].process.machine
          : Machine(
            name: name, workers: 1, clone: clone, wakesAt: .max)
        let process = Process(world: world, machine: machine, actor: "m\(number)")
        try process.synchronize()
        runs.append(
          (
            process,
            Orchestrator(
              in: process, .migration(World.migration), workers: 1, observer: Watcher(world: world))
          ))
      }
    }

    private struct NotStarted: Error {}

    /// Rounds of some of the runs, half a second at a time, until `isDone`. The simulator takes who sleeps
    /// for alive: with `sleeps` that he loses what he holds is no fault.
    func go(_ who: [Int], seconds: Int, sleeps: Bool = false, until isDone: () throws -> Bool) throws {
      let end = world.now + Int64(seconds) * 1000
      while world.now < end, try !isDone() {
        for number in who {
          for _ in 0..<20 { guard case .more = try runs[number].run.step() else { break } }
        }
        world.now += 500
      }
      #expect(try isDone())
      #expect(world.violation == nil || sleeps && world.violation?.rule == "I-19")
    }

    var state: MigrationState? {
      get throws { try runs[0].process.events.read().state.migration(named: World.migration) }
    }

    func isMerged() throws -> Bool { world.chain.contains { $0.entry.event.change.kind == .merge(.merged) } }

    func count(_ kind: Migration.Change.Kind) -> Int {
      world.chain.filter { $0.entry.event.change.kind == kind }.count
    }
  }

  @Test("four clones that start together judge the base once")
  func once() throws {
    let team = try Team(4, isShared: true)
    try team.go([0, 1, 2, 3], seconds: 20_000) { try team.isMerged() }
    #expect(team.count(.baseline(.recorded)) == 1)
    #expect(team.count(.baseline(.claimed)) == 1)
    let judged = team.runs.map(\.process).flatMap(\.gatesBegun)
    #expect(judged.filter { $0 == team.world.objects.tree(of: team.first) }.count == 1)
  }

  @Test("who falls asleep over the base holds the others up for a lease and its grace")
  func sleeps() throws {
    let team = try Team(2, isShared: false)
    #expect(try team.runs[0].run.step() == .more)
    #expect(team.count(.baseline(.claimed)) == 1)
    try team.go([1], seconds: Self.lease + 60 + 2, sleeps: true) { team.count(.baseline(.claimed)) == 2 }
    try team.go([1], seconds: 20_000, sleeps: true) { try team.isMerged() }
    // Awake again, what it found is not recorded, and it goes on with the rest.
    try team.go([0, 1], seconds: 60, sleeps: true) { try team.runs[0].run.step() == .ended(.allDone) }
    #expect(team.count(.baseline(.recorded)) == 1)
  }

  @Test("when who judges the base is dead, the next one takes over at once")
  func dies() throws {
    let team = try Team(2, isShared: false, sameMachine: true)
    #expect(try team.runs[0].run.step() == .more)
    #expect(try team.runs[1].run.step() == .nothing)
    team.runs[0].process.end()
    try team.go([1], seconds: 1) { team.count(.baseline(.claimed)) == 2 }
  }

  @Test("a run that is told to stop gives the base back")
  func stops() throws {
    let team = try Team(2, isShared: false)
    #expect(try team.runs[0].run.step() == .more)
    team.runs[0].run.stop()
    try team.go([0], seconds: 5) { try team.state?.baselineRun == nil }
    try team.go([1], seconds: 1) { team.count(.baseline(.claimed)) == 2 }
  }

  @Test("verifiers that take longer than a lease are not taken away from who is awake")
  func renews() throws {
    let team = try Team(2, isShared: false)
    try team.go([0, 1], seconds: 20_000) { try team.isMerged() }
    #expect(team.count(.baseline(.claimed)) == 1)
    #expect(team.count(.gate(.started)) == 1)
    #expect(team.count(.baseline(.abandoned)) + team.count(.gate(.abandoned)) == 0)
    #expect(team.count(.baseline(.renewed)) + team.count(.gate(.renewed)) > 0)
  }

  @Test("who falls asleep over a candidate holds the others up for a lease and its grace")
  func sleepsAtGate() throws {
    let team = try Team(2, isShared: false)
    try team.go([0], seconds: 20_000) { team.count(.gate(.started)) == 1 }
    try team.go([1], seconds: Self.lease + 60 + 2, sleeps: true) { team.count(.gate(.started)) == 2 }
    try team.go([1], seconds: 20_000, sleeps: true) { try team.isMerged() }
  }
}
