import CanonicalJSON
import Gate
import Git
import Ledger
import Migration
import Site
import Supervision
import System

extension Site: Surroundings {
  package var events: any EventLedger { ledger }

  package func sandboxFact(_ plan: Plan) -> String? {
    guard let sandbox = try? sandbox(of: plan), sandbox != .none else { return nil }
    return sandbox.name
  }

  package func wait(for descriptors: [Int32], atMost milliseconds: Int) {
    _ = Poller(reading: descriptors).wait(milliseconds: milliseconds)
  }

  package func endRun() { supervisors.end() }

  package func shortage(after last: Shortage?) throws(CommandError) -> Shortage? {
    let limits = try MachineLimits(repository)
    let places = [localDirectory, try worktreeRoot()]
    return limits.shortage(readings(places), after: last)
  }

  package func tell(_ migration: String, _ notice: Notice, report: (String) -> Void) {
    guard let state = try? ledger.read().state.migration(named: migration),
      (try? isApproved(state)) == true
    else { return }
    // What a map of ways is to tell waits in the ledger for who sends it.
    guard state.plan.messages == nil, let command = state.plan.notify else { return }
    var variables = [
      "MIGRATE_MIGRATION": migration, "MIGRATE_NOTICE": notice.words, "MIGRATE_EVENT": notice.kind.event,
    ]
    variables["MIGRATE_STEP"] = notice.step
    let run = launcher.supervised(
      .notify, command, in: directory, log: logFile(.notify(migration)), adding: variables,
      timeoutSeconds: 30, isLive: true)
    do throws(CommandError) {
      let status = try finish(run, input: Array((notice.words + "\n").utf8)).status
      if !status.isSuccess { report("the notify command \(WorkJob.words(status))") }
    } catch {
      report("the notify command could not be run: \(error.message)")
    }
  }

  // MARK: Work

  package func isFree(slot: String) -> Bool {
    let slots = Slots(site: self)
    guard !slots.isForeign(slot), !slots.isGivenUp(slot) else { return false }
    guard let marker = slots.marker(slot) else { return true }
    return marker.isFree && !slots.isLocked(marker)
  }

  package func keepWords(of attempt: any Attempt) throws(CommandError) {
    guard let job = attempt as? WorkJob else { return }
    try job.texts?.keep(of: job.migration, job.claim.fence, in: self)
  }

  package func facts(ofLost fence: Fence, in migration: MigrationState) -> [JSON.Member] {
    LostAttempt(site: self).facts(of: fence, in: migration)
  }

  package func begin(_ held: HeldStep) throws(CommandError) -> any Attempt {
    let prepared = try Preparing(site: self).makeReady(held)
    return try WorkJob(
      site: self, held: held, slot: held.claim.slot ?? "", path: prepared.path, place: prepared.place)
  }

  package func tried(_ claim: WorkerClaim) throws(CommandError) -> TriedContent {
    guard let slot = claim.lease.slot else {
      throw CommandError("the claim of '\(claim.fence.step)' has no worktree here")
    }
    let taken: Harvest.Taken
    do throws(CommandError) {
      taken = try reporting {
        try Harvest(site: self).take(
          try Slots(site: self).open(slot), slot: slot, migration: claim.migration, fence: claim.fence,
          base: claim.lease.base.oid)
      }
    } catch {
      guard let failure = error.failure else { throw error }
      return .refused(failure)
    }
    if let failure = taken.failure { return .refused(failure) }
    return .tree(taken.tree)
  }

  package func collect(_ attempt: any Attempt) throws(CommandError) -> any Collecting {
    let claim = ClaimedSlot(
      migration: attempt.migration, fence: attempt.claim.fence, base: attempt.claim.base,
      title: attempt.step.title, slot: attempt.slot, leavesWorktree: attempt.keepsFailedWorktree)
    if let stage = attempt.stage, !stage.stage.writes {
      // What it wrote is nobody's; what it got is handed on.
      guard let result = stage.result else {
        return Collected(.unchanged(try unchanged(attempt.claim.base)))
      }
      if !result.isNoOp {
        let ref = Site.attemptRef(attempt.migration, attempt.claim.fence)
        _ = try reporting { try Harvest(site: self).keep(commit: result.commit.oid, on: ref) }
      }
      return Collected(.result(result, files: 0))
    }
    if let content = try Submitting(site: self).collectAtOnce(claim) { return Collected(content) }
    return try HarvestJob(site: self, claim: claim)
  }

