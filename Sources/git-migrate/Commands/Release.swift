import ArgumentParser
import Ledger
import Migration
import Processes
import Runner

/// `git migrate release`: gives a claim back without a result.
struct ReleaseCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Give a step back without a result.",
    discussion: """
      What was done in its worktree is kept on the attempt ref. With '--force' a person takes a step from \
      whoever \
      holds it: the epoch goes up, and a late result is refused.
      """)

  @OptionGroup var options: ClaimOptions

  @Flag(name: [.customShort("f"), .long], help: "Take it from whoever holds it.")
  var force = false

  @Option(help: "Why; shown in the log.")
  var reason = ""

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    guard !force else { return try takeAway(context) }
    let site = try context.site()
    let claim = try options.claim(context)
    var isKept = true
    if let slot = claim.lease.slot {
      do throws(CommandError) {
        // Kept before the step can be claimed again; an unchanged tree is nothing to keep.
        _ = try Submitting(site: site).collect(
          ClaimedSlot(
            migration: claim.migration, fence: claim.fence, base: claim.lease.base, title: claim.step.title,
            slot: slot))
      } catch {
        isKept = false
        context.warn("what is in the worktree could not be kept on a ref, and stays there: \(error.message)")
      }
    }
    let change = Migration.Change.stepReleased(
      claim.fence, forced: false, reason: TerminalText.foreign(reason))
    let outcome = try context.interpreter().append([Proposal(claim.migration, change)], by: claim.holder)
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    if let slot = claim.lease.slot, isKept {
      try Slots(site: site).close(slot, migration: claim.migration, fence: claim.fence)
    }
    try tell(claim.fence.step, context)
  }

  private func takeAway(_ context: Context) throws(CommandError) {
    guard let id = options.step else {
      throw CommandError("'--force' needs the step's name", exitCode: .usage)
    }
    try Steering(context, options.migration).append(json: json.isWanted) { (state) throws(Refusal) in
      guard let step = state.step(id) else {
        throw Refusal(.unknownStep, "no step '\(id)' in the migration '\(state.name)'")
      }
      return [
        .stepReleased(Fence(step: id, epoch: step.epoch), forced: true, reason: TerminalText.foreign(reason))
      ]
    }
  }

  private func tell(_ step: String, _ context: Context) throws(CommandError) {
    guard json.isWanted else { return try context.output.line("\(step) is given back") }
    try context.output.line(
      json: JSON.object([JSON.Member("version", .integer(1)), JSON.Member("step", .string(step))]))
  }
}
