import CanonicalJSON
import Draws
import Git
import Ledger
import Migration
import Runner
import Site

/// A worker at work: what it will do is drawn when it begins.
final class SimulatedAttempt: Attempt {
  /// What a worker does.
  enum Deed: CaseIterable {
    case good, bad, fails, failsAfterChange, nothing, noOp, conflicting, staysPut
    /// Leaves its worktree so that nothing of it can be taken, and nobody could work in it.
    case litters
    /// Stops its supervisor: its end is brought about from outside, later than it ought to be.
    case stopsSupervisor
    /// Its agent's service does not serve, for a while or before a person has done something.
    case unserved, unconfigured
    /// What it is started by is gone from its machine for a while.
    case hindered
  }

  let migration: String
  let claim: Claim
  let step: PlannedStep
  let slot: String
  let stage: StageTask?
  let keepsFailedWorktree = false
  let proposed: [Proposal] = []
  private(set) var isStopping = false
  private(set) var endsAt: Int64
  private let deed: Deed
  private let world: World
  private let machine: Machine
  private let timesOut: Bool
  /// How much longer than others it takes to be ended, in milliseconds.
  private let late: Int64
  /// Whether the run has heard that it is over.
  private(set) var isToldOver = false

  init(world: World, machine: Machine, held: HeldStep, slot: String) {
    self.world = world
    self.machine = machine
    self.slot = slot
    migration = held.migration
    claim = held.claim
    (step, stage) = (held.step, held.stage)
    let roll = world.chance.draw(0...99)
    // Once the faults are over everybody does what is wanted.
    var deed: Deed =
      world.isCalm || roll < 70
      ? .good
      : world.chance.pick([
        .bad, .fails, .failsAfterChange, .nothing, .noOp, .conflicting, .staysPut, .stopsSupervisor,
      ])
    if held.step.run == nil, !world.isCalm, world.chance.draw(0...29) == 0 {
      deed = world.chance.pick([.unserved, .unserved, .unserved, .unconfigured])
    }
    if world.strikes(world.faults.litter) { deed = .litters }
    if world.strikes(world.faults.noProgram) { deed = .hindered }
    self.deed = deed
    let limit = Int64(held.plan.agent?.timeoutSeconds ?? 600) * 1000
    let length = deed == .staysPut ? limit : Int64(world.chance.draw(100...120_000))
    timesOut = length >= limit || deed == .stopsSupervisor
    late = deed == .stopsSupervisor ? Int64(world.chance.draw(0...60_000)) : 0
    endsAt = world.now + (deed == .stopsSupervisor ? limit : min(length, limit)) + late
  }

  let descriptor: Int32 = -1
  let descriptors: [Int32] = []

  /// Whether the worker has ended.
  var isOver: Bool { world.now >= endsAt }

  func stop() {
    guard !isStopping else { return }
    isStopping = true
    // Some do as they are asked, some have to be killed.
    end(at: world.now + Int64(world.chance.draw(0...10_000)) + late)
  }

  func kill() {
    isStopping = true
    end(at: world.now + late)
  }

  func end(at time: Int64) {
    endsAt = min(endsAt, time)
    if machine.slots[slot]?.fence == claim.fence { machine.slots[slot]?.busyUntil = endsAt }
    machine.wakesAt = min(machine.wakesAt, endsAt)
  }

  var exitCode: Int32? { nil }

  var isServed: Bool { ![.unserved, .unconfigured, .hindered].contains(deed) }

  func poll() throws(CommandError) -> AttemptOutcome? {
    guard isOver else { return nil }
    isToldOver = true
    if isStopping { return .stopped }
    if timesOut { return .failed(Migration.Failure(kind: .timeout, reason: "took too long")) }
    switch deed {
    case .hindered:
      let program = step.run ?? "agent"
      machine.lose(program, world)
      return .hindered(reason: "it is gone", MissingProgram(program, reason: "it is gone"))
    case .unserved:
      let told = world.chance.draw(0...1) == 0 ? nil : world.now + Int64(world.chance.draw(0...3_600_000))
      return .unserved(
        .rests(until: told.map { Timestamp(milliseconds: $0) }, cause: "usage limit", "a limit"))
    case .unconfigured: return .unserved(.pauses("no key", remedy: "find it"))
    case .good, .bad, .nothing, .conflicting, .staysPut, .stopsSupervisor, .litters: return word ?? .done
    case .noOp: return word ?? .noOp("nothing to do")
    case .fails, .failsAfterChange:
      // A codemod may leave its step to an agent.
      if step.run != nil, step.isShared, deed == .failsAfterChange {
        return .failed(Migration.Failure(kind: .left, reason: "not mine"))
      }
      return .failed(Migration.Failure(kind: .worker, reason: "failed"))
    }
  }

