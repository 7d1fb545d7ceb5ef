import Git
import Ledger
import Migration
import System

@testable import Guarding

/// A repository with one migration in its ledger, made without the git program.
final class RefGuardWorld {
  let directory: String
  let repository: Repository
  let ledger: Ledger
  let base: OID
  private var count: Int64 = 0
  private(set) var plan: Plan

  static let migration = "logging"
  static let owner = Owner(machine: "m", boot: "b", pid: 0, startTicks: 0)

  init(into: String? = nil, steps: [String] = ["S1", "S2"]) throws {
    directory = try Files.makeTemporaryDirectory(prefix: "git-migrate-guard-")
    repository = try Repository.initialize(at: directory + "/repo", environment: ["GIT_CONFIG_NOSYSTEM": "1"])
    ledger = Ledger(repository: repository)
    base = try RefGuardWorld.commit(repository, "base\n", ["a": "0"], parents: [])
    plan = Plan(
      migration: RefGuardWorld.migration, into: into, agent: Plan.Agent(command: "true"), refreshSeconds: 60,
      steps: steps.map { PlannedStep(id: $0, run: "true") })
    try set("refs/heads/main", base)
  }

  deinit { try? Files.removeTree(directory) }

  var into: String { "refs/heads/" + plan.into }

  static func commit(
    _ repository: Repository, _ message: String, _ files: [String: String], parents: [OID],
    isEmpty: Bool = false
  ) throws -> OID {
    let parent = isEmpty ? nil : try parents.first.map { try repository.treeOf(commit: $0) }
    let upserts = try files.sorted { $0.key < $1.key }.map { file in
      (path: file.key, blob: try repository.writeBlob(Array(file.value.utf8)), mode: FileMode.blob)
    }
    let tree = try repository.writeTree(updating: parent, upserts: upserts, removals: [])
    let author = Signature(name: "a", email: "a@example.com", seconds: 1_700_000_000)
    return try repository.writeCommit(
      tree: tree, parents: parents, message: message, author: author, committer: author)
  }

  /// A commit that changes one file, never the same twice.
  func commit(on parents: [OID], _ message: String = "work\n") throws -> OID {
    count += 1
    return try RefGuardWorld.commit(repository, message, ["a": "\(count)"], parents: parents)
  }

  /// Moves a ref past every hook, as a tool that knows nothing of us could.
  func set(_ ref: String, _ oid: OID?) throws {
    let now = try repository.resolve(ref)
    switch (now, oid) {
    case (nil, nil): return
    case (let now?, nil): _ = repository.deleteReference(ref, expected: now)
    case (_, let oid?): _ = repository.compareAndSwap(ref: ref, to: oid, from: now)
    }
  }

  func append(_ change: Migration.Change, planText: [UInt8]? = nil) throws {
    let outcome = try ledger.append(
      [Proposal(RefGuardWorld.migration, change, planText: planText)], by: "w")
    guard case .won = outcome else { throw Stop(reason: "\(outcome)") }
  }

  struct Stop: Error { var reason: String }

  func start(shared: Bool = false) throws {
    let text = Array("plan".utf8)
    try append(
      .migrationStarted(
        MigrationStart(
          plan: plan, digest: SHA256.hexDigest(of: text), base: "main", commit: id(base), shared: shared)),
      planText: text)
    if !shared { try set(into, base) }
  }

  /// Leads a step to the point where the branch may move from `old` to `new`.
  func intendMerge(_ step: String, from old: OID, to new: OID, with base: OID? = nil) throws {
    let fence = Fence(step: step, epoch: 1)
    let owner = RefGuardWorld.owner
    let end = SystemClock().now().adding(seconds: 600)
    let tree = id(try repository.treeOf(commit: new))
    try append(
      .stepClaimed(Claim(fence: fence, holder: "w", owner: owner, base: id(old), expiresAt: end, slot: nil)))
    try append(.stepSubmitted(fence, Submission.Result(commit: id(new), tree: tree, isNoOp: false)))
    try append(
      .gateStarted(
        fence, GateStart(gate: 1, holder: "w", owner: owner, expiresAt: end, tip: id(old), tree: tree)))
    try append(
      .gateFinished(
        fence,
        GateReport(
          gate: 1, tree: tree, verifiers: plan.verifierDigest, verdict: .passed, failure: nil,
          isNoChange: false)))
    try append(
      .mergeIntended(
        fence,
        MergeTarget(
          gate: 1, old: id(old), new: id(new), tree: tree, owner: owner, expiresAt: end, base: base.map(id))))
  }

  func recordMerge(_ step: String, _ commit: OID) throws {
    try append(.stepMerged(Fence(step: step, epoch: 1), commit: id(commit)))
  }

  func id(_ oid: OID) -> ObjectID { ObjectID(oid.hex) ?? ObjectID(String(repeating: "0", count: 40))! }

  /// Whether a transaction that moves these refs is allowed; `nil` is, otherwise the reason.
  func objection(
    _ updates: (String, OID?, OID?)..., vantage: RefGuard.Vantage = .transaction
  ) -> String? {
    objection(list: updates, vantage: vantage)
  }

  func objection(list updates: [(String, OID?, OID?)], vantage: RefGuard.Vantage) -> String? {
    let list = updates.map { RefUpdate(old: value($0.1), new: value($0.2), ref: $0.0) }
    do throws(RefObjection) {
      try RefGuard(ledger: Ledger(repository: repository), vantage: vantage).check(list)
      return nil
    } catch {
      return error.reason
    }
  }

  private func value(_ oid: OID?) -> RefUpdate.Value { oid.map { .oid($0) } ?? .none }
}
