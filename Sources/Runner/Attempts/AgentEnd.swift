import Agents
import Migration

/// What an agent's report means when it is known what the agent has left. The details are what its program
/// said beside its events, for the next attempt.
struct AgentEnd {
  var report: AgentReport
  var task: AgentTask
  /// Whether the agent rests while its service does not serve.
  var rests: Bool
  var details: [String]
  /// The headings that its closing words lack.
  var missing: [String] = []

  /// What follows from it.
  func outcome(leaving content: WorkContent, warn: (String) -> Void) -> AttemptOutcome {
    let hasChanged: Bool
    switch content {
    case .result, .refused: hasChanged = true
    case .unchanged: hasChanged = false
    }
    report.judged(hasChanged: hasChanged).warnings.forEach(warn)
    switch report.consequence(task, hasChanged: hasChanged, continuations: 0) {
    case .handIn:
      guard !missing.isEmpty else { return .done }
      let names = missing.map { "'\($0)'" }.joined(separator: ", ")
      return .failed(
        Migration.Failure(
          kind: .worker, reason: "its closing words have no heading \(names)",
          details: ["close with a text under each heading that the plan names"]))
    case .handInNoOp(let reason): return .noOp(reason)
    case .failed(let reason): return failed(.worker, reason)
    case .blocked(let reason): return failed(.cannot, reason)
    case .resumed(let interruption): return failed(.worker, interruption.words)
    case .givenBack(let reason): return .failed(Migration.Failure(kind: .setup, reason: reason))
    case .rests(_, _, let words) where !rests:
      return .failed(Migration.Failure(kind: .setup, reason: "the agent's service does not serve: \(words)"))
    case .rests(let seconds, let cause, let words):
      return .unserved(
        .rests(until: seconds.map { Timestamp(milliseconds: Int64($0) * 1000) }, cause: cause, words))
    case .pauses(let words, let remedy): return .unserved(.pauses(words, remedy: remedy))
    }
  }

  private func failed(_ kind: Migration.Failure.Kind, _ reason: String) -> AttemptOutcome {
    let closing = report.closing.isEmpty || reason.contains(report.closing) ? [] : [report.closing]
    return .failed(Migration.Failure(kind: kind, reason: reason, details: closing + details))
  }
}

extension AgentReport {
  /// Adds what the worker said by its tool, or in its result file, to what it said last.
  mutating func add(_ word: WorkerWord) {
    let words = word.closing
    if !words.isEmpty, !closing.contains(words) { closing += (closing.isEmpty ? "" : "\n\n") + words }
    warnings += word.propose.map { "it proposes a further step: \($0)" }
  }
}
