import Git
import Migration
import Site

extension State {
  /// Throws unless the results of some claims are judged by the same verifiers as in an earlier state of
  /// their migration.
  func requireGate(of claims: [Fence], as earlier: MigrationState) throws(Refusal) {
    guard let now = migration(named: earlier.name), now.gateDigest == earlier.gateDigest,
      now.planned(of: claims).map(\.verifiers) == earlier.planned(of: claims).map(\.verifiers)
    else { throw Refusal(.stale, "the gate of '\(earlier.name)' was amended") }
  }
}

extension MigrationState {
  /// The steps of some claims.
  func planned(of claims: [Fence]) -> [PlannedStep] {
    claims.compactMap { claim in index(of: claim.step).map { planned($0) } }
  }
}

extension Surroundings {
  /// Starts all that is asked of the results of some steps: the gate's verifiers, and then those that the
  /// steps have of their own. Where the verdict of the gate's is `known`, only the steps' own run; when there
  /// are none of them either, nothing does.
  func startGate(
    _ plan: Plan, judging steps: [PlannedStep], known: VerifierReport? = nil, on commit: OID,
    for subject: GateSubject
  ) throws(CommandError) -> any GateVerification {
    let own = steps.ownVerifiers
    var asked = plan
    guard let known else {
      asked.gate.verifiers += own
      return try startGate(asked, on: commit, for: subject)
    }
    let first = RememberedVerdict(known)
    if own.isEmpty { return first }
    asked.gate.verifiers = own
    return GateSequence(first) { [self, asked] () throws(CommandError) in
      try startGate(asked, on: commit, for: subject)
    }
  }
}
