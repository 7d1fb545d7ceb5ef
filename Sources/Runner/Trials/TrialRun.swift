import CanonicalJSON
import Git
import Ledger
import Migration
import Site

/// A step that is to be tried again, and the commit that it starts from.
package struct TrialWish: Equatable, Sendable {
  /// The step.
  package var step: String
  /// The commit.
  package var base: ObjectID

  /// Makes a wish.
  package init(step: String, base: ObjectID) { (self.step, self.base) = (step, base) }
}

/// Tries steps once more by the plan in force, each from a commit that it was done from before: worked on and
/// judged as ever, and never merged. A trial has entries, a worktree and a ref of its own; the state of its
/// step is left as it is.
///
/// Never waits: whoever runs it asks `step()` and waits for `descriptors`.
package final class TrialRun {
  private let site: any Surroundings
  private let migration: String
  private let workers: Int
  private let report: (String) -> Void
  private var queue: [TrialWish]
  private var jobs: [TrialJob] = []
  private var ended: [TrialReport] = []
  private var isStopping = false
  private var hasSwept = false

  /// Makes it; `report` is told what happens, a line at a time.
  package init(
    in site: any Surroundings, _ migration: String, _ wishes: [TrialWish], workers: Int,
    report: @escaping (String) -> Void
  ) {
    (self.site, self.migration, self.workers, self.report) = (site, migration, max(1, workers), report)
    queue = wishes
  }

  /// Readable when something may go on.
  package var descriptors: [Int32] { jobs.map(\.descriptor) }

  /// Asks all that is under way to end; it is recorded as lost.
  package func stop() {
    guard !isStopping else { return }
    isStopping = true
    queue = []
    jobs.forEach { $0.stop() }
  }

  /// Goes on until every trial has ended, or somebody asks to stop.
  package func run(_ interruption: Interruption) throws(CommandError) -> [TrialReport] {
    while true {
      if interruption.shouldStop() { stop() }
      switch try step() {
      case .more: continue
      case .nothing: site.wait(for: descriptors + [interruption.signals], atMost: 200)
      case .ended(let reports): return reports
      }
    }
  }

  /// One round.
  package func step() throws(CommandError) -> ErrandRound<[TrialReport]> {
    try site.requireApprovedCommands()
    if !hasSwept {
      hasSwept = true
      try sweep()
    }
    for (index, job) in jobs.enumerated() {
      guard let end = try job.advance() else { continue }
      jobs.remove(at: index)
      try record(end, of: job)
      return .more
    }
    if !queue.isEmpty, jobs.count < workers {
      try begin(queue.removeFirst())
      return .more
    }
    return jobs.isEmpty ? .ended(ended) : .nothing
  }

  /// Ends the trials of processes that are dead or too late.
  private func sweep() throws(CommandError) {
    let dead = DeadOwners(in: site)
    _ = try Interpreter(in: site, report: report).append(by: site.actor) {
      [migration] (snapshot, at) throws(Refusal) in
      let open = snapshot.state.migration(named: migration)?.loop.open ?? []
      let gone = dead.among(Set(open.map(\.owner)))
      return (
        (),
        open.compactMap { trial in
          guard gone.contains(trial.owner) || trial.expiresAt.isOverdue(at: at) else { return nil }
          let evidence: Evidence = gone.contains(trial.owner) ? .holderDead(trial.owner) : .timeout
          let report = TrialReport(
            trial: trial.trial, step: trial.step, outcome: .lost, evidence: evidence)
          return Proposal(migration, .trialFinished(report))
        }
      )
    }
  }

  private func begin(_ wish: TrialWish) throws(CommandError) {
    let names = Set(jobs.map(\.start.holder))
    let number = (1...workers).first { !names.contains(holder($0)) } ?? workers
    let claiming = Claiming(in: site)
    guard let known = try site.state(of: migration) else {
      return report("there is no migration '\(migration)' any more")
    }
    do throws(CommandError) {
      try site.requireTrust(known)
    } catch {
      guard error.waitsForUser else { throw error }
      report(error.message)
      return stop()
    }
    let outcome = try Interpreter(in: site, report: report).append(by: holder(number)) {
      [migration, site] (snapshot, at) throws(Refusal) -> (
        value: (TrialStart, HeldStep)?, proposals: [Proposal]
      ) in
      guard let state = snapshot.state.migration(named: migration) else {
        throw Refusal.noMigration(migration)
      }
      // Whoever amends it meanwhile may be somebody else.
      guard state.planNumber == known.planNumber else {
        throw Refusal(.stale, "the plan was amended meanwhile")
      }
      guard let index = state.index(of: wish.step) else { throw Refusal.noStep(wish.step, in: migration) }
      let start = TrialStart(
        trial: state.loop.trials + 1, step: wish.step, plan: state.planNumber, digest: state.planDigest,
        base: wish.base, holder: self.holder(number), owner: site.owner,
        expiresAt: at.adding(seconds: TrialRun.longest))
      let slot = claiming.freeSlot(in: snapshot.state, machine: site.owner.machine)
      let held = HeldStep(trial: start, of: state, index, slot: slot, lessons: snapshot.state.lessons)
      return ((start, held), [Proposal(migration, .trialStarted(start))])
    }
    if let refusal = outcome.refusal { return report("'\(wish.step)' is not tried: \(refusal.message)") }
    guard case .recorded(_, let (start, held)?) = outcome else { return }
    report("\(wish.step): trial \(start.trial) begins from \(wish.base.short)")
    do throws(CommandError) {
      jobs.append(try TrialJob(in: site, start, held, plan: held.plan, report: report))
    } catch {
      let end = TrialJob.End(outcome: .lost, words: error.message)
      try record(end, start, facts: [])
      if error.waitsForUser || error.isDamage { throw error }
    }
  }

  private func record(_ end: TrialJob.End, of job: TrialJob) throws(CommandError) {
    try record(end, job.start, facts: job.facts)
    try job.close()
    if end.endsAll { stop() }
  }

  private func record(
    _ end: TrialJob.End, _ start: TrialStart, facts: [JSON.Member]
  ) throws(CommandError) {
    let result = TrialReport(
      trial: start.trial, step: start.step, outcome: end.outcome, commit: end.commit, failure: end.failure)
    var proposal = Proposal(migration, .trialFinished(result))
    proposal.facts = facts
    let outcome = try Interpreter(in: site, report: report).append([proposal], by: start.holder)
    if let refusal = outcome.refusal { report("trial \(start.trial) was refused: \(refusal.message)") }
    ended.append(result)
    let why = end.failure?.reason ?? end.words
    report("\(start.step): trial \(start.trial) \(end.outcome.words)\(why.map { ": \($0)" } ?? "")")
  }

  private func holder(_ number: Int) -> String { "\(site.actor)/trial-\(number)" }

  /// How long a trial may take before anybody may end it, in seconds.
  private static let longest = 24 * 3600
}

extension HeldStep {
  /// What a worker is given for a trial: as for a first attempt, in a place of its own.
  init(trial start: TrialStart, of state: MigrationState, _ index: Int, slot: String, lessons: Lessons) {
    let step = state.plan.steps[index]
    let claim = Claim(
      fence: Fence(step: start.step, epoch: start.trial), holder: start.holder, owner: start.owner,
      base: start.base, expiresAt: start.expiresAt, slot: slot)
    self.init(
      migration: LedgerRefs.trialPlace(of: state.name), claim: claim, step: step, plan: state.plan,
      planDigest: state.planDigest, planNumber: state.planNumber, attempt: 1, failures: [],
      limits: state.limits(of: index))
    self.lessons = lessons.texts(for: step, failedFor: state.steps[index].cause)
  }
}
