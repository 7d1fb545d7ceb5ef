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

  /// Whether the gate has something to say about the tree and has not said it yet.
  static func isNeeded(_ state: MigrationState, tree: OID) -> Bool {
    if state.plan.gate.verifiers.isEmpty { return false }
    return state.verdict(tree: tree.objectID, verifiers: state.gateDigest)?.verdict != .passed
  }

  /// Starts the gate on `commit`, whose tree is `tree`.
  init(site: any Surroundings, state: MigrationState, commit: OID, tree: OID) throws(CommandError) {
    self.site = site
    self.tree = tree
    migration = state.name
    digest = state.gateDigest
    job = try site.startGate(state.plan, on: commit, for: .baseline(migration: state.name))
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
    let refusal = try Interpreter(in: site).record([
      Proposal(
        migration,
        .baselineRecorded(
          Baseline(
            tree: tree.objectID, verifiers: digest, verdict: report.verdict, reason: reason,
            details: report.failure.map { $0.details.isEmpty ? [$0.reason] : $0.details } ?? [],
            kept: report.kept)))
    ])
    // The migration has ended meanwhile, or has another plan: what was found says nothing about that.
    if refusal != nil { return .stopped }
    return report.verdict == .passed ? .passed : .failed(reason)
  }
}
