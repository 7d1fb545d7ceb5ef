import Git
import Ledger
import Migration
import Site

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
  /// ledger knows no such thing yet, it cannot be told, or they rest on what the branch is as well.
  func basis(of state: MigrationState, report: (String) -> Void) throws(CommandError) -> VerdictBasis? {
    let gate = state.plan.gate
    if gate.allowsKnown || gate.verifiers.contains(where: { !$0.paths.isEmpty }) { return nil }
    guard try snapshot().state.version >= VerdictEvidence.version else { return nil }
    return try basis(state.plan, report: report)
  }

  /// What is known of a tree by the gate of a migration, on that basis; `nil` when the verifiers have to run.
  /// It rests on what it rested on: no more is known than what the plan keeps. A tree that passed once, with
  /// fewer tests than the tip that it is to stand on, has not passed now.
  func remembered(
    _ tree: OID, _ state: MigrationState, on basis: VerdictBasis?, tipTree: OID, allowing allow: [String]
  ) throws(CommandError) -> VerifierReport? {
    guard let known = try knownPass(tree.objectID, state, on: basis) else { return nil }
    return try compared(known, state, tipTree: tipTree, tree: tree, allowing: allow)
  }

  /// The verdict by which a tree is known to pass, whatever it stands on; `nil` when it is not known to.
  func knownPass(
    _ tree: ObjectID, _ state: MigrationState, on basis: VerdictBasis?
  ) throws(CommandError) -> VerifierReport? {
    let now = try snapshot().state
    let kept = state.plan.gate.keep
    if now.version < VerdictEvidence.version {
      // Only the migration's own are known there.
      guard state.verdict(tree: tree, verifiers: state.gateDigest)?.verdict == .passed else { return nil }
      return VerifierReport(verdict: .passed, failure: nil, kept: kept)
    }
    guard let owner = now.passed(tree: tree, for: state, on: basis) else { return nil }
    // What the verifiers told then is what the next candidate is compared with.
    let own = now.migration(named: owner)
    let verdict = own?.verdict(tree: tree, verifiers: own?.gateDigest ?? "")
    return VerifierReport(
      verdict: .passed, failure: nil, kept: kept, runs: try remembered(verdict?.runs ?? []),
      evidence: VerdictEvidence(basis: basis, reused: owner))
  }
}
