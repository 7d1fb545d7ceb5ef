import Git
import Ledger
import Migration
import Site

/// Records how an attempt of this run ended, after what it did is kept on its attempt ref. Never waits: the
/// run polls `descriptor` and asks `advance`.
final class AttemptEnd {
  let site: any Surroundings
  let observer: any RunObserver
  let job: any Attempt
  private var outcome: AttemptOutcome
  /// Why the agent cannot work, when that is how the attempt ended.
  var fault: AgentFault? { outcome.fault }
  /// The program for want of which it ended, when it did.
  var missing: MissingProgram? { if case .hindered(_, let missing) = outcome { missing } else { nil } }
  /// Asked when it failed: what the machine is short of, which may be why.
  var shortage: () -> String? = { nil }
  /// Asked when something of the repository is not as it was: whether nobody else was at work.
  var isSuspect: () -> Bool = { false }
  /// What its worker has put where git's files or ours should be, when it must have been this one.
  var oddPlace: () -> String? = { nil }
  private var collecting: (any Collecting)?
  private var found: Result<Submitting.Content, CommandError>?
  private var isKilled = false
  private var hasTriedAgain = false

  /// Why a step is given back when a machine waits for its user. What for is said there only.
  static let waitsForUser = "the machine waits for its user"

  init(_ job: any Attempt, _ outcome: AttemptOutcome, in site: any Surroundings, observer: any RunObserver) {
    self.job = job
    self.outcome = outcome
    self.site = site
    self.observer = observer
  }

  /// Readable when `advance` may get further.
  var descriptor: Int32 { collecting?.descriptor ?? -1 }

  /// Gives up keeping the files now: they lie in the slot, and are kept before it is used again.
  func kill() {
    isKilled = true
    collecting?.kill()
  }

  /// Goes on; says whether all is recorded. Never loses work: the tree is kept first, whatever the outcome;
  /// the slot is given back last.
  func advance() throws(CommandError) -> Bool {
    let fence = job.claim.fence
    if collecting == nil, try isHandedIn(job) {
      try site.close(slot: job.slot, migration: job.migration, fence: fence)
      return true
    }
    // The remote may be away when that is to be recorded: it is not looked for again then.
    guard let found = found ?? look() else { return false }
    self.found = found
    let content: Submitting.Content
    switch found {
    case .success(let known): content = known
    case .failure(let error):
      try record(unkept(error))
      if case .failed = outcome, job.keepsFailedWorktree { return true }
      try site.close(slot: job.slot, migration: job.migration, fence: fence)
      return true
    }
    outcome = job.judged(outcome, leaving: content) { observer.warn("\(fence.step): \($0)") }
    if case .failed = outcome, let words = shortage() { outcome = .hindered(reason: words, nil) }
    if case .failed(var failure) = outcome, failure.kind == .cannot,
      try site.snapshot().state.version < 2
    {
      // The first version has no kind for it: the attempt is counted, and tried again.
      failure.kind = .worker
      outcome = .failed(failure)
    }
    if let what = oddPlace() {
      try record(.attemptFailed(fence, AttemptEnd.changed("something was put into the git directory", what)))
      try site.close(slot: job.slot, migration: job.migration, fence: fence)
      return true
    }
    let end = WorkEnd(
      fence: fence, step: job.step, outcome: outcome, content: content,
      exitCode: job.exitCode.map { Int($0) }, stage: job.stage)
    try record(end.change)
    if end.isFailure, job.keepsFailedWorktree { return true }
    try site.close(slot: job.slot, migration: job.migration, fence: fence)
    return true
  }

  /// What the worker left, or why it cannot be known; `nil` while it is being kept.
  private func look() -> Result<Submitting.Content, CommandError>? {
    do throws(CommandError) {
      let current: any Collecting
      if let collecting { current = collecting } else { current = try site.collect(job) }
      collecting = current
      guard let known = try current.poll() else { return nil }
      tell(job.claim.fence, known)
      return .success(known)
    } catch {
      // Where that could be put right, the next round looks again.
      if error.isOddPlace, !hasTriedAgain, (try? site.requireApprovedCommands()) != nil {
        hasTriedAgain = true
        collecting = nil
        return nil
      }
      return .failure(error)
    }
  }

  private func record(_ change: Migration.Change) throws(CommandError) {
    // Words are for people: that they cannot be kept holds nothing up.
    do throws(CommandError) { try site.keepWords(of: job) } catch {
      observer.warn(
        "\(job.claim.fence.step): its words could not be kept: \(error.message)", of: job.migration)
    }
    if let refusal = try append(change) {
      let step = job.claim.fence.step
      observer.warn("the late result of '\(step)' was refused: \(refusal.message)", of: job.migration)
    }
  }

