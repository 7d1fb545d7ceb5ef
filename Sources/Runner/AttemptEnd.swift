import Git
import Ledger
import Migration

/// Records how an attempt of this run ended, after what it did is kept on its attempt ref.
struct AttemptEnd {
  let site: any Surroundings
  let observer: any RunObserver

  /// Why a step is given back when a machine waits for its user. What for is said there only.
  static let waitsForUser = "the machine waits for its user"

  /// Never loses work: the tree is kept first, whatever the outcome; the slot is given back last.
  func record(_ job: any Attempt, _ outcome: AttemptOutcome) throws(CommandError) {
    let fence = job.claim.fence
    if try isHandedIn(job) {
      return try site.close(slot: job.slot, migration: job.migration, fence: fence)
    }
    let change: Migration.Change?
    do throws(CommandError) {
      change = self.change(job, outcome, try site.collect(job))
    } catch {
      change = self.change(job, error)
    }
    if let change {
      let result = try reporting {
        try site.events.append([Proposal(job.migration, change)], by: job.claim.holder)
      }
      switch result {
      case .won(_, let effects): try Interpreter(in: site, report: observer.warn).perform(effects)
      case .refused(let refusal):
        observer.warn("the late result of '\(fence.step)' was refused: \(refusal.message)")
      case .nothing: break
      }
    }
    if case .failed = outcome, job.keepsFailedWorktree { return }
    try site.close(slot: job.slot, migration: job.migration, fence: fence)
  }

  /// What is recorded when the result could not be taken.
  private func change(_ job: any Attempt, _ error: CommandError) -> Migration.Change {
    let fence = job.claim.fence
    if error.waitsForUser {
      return .stepReleased(fence, forced: false, reason: AttemptEnd.waitsForUser)
    }
    let failure =
      error.failure
      ?? Migration.Failure(kind: .setup, reason: "its result could not be kept: \(error.message)")
    return .attemptFailed(fence, failure)
  }

  /// Whether the worker has handed its result in by itself, with `git migrate submit`.
  private func isHandedIn(_ job: any Attempt) throws(CommandError) -> Bool {
    let state = try reporting { try site.events.read() }.state.migration(named: job.migration)
    let fence = job.claim.fence
    guard let step = state?.step(fence.step), step.epoch == fence.epoch else { return false }
    switch step.phase {
    case .submitted, .gating, .merging, .merged: return true
    case .waiting, .ready, .leased, .backoff, .blocked, .skipped, .cancelled: return false
    }
  }

  private func change(
    _ job: any Attempt, _ outcome: AttemptOutcome, _ content: Submitting.Content
  ) -> Migration.Change? {
    let fence = job.claim.fence
    switch (outcome, content) {
    case (.failed(let failure), _): return .attemptFailed(fence, failure)
    case (.stopped, _): return .stepReleased(fence, forced: false, reason: "the run was stopped")
    case (.done, .result(let result)), (.noOp, .result(let result)): return .stepSubmitted(fence, result)
    case (.noOp, .unchanged(let result)): return .stepSubmitted(fence, result)
    case (.done, .unchanged(let result)):
      // A codemod says by its exit code that it looked everywhere; an agent has to say so in words.
      if job.step.run != nil { return .stepSubmitted(fence, result) }
      return .attemptFailed(
        fence,
        Migration.Failure(
          kind: .noChange, reason: "the agent changed nothing and did not say that nothing was to be done",
          details: [
            "if nothing is to be done, write {\"result\":\"no-op\",\"reason\":\"…\"} "
              + "into $MIGRATE_RESULT_FILE"
          ]))
    }
  }
}
