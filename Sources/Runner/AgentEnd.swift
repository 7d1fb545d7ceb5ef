import Agents
import Migration

/// What an agent's report means when it is known what the agent has left.
extension AttemptEnd {
  /// The outcome, with an agent's report replaced by what follows from it.
  func judged(_ worker: WorkerReport, _ content: Submitting.Content) -> AttemptOutcome {
    let (report, task, details): (AgentReport, AgentTask, [String])
    switch worker {
    case .ended(let outcome): return outcome
    case .reported(let told, let what, let more): (report, task, details) = (told, what, more)
    }
    let hasChanged: Bool
    switch content {
    case .result, .refused: hasChanged = true
    case .unchanged: hasChanged = false
    }
    for warning in report.judged(hasChanged: hasChanged).warnings {
      observer.warn("\(job.claim.fence.step): \(warning)")
    }
    func failed(_ kind: Migration.Failure.Kind, _ reason: String) -> AttemptOutcome {
      let closing = report.closing.isEmpty || reason.contains(report.closing) ? [] : [report.closing]
      return .failed(Migration.Failure(kind: kind, reason: reason, details: closing + details))
    }
    switch report.consequence(task, hasChanged: hasChanged, continuations: 0) {
    case .handIn: return .done
    case .handInNoOp(let reason): return .noOp(reason)
    case .failed(let reason): return failed(.worker, reason)
    case .blocked(let reason): return failed(.worker, reason)
    case .resumed(let interruption): return failed(.worker, interruption.words)
    case .givenBack(let reason): return .failed(Migration.Failure(kind: .setup, reason: reason))
    case .rests(let seconds, let words):
      return .unserved(
        .rests(until: seconds.map { Timestamp(milliseconds: Int64($0) * 1000) }, words))
    case .pauses(let words, let remedy): return .unserved(.pauses(words, remedy: remedy))
    }
  }
}
