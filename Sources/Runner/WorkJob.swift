import Git
import Ledger
import Migration
import PlanFile
import Processes

/// One attempt under way: the set-up command, then the codemod or agent, each under its own supervisor.
///
/// Never waits: the owner polls `descriptor` and asks `poll()`.
final class WorkJob: Attempt {
  let migration: String
  let claim: Claim
  let step: PlannedStep
  let slot: String
  private let site: Site
  private let place: WorkPlace
  private var child: SupervisedChild
  private var isSettingUp: Bool
  private(set) var isStopping = false
  private(set) var exitCode: Int32?
  private var end: AttemptOutcome?

  /// Whether the plan wants a failed attempt's worktree kept for a person.
  var keepsFailedWorktree: Bool { place.plan.worktree.keep }

  /// Starts the attempt of a claim in its prepared slot.
  init(
    site: Site, held: HeldStep, slot: String, path: String, place: WorkPlace
  ) throws(CommandError) {
    self.site = site
    self.place = place
    self.slot = slot
    migration = held.migration
    claim = held.claim
    step = held.step
    isSettingUp = held.plan.worktree.setup != nil
    let first =
      held.plan.worktree.setup.map { place.setup($0, timeoutSeconds: nil) } ?? place.work
    child = try site.start(first)
    Slots(site: site).note(child.supervisor, in: slot)
  }

  /// Readable when `poll` may have something to tell.
  var descriptor: Int32 { child.pollDescriptor }

  /// Ends the worker: TERM, then KILL. `poll` tells when it is gone.
  func stop() {
    isStopping = true
    child.terminate()
  }

  /// Kills the worker without grace.
  func kill() {
    isStopping = true
    child.kill()
  }

  /// How the attempt ended, or `nil` while it runs.
  func poll() throws(CommandError) -> AttemptOutcome? {
    if let end { return end }
    guard let status = child.poll() else { return nil }
    if isStopping {
      end = .stopped
    } else if isSettingUp && status.isSuccess {
      isSettingUp = false
      try Slots(site: site).noteSetUp(
        slot, migration: migration, fence: claim.fence, putsBack: step.resolves == nil)
      child = try site.start(place.work)
      Slots(site: site).note(child.supervisor, in: slot)
      return nil
    } else {
      end = isSettingUp ? setupFailure(status) : outcome(status)
    }
    return end
  }

  private func setupFailure(_ status: ExitStatus) -> AttemptOutcome {
    .failed(
      Migration.Failure(
        kind: .setup, reason: "the set-up command \(place.reason(status, log: place.setupLog))",
        details: place.tail(place.setupLog)))
  }

  private func outcome(_ status: ExitStatus) -> AttemptOutcome {
    let said = place.readResult()
    switch status {
    case .timedOut:
      let limit = place.work.timeoutSeconds ?? 0
      return .failed(
        Migration.Failure(
          kind: .timeout, reason: "took longer than \(limit) s", details: place.tail(place.workLog)))
    case .fellSilent:
      let limit = place.work.silenceSeconds ?? 0
      return .failed(
        Migration.Failure(
          kind: .timeout, reason: "printed nothing for \(limit) s", details: place.tail(place.workLog)))
    case .exited(0):
      if let failure = place.missingEvidence() { return .failed(failure) }
      switch said {
      case .noOp(let reason): return .noOp(reason)
      case .failed(let reason): return .failed(Migration.Failure(kind: .worker, reason: reason))
      case .done, nil: return .done
      }
    case .exited, .signalled:
      if let failure = place.infrastructureFailure() { return .failed(failure) }
      let reason: String
      if case .failed(let words) = said {
        reason = words
      } else {
        reason = place.reason(status, log: place.workLog)
        if case .exited(let code) = status { exitCode = code }
      }
      return .failed(Migration.Failure(kind: .worker, reason: reason, details: place.tail(place.workLog)))
    }
  }

  /// How a program ended, as the end of a sentence.
  static func words(_ status: ExitStatus) -> String {
    switch status {
    case .exited(let code): "ended with exit code \(code)"
    case .signalled(let signal): "was ended by signal \(signal)"
    case .timedOut: "took too long"
    case .fellSilent: "printed nothing for too long"
    }
  }
}
