import Git
import Ledger
import Migration
import Site

/// What lies in the place of a claim, for a look that changes nothing.
package enum TriedContent: Equatable {
  /// It would be handed in as this tree.
  case tree(OID)
  /// It could not be handed in.
  case refused(Migration.Failure)
}

/// Asks the gate about work that is not handed in, merged with the integration branch, for `git migrate
/// verify`. Records nothing.
package final class VerifyWork: ErrandWork {
  /// What the gate would say.
  package struct Outcome: Equatable, Sendable {
    /// The verdict on the candidate as it would be now.
    package var verdict: Verdict
    /// What was found; `nil` when it passed.
    package var failure: Migration.Failure?
    /// How it came about.
    package var evidence = VerdictEvidence()

    fileprivate static let passed = Outcome(verdict: .passed, failure: nil)

    fileprivate init(verdict: Verdict, failure: Migration.Failure?) {
      self.verdict = verdict
      self.failure = failure
    }

    fileprivate init(_ report: VerifierReport) {
      self.init(verdict: report.verdict, failure: report.failure)
      evidence = report.evidence
    }

    fileprivate init(_ failure: Migration.Failure) { self.init(verdict: .failed, failure: failure) }
  }

  private let site: any Surroundings
  private let claim: WorkerClaim
  private let isAnew: Bool
  private let report: (String) -> Void
  private var job: (any GateVerification)?
  /// What the verifiers are at work on, and where the migration was when they began.
  private var tried: (candidate: Candidate, state: MigrationState)?

  /// Makes it for a claim; `report` is told what leads the verifiers astray. With `isAnew` they run also
  /// where their verdict is known.
  package init(
    in site: any Surroundings, _ claim: WorkerClaim, isAnew: Bool = false, report: @escaping (String) -> Void
  ) {
    self.site = site
    self.claim = claim
    self.isAnew = isAnew
    self.report = report
  }

  package var wish: Wish { .verify(claim.fence) }
  package let sweeps = false
  package let looksAtBranch = false
  package let waitsFor: String? = nil
  package let watch: HoldWatch? = nil
  package let goodResult: GoodResult? = nil
  package var isBusy: Bool { job != nil }
  package var descriptor: Int32 { job?.descriptor ?? -1 }
  package func stop() { job?.stop() }
  package func loseHold() { stop() }

  package var interrupted: CommandError {
    CommandError("interrupted; nothing was changed", exitCode: .interrupted)
  }

  package func begin(
    _ duty: Duty, _ state: MigrationState
  ) throws(CommandError) -> ErrandRound<Outcome> {
    guard case .tryGate = duty else {
      let word = state.step(claim.fence.step)?.phase.word ?? "gone"
      throw CommandError(
        "'\(claim.fence.step)' is \(word), and no longer held with epoch \(claim.fence.epoch)",
        hint: "nothing was changed; your files are where they were", exitCode: .no)
    }
    let tree: OID
    switch try site.tried(claim) {
    case .refused(let failure): return .ended(Outcome(failure))
    case .tree(let found): tree = found
    }
    let submission = Submission(
      result: Submission.Result(commit: claim.lease.base, tree: tree.objectID, isNoOp: false),
      holder: claim.holder, base: claim.lease.base, notBefore: site.clock.now())
    if let failure = try site.guardFailure(state.plan, planned(in: state), submission) {
      return .ended(Outcome(failure))
    }
    guard let tip = try site.tip(of: state.intoRef) else { throw site.isGone(state) }
    let place = Candidate.Place(tip: tip, train: nil)
    switch try site.candidate(of: submission, claim.fence, state, on: place) {
    case .conflicts(let paths):
      return .ended(
        Outcome(
          Migration.Failure(
            kind: .conflict, reason: "conflicts with what was merged since", details: paths)))
    case .unusable(let reason): return .ended(Outcome(Migration.Failure(kind: .unusable, reason: reason)))
    case .made(let candidate):
      let step = planned(in: state)
      if state.plan.verifiers(of: step).isEmpty { return .ended(.passed) }
      let known =
        isAnew
        ? nil
        : try site.remembered(
          candidate.tree, state, on: try site.basis(of: state, report: report),
          tipTree: candidate.tipTree, allowing: step.allow)
      if let known, known.verdict != .passed || step.verifiers.isEmpty { return .ended(Outcome(known)) }
      tried = (candidate, state)
      job = try site.startGate(
        state.plan, judging: [step], known: known, on: candidate.commit,
        for: .verify(migration: state.name, claim.fence))
      // While the verifiers are at work already, so that nobody waits for it.
      site.outsideCode(state.plan).forEach(report)
      return .nothing
    }
  }

  package func advance() throws(CommandError) -> ErrandRound<Outcome> {
    guard let found = try job?.poll() else { return .nothing }
    job = nil
    var report = found
    if let (candidate, state) = tried {
      report = try site.compared(
        found, state, tipTree: candidate.tipTree, tree: candidate.tree, allowing: planned(in: state).allow)
    }
    return .ended(Outcome(report))
  }

  /// The step as planned, with what people let pass since.
  private func planned(in state: MigrationState) -> PlannedStep {
    state.step(claim.fence.step)?.allowing(claim.step) ?? claim.step
  }
}
