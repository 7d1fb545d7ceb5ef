import Git
import Glibc
import Ledger
import Migration
import Testing

@testable import Runner
@testable import Simulation
@testable import Site

/// What stands in the way until somebody does something about it: the run waits, says so once with the way
/// out, and goes on by itself afterwards.
@Suite("An hour with something in the way")
struct ObstacleTests {
  private let world: World
  private let machine: Machine
  private let process: Process
  private let listener: Listener
  private let run: Orchestrator
  private let fence = Fence(step: "S1", epoch: 1)
  private let first: OID
  private let result: OID

  /// A submitted step, and a run.
  init() throws {
    #if KNOWN_BUGS
      KnownBug.active = getenv("MIGRATE_KNOWN_BUG").flatMap { KnownBug(rawValue: String(cString: $0)) }
    #endif
    world = try #require((1...100).lazy.map { World(seed: $0) }.first { $0.server == nil && !$0.hasHooks })
    world.isCalm = true
    listener = Listener(world)
    machine = Machine(name: "m1", workers: 1, clone: world.clones[0], wakesAt: .max)
    process = Process(world: world, machine: machine, actor: "m1")
    machine.process = process
    world.machines = [machine]
    run = Orchestrator(in: process, .migration(World.migration), workers: 1, observer: listener)
    first = world.objects.commit(world.objects.tree([1, 1, 1, 1, 1, 1, 1]), parents: [])
    world.base = first
    let tree = world.objects.tree([1, 2, 1, 1, 1, 1, 1])
    result = world.objects.commit(tree, parents: [first])
    let plan = Plan(migration: World.migration, steps: [PlannedStep(id: "S1")])
    try record(
      .migrationStarted(
        MigrationStart(plan: plan, digest: "d", base: "main", commit: first.id, shared: false)))
    world.branch = first
    try record(
      .stepClaimed(
        Claim(
          fence: fence, holder: "m1", owner: process.owner, base: first.id,
          expiresAt: process.clock.now().adding(seconds: 600), slot: nil)))
    try record(.stepSubmitted(fence, Submission.Result(commit: result.id, tree: tree.id, isNoOp: false)))
  }

  private struct NotRecorded: Error { var outcome: String }

  private func record(_ change: Migration.Change) throws {
    let outcome = try process.events.append([Proposal(World.migration, change)], by: process.actor)
    guard case .won = outcome else { throw NotRecorded(outcome: "\(outcome)") }
  }

  private var phase: StepPhase? { get throws { try phase(of: "S1") } }

  private func phase(of step: String) throws -> StepPhase? {
    try process.events.read().state.migration(named: World.migration)?.step(step)?.phase
  }

  /// Runs for an hour in which a wait is half a second, as in a real run. Gives how often it went round.
  private func anHour() throws -> (rounds: Int, busy: Int) {
    let end = world.now + 3_600_000
    var (rounds, busy) = (0, 0)
    while world.now < end, busy < 1000 {
      rounds += 1
      switch try run.step() {
      case .more: busy += 1
      case .nothing: world.now += 500
      case .ended: return (rounds, busy)
      }
    }
    return (rounds, busy)
  }

  private func check(tells text: String) throws {
    let entries = world.chain.count
    let (rounds, busy) = try anHour()
    #expect(rounds <= 7_201)
    #expect(busy <= 1, "a round without a wait is one in which something happened")
    #expect(world.chain.count == entries, "nothing is recorded over and over")
    #expect(listener.warnings.allSatisfy { $0.contains(text) }, "\(listener.warnings.prefix(9))")
    let gaps = zip(listener.times, listener.times.dropFirst()).map { $1 - $0 }
    #expect(gaps.count == 5 && gaps.allSatisfy { (600_000...610_000).contains($0) }, "\(gaps)")
  }

  @Test("a commit on the branch that came past the gate: told now and then, with the way back")
  func foreignCommit() throws {
    world.branch = world.objects.commit(world.objects.tree([1, 1, 2, 1, 1, 1, 1]), parents: [first])
    try check(tells: "git update-ref \(World.intoRef) \(first.hex)")
    world.branch = first
    _ = try anHour()
    guard case .merged = try phase else {
      Issue.record("it is \(String(describing: try phase))")
      return
    }
  }

  @Test("a branch that was moved elsewhere: told now and then, with the way back")
  func movedBranch() throws {
    world.branch = world.objects.commit(world.objects.tree([3, 3, 3, 3, 3, 3, 3]), parents: [])
    try check(tells: "git update-ref \(World.intoRef) \(first.hex)")
    world.branch = first
    _ = try anHour()
    #expect(try phase?.word == "merged")
  }

