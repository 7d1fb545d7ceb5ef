import Draws
import Gate
import Git
import Migration
import Runner
import Site

/// The ignored files that verifiers leave behind: for each file of the tree, what was made of one version of
/// it.
struct Caches {
  private var versions: [Int: Int32] = [:]
  /// The folders of the plan that they lie in.
  private(set) var folders: [String] = []

  var isEmpty: Bool { versions.isEmpty }

  /// The versions that the verifiers of a plan get to see of the files of a tree. What they leave is there
  /// for the next.
  ///
  /// Tools take such a file for current by its time and size: now and then one counts that was made of
  /// another version (`mayBeStale`), unless what is newer has a later time.
  mutating func use(
    _ files: [Int32], _ plan: Plan, mayBeStale: Bool, _ chance: inout Chance
  ) -> [Int32] {
    folders = plan.gate.keep
    return files.enumerated().map { file, version in
      if mayBeStale, let cached = versions[file], cached != version, chance.draw(0...3) == 0 { return cached }
      versions[file] = version
      return version
    }
  }
}

/// A judge at work.
final class SimulatedJudge: Judging {
  private let world: World
  private let tree: OID
  private let endsAt: Int64
  private var isStopping = false

  init(world: World, tree: OID) {
    (self.world, self.tree) = (world, tree)
    endsAt = world.now + Int64(world.chance.draw(10...20_000))
  }

  let descriptor: Int32 = -1

  func stop() { isStopping = true }

  func poll() throws(CommandError) -> JudgeReport? {
    if isStopping { return .couldNotRun("it was stopped") }
    guard world.now >= endsAt else { return nil }
    if world.strikes(world.faults.noJudge) { return .couldNotRun("it said nothing") }
    let roll = world.isCalm ? 9 : world.chance.draw(0...9)
    let answer: JudgeAnswer.Answer = roll == 0 ? .unsure : roll == 1 ? .reject : .approve
    if answer == .approve { world.audit.noteJudge(tree) }
    return .answered(answer, reasons: ["because"])
  }
}

/// A command that counts uses, at work: it counts the files that are not as the verifiers want them.
final class SimulatedCount: Counting {
  private let world: World
  private let tree: OID
  private let endsAt: Int64
  private var isStopping = false

  init(world: World, tree: OID) {
    (self.world, self.tree) = (world, tree)
    endsAt = world.now + Int64(world.chance.draw(10...5000))
  }

  let descriptor: Int32 = -1

  func stop() { isStopping = true }

  func poll() throws(CommandError) -> Int? {
    if isStopping { throw CommandError("it was stopped") }
    guard world.now >= endsAt else { return nil }
    if world.strikes(world.faults.noVerdict) { throw CommandError("it printed nothing") }
    return world.objects.files(tree).count { $0 < 0 }
  }
}

/// Verifiers at work on a tree.
final class SimulatedGate: GateVerification {
  /// What it says of a tree that does not pass its tests, and of nothing else.
  static let testFails = "a test fails"

  private let world: World
  private let machine: Machine
  private let plan: Plan
  /// What steps ask beside the plan's gate.
  private let own: [Plan.Verifier]
  private let tree: OID
  private let isOfResult: Bool
  /// What lies in its worktree beside the candidate.
  private var caches: Caches
  /// Whether that may be older than it looks.
  private var mayBeStale = false
  /// The folders that something was kept in.
  private let kept: [String]
  private(set) var endsAt: Int64
  private var isStopping = false
  private var report: VerifierReport?

  init(world: World, machine: Machine, plan: Plan, tree: OID, _ subject: GateSubject) {
    self.world = world
    self.machine = machine
    own = plan.gate.verifiers.filter(\.isOfStep)
    var gate = plan
    gate.gate.verifiers.removeAll(where: \.isOfStep)
    self.plan = gate
    self.tree = tree
    if case .result = subject { isOfResult = true } else { isOfResult = false }
    // The result is judged in a worktree of its own, with nothing kept.
    let left = isOfResult ? Caches() : machine.gateLeft
    let isKept = !plan.gate.keep.isEmpty && left.folders == plan.gate.keep && !left.isEmpty
    kept = isKept ? plan.gate.keep : []
    caches = isKept ? left : Caches()
    // Nothing is known of the folder of a gate that was killed.
    if !isOfResult { machine.gateLeft = Caches() }
    #if KNOWN_BUGS
      if KnownBug.ignoredFilesStay.isOn { (caches, mayBeStale) = (left, true) }
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

  /// What a test runner tells that names its tests.
  private var runs: [ComparedRun] {
    let list = TestList(passed: world.objects.tests(tree))
    let digest = list.isEmpty ? nil : SHA256.hexDigest(of: list.bytes)
    let run = VerifierRun(
      verifier: plan.gate.verifiers.first?.name ?? "test", runner: "simulated", executed: list.passed.count,
      tests: digest)
    return [ComparedRun(run: run, list: list.isEmpty ? nil : list)]
  }

  /// Whether a step's own verifier is content with a tree: it is with most.
  private func isContent(_ verifier: Plan.Verifier) -> Bool {
    (tree.number &* 31 &+ verifier.run.utf8.reduce(0) { $0 &* 7 &+ Int($1) }) % 6 != 0
  }

  private func verdict() -> VerifierReport {
    func no(_ verdict: Verdict, _ reason: String) -> VerifierReport {
      VerifierReport(
        verdict: verdict, failure: Migration.Failure(kind: .gate, reason: reason), kept: kept)
    }
    if isStopping { return no(.couldNotRun, "the gate was stopped") }
    if let program = plan.gate.verifiers.first?.run, world.strikes(world.faults.noProgram) {
      machine.lose(program, world)
      var report = no(.couldNotRun, "it is gone")
      report.hindrance = .missing(MissingProgram(program, reason: "it is gone"))
      return report
    }
    if world.strikes(world.faults.noVerdict) {
      return world.chance.draw(0...3) == 0
        ? no(.ranNoTests, "ran no tests") : no(.couldNotRun, "no such program")
    }
    if !world.isCalm, world.now - world.begin < world.faults.redUntil { return no(.failed, "all is red") }
    let seen = caches.use(world.objects.files(tree), plan, mayBeStale: mayBeStale, &world.chance)
    if !isOfResult { machine.gateLeft = caches }
    // A gate without verifiers asks nothing of the rest.
    let isWhole = !plan.gate.verifiers.isEmpty
    if isWhole, !Objects.isGood(seen) { return no(.failed, SimulatedGate.testFails) }
    var evidence = VerdictEvidence()
    if world.strikes(world.faults.flaky) {
      guard let policy = plan.gate.verifiers.first?.flaky else { return no(.failed, "flaky") }
      evidence.flaky = ["test"]
      if policy == .fails {
        var report = no(.failed, "flaky")
        report.evidence = evidence
        return report
      }
    }
    if isWhole { world.audit.notePass(tree, plan, kept: kept, with: machine.toolchain) }
    if isOfResult { world.audit.noteResult(tree, plan) }
    for verifier in own {
      if !world.isCalm, !isContent(verifier) { return no(.failed, "\(verifier.name): is not content") }
      world.audit.noteOwnPass(tree, verifier.run)
    }
    return VerifierReport(
      verdict: .passed, failure: nil, kept: kept, runs: isWhole ? runs : [], evidence: evidence)
  }
}
