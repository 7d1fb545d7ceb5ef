import Git
import Glibc
import Ledger
import Migration
import Support
import System
import Testing

@testable import Runner
@testable import Site

/// A process that sleeps between what it sees and what it does, while others go on.
@Suite("Recovery that sleeps after its look at the ledger")
struct SleepingRecoveryTests {
  /// A clock that a test moves; when it is asked, something else happens first, once.
  private final class Clock: WallClock {
    var seconds = TestRepository.epoch
    var meanwhile: (() throws -> Void)?

    func now() -> Timestamp {
      let work = meanwhile
      meanwhile = nil
      #expect(throws: Never.self) { try work?() }
      return Timestamp(milliseconds: seconds * 1000)
    }
  }

  private let world: TestRepository
  private let clock = Clock()
  private let fence = Fence(step: "S1", epoch: 1)
  private let owner = Owner(machine: "elsewhere", boot: "b", pid: 7, startTicks: 7)
  private let plan = Plan(migration: "mig", steps: [PlannedStep(id: "S1")])

  init() throws { world = try TestRepository() }

  private func site() throws -> Site {
    return try Site(directory: world.path, environment: world.environment, clock: clock)
  }

  private func record(_ change: Migration.Change, planText: [UInt8]? = nil) throws {
    let outcome = try site().ledger.append([Proposal("mig", change, planText: planText)], by: "gate")
    guard case .won = outcome else { throw TestFailure("\(change): \(outcome)") }
  }

  private func id(_ revision: String) throws -> ObjectID {
    try #require(ObjectID(try world.git("rev-parse", revision)))
  }

  /// A commit on the branch's tip with a file of its own, and its tree.
  private func candidate(_ name: String) throws -> (commit: ObjectID, tree: ObjectID) {
    let blob = try world.runGit(["hash-object", "-w", "--stdin"], input: name).out.dropLast()
    let tree = try world.runGit(["mktree"], input: "100644 blob \(blob)\t\(name)\n").out.dropLast()
    let commit = try world.git("commit-tree", String(tree), "-p", plan.into, "-m", name)
    return (try #require(ObjectID(commit)), try #require(ObjectID(String(tree))))
  }

  /// Leads the submitted step through a gate run to the intent to merge.
  private func intend(gate: Int, _ candidate: (commit: ObjectID, tree: ObjectID)) throws {
    let (tip, end) = (try id(plan.into), clock.now().adding(seconds: 600))
    let start = GateStart(
      gate: gate, holder: "gate", owner: owner, expiresAt: end, tip: tip, tree: candidate.tree)
    let report = GateReport(
      gate: gate, tree: candidate.tree, verifiers: plan.verifierDigest, verdict: .passed, failure: nil,
      isNoChange: false)
    let target = MergeTarget(
      gate: gate, old: tip, new: candidate.commit, tree: candidate.tree, owner: owner, expiresAt: end)
    try record(.gateStarted(fence, start))
    try record(.gateFinished(fence, report))
    try record(.mergeIntended(fence, target))
  }

  /// A merge that was intended and never came: whoever intended it is too late.
  private func stalledMerge() throws {
    let text = Array("plan".utf8)
    let start = MigrationStart(
      plan: plan, digest: SHA256.hexDigest(of: text), base: "main", commit: try id("main"), shared: false)
    try record(.migrationStarted(start), planText: text)
    try world.git("branch", plan.into)
    let first = try candidate("first")
    let claim = Claim(
      fence: fence, holder: "gate", owner: owner, base: try id("main"),
      expiresAt: clock.now().adding(seconds: 600), slot: nil)
    try record(.stepClaimed(claim))
    try record(
      .stepSubmitted(fence, Submission.Result(commit: first.commit, tree: first.tree, isNoOp: false)))
    try intend(gate: 1, first)
    clock.seconds += 3600
  }

  /// Found by the simulator, seed 198400: the next intent for the same claim had moved the branch, and was
  /// given up in place of the one that was looked at.
  @Test("it gives up only the intent that it looked at, not the next one for the same claim")
  func nextIntent() throws {
    try stalledMerge()
    let second = try candidate("second")
    clock.meanwhile = {
      try record(.mergeAbandoned(fence, evidence: .timeout, reason: "cut off"))
      clock.seconds += 3600
      try intend(gate: 2, second)
      try world.git("update-ref", "refs/heads/" + plan.into, second.commit.hex)
      // The one who moved it sleeps as well, until its hold is over.
      clock.seconds += 3600
    }
    try Recovery(site: site()).sweep("mig")
    let state = try #require(try site().ledger.read().state.migration(named: "mig"))
    guard case .merging(_, _, let target)? = state.step("S1")?.phase else {
      Issue.record("the step is \(state.step("S1")?.phase.word ?? "gone"), and the branch has its change")
      return
    }
    #expect(target.new == second.commit)

    try Recovery(site: site()).sweep("mig")
    let after = try #require(try site().ledger.read().state.migration(named: "mig"))
    #expect(after.step("S1")?.phase == .merged(commit: second.commit), "the next sweep sees where it is")
    #expect(after.tip == second.commit)
  }

  @Test("what it looked at, and what did not move the branch, it gives up")
  func sameIntent() throws {
    try stalledMerge()
    try Recovery(site: site()).sweep("mig")
    let state = try #require(try site().ledger.read().state.migration(named: "mig"))
    #expect(state.step("S1")?.phase.word == "submitted")
  }

  /// Leaves a lock on the branch, as a git does that is killed with its run.
  private func leaveLock(age: Int64) throws {
    let path = world.path + "/.git/refs/heads/" + plan.into + ".lock"
    try Files.writeAtomically(path, [])
    let time = timespec(tv_sec: Int(clock.seconds - age), tv_nsec: 0)
    #expect(utimensat(AT_FDCWD, path, [time, time], 0) == 0)
  }

  @Test("a lock that was left on the branch is taken away")
  func leftLock() throws {
    try stalledMerge()
    try leaveLock(age: 61)
    try Recovery(site: site()).sweep("mig")
    let state = try #require(try site().ledger.read().state.migration(named: "mig"))
    #expect(state.step("S1")?.phase.word == "submitted")
  }

  @Test("a lock that may be somebody's is waited for, and named")
  func youngLock() throws {
    try stalledMerge()
    try leaveLock(age: 1)
    var told: [String] = []
    try Recovery(site: site()) { told.append($0) }.sweep("mig")
    let state = try #require(try site().ledger.read().state.migration(named: "mig"))
    #expect(state.step("S1")?.phase.word == "merging")
    #expect(told.count == 1)
    #expect(told.first?.contains("refs/heads/migrate/mig.lock' is there") == true, "\(told)")
  }
}