  @Test("a result of which an object is missing: that attempt has failed, once, and the step is done anew")
  func missingResult() throws {
    try amend(steps: ["S1"], agent: Plan.Agent(command: "agent", timeoutSeconds: 600))
    machine.clone.lost = [result]
    let entries = world.chain.count
    let (rounds, busy) = try anHour()
    #expect(rounds <= 7_201 && busy < 20 && world.chain.count < entries + 20, "\(rounds) \(busy)")
    #expect(listener.warnings.count <= 1, "\(listener.warnings.prefix(9))")
    let step = try process.events.read().state.migration(named: World.migration)?.step("S1")
    #expect(
      step?.phase.word == "merged" && step?.infrastructureRetries == 1 && step?.epoch == 2,
      "\(String(describing: step))")
  }

  @Test("an object that the branch needs is missing: the run ends, and no attempt is counted")
  func missingBase() throws {
    try amend(steps: ["S1", "S2"], agent: Plan.Agent(command: "agent", timeoutSeconds: 600))
    machine.clone.lost = [first]
    let entries = world.chain.count
    let end = world.now + 3_600_000
    // As a run does: when it has told what is damaged, it ends.
    var errors: [CommandError] = []
    while world.now < end, errors.isEmpty {
      do throws(CommandError) {
        _ = try run.step()
        world.now += 500
      } catch {
        errors.append(error)
      }
    }
    #expect(errors.first?.isDamage == true)
    #expect(world.chain.count <= entries + 4)
    let state = try process.events.read().state.migration(named: World.migration)
    #expect(state?.step("S1")?.failures == 0 && state?.step("S2")?.failures == 0)
    #expect(state?.steps.allSatisfy { $0.infrastructureRetries == 0 } == true)
    machine.clone.lost = []
    _ = try anHour()
    #expect(try phase?.word == "merged" && phase(of: "S2")?.word == "merged")
  }

  @Test("a machine without memory or disk: told once, nothing new begins, and all goes on afterwards")
  func shortage() throws {
    world.shortage = Shortage(kind: .memory, text: "no memory")
    let entries = world.chain.count
    _ = try anHour()
    #expect(world.chain.count == entries)
    world.shortage = Shortage(kind: .memory, text: "still no memory")
    _ = try anHour()
    #expect(listener.warnings == ["no memory: no new work begins"])
    world.shortage = Shortage(kind: .disk, text: "no disk")
    _ = try run.step()
    #expect(listener.warnings.dropFirst() == ["no disk: no new work begins"])
    world.shortage = nil
    _ = try anHour()
    #expect(listener.warnings.dropFirst(2).first == "memory and disk are free enough again: work goes on")
    guard case .merged = try phase else {
      Issue.record("it is \(String(describing: try phase))")
      return
    }
  }

  @Test("a lock on the branch: told now and then, and no merge is begun that would come to nothing")
  func leftLock() throws {
    machine.clone.isBranchHeld = true
    try check(tells: "locked")
    machine.clone.isBranchHeld = false
    _ = try anHour()
    guard case .merged = try phase else {
      Issue.record("it is \(String(describing: try phase))")
      return
    }
  }

  @Test("a lock on the branch of a merge that was cut off: told now and then, and settled when it is gone")
  func leftLockOfMerge() throws {
    let dead = Process(world: world, machine: machine, actor: "dead")
    let candidate = world.objects.commit(world.objects.tree([1, 2, 1, 1, 1, 1, 1]), parents: [first])
    let tree = world.objects.tree(of: candidate)
    let end = process.clock.now().adding(seconds: 600)
    try record(
      .gateStarted(
        fence,
        GateStart(
          gate: 1, holder: "dead", owner: dead.owner, expiresAt: end, tip: first.id, tree: tree.id)))
    try record(
      .gateFinished(
        fence,
        GateReport(
          gate: 1, tree: tree.id, verifiers: Plan(migration: World.migration, steps: []).verifierDigest,
          verdict: .passed, failure: nil, isNoChange: false)))
    try record(
      .mergeIntended(
        fence,
        MergeTarget(
          gate: 1, old: first.id, new: candidate.id, tree: tree.id, owner: dead.owner, expiresAt: end)))
    dead.end()
    machine.clone.isBranchHeld = true
    try check(tells: "locked")
    machine.clone.isBranchHeld = false
    _ = try anHour()
    guard case .merged = try phase else {
      Issue.record("it is \(String(describing: try phase))")
      return
    }
  }

  @Test(
    "a file that is in the way of one step: the others go on past it, and it is told no more often for that")
  func othersGoOn() throws {
    try amend(steps: ["S1", "S2", "S3", "S4", "S5", "S6", "S7"])
    machine.clone.changedFile = 1
    // S1 and S2 change the same file, in the same way.
    for number in 2...7 { try submit("S\(number)", changing: number - 1) }
    let (_, busy) = try anHour()
    #expect(busy < 100)
    for step in ["S3", "S4", "S5", "S6", "S7"] {
      guard case .merged = try phase(of: step) else {
        Issue.record("\(step) is \(String(describing: try phase(of: step)))")
        return
      }
    }
    #expect(listener.warnings.count == 6, "\(listener.warnings.prefix(9))")
    #expect(try phase?.word == "submitted" && phase(of: "S2")?.word == "submitted")
    machine.clone.changedFile = nil
    _ = try anHour()
    #expect(try phase?.word == "merged")
  }

  private func amend(steps: [String], agent: Plan.Agent? = nil) throws {
    var plan = Plan(migration: World.migration, steps: steps.map { PlannedStep(id: $0) })
    plan.agent = agent
    try record(.planAmended(PlanAmendment(plan: plan, number: 2, digest: "d")))
  }

  private func submit(_ step: String, changing file: Int) throws {
    let fence = Fence(step: step, epoch: 1)
    var files: [Int32] = [1, 1, 1, 1, 1, 1, 1]
    files[file] = 2
    let tree = world.objects.tree(files)
    let commit = world.objects.commit(tree, parents: [first])
    try record(
      .stepClaimed(
        Claim(
          fence: fence, holder: "m1", owner: process.owner, base: first.id,
          expiresAt: process.clock.now().adding(seconds: 600), slot: nil)))
    try record(.stepSubmitted(fence, Submission.Result(commit: commit.id, tree: tree.id, isNoOp: false)))
  }
}
