import ArgumentParser
import Git
import Ledger
import Migration
import Processes
import Runner

/// `git migrate submit`: hands in a result and takes it through the gate.
struct SubmitCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Hand in what was done; the gate judges and merges it.",
    discussion: """
      The worktree's files are the result; there is no need to commit them. Waits for the verdict: exit \
      code 0 merged, 1 sent back, 125 could not be verified.
      """)

  @OptionGroup var options: ClaimOptions

  @Option(help: ArgumentHelp("Hand in this commit instead of the worktree's files.", valueName: "revision"))
  var commit: String?

  @Flag(name: .customLong("no-op"), help: "Say that nothing was to be done.")
  var isNoOp = false

  @Flag(name: .customLong("no-wait"), help: "Leave the verdict to a running 'git migrate run'.")
  var leavesGate = false

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let claim = try options.claim(context)
    if !leavesGate && !claim.plan.gate.verifiers.isEmpty {
      let state = try reporting { try site.ledger.read() }.state
      try site.requireTrust(try site.migration(claim.migration, in: state))
    }
    try site.requireApprovedCommands()
    _ = try site.identity()
    let content = try Submitting(site: site).handIn(
      migration: claim.migration, fence: claim.fence, base: claim.lease.base, title: claim.step.title,
      slot: claim.lease.slot, commit: try named(site))
    let result: Submission.Result
    switch content {
    case .refused(let failure):
      throw CommandError(
        "'\(claim.fence.step)' cannot be handed in: \(failure.reason)", hint: failure.details.last,
        exitCode: .no)
    case .result(let changed, _):
      guard !isNoOp else {
        throw CommandError("'--no-op' says that nothing changed, but files did", exitCode: .no)
      }
      result = changed
    case .unchanged(let same):
      guard isNoOp, !claim.step.expectsChange else { throw unchanged(same, claim) }
      result = same
    }
    for line in result.left { context.warn("not taken: \(TerminalText.sanitizedLine(line))") }
    try Submitting(site: site).submit(
      migration: claim.migration, fence: claim.fence, result: result, holder: claim.holder)
    if let slot = claim.lease.slot {
      try Slots(site: site).close(slot, migration: claim.migration, fence: claim.fence)
    }
    guard !leavesGate else { return try tell(claim, "submitted", nil, context) }
    try finish(claim, try GateRunner(context).pass(claim.migration, claim.fence), context)
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

  private func named(_ site: Site) throws(CommandError) -> OID? {
    guard let commit else { return nil }
    guard let oid = try reporting({ try site.repository.revision(commit) }) else {
      throw CommandError("no commit '\(commit)'")
    }
    return oid
  }

  private func finish(
    _ claim: WorkerClaim, _ ending: GateRunner.Ending, _ context: Context
  ) throws(CommandError) {
    switch ending {
    case .merged: try tell(claim, "merged", nil, context)
    case .sentBack(let failure):
      context.exitCode = .no
      try tell(claim, "failed", failure, context)
    case .unknown(let reason):
      context.exitCode = .couldNotVerify
      try tell(claim, "could not verify", Failure(kind: .gate, reason: reason), context)
    case .ended(let word): try tell(claim, word, nil, context)
    }
  }

  private func tell(
    _ claim: WorkerClaim, _ word: String, _ failure: Migration.Failure?, _ context: Context
  ) throws(CommandError) {
    let step = claim.fence.step
    guard json.isWanted else {
      try context.output.line(failure.map { "\(step) \(word): \($0.reason)" } ?? "\(step) \(word)")
      for detail in failure?.details ?? [] { try context.output.line(detail) }
      return
    }
    try context.output.line(
      json: JSON.object([
        JSON.Member("version", .integer(1)), JSON.Member("step", .string(step)),
        JSON.Member("epoch", .integer(Int64(claim.fence.epoch))), JSON.Member("result", .string(word)),
        JSON.Member("reason", failure.map { .string($0.reason) } ?? .null),
        JSON.Member("failures", .array((failure?.details ?? []).map(JSON.string))),
      ]))
  }
}
