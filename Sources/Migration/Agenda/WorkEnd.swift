/// How an attempt ended.
public enum AttemptOutcome: Equatable, Sendable {
  /// The worker says that it is done.
  case done
  /// The worker says that nothing was to be done; the reason is its own.
  case noOp(String)
  /// It failed.
  case failed(Failure)
  /// It was stopped because the claim is no longer ours or the run ends.
  case stopped
  /// The agent could not work, and nobody is charged for it.
  case unserved(AgentFault)

  /// Its stage ended with a word.
  case said(StageWord)

  /// The machine could not, and nobody is charged for it: it has not got a program, or was short of
  /// something.
  case hindered(reason: String, MissingProgram?)

  /// Why the agent could not work, when that is how it ended.
  public var fault: AgentFault? { if case .unserved(let fault) = self { fault } else { nil } }
}

/// The word that a worker ended a stage with.
public struct StageWord: Equatable, Sendable {
  /// The word.
  public var word: String
  /// What it says to the next.
  public var notes: [String]
  /// Whether it says that nothing was to be done.
  public var isNoOp: Bool

  /// Makes one.
  public init(_ word: String, notes: [String] = [], isNoOp: Bool = false) {
    (self.word, self.notes, self.isNoOp) = (word, notes, isNoOp)
  }
}

/// Why an agent cannot work, whichever step it would be for.
public enum AgentFault: Equatable, Sendable {
  /// It may later: at a time, if one was told. The cause is what kind of fault it is, in few words; the
  /// others are its service's own.
  case rests(until: Timestamp?, cause: String, String)
  /// It cannot before a person has done something, which the remedy names.
  case pauses(String, remedy: String)

  /// Why the step is given back.
  public var reason: String {
    switch self {
    case .rests(_, _, let words): "the agent's service does not serve: \(words)"
    case .pauses(let words, _): "the agent cannot work: \(words)"
    }
  }
}

/// What a worktree holds compared with its base.
public enum WorkContent: Equatable, Sendable {
  /// It differs in so many files; the commit is on the attempt ref.
  case result(Submission.Result, files: Int)
  /// It is as it was.
  case unchanged(Submission.Result)
  /// It is no result. What could be kept is on the attempt ref; the details say where the rest is.
  case refused(Failure)
}

/// The end of an attempt: what its worker said, and what its worktree holds. Pure, so that what is recorded
/// of it is a table that can be tested.
public struct WorkEnd: Sendable {
  /// The claim.
  public var fence: Fence
  /// The step as planned.
  public var step: PlannedStep
  /// What the worker said.
  public var outcome: AttemptOutcome
  /// What the worktree holds.
  public var content: WorkContent
  /// What the worker's process ended with; `nil` when it did not end by itself.
  public var exitCode: Int?
  /// The stage that the work was.
  public var stage: StageTask?

  /// Describes an end.
  public init(
    fence: Fence, step: PlannedStep, outcome: AttemptOutcome, content: WorkContent, exitCode: Int? = nil,
    stage: StageTask? = nil
  ) {
    self.stage = stage
    self.fence = fence
    self.step = step
    self.outcome = outcome
    self.content = content
    self.exitCode = exitCode
  }

  /// Whether the attempt failed, so that its worktree may be worth a look.
  public var isFailure: Bool {
    switch (outcome, content) {
    case (.failed, _), (_, .refused): true
    case (.done, _), (.noOp, _), (.said, _), (.stopped, _), (.unserved, _), (.hindered, _): false
    }
  }