  /// Records how it ended. A host may have something against what a result holds (its scan for secrets does),
  /// while it takes entries: that is the attempt's own failure, and the others go on.
  private func append(_ change: Migration.Change) throws(CommandError) -> Refusal? {
    let interpreter = Interpreter(in: site, report: observer.voice(of: job.migration))
    var proposal = Proposal(job.migration, change)
    proposal.facts = job.facts
    var rejections = 0
    while true {
      let appended: Appended<Void>
      do throws(LedgerError) {
        appended = try interpreter.appendInLedger(by: job.claim.holder) {
          [given = proposal, job, site, outcome] (snapshot, at) throws(Refusal) in
          let state = snapshot.state.migration(named: job.migration)
          var proposal = given
          proposal.change = given.change.settled(in: state)
          let wishes =
            snapshot.state.version < 2 ? [] : job.proposed.filter { state?.admits($0.change) ?? false }
          return (
            (), [proposal] + wishes + AttemptEnd.lessons(of: job, outcome, in: snapshot.state, at, site.owner)
          )
        }
      } catch {
        guard case .rejected(let remote, let words) = error, let fence = change.result?.fence else {
          throw CommandError(error)
        }
        // Tried once more before it is counted: a server may only have been busy.
        rejections += 1
        if rejections == 2 {
          return try append(.attemptFailed(fence, .refused(by: remote, saying: words)))
        }
        continue
      }
      guard let refusal = appended.recorded.refusal else {
        try appended.perform(interpreter)
        return nil
      }
      _ = try? appended.perform(interpreter)
      // That the service does not serve is true whoever has the step now.
      _ = try? interpreter.append(by: job.claim.holder) {
        [job, site, outcome] (snapshot, at) throws(Refusal) in
        ((), AttemptEnd.lessons(of: job, outcome, in: snapshot.state, at, site.owner))
      }
      return refusal
    }
  }

  /// What others are to know of it: the rest of the agent that follows when its service does not serve, or
  /// what the machine has not got. Nothing where all know that already, or the ledger has no place for it.
  private static func lessons(
    of job: any Attempt, _ outcome: AttemptOutcome, in state: State, _ at: Timestamp, _ owner: Owner
  ) -> [Proposal] {
    if case .hindered(_, let missing?) = outcome {
      return [Proposal.trouble(missing, of: owner.machine, in: state)].compactMap(\.self)
    }
    guard case .rests(let until, let cause, let words)? = outcome.fault,
      state.version >= AgentChange.version,
      let agent = state.migration(named: job.migration)?.plan.agent(of: job.step)?.service,
      !state.rests.covers(agent, until: until, at: at)
    else { return [] }
    return [
      Proposal(
        FormatVersion.everyMigration, .agentRests(agent, cause: cause, until: until, reason: words))
    ]
  }

  /// Names what the worker wrote and nobody takes.
  private func tell(_ fence: Fence, _ content: Submitting.Content) {
    switch content {
    case .result(let result, _), .unchanged(let result):
      for line in result.left { observer.warn("\(fence.step): not taken: \(line)", of: job.migration) }
    case .refused: break
    }
  }

  /// What is recorded when the result could not be taken; a run that was stopped gives the step back.
  private func unkept(_ error: CommandError) -> Migration.Change {
    let fence = job.claim.fence
    if error.waitsForUser {
      if let failure = settingFailure() { return .attemptFailed(fence, failure) }
      return .stepReleased(fence, forced: false, reason: AttemptEnd.waitsForUser)
    }
    let reason = "its result could not be kept: \(error.message)"
    if isKilled {
      return .stepReleased(fence, forced: false, reason: "the run was stopped; \(reason)")
    }
    return .attemptFailed(fence, error.failure ?? Migration.Failure(kind: .setup, reason: reason))
  }

  /// The failure of a worker that changed a setting of the repository, where it cannot have been anybody
  /// else: with each try it would keep the others waiting again.
  private func settingFailure() -> Migration.Failure? {
    do throws(CommandError) { try site.requireApprovedCommands() } catch {
      guard let change = error.changedSetting, isSuspect() else { return nil }
      if error.isOddPlace { return AttemptEnd.changed("a file of the git directory was replaced", change) }
      var failure = AttemptEnd.changed("a setting of the repository changed", change)
      failure.details.append("'git migrate trust' shows the change; put it back, or approve it")
      return failure
    }
    return nil
  }

  private static func changed(_ what: String, _ change: String) -> Migration.Failure {
    Migration.Failure(
      kind: .guardFinding, reason: "\(what) while it was at work: \(change)",
      details: ["nobody else was at work here", "leave the files of the git directory as they are"])
  }

  /// Whether the worker has handed its result in by itself, with `git migrate submit`.
  private func isHandedIn(_ job: any Attempt) throws(CommandError) -> Bool {
    let state = try site.state(of: job.migration)
    let fence = job.claim.fence
    guard let step = state?.step(fence.step), step.epoch == fence.epoch else { return false }
    switch step.phase {
    case .submitted, .gating, .merging, .merged: return true
    case .waiting, .ready, .leased, .backoff, .blocked, .person, .proposed, .skipped, .cancelled, .undone:
      return false
    }
  }
}
