import Git
import Ledger
import Migration
import Processes

/// One try of the gate by a command that waits: `submit` for real, `verify` without recording anything.
public struct GateAttempt {
  let site: Site
  let migration: String
  let fence: Fence

  /// Names the step.
  public init(site: Site, migration: String, fence: Fence) {
    self.site = site
    self.migration = migration
    self.fence = fence
  }

  /// How the try ended.
  public enum Ending: Equatable, Sendable {
    /// The ledger has the answer.
    case decided
    /// The step was sent back.
    case sentBack(Migration.Failure)
    /// Nothing is known about the step: the base does not pass, or a verifier cannot be run.
    case unknown(String)
    /// It is not this step's turn.
    case notNow
  }

  /// Runs the gate to its end, or says at once that it is not this step's turn.
  public func run(
    stopWhen shouldStop: () -> Bool, signals: Int32, warn: @escaping (String) -> Void
  ) throws(CommandError) -> Ending {
    let step = try reporting { try site.ledger.read() }.state.migration(named: migration)?.step(fence.step)
    guard case .submitted = step?.phase else { return .notNow }
    let task = GateTask(site: site, migration: migration, fence: fence, report: warn)
    while true {
      if let ending = try task.advance() { return convert(ending) }
      var poller = Poller(reading: [task.descriptor])
      poller.add(reading: signals)
      _ = poller.wait(milliseconds: 1000)
      if shouldStop() { task.stop() }
      try renew(task)
    }
  }

  /// That the remote cannot be reached ends nothing: the next time it may.
  private func renew(_ task: GateTask) throws(CommandError) {
    guard let state = try reporting({ try site.ledger.read() }).state.migration(named: migration) else {
      return
    }
    do throws(CommandError) { try task.renew(state, at: site.clock.now()) } catch {
      guard error.isOffline else { throw error }
    }
  }

  private func convert(_ ending: GateEnding) -> Ending {
    switch ending {
    case .merged: .decided
    case .sentBack(let failure): .sentBack(failure)
    case .baseFails(let reason): .unknown("the base does not pass its own gate: \(reason)")
    case .unjudged(let reason): .unknown(reason)
    case .obstructed(let reason), .stepObstructed(let reason): .unknown(reason)
    case .notNow(let refusal):
      [.limited, .wrongPhase].contains(refusal.code) ? .notNow : .unknown(refusal.message)
    }
  }
}

/// Asks the gate about work that is not handed in.
public struct Trial {
  let site: Site

  /// Makes a trial for a site.
  public init(site: Site) { self.site = site }

  /// What the gate would say.
  public struct Answer: Equatable, Sendable {
    /// The verdict on the candidate as it would be now.
    public var verdict: Verdict
    /// What was found; `nil` when it passed.
    public var failure: Migration.Failure?
  }

  /// Judges what lies in the claim's worktree, merged with the integration branch. Records nothing. `warn` is
  /// told what leads the verifiers astray.
  public func run(
    _ claim: WorkerClaim, _ state: MigrationState, stopWhen shouldStop: () -> Bool, signals: Int32,
    warn: (String) -> Void
  ) throws(CommandError) -> Answer {
    guard let slot = claim.lease.slot else {
      throw CommandError("the claim of '\(claim.fence.step)' has no worktree here")
    }
    let taken: Harvest.Taken
    do throws(CommandError) {
      taken = try reporting {
        try Harvest(site: site).take(
          try Slots(site: site).open(slot), slot: slot, migration: claim.migration, fence: claim.fence,
          base: claim.lease.base.oid)
      }
    } catch {
      guard let failure = error.failure else { throw error }
      return Answer(verdict: .failed, failure: failure)
    }
    if let failure = taken.failure { return Answer(verdict: .failed, failure: failure) }
    let submission = Submission(
      result: Submission.Result(commit: claim.lease.base, tree: taken.tree.objectID, isNoOp: false),
      holder: claim.holder, base: claim.lease.base, notBefore: site.clock.now())
    if let failure = try Candidate.guardFailure(
      site: site, plan: state.plan, step: claim.step, submission: submission)
    {
      return Answer(verdict: .failed, failure: failure)
    }
    switch try Candidate.build(
      site: site, migration: state, fence: claim.fence, submission: submission, isTrial: true)
    {
    case .conflicts(let paths):
      return Answer(
        verdict: .failed,
        failure: Migration.Failure(
          kind: .conflict, reason: "conflicts with what was merged since", details: paths))
    case .unusable(let reason):
      return Answer(verdict: .failed, failure: Migration.Failure(kind: .unusable, reason: reason))
    case .made(let candidate):
      if state.plan.gate.verifiers.isEmpty { return Answer(verdict: .passed, failure: nil) }
      let job = try GateJob(
        site: site, plan: state.plan, commit: candidate.commit,
        variables: ["MIGRATE_MIGRATION": state.name, "MIGRATE_STEP": claim.fence.step]
      ) { .trial(state.name, claim.fence, $0) }
      site.outsideCode(state.plan).forEach(warn)
      let report = try job.finish(stopWhen: shouldStop, signals: signals)
      return Answer(verdict: report.verdict, failure: report.failure)
    }
  }
}