  private func unchanged(_ base: ObjectID) throws(CommandError) -> Submission.Result {
    Submission.Result(commit: base, tree: try tree(of: base.oid).objectID, isNoOp: true)
  }

  package func close(slot: String, migration: String, fence: Fence) throws(CommandError) {
    try Slots(site: self).close(slot, migration: migration, fence: fence)
  }

  // MARK: Gate

  package func candidate(
    of submission: Submission, _ fence: Fence, _ migration: MigrationState, on place: Candidate.Place?
  ) throws(CommandError) -> Candidate.Outcome {
    try Candidate.build(site: self, migration: migration, fence: fence, submission: submission, on: place)
  }

  package func patch(of submission: Submission, limit: Int) throws(CommandError) -> String {
    let (base, result) = (submission.base, submission.result.tree)
    let text = try reporting { try git.patch(from: base.hex, to: result.hex) }
    return TerminalText.sanitized(text.utf8.count > limit ? text.prefix(limit) + "\n…" : text)
  }

  package func refreshed(
    _ migration: MigrationState, from tip: OID, with base: OID
  ) throws(CommandError) -> Candidate.Outcome {
    switch try reporting({ try repository.mergeCommits(ours: tip, theirs: base) }) {
    case .conflicts(let paths): return .conflicts(paths)
    case .clean(let tree):
      let commit = try integrationCommit(
        tree: tree, parents: [tip, base],
        message: "Merge \(migration.publishedBase) into \(migration.plan.fleet?.branch ?? migration.into)\n\n"
          + "Migrate-Refresh: \(migration.name)\n")
      return .made(Candidate(tip: tip, tipTree: try self.tree(of: tip), tree: tree, commit: commit))
    }
  }

  package func guardFailure(
    _ plan: Plan, _ step: PlannedStep, _ submission: Submission
  ) throws(CommandError) -> Migration.Failure? {
    try Candidate.guardFailure(site: self, plan: plan, step: step, submission: submission)
  }

  package func touchedTests(from old: OID, to new: OID) throws(CommandError) -> TouchedTests {
    try reporting { try Candidate.change(from: old, to: new, in: repository).touchedTests() }
  }

  package func outsideCode(_ plan: Plan) -> [String] {
    if isOutsideCodeTold { return [] }
    isOutsideCodeTold = true
    // It is only a warning: what cannot be looked at is told by the gate itself, or by nobody.
    return (try? OutsideCodeSearch(site: self, plans: [plan]))?.warnings() ?? []
  }

  package func startGate(
    _ plan: Plan, on commit: OID, for subject: GateSubject
  ) throws(CommandError) -> any GateVerification {
    switch subject {
    case .baseline:
      return try startVerifiers(
        plan, on: commit, for: subject, known: plan.gate.allowsKnown ? .all : .none)
    case .result:
      return try startVerifiers(plan, on: commit, for: subject, known: try knownFailures(plan))
    case .refresh, .candidate, .verify:
      return try startVerifiers(
        plan, on: commit, for: subject, known: try knownFailures(plan),
        changed: try changedPaths(plan, commit))
    }
  }

  /// The paths in which a commit differs from the branch.
  func changedPaths(_ plan: Plan, _ commit: OID) throws(CommandError) -> [String]? {
    guard let tip = try tip(of: "refs/heads/" + plan.into) else { return nil }
    return try reporting {
      let (old, new) = (try repository.treeOf(commit: tip), try repository.treeOf(commit: commit))
      return try repository.changes(from: old, to: new).flatMap { change in
        [change.oldPath, change.path].compactMap(\.self)
      }
    }
  }

  /// What the branch fails already, where the plan lets it.
  func knownFailures(_ plan: Plan) throws(CommandError) -> KnownFailures {
    guard plan.gate.allowsKnown else { return .none }
    let state = try reporting { try ledger.read() }.state.migration(named: plan.migration)
    guard let state, let tip = try tip(of: state.intoRef),
      let base = state.verdict(tree: try tree(of: tip).objectID, verifiers: state.gateDigest)
    else { return .none }
    var known: [String: Set<String>] = [:]
    for compared in try remembered(base.runs) {
      known[compared.run.verifier] = Set(compared.list?.known ?? [])
    }
    return .these(known)
  }

  // MARK: Processes

  package var owner: Owner { Site.owner() }

  package func isProvablyDead(_ owner: Owner) -> Bool { Site.isProvablyDead(owner) }
}
