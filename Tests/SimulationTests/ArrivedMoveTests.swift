import Git
import Ledger
import Migration
import Testing

@testable import Runner
@testable import Simulation

/// A server that was killed within a push has the branch of a merge, and not its entry.
@Suite("A move that the remote has already")
struct ArrivedMoveTests {
  private let world: World
  private let server: Clone
  private let process: Process
  private let first: OID
  private let merged: OID

  init() throws {
    world = try #require((1...100).lazy.map { World(seed: $0) }.first { $0.server != nil && !$0.hasHooks })
    world.isCalm = true
    world.faults = Faults()
    server = try #require(world.server)
    let machine = Machine(name: "m1", workers: 1, clone: world.clones[0], wakesAt: .max)
    process = Process(world: world, machine: machine, actor: "m1")
    world.machines = [machine]
    first = world.objects.commit(world.objects.tree([1, 1]), parents: [])
    merged = world.objects.commit(world.objects.tree([2, 1]), parents: [first])
    world.base = first
    for clone in world.clones { clone.addCommit(first) }
    machine.clone.addCommit(merged)
    let plan = Plan(migration: World.migration, steps: [PlannedStep(id: "S1")])
    try record(
      .migrationStarted(
        MigrationStart(plan: plan, digest: "d", base: "main", commit: first.id, shared: false)))
    (server.branch, machine.clone.branch) = (first, first)
  }

  private struct NotRecorded: Error { var outcome: String }

  private func record(_ change: Migration.Change) throws {
    let outcome = try process.events.append([Proposal(World.migration, change)], by: process.actor)
    guard case .won = outcome else { throw NotRecorded(outcome: "\(outcome)") }
  }

  private func remoteHas() throws -> Bool { try process.remoteHas(merged, on: World.intoRef) }

  @Test("the remote has what its branch points to, and what lies behind that")
  func has() throws {
    server.branch = merged
    #expect(try remoteHas())
    server.branch = world.objects.commit(world.objects.tree([2, 2]), parents: [merged])
    #expect(try remoteHas(), "people have built on it")
  }

  @Test("it has not what its branch has yet to come to, or is past, and nothing without a branch")
  func hasNot() throws {
    #expect(try !remoteHas())
    server.branch = world.objects.commit(world.objects.tree([1, 3]), parents: [first])
    #expect(try !remoteHas(), "it went another way")
    server.branch = nil
    #expect(try !remoteHas())
  }

  @Test("it is asked now: what it was seen to have before does not count")
  func now() throws {
    let clone = process.machine.clone
    (server.branch, clone.knownBranch) = (merged, first)
    #expect(try remoteHas())
    (server.branch, clone.knownBranch) = (first, merged)
    #expect(try !remoteHas())
  }

  @Test("a merge is not given up when the remote takes no entry, and has its branch already")
  func keepsMerge() throws {
    let fence = Fence(step: "S1", epoch: 1)
    let end = process.clock.now().adding(seconds: 600)
    let tree = world.objects.tree(of: merged)
    let verifiers = Plan(migration: World.migration, steps: []).verifierDigest
    world.audit.notePass(tree, Plan(migration: World.migration, steps: []))
    try record(
      .stepClaimed(
        Claim(
          fence: fence, holder: "m1", owner: process.owner, base: first.id, expiresAt: end, slot: nil)))
    try record(.stepSubmitted(fence, Submission.Result(commit: merged.id, tree: tree.id, isNoOp: false)))
    try record(
      .gateStarted(
        fence,
        GateStart(gate: 1, holder: "m1", owner: process.owner, expiresAt: end, tip: first.id, tree: tree.id)))
    try record(
      .gateFinished(
        fence,
        GateReport(
          gate: 1, tree: tree.id, verifiers: verifiers, verdict: .passed, failure: nil, isNoChange: false)))
    try record(
      .mergeIntended(
        fence,
        MergeTarget(
          gate: 1, old: first.id, new: merged.id, tree: tree.id, owner: process.owner, expiresAt: end)))
    server.branch = merged
    let move = Effect.moveBranch(migration: World.migration, fence, old: first.id, new: merged.id)
    world.isCalm = false
    world.readOnlyUntil = .max
    try Interpreter(in: process).perform([move])
    world.isCalm = true
    var step = try process.events.read().state.migration(named: World.migration)?.step("S1")
    #expect(step?.phase.word == "merging")
    try Interpreter(in: process).perform([move])
    step = try process.events.read().state.migration(named: World.migration)?.step("S1")
    #expect(step?.phase.word == "merged")
    #expect(world.violation == nil, "\(String(describing: world.violation))")
  }
}
