import Git
import Ledger
import Migration

/// Runs the gate on a tree that no step has touched, and records what it found. The base must pass first,
/// once per tree: otherwise its failures would be blamed on the steps (DESIGN §6).
final class BaselineTask {
  enum Ending: Equatable {
    case passed
    case failed(String)
    case stopped
  }

  private let site: any Surroundings
  private let migration: String
  private let digest: String
  private let tree: OID
  /// The number of the claim.
  private let run: Int
  private let job: any GateVerification
  private var watch = HoldWatch()
  private var isStopping = false

  /// Whether the gate has something to say about the tree and has not said it yet.
  static func isNeeded(_ state: MigrationState, tree: OID) -> Bool {
    if state.plan.gate.verifiers.isEmpty { return false }
    return state.verdict(tree: tree.objectID, verifiers: state.gateDigest)?.verdict != .passed
  }

  /// Claims the base of a migration, then starts the gate on `commit`, whose tree is `tree`. Refused while
  /// somebody else judges it: what they find counts for all. `report` is told what leads the verifiers
  /// astray.
  static func begin(
    site: any Surroundings, state: MigrationState, commit: OID, tree: OID, report: (String) -> Void
  ) throws(CommandError) -> Result<BaselineTask, Refusal> {
    var run = 0
    let outcome = try reporting {
      try site.events.append(by: site.actor) { (snapshot, at) throws(Refusal) in
        guard let now = snapshot.state.migration(named: state.name) else {
          throw Refusal(.unknownMigration, "no migration '\(state.name)'")
        }
        run = now.baselineRuns + 1
        let claim = BaselineClaim(
          run: run, tree: tree.objectID, verifiers: state.gateDigest, holder: site.actor, owner: site.owner,
          expiresAt: at.adding(seconds: now.plan.leaseSeconds))
        return [Proposal(state.name, .baselineClaimed(claim))]
      }
    }
    switch outcome {
    case .refused(let refusal): return .failure(refusal)
    case .won, .nothing: break
    }
    do throws(CommandError) {
      let job = try site.startGate(state.plan, on: commit, for: .baseline(migration: state.name))
      // While the verifiers are at work already, so that nobody waits for it.
      site.outsideCode(state.plan).forEach(report)
      return .success(BaselineTask(site: site, state: state, tree: tree, run: run, job: job))
    } catch {
      let change = Migration.Change.baselineAbandoned(run: run, evidence: .holder)
      _ = try? site.events.append([Proposal(state.name, change)], by: site.actor)
      throw error
    }
  }

  private init(
    site: any Surroundings, state: MigrationState, tree: OID, run: Int, job: any GateVerification
  ) {
    self.site = site
    self.tree = tree
    self.run = run
    self.job = job
    migration = state.name
    digest = state.gateDigest
  }

  var descriptor: Int32 { job.descriptor }

  func stop() {
    isStopping = true
    job.stop()
  }

  /// Keeps the claim once half of its time is over, and ends the verifiers when it is not ours any more.
  func renew(_ state: MigrationState, at now: Timestamp) throws(CommandError) {
    guard !isStopping else { return }
    guard let claim = state.baselineRun, claim.run == run else {
      if watch.hasSeen { stop() }
      return
    }
    let seconds = state.plan.leaseSeconds
    guard watch.isDue(at: now, seconds: seconds, until: claim.expiresAt) else { return }
    _ = try reporting {
      try site.events.append(by: site.actor) { (_, at) throws(Refusal) in
        let until = claim.expiresAt.renewed(at: at, seconds: seconds)
        return [Proposal(migration, .baselineRenewed(run: run, expiresAt: until))]
      }
    }
  }

  /// What the gate found, or `nil` while it runs.
  func advance() throws(CommandError) -> Ending? {
    guard let report = try job.poll() else { return nil }
    if isStopping {
      // What is not ours any more needs no giving back.
      _ = try Interpreter(in: site).record([
        Proposal(migration, .baselineAbandoned(run: run, evidence: .holder))
      ])
      return .stopped
    }
    let reason = report.failure?.reason ?? "passed"
    let refusal = try Interpreter(in: site).record([
      Proposal(
        migration,
        .baselineRecorded(
          Baseline(
            tree: tree.objectID, verifiers: digest, verdict: report.verdict, reason: reason,
            details: report.failure.map { $0.details.isEmpty ? [$0.reason] : $0.details } ?? [],
            kept: report.kept, run: run)))
    ])
    // The migration has ended meanwhile, has another plan, or somebody else judges: what was found says
    // nothing about that.
    if refusal != nil { return .stopped }
    return report.verdict == .passed ? .passed : .failed(reason)
  }
}
