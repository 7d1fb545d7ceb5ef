import Ledger
import Migration
import Site
import System

/// A step that was given back.
package struct ReleasedStep: PrintedAnswer {
  /// Its id.
  package let step: String

  /// The step.
  package static let form = AnswerForm<ReleasedStep>.document([.text("step", \.step)])

  package func text(_: Palette) -> String { "\(step) is given back\n" }
}

extension Answers {
  /// Gives a claim back without a result, after keeping what was done.
  package func release(_ claim: WorkerClaim, reason: String) throws(CommandError) -> ReleasedStep {
    let isKept = keep(claim)
    let change = Migration.Change.stepReleased(
      claim.fence, forced: false, reason: TerminalText.foreign(reason))
    let outcome = try interpreter.append([Proposal(claim.migration, change)], by: claim.holder)
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    if let slot = claim.lease.slot, isKept {
      try Slots(site: site).close(slot, migration: claim.migration, fence: claim.fence)
    }
    return ReleasedStep(step: claim.fence.step)
  }

  /// Keeps what is in the claim's worktree, before the step can be claimed again; an unchanged tree is
  /// nothing to keep. Says whether nothing is lost.
  private func keep(_ claim: WorkerClaim) -> Bool {
    guard let slot = claim.lease.slot else { return true }
    do throws(CommandError) {
      _ = try Submitting(site: site).collect(
        ClaimedSlot(
          migration: claim.migration, fence: claim.fence, base: claim.lease.base, title: claim.step.title,
          slot: slot))
      return true
    } catch {
      warn("what is in the worktree could not be kept on a ref, and stays there: \(error.message)")
      return false
    }
  }
}
