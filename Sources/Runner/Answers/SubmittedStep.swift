import Git
import Ledger
import Migration
import Site
import System

/// What became of a result that was handed in.
package struct SubmittedStep: PrintedAnswer {
  /// The claim.
  package let fence: Fence
  /// How it went.
  package let result: Result

  /// How a submission goes.
  package enum Result: Equatable, Sendable {
    /// It waits for a running gate.
    case submitted
    /// It is part of the integration branch.
    case merged
    /// It was sent back.
    case failed(Migration.Failure)
    /// Nothing is known: the base does not pass, or a verifier cannot be run.
    case couldNotVerify(String)
    /// Somebody ended the step meanwhile; the word of its state.
    case ended(String)

    /// The word for it.
    var word: String {
      switch self {
      case .submitted: "submitted"
      case .merged: "merged"
      case .failed: "failed"
      case .couldNotVerify: "could not verify"
      case .ended(let word): word
      }
    }

    /// One line about it.
    var reason: String? {
      switch self {
      case .submitted, .merged, .ended: nil
      case .failed(let failure): failure.reason
      case .couldNotVerify(let reason): reason
      }
    }

    /// What was found.
    var findings: [String] { if case .failed(let failure) = self { failure.details } else { [] } }

    /// Every word that can be told in advance; others are states of a step.
    static let words = ["merged", "failed", "could not verify", "submitted", "skipped", "cancelled"]
  }

  /// The claim, and how it went.
  package static let form = AnswerForm<SubmittedStep>.document([
    .text("step", \.fence.step), .number("epoch", \.fence.epoch),
    .word("result", Result.words, \.result.word),
    .text("reason", orNull: \.result.reason), .texts("failures", \.result.findings),
  ])

  package func text(_: Palette) -> String {
    let reason = result.reason.map { ": \($0)" } ?? ""
    return ["\(fence.step) \(result.word)\(reason)"].lines + result.findings.lines
  }

  /// What a script sees.
  package var exitCode: CommandError.ExitCode {
    switch result {
    case .submitted, .merged, .ended: .done
    case .failed: .no
    case .couldNotVerify: .couldNotVerify
    }
  }
}

/// How a worker hands in.
package struct SubmitWish {
  /// The commit that is the result, in place of the worktree's files.
  package var commit: String?
  /// Whether the worker says that nothing was to be done.
  package var isNoOp: Bool
  /// Whether the verdict is left to a running `run`.
  package var leavesGate: Bool
  /// The word that the stage ends with.
  package var word: StageWord?

  /// Makes a wish.
  package init(commit: String?, isNoOp: Bool, leavesGate: Bool) {
    self.commit = commit
    self.isNoOp = isNoOp
    self.leavesGate = leavesGate
  }
}

extension Answers {
  /// Hands in what was done and waits for the verdict. Throws when it cannot be handed in; the claim stays.
  package func submit(
    _ claim: WorkerClaim, _ wish: SubmitWish, _ interruption: () throws(CommandError) -> Interruption
  ) throws(CommandError) -> SubmittedStep {
    if !wish.leavesGate && !claim.plan.verifiers(of: claim.step).isEmpty {
      let state = try reporting { try site.ledger.read() }.state
      try site.requireTrust(try site.migration(claim.migration, in: state))
    }
    try site.requireApprovedCommands()
    _ = try site.identity()
    if let word = wish.word { return try end(claim, wish, word) }
    var wish = wish
    // Who has said so by the tool need not say it again.
    if case .noOp? = site.word(claim.migration, claim.fence)?.outcome { wish.isNoOp = true }
    let result = try handedIn(claim, wish)
    for line in result.left { warn("not taken: \(TerminalText.sanitizedLine(line))") }
    try Submitting(site: site).submit(
      migration: claim.migration, fence: claim.fence, result: result, holder: claim.holder)
    if let slot = claim.lease.slot {
      try Slots(site: site).close(slot, migration: claim.migration, fence: claim.fence)
    }
    guard !wish.leavesGate else { return SubmittedStep(fence: claim.fence, result: .submitted) }
    let work = MergeWork(in: site, claim.migration, claim.fence, report: warn)
    let errand = Errand(in: site, claim.migration, work, report: warn)
    return SubmittedStep(fence: claim.fence, result: try errand.run(interruption()))
  }

  /// Ends the stage that the claim is for.
  private func end(
    _ claim: WorkerClaim, _ wish: SubmitWish, _ word: StageWord
  ) throws(CommandError) -> SubmittedStep {
    guard let stage = claim.stage else {
      throw CommandError(
        "'\(claim.fence.step)' has no stages, so it ends with no word",
        hint: "hand it in without '--verdict'",
        exitCode: .no)
    }
    guard stage.stage.target(of: word.word) != nil else {
      throw CommandError(
        "'\(word.word)' is no word of the stage '\(stage.stage.name)'",
        hint: "its words are \(stage.stage.words)", exitCode: .no)
    }
    var content: WorkContent
    if stage.stage.writes {
      var wish = wish
      wish.isNoOp = wish.isNoOp || stage.result == nil && word.word.uppercased() != "DONE"
      let result = try handedIn(claim, wish)
      content = result.isNoOp ? .unchanged(result) : .result(result, files: 1)
    } else {
      content = .unchanged(
        stage.result ?? Submission.Result(commit: claim.lease.base, tree: claim.lease.base, isNoOp: true))
    }
    let end = WorkEnd(
      fence: claim.fence, step: claim.step, outcome: .said(word), content: content, stage: stage)
    let outcome = try Interpreter(site: site, report: warn).append(by: claim.holder) {
      (snapshot, _) throws(Refusal) in
      let state = snapshot.state.migration(named: claim.migration)
      return ((), [Proposal(claim.migration, end.change.settled(in: state))])
    }
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    if let slot = claim.lease.slot {
      try Slots(site: site).close(slot, migration: claim.migration, fence: claim.fence)
    }
    return SubmittedStep(fence: claim.fence, result: .submitted)
  }

  private func handedIn(_ claim: WorkerClaim, _ wish: SubmitWish) throws(CommandError) -> Submission.Result {
    let content = try Submitting(site: site).handIn(
      migration: claim.migration, fence: claim.fence, base: claim.lease.base, title: claim.step.title,
      slot: claim.lease.slot, commit: try named(wish.commit))
    switch content {
    case .refused(let failure):
      throw CommandError(
        "'\(claim.fence.step)' cannot be handed in: \(failure.reason)", hint: failure.details.last,
        exitCode: .no)
    case .result(let changed, _):
      guard !wish.isNoOp else {
        throw CommandError("'--no-op' says that nothing changed, but files did", exitCode: .no)
      }
      return changed
    case .unchanged(let same):
      guard wish.isNoOp, !claim.step.expectsChange else { throw unchanged(same, claim) }
      return same
    }
  }

  private func named(_ commit: String?) throws(CommandError) -> OID? {
    guard let commit else { return nil }
    guard let oid = try reporting({ try site.repository.revision(commit) }) else {
      throw CommandError("no commit '\(commit)'")
    }
    return oid
  }

  private func unchanged(_ result: Submission.Result, _ claim: WorkerClaim) -> CommandError {
    let beside = result.left.first.map { " but \(TerminalText.sanitizedLine($0))" } ?? ""
    return CommandError(
      "nothing was changed in '\(claim.fence.step)'\(beside)",
      hint: claim.step.expectsChange
        ? "the plan expects a change of this step; 'git migrate skip' is for a step that is not needed"
        : "if nothing is to be done, say so with '--no-op'",
      exitCode: .no)
  }
}
