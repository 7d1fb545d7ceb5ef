import Ledger
import Migration
import Site

extension MigrationState {
  /// Whether the plan's judge has a say about a candidate: what changes nothing, and what a person has
  /// approved, is not put to it.
  func asksJudge(_ id: String, _ submission: Submission, _ candidate: Candidate) -> Bool {
    guard let step = step(id), plan.gate.judge != nil, !candidate.isNoChange else { return false }
    if needsJudge(step, submission, tree: candidate.tree.objectID) { return true }
    // An answer that is known already may be no.
    guard let answer = answer(of: step, tree: candidate.tree.objectID) else { return false }
    return answer.answer != .approve && step.approved != submission.result.tree
  }
}

/// What a judge says of what the verifiers let pass.
extension GateTask {
  /// Puts the candidate to the judge, where the plan has one that has to be asked.
  func askJudge(
    _ report: VerifierReport, _ candidate: Candidate, gate: Int, verifiers: String
  ) throws(CommandError) -> Stage {
    let ledger = try reporting { try site.events.read() }.state
    guard !isStopping, report.verdict == .passed, ledger.version >= 2,
      let state = ledger.migration(named: migration), let step = state.step(fence.step),
      step.epoch == fence.epoch, case .gating(let submission, _) = step.phase,
      let index = state.index(of: fence.step), state.asksJudge(fence.step, submission, candidate)
    else { return try endGate(report, candidate, gate: gate, verifiers: verifiers) }
    if let known = state.answer(of: step, tree: candidate.tree.objectID) {
      return try heed(known, report, candidate, gate: gate, verifiers: verifiers)
    }
    let planned = state.planned(index)
    let judge: any Judging
    do throws(CommandError) {
      judge = try site.startJudge(
        JudgedCase(
          migration: state, step: planned, fence: fence, gate: gate, candidate: candidate,
          lessons: ledger.lessons.texts(for: planned, failedFor: step.cause)))
    } catch {
      if error.waitsForUser || error.isDamage { throw error }
      return try unjudged(error.message, report, candidate, gate: gate, verifiers: verifiers)
    }
    return .judging(judge, report, candidate, gate: gate, verifiers: verifiers)
  }

  /// Records what it said, and goes on by it.
  func endJudgement(
    _ found: JudgeReport, _ report: VerifierReport, _ candidate: Candidate, gate: Int, verifiers: String
  ) throws(CommandError) -> Stage {
    if isStopping { return try endGate(report, candidate, gate: gate, verifiers: verifiers) }
    guard case .answered(let word, let reasons) = found, let plan = try migrationState()?.plan else {
      guard case .couldNotRun(let reason) = found else {
        return .ended(.notNow(Refusal(.limited, "there is no migration '\(migration)' any more")))
      }
      return try unjudged(reason, report, candidate, gate: gate, verifiers: verifiers)
    }
    let answer = JudgeAnswer(
      gate: gate, tree: candidate.tree.objectID, prompt: plan.judgeDigest, answer: word,
      agent: plan.judge?.label ?? "judge",
      reasons: reasons.isEmpty && word != .approve ? ["the judge gave no reason"] : reasons)
    let refusal = try append { [self] (_, _) throws(Refusal) in
      [Proposal(migration, .judgeAnswered(fence, answer))]
    }
    if let refusal {
      _ = try append { [self] (_, _) throws(Refusal) in
        [Proposal(migration, .gateAbandoned(fence, gate: gate, evidence: .holder))]
      }
      return .ended(.notNow(refusal))
    }
    return try heed(answer, report, candidate, gate: gate, verifiers: verifiers)
  }

  private func heed(
    _ answer: JudgeAnswer, _ report: VerifierReport, _ candidate: Candidate, gate: Int, verifiers: String
  ) throws(CommandError) -> Stage {
    switch answer.answer {
    case .approve: return try endGate(report, candidate, gate: gate, verifiers: verifiers)
    case .reject:
      let failure = Migration.Failure(
        kind: .rejected, reason: "\(answer.agent) rejects it: \(answer.reasons.first ?? "")",
        details: answer.reasons)
      return try endGate(report.denied(failure), candidate, gate: gate, verifiers: verifiers)
    case .unsure:
      let reason = "\(answer.agent) is not sure: \(answer.reasons.first ?? "")"
      let refusal = try append { [self] (_, _) throws(Refusal) in
        [Proposal(migration, .stepWaits(fence, gate: gate, reason: reason))]
      }
      return .ended(.notNow(refusal ?? Refusal(.blocked, "'\(fence.step)' waits for a person: \(reason)")))
    }
  }

  /// A judge that could not be asked says nothing: the gate could not run.
  private func unjudged(
    _ reason: String, _ report: VerifierReport, _ candidate: Candidate, gate: Int, verifiers: String
  ) throws(CommandError) -> Stage {
    #if KNOWN_BUGS
      if KnownBug.judgeErrorPasses.isOn {
        return try endGate(report, candidate, gate: gate, verifiers: verifiers)
      }
    #endif
    let failure = Migration.Failure(kind: .gate, reason: "the judge could not be asked: \(reason)")
    return try endGate(report.denied(failure, .couldNotRun), candidate, gate: gate, verifiers: verifiers)
  }

  func migrationState() throws(CommandError) -> MigrationState? {
    try site.state(of: migration)
  }

  func plannedStep(_ state: MigrationState) -> PlannedStep? {
    state.index(of: fence.step).map { state.planned($0) }
  }
}
