import Ledger
import Migration

/// A verdict that is known already: nothing runs.
final class RememberedVerdict: GateVerification {
  private let report: VerifierReport

  init(_ report: VerifierReport) { self.report = report }

  let descriptor: Int32 = -1
  func poll() throws(CommandError) -> VerifierReport? { report }
  func stop() {}
}

extension Surroundings {
  /// What verdicts by the gate of a migration rest on here; `nil` where nobody could use them again: the
  /// ledger knows no such thing yet, or it cannot be told.
  func basis(of state: MigrationState, report: (String) -> Void) throws(CommandError) -> VerdictBasis? {
    guard try reporting({ try events.read() }).state.version >= VerdictEvidence.version else { return nil }
    return try basis(state.plan, report: report)
  }

  /// The passing verdict on a tree that is known for the gate of a migration, on that basis; `nil` when the
  /// verifiers have to run. It rests on what it rested on: no more is known than what the plan keeps.
  func remembered(
    _ tree: ObjectID, _ state: MigrationState, on basis: VerdictBasis?
  ) throws(CommandError) -> VerifierReport? {
    let now = try reporting { try events.read() }.state
    let kept = state.plan.gate.keep
    if now.version < VerdictEvidence.version {
      // Only the migration's own are known there.
      guard state.verdict(tree: tree, verifiers: state.gateDigest)?.verdict == .passed else { return nil }
      return VerifierReport(verdict: .passed, failure: nil, kept: kept)
    }
    guard let owner = now.passed(tree: tree, for: state, on: basis) else { return nil }
    return VerifierReport(
      verdict: .passed, failure: nil, kept: kept, evidence: VerdictEvidence(basis: basis, reused: owner))
  }
}
