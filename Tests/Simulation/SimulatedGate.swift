import Git
import Migration
import Runner

/// The ignored files that verifiers leave behind: for each file of the tree, what was made of one version of
/// it. Tools take such a file for current by its time and size, so now and then one counts that was made of
/// another version.
struct Caches {
  private var versions: [Int: Int32] = [:]

  /// The versions that the verifiers get to see of the files of a tree; what they leave is kept for the next.
  mutating func use(_ files: [Int32], _ chance: inout Chance) -> [Int32] {
    files.enumerated().map { file, version in
      if let cached = versions[file], cached != version, chance.draw(0...3) == 0 { return cached }
      versions[file] = version
      return version
    }
  }
}

/// Verifiers at work on a tree.
final class SimulatedGate: GateVerification {
  /// What it says of a tree that does not pass its tests, and of nothing else.
  static let testFails = "a test fails"

  private let world: World
  private let machine: Machine
  private let plan: Plan
  private let tree: OID
  /// What lies in its worktree beside the candidate.
  private var caches: Caches
  private(set) var endsAt: Int64
  private var isStopping = false
  private var report: VerifierReport?

  init(world: World, machine: Machine, plan: Plan, tree: OID) {
    self.world = world
    self.machine = machine
    self.plan = plan
    self.tree = tree
    caches = Caches()
    #if KNOWN_BUGS
      if KnownBug.ignoredFilesStay.isOn { caches = machine.gateLeft }
    #endif
    let limit = plan.gate.verifiers.first?.timeoutSeconds ?? 60
    endsAt = world.now + Int64(world.chance.draw(10...limit * 1000))
  }

  let descriptor: Int32 = -1

  func stop() {
    isStopping = true
    endsAt = min(endsAt, world.now + 1000)
  }

  func poll() throws(CommandError) -> VerifierReport? {
    if let report { return report }
    guard world.now >= endsAt else { return nil }
    let made = verdict()
    report = made
    return made
  }

  private func verdict() -> VerifierReport {
    func no(_ verdict: Verdict, _ reason: String) -> VerifierReport {
      VerifierReport(verdict: verdict, failure: Migration.Failure(kind: .gate, reason: reason))
    }
    if isStopping { return no(.couldNotRun, "the gate was stopped") }
    if world.strikes(world.faults.noVerdict) {
      return world.chance.draw(0...3) == 0
        ? no(.ranNoTests, "ran no tests") : no(.couldNotRun, "no such program")
    }
    if !world.isCalm, world.now - world.begin < world.faults.redUntil { return no(.failed, "all is red") }
    let seen = caches.use(world.objects.files(tree), &world.chance)
    machine.gateLeft = caches
    if !Objects.isGood(seen) { return no(.failed, SimulatedGate.testFails) }
    if world.strikes(world.faults.flaky) { return no(.failed, "flaky") }
    world.audit.notePass(tree, plan)
    return VerifierReport(verdict: .passed, failure: nil)
  }
}
