import Git
import Ledger
import Migration
import Runner
import Site
import Support
import System

/// A folder with repositories of the real git program, its own HOME, and our program on PATH; and no program
/// of the machine's but git's own.
final class HookWorld {
  private let floor: TestRepository
  private var count = 0

  init() throws {
    floor = try TestRepository(.none)
    floor.environment["PATH"] = "\(TestBinary.directory):/usr/bin:/bin"
    try write(
      "gitconfig",
      "[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n"
        + "[protocol \"file\"]\n\tallow = always\n"
    )
  }

  var directory: String { floor.root }
  var environment: [String: String] { floor.environment }

  /// The environment of somebody who has not installed our program.
  var withoutProgram: [String: String] { environment.merging(["PATH": "/usr/bin:/bin"]) { $1 } }

  func path(_ name: String) -> String { "\(directory)/\(name)" }

  func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws {
    try Files.makeDirectories(Files.parent(of: path(name)))
    try Files.writeAtomically(path(name), Array(text.utf8), mode: mode)
  }

  func read(_ name: String) throws -> String? {
    try Files.readFile(path(name)).map { String(decoding: $0, as: UTF8.self) }
  }

  struct Ran {
    var code: Int32
    var text: String
    var errors: String
    var isSuccess: Bool { code == 0 }
  }

  /// Runs git in a folder of this world.
  @discardableResult
  func git(
    _ folder: String, _ arguments: String..., environment: [String: String]? = nil, input: String? = nil
  )
    throws -> Ran
  {
    let run = try floor.run(
      "git", arguments, input: input, in: path(folder), adding: environment ?? [:])
    guard (0...129).contains(run.code) else { throw Stop(reason: "\(run)") }
    let text = run.out.hasSuffix("\n") ? String(run.out.dropLast()) : run.out
    return Ran(code: run.code, text: text, errors: run.err)
  }

  struct Stop: Error { var reason: String }

  /// A repository with two commits on `main` and a README.
  func makeRepository(_ name: String = "repo") throws {
    try Files.makeDirectories(path(name))
    try git(name, "init", "-q")
    try write("\(name)/README", "read me\n")
    try git(name, "add", "README")
    try git(name, "commit", "-q", "-m", "first")
    try git(name, "commit", "-q", "--allow-empty", "-m", "second")
  }

  func site(_ name: String = "repo") throws -> Site {
    try Site(directory: path(name), environment: environment)
  }

  func install(_ name: String = "repo") throws -> HookChanges { try HookSetup(site: site(name)).install() }

  func resolve(_ ref: String, in name: String = "repo") throws -> String? {
    let ran = try git(name, "rev-parse", "-q", "--verify", ref)
    return ran.isSuccess ? ran.text : nil
  }

  // MARK: A migration

  static let plan = Plan(
    migration: "logging", steps: [PlannedStep(id: "S1", run: "true"), PlannedStep(id: "S2", run: "true")])

  /// Starts a migration from `main`, as `git migrate start` does.
  func start(into: String? = nil, shared: Bool = false, in name: String = "repo") throws {
    var plan = HookWorld.plan
    if let into { plan.into = into }
    let site = try site(name)
    let text = Array("plan".utf8)
    let base = try id(resolve("main", in: name))
    try append(
      site,
      .migrationStarted(
        MigrationStart(
          plan: plan, digest: SHA256.hexDigest(of: text), base: "main", commit: base, shared: shared)),
      planText: text)
    let branches = HookBranches(commonDirectory: site.repository.commonDirectory)
    try branches.add(site.ledger.read().state)
    if !shared {
      let made = try git(name, "update-ref", "refs/heads/\(plan.into)", base.hex, "")
      guard made.isSuccess else { throw Stop(reason: made.errors) }
    }
  }

  /// One more entry that is always legal at first.
  func pause(in name: String = "repo") throws {
    try append(site(name), .migrationPaused(reason: "lunch"))
  }

  func append(_ site: Site, _ change: Migration.Change, planText: [UInt8]? = nil) throws {
    let outcome = try site.ledger.append([Proposal("logging", change, planText: planText)], by: "w")
    guard case .won = outcome else { throw Stop(reason: "\(outcome)") }
  }

  /// Leads a step to the point where the branch may move to a new commit, which it gives.
  func intendMerge(_ step: String, in name: String = "repo") throws -> (old: String, new: String) {
    let site = try site(name)
    let state = try site.ledger.read().state
    guard let migration = state.migrations.first, let old = try resolve(migration.intoRef, in: name) else {
      throw Stop(reason: "no branch")
    }
    count += 1
    let blob = try git(name, "hash-object", "-w", "--stdin", input: "\(count)\n").text
    let tree = try git(name, "mktree", input: "100644 blob \(blob)\tREADME\n").text
    let new = try git(name, "commit-tree", tree, "-p", old, "-m", "\(step)").text
    let fence = Fence(step: step, epoch: 1)
    let owner = Owner(machine: "m", boot: "b", pid: 0, startTicks: 0)
    let end = SystemClock().now().adding(seconds: 600)
    let (from, to, result) = (try id(old), try id(new), try id(tree))
    try append(
      site,
      .stepClaimed(Claim(fence: fence, holder: "w", owner: owner, base: from, expiresAt: end, slot: nil)))
    try append(site, .stepSubmitted(fence, Submission.Result(commit: to, tree: result, isNoOp: false)))
    try append(
      site,
      .gateStarted(
        fence, GateStart(gate: 1, holder: "w", owner: owner, expiresAt: end, tip: from, tree: result)))
    try append(
      site,
      .gateFinished(
        fence,
        GateReport(
          gate: 1, tree: result, verifiers: migration.plan.verifierDigest, verdict: .passed, failure: nil,
          isNoChange: false)))
    try append(
      site,
      .mergeIntended(
        fence, MergeTarget(gate: 1, old: from, new: to, tree: result, owner: owner, expiresAt: end)))
    return (old, new)
  }

  func recordMerge(_ step: String, _ commit: String, in name: String = "repo") throws {
    try append(site(name), .stepMerged(Fence(step: step, epoch: 1), commit: id(commit)))
  }

  private func id(_ hex: String?) throws -> ObjectID {
    guard let id = hex.flatMap({ ObjectID($0) }) else { throw Stop(reason: "'\(hex ?? "")' is no object") }
    return id
  }
}