  /// What is recorded of it.
  public var change: Change {
    switch (outcome, content) {
    case (.failed(let failure), _): return .attemptFailed(fence, told(failure))
    case (.said(let word), _): return ended(by: word)
    case (.stopped, _): return .stepReleased(fence, forced: false, reason: "the run was stopped")
    case (.unserved(let fault), _): return .stepReleased(fence, forced: false, reason: fault.reason)
    case (.hindered(let reason, _), _): return .stepReleased(fence, forced: false, reason: reason)
    case (.done, .refused(let failure)), (.noOp, .refused(let failure)): return .attemptFailed(fence, failure)
    case (.noOp, .result(var result, _)) where step.resolves != nil:
      // What git made of the merge differs from the tip, though the agent changed nothing of it.
      result.isNoOp = true
      return .stepSubmitted(fence, result)
    case (.done, .result(let result, _)), (.noOp, .result(let result, _)):
      return .stepSubmitted(fence, result)
    // The tip as it was: of what conflicts, the agent keeps nothing of the base's.
    case (.done, .unchanged(let result)) where step.resolves != nil:
      return .stepSubmitted(fence, result)
    case (.noOp, .unchanged(let result)):
      return step.expectsChange
        ? .attemptFailed(fence, WorkEnd.unchanged(result)) : .stepSubmitted(fence, result)
    case (.done, .unchanged(let result)): return changedNothing(result)
    }
  }

  /// What is recorded of a word: of one that the stage has not got that the attempt has failed, and never
  /// anything else. What follows from it is found when it is recorded.
  private func ended(by word: StageWord) -> Change {
    guard let task = stage else {
      var end = self
      end.outcome = word.isNoOp ? .noOp(word.notes.first ?? "") : .done
      return end.change
    }
    var isKnown = task.stage.target(of: word.word) != nil
    #if KNOWN_BUGS
      if KnownBug.wordFallsThrough.isOn { isKnown = true }
    #endif
    guard isKnown else {
      return .attemptFailed(
        fence,
        Failure(
          kind: .worker, reason: "it said '\(word.word)', which is no word of the stage '\(task.stage.name)'",
          details: ["end with one of \(task.stage.words)"] + word.notes))
    }
    var end = StageEnd(
      stage: task.stage.name, verdict: word.word, next: "", result: task.result, notes: word.notes)
    guard task.stage.writes else { return .stageEnded(fence, end) }
    switch content {
    case .refused(let failure): return .attemptFailed(fence, failure)
    case .unchanged(let result):
      if word.word.uppercased() == "DONE", !word.isNoOp || step.expectsChange {
        return changedNothing(result)
      }
      end.result = result
    case .result(let result, _): end.result = result
    }
    return .stageEnded(fence, end)
  }

  /// A codemod says by its exit code that it looked everywhere; an agent has to say so in words.
  private func changedNothing(_ result: Submission.Result) -> Change {
    if step.expectsChange { return .attemptFailed(fence, WorkEnd.unchanged(result)) }
    if step.run != nil {
      return result.left.isEmpty
        ? .stepSubmitted(fence, result) : .attemptFailed(fence, WorkEnd.unchanged(result))
    }
    let advice =
      "if nothing is to be done, write {\"result\":\"no-op\",\"reason\":\"…\"} into $MIGRATE_RESULT_FILE"
    return .attemptFailed(fence, WorkEnd.unchanged(result, advice: advice))
  }

  /// The failure of an attempt that changed nothing that git records.
  private static func unchanged(_ result: Submission.Result, advice: String? = nil) -> Failure {
    let reason: String
    if let first = result.left.first {
      reason = "it changed nothing that git records, but wrote \(first)"
    } else if advice == nil {
      reason = "it changed nothing, and the plan expects a change of this step"
    } else {
      reason = "the agent changed nothing and did not say that nothing was to be done"
    }
    return Failure(
      kind: .noChange, reason: reason,
      details: result.left.map { "not taken: \($0)" } + (advice.map { [$0] } ?? []))
  }

  /// A worker's failure with what its files say: some codemods end with 1 when they have changed something,
  /// and what could not be kept is somewhere.
  private func told(_ failure: Failure) -> Failure {
    var result = failure
    switch content {
    case .refused(let refusal): result.details += [refusal.reason] + refusal.details
    case .unchanged: break
    case .result(_, let files):
      guard step.run != nil, let code = exitCode else { break }
      let number = "\(files) \(files == 1 ? "file" : "files")"
      result.reason += "; it changed \(number)"
      result.details.append(
        "it changed \(number) and exited \(code): where that is how the command says that it rewrote "
          + "something, write 'run: <command> || [ $? -eq \(code) ]'")
    }
    return result
  }
}
