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
    /// How it came about.
    public var evidence = VerdictEvidence()
  }

  /// Judges what lies in the claim's worktree, merged with the integration branch. Records nothing. `warn` is
  /// told what leads the verifiers astray. With `isAnew` the verifiers run also where their verdict is known.
  package func run(
    _ claim: WorkerClaim, _ state: MigrationState, isAnew: Bool = false, _ interruption: Interruption,
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
      if !isAnew,
        let known = try site.remembered(
          candidate.tree.objectID, state, on: try site.basis(of: state, report: warn))
      {
        return Answer(verdict: known.verdict, failure: nil, evidence: known.evidence)
      }
      let job = try site.startVerifiers(
        state.plan, on: candidate.commit, migration: state.name, step: claim.fence.step
      ) { .trial(state.name, claim.fence, $0) }
      site.outsideCode(state.plan).forEach(warn)
      let report = try job.finish(stopWhen: interruption.shouldStop, signals: interruption.signals)
      return Answer(verdict: report.verdict, failure: report.failure, evidence: report.evidence)
    }
  }
}
