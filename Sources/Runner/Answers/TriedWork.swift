import Ledger
import Migration
import Site

/// What the gate would say about work that is not handed in.
package struct TriedWork: PrintedAnswer {
  /// The step.
  package let step: String
  /// The verdict on the candidate as it would be now.
  package let verdict: Verdict
  /// What was found; `nil` when it passed.
  package let failure: Migration.Failure?
  /// How it came about.
  package let evidence: VerdictEvidence

  /// The verdict, and what was found.
  package static let form = AnswerForm<TriedWork>.document([
    .text("step", \.step), .word("verdict", Verdict.allCases.map(\.rawValue), \.verdict.rawValue),
    .text("reason", orNull: \.failure?.reason), .texts("failures") { $0.failure?.details ?? [] },
    .text("reused", orNull: \.evidence.reused), .texts("flaky", \.evidence.flaky),
  ])

  package func text(_: Palette) -> String {
    let reason = failure.map { ": \($0.reason)" } ?? ""
    return ["\(step) \(verdict.words)\(evidence.words(kept: []))\(reason)"].lines
      + (failure?.details ?? []).lines
  }

  /// What a script sees.
  package var exitCode: CommandError.ExitCode {
    switch verdict {
    case .passed: .done
    case .failed, .ranNoTests: .no
    case .couldNotRun: .couldNotVerify
    }
  }
}

extension [String] {
  /// The texts, a line feed after each.
  var lines: String { map { $0 + "\n" }.joined() }
}

extension Answers {
  /// Judges what lies in the claim's worktree; records nothing. With `isAnew` also what is known already.
  package func verify(
    _ claim: WorkerClaim, isAnew: Bool = false, _ interruption: () throws(CommandError) -> Interruption
  ) throws(CommandError) -> TriedWork {
    TriedWork(claim, try trial(claim, isAnew: isAnew).run(interruption()))
  }

  /// The look at the gate by itself, for whoever does other things meanwhile.
  func trial(_ claim: WorkerClaim, isAnew: Bool) throws(CommandError) -> Errand<VerifyWork> {
    let state = try state(claim.migration)
    try site.requireTrust(state)
    try site.requireApprovedCommands()
    return Errand(
      in: site, claim.migration, VerifyWork(in: site, claim, isAnew: isAnew, report: warn), report: warn)
  }
}

extension TriedWork {
  /// The answer about a claim.
  init(_ claim: WorkerClaim, _ trial: VerifyWork.Outcome) {
    self.init(
      step: claim.fence.step, verdict: trial.verdict, failure: trial.failure, evidence: trial.evidence)
  }
}
