import Gate
import Git
import Ledger
import Migration

extension Surroundings {
  /// What the verifiers found, compared with what they told of the tip that the candidate stands on: one that
  /// passed with fewer tests, or without its test runner, has not.
  func compared(
    _ report: VerifierReport, _ migration: MigrationState, tipTree: OID, tree: OID
  ) throws(CommandError) -> VerifierReport {
    #if KNOWN_BUGS
      if KnownBug.testsNotCompared.isOn { return report }
    #endif
    guard report.verdict == .passed, !report.runs.isEmpty,
      let base = migration.verdict(tree: tipTree.objectID, verifiers: migration.gateDigest),
      base.verdict == .passed, !base.runs.isEmpty
    else { return report }
    let before = try remembered(base.runs)
    guard !BaseComparison.findings(base: before, candidate: report.runs).isEmpty else { return report }
    // Only what the texts do not explain counts; they are read when there is something to explain.
    let findings = BaseComparison.findings(
      base: before, candidate: report.runs, touched: try touchedTests(from: tipTree, to: tree))
    guard let failure = findings.asFailure(kind: .gate) else { return report }
    return VerifierReport(verdict: .failed, failure: failure, kept: report.kept, runs: report.runs)
  }

  /// Runs that the ledger speaks of, with the names of their tests where it still has them.
  private func remembered(_ runs: [VerifierRun]) throws(CommandError) -> [ComparedRun] {
    var found: [ComparedRun] = []
    for run in runs {
      let bytes = try run.tests.flatMap { (digest) throws(CommandError) in
        try reporting { try events.testList(digest) }
      }
      found.append(ComparedRun(run: run, list: bytes.flatMap(TestList.init)))
    }
    return found
  }
}

extension Proposal {
  /// The same, remembering what the verdict rests on.
  func resting(on runs: [ComparedRun]) -> Proposal {
    var proposal = self
    proposal.facts += VerdictFacts.members(runs.map(\.run))
    proposal.lists += runs.compactMap(\.list).filter { !$0.isEmpty }.map(\.bytes)
    return proposal
  }
}
