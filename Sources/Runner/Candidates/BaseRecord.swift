import Gate
import Git
import Ledger
import Migration
import Site

extension Surroundings {
  /// What the verifiers found, compared with what they told of the tip that the candidate stands on: one that
  /// passed with fewer tests, or without its test runner, has not.
  func compared(
    _ report: VerifierReport, _ migration: MigrationState, tipTree: OID, tree: OID, allowing allow: [String]
  ) throws(CommandError) -> VerifierReport {
    #if KNOWN_BUGS
      if KnownBug.testsNotCompared.isOn { return report }
    #endif
    guard report.verdict == .passed,
      let base = migration.verdict(tree: tipTree.objectID, verifiers: migration.gateDigest),
      base.verdict == .passed, !base.runs.isEmpty
    else { return report }
    let before = try remembered(base.runs)
    var findings = BaseComparison.findings(base: before, candidate: report.runs)
    if !findings.isEmpty {
      // Only what the texts do not explain counts; they are read when there is something to explain.
      let allowed = AllowedFindings(allow)
      findings = BaseComparison.findings(
        base: before, candidate: report.runs, touched: try touchedTests(from: tipTree, to: tree)
      ).filter { !allowed.allows($0) }
    }
    if let failure = findings.asFailure(kind: .gate) {
      return report.denied(failure)
    }
    // What a verifier told that had no reason to run again holds on.
    var whole = report
    let names = Set(report.runs.map(\.run.verifier))
    whole.runs += before.filter { !names.contains($0.run.verifier) }
    return whole
  }

  /// Runs that the ledger speaks of, with the names of their tests where it still has them.
  func remembered(_ runs: [VerifierRun]) throws(CommandError) -> [ComparedRun] {
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
