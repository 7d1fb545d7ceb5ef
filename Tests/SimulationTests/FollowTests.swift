import Git
import Ledger
import Migration
import Testing

@testable import Runner
@testable import Simulation

/// A base that moves while a run waits for somebody else's step, and a plan that says to look every hour.
@Suite("Following the base")
struct FollowTests {
  private let world: World
  private let machine: Machine
  private let process: Process
  private let listener: Listener
  private let run: Orchestrator
  /// What was said beside the notices.
  private var warnings: [String] { listener.warnings.filter { !$0.hasPrefix("baseHeld") } }
  private let first: OID

  init() throws {
    world = try #require((1...100).lazy.map { World(seed: $0) }.first { $0.server == nil && !$0.hasHooks })
    world.isCalm = true
    machine = Machine(name: "m1", workers: 1, clone: world.clones[0], wakesAt: .max)
    process = Process(world: world, machine: machine, actor: "m1")
    machine.process = process
    world.machines = [machine]
    listener = Listener(world)
    run = Orchestrator(in: process, .migration(World.migration), workers: 1, observer: listener)
    first = world.objects.commit(world.objects.tree([1, 1, 1]), parents: [])
    world.base = first
    var plan = Plan(migration: World.migration, refreshSeconds: 3600, steps: [PlannedStep(id: "S1")])
    plan.leaseSeconds = 7 * 86_400
    plan.gate.verifiers = [Plan.Verifier(name: "test", run: "test-1", timeoutSeconds: 60)]
    try record(
      .migrationStarted(
        MigrationStart(plan: plan, digest: "d", base: "main", commit: first.id, shared: false)))
    world.branch = first
    try record(
      .stepClaimed(
        Claim(
          fence: Fence(step: "S1", epoch: 1), holder: "out", owner: process.owner, base: first.id,
          expiresAt: process.clock.now().adding(seconds: 7 * 86_400), slot: nil)))
  }

  private struct NotRecorded: Error { var outcome: String }

  private func record(_ change: Migration.Change) throws {
    let outcome = try process.events.append([Proposal(World.migration, change)], by: process.actor)
    guard case .won = outcome else { throw NotRecorded(outcome: "\(outcome)") }
  }

  /// A commit on the base; a version below zero does not pass.
  private func commit(_ files: [Int32]) {
    world.base = world.objects.commit(world.objects.tree(files), parents: [world.base])
  }

  /// A commit on the integration branch, as a merged step leaves it.
  private func merge(_ files: [Int32]) throws {
    let tree = world.objects.tree(files)
    let new = world.objects.commit(tree, parents: [try #require(world.branch)])
    let state = try #require(try process.events.read().state.migration(named: World.migration))
    world.audit.notePass(tree, state.plan)
    let refresh = Refresh(
      base: first.id, old: state.tip, new: new.id, tree: tree.id, verifiers: state.gateDigest,
      verdict: .passed, owner: process.owner, expiresAt: process.clock.now().adding(seconds: 600))
    try record(.refreshIntended(refresh))
    world.branch = new
    try record(.refreshMerged(commit: new.id))
  }

  private var refreshes: Int {
    world.chain.count { if case .refresh(.merged) = $0.entry.event.change { true } else { false } }
  }

  /// Lets hours pass in which a wait is half a second, as in a real run. Gives how often it went round
  /// without one.
  @discardableResult private func pass(minutes: Int64) throws -> Int {
    let end = world.now + minutes * 60_000
    var busy = 0
    while world.now < end, busy < 1000 {
      switch try run.step() {
      case .more: busy += 1
      case .nothing: world.now += 500
      case .ended: return busy
      }
    }
    return busy
  }

  @Test("a run looks at once, and then as often as the plan says; nothing is written where nothing moved")
  func takesIn() throws {
    commit([1, 1, 2])
    #expect(try pass(minutes: 10) < 10)
    #expect(refreshes == 1)
    #expect(world.branch.map { world.objects.isAncestor(world.base, of: $0) } == true)
    commit([1, 1, 3])
    try pass(minutes: 45)
    #expect(refreshes == 1, "an hour is not over")
    try pass(minutes: 20)
    #expect(refreshes == 2)
    let entries = world.chain.count
    #expect(try pass(minutes: 300) == 0)
    #expect(world.chain.count == entries)
    #expect(warnings == [] && world.violation == nil)
  }

  @Test("a conflict is told once and changes nothing; when the base has moved on it is taken in")
  func conflict() throws {
    try merge([2, 1, 1])
    commit([3, 1, 1])
    let entries = world.chain.count
    #expect(try pass(minutes: 600) < 10)
    #expect(warnings.count == 1, "\(warnings)")
    #expect(warnings.first?.contains("conflicts with 'migrate/guava.app' in 'file-0'") == true)
    #expect(warnings.first?.contains("git migrate amend") == true)
    #expect(world.chain.count == entries)
    commit([1, 1, 4])
    try pass(minutes: 70)
    #expect(refreshes == 2)
  }

  @Test("a conflict becomes one step where the plan has an agent, and is merged with the base")
  func resolved() throws {
    let state = try #require(try process.events.read().state.migration(named: World.migration))
    var plan = state.plan
    plan.agent = Plan.Agent(command: "agent")
    try record(.planAmended(PlanAmendment(plan: plan, number: 2, digest: "e")))
    try merge([2, 1, 1])
    commit([3, 1, 2])
    let base = world.base
    commit([3, 1, 3])
    try pass(minutes: 90)
    let added = world.chain.count { if case .step(_, .added) = $0.entry.event.change { true } else { false } }
    #expect(added == 1 && warnings.count == 1, "\(warnings)")
    let branch = try #require(world.branch)
    #expect(world.objects.isAncestor(base, of: branch) && world.objects.isAncestor(world.base, of: branch))
    #expect(world.objects.files(world.objects.tree(of: branch))[2] == 3)
    #expect(world.violation == nil)
  }

  @Test("a base that does not pass is judged and told once, and again when it has moved")
  func redBase() throws {
    commit([1, 1, -2])
    #expect(try pass(minutes: 600) < 10)
    #expect(warnings.count == 1, "\(warnings)")
    #expect(warnings.first?.contains(SimulatedGate.testFails) == true)
    #expect(refreshes == 0)
    commit([1, 1, 5])
    try pass(minutes: 70)
    #expect(refreshes == 1)
  }

  @Test("what is in the way of the branch is told once, and the base comes in soon after it is gone")
  func inTheWay() throws {
    machine.clone.changedFile = 2
    commit([1, 1, 2])
    #expect(try pass(minutes: 90) < 10)
    #expect(warnings.count == 1 && refreshes == 0, "\(warnings)")
    machine.clone.changedFile = nil
    try pass(minutes: 3)
    #expect(refreshes == 1)
  }
}
