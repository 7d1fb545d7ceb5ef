import Git
import Ledger
import Migration
import Processes

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
  package func run(
    _ claim: WorkerClaim, _ state: MigrationState, _ interruption: Interruption, warn: (String) -> Void
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
      site: site, plan: state.plan,
      step: state.step(claim.fence.step)?.allowing(claim.step) ?? claim.step, submission: submission)
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
        variables: ["MIGRATE_MIGRATION": state.name, "MIGRATE_STEP": claim.fence.step],
        known: try site.knownFailures(state.plan),
        changed: try site.changedPaths(state.plan, candidate.commit)
      ) { .trial(state.name, claim.fence, $0) }
      site.outsideCode(state.plan).forEach(warn)
      let found = try job.finish(stopWhen: interruption.shouldStop, signals: interruption.signals)
      let report = try site.compared(
        found, state, tipTree: candidate.tipTree, tree: candidate.tree,
        allowing: (state.step(claim.fence.step)?.allowing(claim.step) ?? claim.step).allow)
      return Answer(verdict: report.verdict, failure: report.failure)
    }
  }
}
