import Migration

/// What follows from how an agent's work ended: one answer for one fault.
public enum Consequence: Equatable, Sendable {
  /// What it left is handed in, and the gate decides.
  case handIn
  /// It is handed in that nothing was to be done, for a reason.
  case handInNoOp(String)
  /// The attempt failed, and is counted.
  case failed(String)
  /// The attempt failed, and no other one can do better: the step waits for a person.
  case blocked(String)
  /// The same conversation goes on, in the same worktree.
  case resumed(Interruption)
  /// The agent rests, until a time in seconds since the Unix epoch if that was told; nothing is counted. The
  /// cause is the kind of fault in few words, the others are the service's own.
  case rests(untilSeconds: Int?, cause: String, String)
  /// The migration pauses for a person, who is told the remedy; nothing is counted.
  case pauses(String, remedy: String)
  /// The step is given back, and starts over; nothing is counted as an attempt.
  case givenBack(String)
}

extension AgentReport {
  /// What follows. `hasChanged` is whether the work changed anything, `continuations` how many more times the
  /// conversation may go on.
  public func consequence(_ task: AgentTask, hasChanged: Bool, continuations: Int) -> Consequence {
    let report = judged(hasChanged: hasChanged)
    switch report.outcome {
    case .done(.nothing), .done(.verdict): return .handIn
    case .done(.noOp(let words)): return .handInNoOp(words)
    case .done(.failed): return .failed(report.reason)
    case .done(.cannot): return .blocked(report.reason)
    case .continueable(let interruption):
      guard task.adapter.resumes, usage.session != nil, continuations > 0 else {
        // A connection that breaks is no fault of the step, however often.
        return interruption == .cut
          ? .rests(untilSeconds: nil, cause: interruption.rawValue, report.reason) : .failed(report.reason)
      }
      return .resumed(interruption)
    case .failed, .denied: return .failed(report.reason)
    case .service(.configuration(let words)): return .pauses(words, remedy: AgentReport.remedy(task))
    case .service(.limit(let until, let words)):
      return .rests(untilSeconds: until, cause: "usage limit", words)
    case .service(.transient(let status, let words)):
      let cause = status.map { "service error \($0)" } ?? "service error"
      return .rests(untilSeconds: nil, cause: status == 429 ? "rate limit" : cause, words)
    case .service(.request(let words)): return .blocked(words)
    case .cancelled(let words): return .givenBack(words)
    case .noTerminalEvent(let words): return .failed(words)
    }
  }

  /// What a person can do about an agent that cannot work as it is set up.
  private static func remedy(_ task: AgentTask) -> String {
    let program = task.adapter.program ?? "the agent's command"
    return
      "see that \(program) works for you in this repository; variables that it needs are let through by the "
      + "plan's 'agent.env' or by migrate.agentEnvironment; then 'git migrate resume'"
  }
}
