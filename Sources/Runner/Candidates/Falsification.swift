import Gate
import Git
import Ledger
import Migration
import Site

/// The tip of a branch with the tests of a candidate, and nothing else of it.
package struct Falsification {
  /// What is judged.
  package var commit: OID
  /// The tests that must fail there.
  package var tests: NewTests

  /// Makes one.
  package init(commit: OID, tests: NewTests) { (self.commit, self.tests) = (commit, tests) }
}

extension Site {
  /// Puts the tests of a candidate on its tip; `nil` when it brings and changes none.
  package func falsification(of candidate: Candidate) throws(CommandError) -> Falsification? {
    let tests = try reporting {
      try Candidate.change(from: candidate.tipTree, to: candidate.tree, in: repository).newTests()
    }
    guard !tests.tests.isEmpty else { return nil }
    let tree = try reporting { () throws -> OID in
      var puts: [(path: String, blob: OID, mode: FileMode)] = []
      for file in tests.files where !file.isGone {
        guard let entry = try repository.entry(at: file.path, inTree: candidate.tree), entry.kind == .blob
        else {
          continue
        }
        puts.append((file.path, entry.oid, entry.mode))
      }
      return try repository.writeTree(
        updating: candidate.tipTree, upserts: puts, removals: tests.files.filter(\.isGone).map(\.path))
    }
    let commit = try integrationCommit(
      tree: tree, parents: [candidate.tip], message: "The tests of a candidate without its code\n",
      isTrial: true)
    return Falsification(commit: commit, tests: tests)
  }
}

/// Runs the verifiers that test on a candidate's tests without its code, one after the other: what passes
/// there proves nothing about the step.
final class FalsificationTask {
  private let site: any Surroundings
  private let plan: Plan
  private let subject: GateSubject
  private let falsification: Falsification
  private var left: [Plan.Verifier]
  private var job: (any GateVerification)?
  private var isStopping = false
  private(set) var findings: [GuardFinding] = []

  init(
    site: any Surroundings, plan: Plan, subject: GateSubject, falsification: Falsification
  ) {
    (self.site, self.plan, self.subject, self.falsification) = (site, plan, subject, falsification)
    left = plan.gate.verifiers.filter { $0.kind == .test && $0.remote == nil }
  }

  var descriptor: Int32 { job?.descriptor ?? -1 }

  func stop() {
    isStopping = true
    job?.stop()
  }

  /// Whether all of them have spoken.
  func advance() throws(CommandError) -> Bool {
    while !isStopping || job != nil {
      if let running = job {
        guard let report = try running.poll() else { return false }
        job = nil
        guard let verifier = left.first else { return true }
        left.removeFirst()
        let run = report.runs.first
        findings += falsification.tests.findings(
          in: run, hasPassed: report.verdict == .passed, verifier: verifier.name)
        continue
      }
      guard var verifier = left.first else { return true }
      // Its log stands beside that of the candidate.
      verifier.name += ".unfixed"
      (verifier.flaky, verifier.paths, verifier.mutates) = (nil, [], true)
      var alone = plan
      alone.gate.verifiers = [verifier]
      job = try site.startGate(alone, on: falsification.commit, for: subject)
    }
    return true
  }
}
