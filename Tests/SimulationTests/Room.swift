import Git
import Ledger
import Migration
import Testing

@testable import Runner
@testable import Simulation
@testable import Site

/// A migration with a gate in a world where nothing goes wrong by itself, and what is at work on it: the
/// floor of the tests that put one thing beside another by hand.
struct Room {
  let world: World
  let first: OID
  var processes: [Process] = []

  /// A start with that many steps, seen by so many machines, each in a clone of its own when it is shared.
  init(steps: Int, machines: Int = 1, isShared: Bool = false) throws {
    world = try #require(
      (1...200).lazy.map { World(seed: $0) }.first { ($0.server != nil) == isShared && !$0.hasHooks })
    world.isCalm = true
    world.faults = Faults()
    first = world.objects.commit(world.objects.tree([Int32](repeating: 1, count: steps + 3)), parents: [])
    world.base = first
    for number in 1..<machines { world.clones.append(Clone(name: "clone \(number)", isSharing: true)) }
    for number in 0..<machines {
      let clone = world.clones[isShared ? number : 0]
      clone.addCommit(first)
      let machine = Machine(name: "m\(number + 1)", workers: 1, clone: clone, wakesAt: .max)
      let process = Process(world: world, machine: machine, actor: machine.name)
      machine.process = process
      world.machines.append(machine)
      processes.append(process)
    }
    let start = MigrationStart(
      plan: Room.plan(steps, "test-1"), digest: "d", base: "main", commit: first.id, shared: false)
    try record(.migrationStarted(start))
    for clone in world.clones + [world.authority] { clone.branch = first }
  }

  static func plan(_ steps: Int, _ verifier: String) -> Plan {
    var plan = Plan(migration: World.migration, steps: (1...steps).map { PlannedStep(id: "S\($0)") })
    plan.gate.verifiers = [Plan.Verifier(name: "test", run: verifier, timeoutSeconds: 60)]
    return plan
  }

  private struct NotRecorded: Error { var outcome: String }

  func record(_ change: Migration.Change, by number: Int = 0) throws {
    let process = processes[number]
    let outcome = try process.events.append([Proposal(World.migration, change)], by: process.actor)
    guard case .won = outcome else { throw NotRecorded(outcome: "\(outcome)") }
  }

  /// Somebody else at the desk beside it.
  func recordBeside(_ change: Migration.Change) {
    let person = Person(world: world)
    let outcome = try? person.process.events.append([Proposal(World.migration, change)], by: "ann")
    guard case .won? = outcome else {
      Issue.record("not recorded: \(String(describing: outcome))")
      return
    }
  }

  var state: MigrationState {
    get throws {
      try #require(try processes[0].events.read().state.migration(named: World.migration))
    }
  }

  /// Where the branch is.
  var tip: OID { world.branch ?? first }

  /// Until when something is held that is taken now.
  var later: Timestamp { processes[0].clock.now().adding(seconds: 600) }

  /// Hands in a result of a step: its own file gets that version.
  func submit(_ number: Int, version: Int32 = 2) throws -> Fence {
    let fence = Fence(step: "S\(number)", epoch: 1)
    let base = tip
    let tree = changed(world.objects.tree(of: base), number, version)
    let commit = world.objects.commit(tree, parents: [base])
    for process in processes { process.machine.clone.addCommit(commit) }
    try record(.stepClaimed(claim(number)))
    try record(.stepSubmitted(fence, Submission.Result(commit: commit.id, tree: tree.id, isNoOp: false)))
    return fence
  }

  /// A claim of the first machine on a step, from the tip of the branch.
  func claim(_ number: Int) throws -> Claim {
    Claim(
      fence: Fence(step: "S\(number)", epoch: 1), holder: processes[0].actor, owner: processes[0].owner,
      base: tip.id, expiresAt: later, slot: nil)
  }

  private func changed(_ tree: OID, _ file: Int, _ version: Int32) -> OID {
    var files = world.objects.files(tree)
    files[file] = version
    return world.objects.tree(files)
  }

  func start(gateOf fence: Fence, on commit: OID, by number: Int = 0) throws {
    let start = GateStart(
      gate: 1, holder: processes[number].actor, owner: processes[number].owner, expiresAt: later,
      tip: tip.id, tree: world.objects.tree(of: commit).id)
    try record(.gateStarted(fence, start), by: number)
  }

  /// Merges a step whose file gets that version, whatever the verifiers would say.
  @discardableResult
  func merge(_ number: Int, version: Int32 = 2) throws -> OID {
    let (tip, plan) = (tip, try state.plan)
    let fence = try submit(number, version: version)
    let tree = changed(world.objects.tree(of: tip), number, version)
    let commit = world.objects.commit(tree, parents: [tip])
    world.audit.notePass(tree, plan)
    try start(gateOf: fence, on: commit)
    try record(
      .gateFinished(
        fence,
        GateReport(
          gate: 1, tree: tree.id, verifiers: plan.verifierDigest, verdict: .passed, failure: nil,
          isNoChange: false)))
    try record(
      .mergeIntended(
        fence,
        MergeTarget(
          gate: 1, old: tip.id, new: commit.id, tree: tree.id, owner: processes[0].owner, expiresAt: later)))
    world.branch = commit
    try record(.stepMerged(fence, commit: commit.id))
    return commit
  }

  /// The base moves on.
  func moveBase() {
    let tree = changed(
      world.objects.tree(of: first), world.objects.files(world.objects.tree(of: first)).count - 1, 2)
    world.base = world.objects.commit(tree, parents: [first])
  }

  /// Lets a command go on, five seconds at a time; `nil` when it does not come to an end.
  func end<Outcome>(
    _ step: () throws(CommandError) -> ErrandRound<Outcome>
  ) throws(CommandError) -> Outcome? {
    for _ in 0..<100 {
      if case .ended(let outcome) = try step() { return outcome }
      world.now += 5000
    }
    return nil
  }
}
