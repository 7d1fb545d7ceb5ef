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
  private let job: any GateVerification
  private var isStopping = false

  /// Starts the gate on `commit`, whose tree is `tree`. `report` is told what leads the verifiers astray.
  init(
    site: any Surroundings, state: MigrationState, commit: OID, tree: OID, report: (String) -> Void
  ) throws(CommandError) {
    self.site = site
    self.tree = tree
    migration = state.name
    digest = state.gateDigest
    job = try site.startGate(state.plan, on: commit, for: .baseline(migration: state.name))
    // While the verifiers are at work already, so that nobody waits for it.
    site.outsideCode(state.plan).forEach(report)
  }

  var descriptor: Int32 { job.descriptor }

  func stop() {
    isStopping = true
    job.stop()
  }

  /// What the gate found, or `nil` while it runs.
  func advance() throws(CommandError) -> Ending? {
    guard let report = try job.poll() else { return nil }
    if isStopping { return .stopped }
    let reason = report.failure?.reason ?? "passed"
    let baseline = Baseline(
      tree: tree.objectID, verifiers: digest, verdict: report.verdict, reason: reason,
      details: report.failure.map { $0.details.isEmpty ? [$0.reason] : $0.details } ?? [], kept: report.kept)
    let outcome = try Interpreter(in: site).append(
      [Proposal(migration, .baselineRecorded(baseline))], by: site.actor)
    // The migration has ended meanwhile, or has another plan: what was found says nothing about that.
    if outcome.refusal != nil { return .stopped }
    return report.verdict == .passed ? .passed : .failed(reason)
  }
}
