import Git
import Ledger
import Migration
import Testing

@testable import Runner
@testable import Simulation

/// A plan that gets another gate while somebody judges by the old one: what was found is credited to the
/// verifiers that spoke, never to those that the new plan brought.
@Suite("A gate that is amended while it is at work")
struct AmendedGateTests {
  private let world: World
  private let process: Process
  private let fence = Fence(step: "S1", epoch: 1)

  /// A submitted step.
  init() throws {
    world = try #require((1...100).lazy.map { World(seed: $0) }.first { $0.server == nil })
    world.isCalm = true
    let machine = Machine(name: "m1", workers: 1, clone: world.clones[0], wakesAt: .max)
    process = Process(world: world, machine: machine, actor: "gate")
    machine.process = process
    world.machines = [machine]
    let first = world.objects.commit(world.objects.tree([1, 1, 1]), parents: [])
    world.base = first
    let start = MigrationStart(
      plan: Self.plan("test-1"), digest: "d", base: "main", commit: first.id, shared: false)
    try record(.migrationStarted(start))
    world.branch = first
    let tree = world.objects.tree([1, 2, 1])
    let commit = world.objects.commit(tree, parents: [first])
    try record(
      .stepClaimed(
        Claim(
          fence: fence, holder: "gate", owner: process.owner, base: first.id,
          expiresAt: process.clock.now().adding(seconds: 600), slot: nil)))
    try record(.stepSubmitted(fence, Submission.Result(commit: commit.id, tree: tree.id, isNoOp: false)))
  }

  private static func plan(_ verifier: String) -> Plan {
    var plan = Plan(migration: World.migration, steps: [PlannedStep(id: "S1")])
    plan.gate.verifiers = [Plan.Verifier(name: "test", run: verifier, timeoutSeconds: 60)]
    return plan
  }

  private func record(_ change: Migration.Change, by other: Process? = nil) throws {
    let process = other ?? process
    let outcome = try process.events.append([Proposal(World.migration, change)], by: process.actor)
    guard case .won = outcome else { throw NotRecorded(outcome: "\(outcome)") }
  }

  private struct NotRecorded: Error { var outcome: String }

  private func amend() {
    let plan = Self.plan("test-2")
    let change = Migration.Change.planAmended(PlanAmendment(plan: plan, number: 2, digest: "d"))
    #expect(throws: Never.self) { try record(change, by: Person(world: world).process) }
  }

  /// Lets the verifiers come to their end, and the gate to its.
  private func finish(_ task: GateTask) throws -> GateTask.Ending? {
    for _ in 0..<10 {
      world.now += 60_000
      if let ending = try task.advance() { return ending }
    }
    return nil
  }

  private func check(_ ending: GateTask.Ending?) throws {
    guard case .notNow? = ending else {
      Issue.record("it ended as \(String(describing: ending))")
      return
    }
    let state = try #require(try process.events.read().state.migration(named: World.migration))
    #expect(state.gateDigest == Self.plan("test-2").verifierDigest)
    let credited = state.verdicts.filter { $0.verifiers == state.gateDigest }
    #expect(credited == [], "the new verifiers have not spoken")
    #expect(state.step("S1")?.phase.word == "submitted")
    #expect(state.tip == state.start)
    #expect(world.violation == nil)
  }

  @Test("the baseline that the old verifiers passed is not one of the new ones")
  func baseline() throws {
    let task = GateTask(site: process, migration: World.migration, fence: fence) { _ in }
    #expect(try task.advance() == nil, "the baseline is judged first")
    amend()
    try check(finish(task))
  }

  @Test("between the look at the plan and the first entry: the gate does not begin")
  func begin() throws {
    let task = GateTask(site: process, migration: World.migration, fence: fence) { _ in }
    #expect(try task.advance() == nil, "the baseline is judged first")
    // The first of the two appends that follow records the baseline, the second begins the gate.
    world.rivals = [{ amend() }, {}]
    try check(finish(task))
    #expect(world.rivals.isEmpty)
    #expect(
      !world.chain.contains { if case .gate(_, .started) = $0.entry.event.change { true } else { false } })
  }

  @Test("while the candidate is judged: the verdict counts for nothing")
  func verdict() throws {
    let task = GateTask(site: process, migration: World.migration, fence: fence) { _ in }
    while world.chain.last?.entry.event.change.isGateStart == false {
      #expect(try task.advance() == nil)
      world.now += 30_000
    }
    amend()
    try check(finish(task))
  }
}

extension Migration.Change {
  fileprivate var isGateStart: Bool { if case .gate(_, .started) = self { true } else { false } }
}