  /// The word that the stage ends with; now and then one that it has not got.
  private var word: AttemptOutcome? {
    guard let stage = stage?.stage else { return nil }
    if world.strikes(world.faults.oddWord) { return .said(StageWord("MAYBE")) }
    if world.isCalm, let answer = stage.on.first(where: { $0.target == .gate }) ?? stage.on.first {
      return .said(StageWord(answer.word, notes: ["good"], isNoOp: deed == .noOp))
    }
    let answer = world.chance.pick(stage.on)
    return .said(StageWord(answer.word, notes: ["as it is"], isNoOp: deed == .noOp))
  }

  /// What its agent tells of what it used.
  var facts: [JSON.Member] {
    if step.run != nil { return [] }
    return [JSON.Member("wall", .integer(1000)), JSON.Member("turns", .integer(deed == .unserved ? 0 : 3))]
  }

  /// What an agent uses is told when it has ended, so that nothing ends it before.
  var used: Amounts { Amounts() }
  func end(because words: String) {}

  /// What is said is meant, whatever was left.
  func judged(
    _ outcome: AttemptOutcome, leaving content: WorkContent, warn: (String) -> Void
  ) -> AttemptOutcome { outcome }

  /// Whether nobody could work in its worktree as this worker leaves it.
  var leavesLitter: Bool { deed == .litters }

  /// What the harvest does with a worktree of which nothing can be taken: it is moved away and, where that
  /// cannot be done either, given to nobody any more.
  private func moveAway() -> Migration.Failure {
    machine.moveAway(slot, isStuck: world.strikes(world.faults.stuckSlot))
    return Migration.Failure(kind: .worker, reason: "what it left cannot be recorded")
  }

  /// What lies in its worktree now.
  func content() -> Submitting.Content {
    let ref = LedgerRefs.attempt(migration, claim.fence)
    if let commit = machine.clone.attempts[ref] {
      // Whoever hands in again hands in the same.
      let tree = world.objects.tree(of: commit)
      return .result(Submission.Result(commit: commit.id, tree: tree.id, isNoOp: false), files: 1)
    }
    let tree = world.objects.tree(of: claim.base.oid)
    if let stage, !stage.stage.writes {
      guard let result = stage.result else {
        return .unchanged(Submission.Result(commit: claim.base, tree: tree.id, isNoOp: true))
      }
      machine.clone.learn(commit: result.commit.oid, world)
      if !result.isNoOp { machine.clone.attempts[ref] = result.commit.oid }
      return .result(result, files: 0)
    }
    if deed == .litters { return .refused(moveAway()) }
    var files = world.objects.files(tree)
    if let result = stage?.result { files = world.objects.files(result.tree.oid) }
    if let base = step.resolves?.oid, let before = world.objects.mergeBase(base, claim.base.oid) {
      files = world.objects.put(base, into: claim.base.oid, since: before)
    }
    let own = (Int(step.id.dropFirst()) ?? 0) % files.count
    switch deed {
    case .good, .failsAfterChange: files[own] = world.freshVersion(isGood: true)
    case .bad: files[own] = world.freshVersion(isGood: false)
    case .conflicting:
      files[own] = world.freshVersion(isGood: true)
      files[0] = world.freshVersion(isGood: true)
    case .fails, .nothing, .noOp, .staysPut, .stopsSupervisor, .unserved, .unconfigured, .litters,
      .hindered:
      return .unchanged(Submission.Result(commit: claim.base, tree: tree.id, isNoOp: true))
    }
    let result = world.objects.tree(files)
    let commit = world.objects.commit(result, parents: [claim.base.oid])
    machine.clone.addCommit(commit)
    machine.clone.attempts[ref] = commit
    return .result(Submission.Result(commit: commit.id, tree: result.id, isNoOp: false), files: 1)
  }
}
