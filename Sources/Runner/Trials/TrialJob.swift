import CanonicalJSON
import Git
import Ledger
import Migration
import Site

/// One trial under way: the worker, then what it left, then the gate. Never waits.
final class TrialJob {
  /// How it ended.
  struct End {
    var outcome: TrialReport.Outcome
    var commit: ObjectID?
    var failure: Migration.Failure?
    /// Why nothing is known.
    var words: String?
    /// Whether no other trial would do better: the agent's service does not serve.
    var endsAll = false
  }

  private enum Stage {
    case working
    case collecting(any Collecting, AttemptOutcome)
    case judging(any GateVerification, Submission)
  }

  let start: TrialStart
  private let site: any Surroundings
  private let plan: Plan
  private let report: (String) -> Void
  private let attempt: any Attempt
  private var stage = Stage.working

  init(
    in site: any Surroundings, _ start: TrialStart, _ held: HeldStep, plan: Plan,
    report: @escaping (String) -> Void
  ) throws(CommandError) {
    (self.site, self.start, self.plan, self.report) = (site, start, plan, report)
    attempt = try site.begin(held)
  }

  var facts: [JSON.Member] { attempt.facts }

  var descriptor: Int32 {
    switch stage {
    case .working: attempt.descriptor
    case .collecting(let collecting, _): collecting.descriptor
    case .judging(let gate, _): gate.descriptor
    }
  }

  func stop() {
    switch stage {
    case .working: attempt.stop()
    case .collecting: break
    case .judging(let gate, _): gate.stop()
    }
  }

  /// Gives the place back.
  func close() throws(CommandError) {
    try site.close(slot: attempt.slot, migration: attempt.migration, fence: attempt.claim.fence)
  }

  /// Goes on; how it ended, once it has.
  func advance() throws(CommandError) -> End? {
    switch stage {
    case .working:
      guard let outcome = try attempt.poll() else { return nil }
      if outcome == .stopped { return End(outcome: .lost, words: "it was stopped") }
      if let fault = outcome.fault { return End(outcome: .lost, words: fault.reason, endsAll: true) }
      do throws(CommandError) { stage = .collecting(try site.collect(attempt), outcome) } catch {
        return try lost(error)
      }
      return try advance()
    case .collecting(let collecting, let outcome):
      do throws(CommandError) {
        guard let content = try collecting.poll() else { return nil }
        return try judge(outcome, content)
      } catch { return try lost(error) }
    case .judging(let gate, let submission):
      guard let found = try gate.poll() else { return nil }
      return try end(found, submission)
    }
  }

  /// What the user has to look at first ends the whole run.
  private func lost(_ error: CommandError) throws(CommandError) -> End {
    if error.waitsForUser || error.isDamage { throw error }
    if let failure = error.failure { return End(outcome: .failed, failure: failure) }
    return End(outcome: .lost, words: error.message)
  }

  private func judge(_ outcome: AttemptOutcome, _ content: WorkContent) throws(CommandError) -> End? {
    let judged = attempt.judged(outcome, leaving: content) { report("\(start.step): \($0)") }
    if let fault = judged.fault { return End(outcome: .lost, words: fault.reason, endsAll: true) }
    let end = WorkEnd(
      fence: attempt.claim.fence, step: attempt.step, outcome: judged, content: content,
      exitCode: attempt.exitCode.map { Int($0) })
    guard case .claim(_, let change) = end.change else {
      return End(outcome: .lost, words: "nothing is known")
    }
    switch change {
    case .failed(let failure), .handedOver(let failure):
      return End(outcome: .failed, commit: kept(content), failure: failure)
    case .submitted(let result): return try gate(result)
    case .released(_, let reason): return End(outcome: .lost, words: reason)
    case .stageEnded: return End(outcome: .lost, words: "work that has stages is not tried again")
    case .claimed, .renewed, .expired: return End(outcome: .lost, words: "nothing is known")
    }
  }

  private func kept(_ content: WorkContent) -> ObjectID? {
    if case .result(let result, _) = content { return result.commit }
    return nil
  }

  private func gate(_ result: Submission.Result) throws(CommandError) -> End? {
    let submission = Submission(
      result: result, holder: start.holder, base: start.base, notBefore: site.clock.now())
    if let failure = try site.guardFailure(plan, attempt.step, submission) {
      return End(outcome: .failed, commit: result.commit, failure: failure)
    }
    if plan.verifiers(of: attempt.step).isEmpty { return End(outcome: .passed, commit: result.commit) }
    // The tree of the result stands on its base already: there is nothing to merge it with.
    do throws(CommandError) {
      let gate = try site.startGate(
        plan, judging: [attempt.step], on: result.commit.oid,
        for: .verify(migration: attempt.migration, attempt.claim.fence))
      stage = .judging(gate, submission)
      return nil
    } catch { return try lost(error) }
  }

  private func end(_ found: VerifierReport, _ submission: Submission) throws(CommandError) -> End {
    var verdict = found
    let state = try site.state(of: plan.migration)
    if let state {
      verdict = try site.compared(
        found, state, tipTree: try site.tree(of: start.base.oid), tree: submission.result.tree.oid,
        allowing: state.step(start.step)?.allowing(attempt.step).allow ?? [])
    }
    let commit = submission.result.commit
    switch verdict.verdict {
    case .passed: return End(outcome: .passed, commit: commit)
    case .failed, .ranNoTests:
      let failure = verdict.failure ?? Migration.Failure(kind: .gate, reason: verdict.verdict.words)
      return End(outcome: .failed, commit: commit, failure: failure)
    case .couldNotRun: return End(outcome: .lost, commit: commit, words: verdict.failure?.reason)
    }
  }
}
