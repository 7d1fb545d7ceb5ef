import CanonicalJSON
import Ledger
import Migration
import Site

/// What a worker asks for its claim, whoever answers it: this process, or the run that holds the claim.
package enum WorkerRequest: Equatable, Sendable {
  /// What the gate would say of the work so far; `isAnew` also where that is known.
  case verify(isAnew: Bool)
  /// Where the step and its migration are.
  case status
  /// To keep the claim for so many seconds, the plan's lease when `nil`.
  case renew(seconds: Int?)
  /// To hand in; without waiting for the verdict when `leavesGate`.
  case submit(isNoOp: Bool, leavesGate: Bool)
  /// To have noted how it went.
  case result(WorkerWord)
}

/// What a worker's request is answered with.
package struct WorkerReply: Equatable, Sendable {
  /// What a script sees.
  package var exitCode: CommandError.ExitCode
  /// The answer; `nil` when there is none, but an error.
  package var json: JSON?
  /// The same for people; the error when there is no answer.
  package var text: String
  /// What to do next, or `nil`.
  package var hint: String?
  /// What a person should know besides.
  package var warnings: [String] = []

  /// An answer.
  package init(_ answer: some PrintedAnswer, exitCode: CommandError.ExitCode = .done) {
    self.exitCode = exitCode
    json = answer.json
    text = answer.text(.plain)
  }

  /// What went wrong.
  package init(_ error: CommandError) {
    exitCode = error.exitCode
    text = error.message
    hint = error.hint
  }

  init(exitCode: CommandError.ExitCode, json: JSON?, text: String, hint: String?, warnings: [String]) {
    self.exitCode = exitCode
    self.json = json
    self.text = text
    self.hint = hint
    self.warnings = warnings
  }
}

/// That a worker's word is noted.
package struct NotedWord: PrintedAnswer {
  private let fence: Fence
  private let outcome: WorkerWord.Outcome
  private let next: String

  /// What was noted, and what the worker does next.
  package static let form = AnswerForm<NotedWord>.document([
    .text("step", \.fence.step), .number("epoch", \.fence.epoch),
    .word("outcome", WorkerWord.Outcome.allCases.map(\.rawValue), \.outcome.rawValue),
    .text("next", \.next),
  ])

  package func text(_: Palette) -> String { "\(fence.step): noted as \(outcome.rawValue); \(next)\n" }

  fileprivate init(_ fence: Fence, _ outcome: WorkerWord.Outcome, next: String) {
    self.fence = fence
    self.outcome = outcome
    self.next = next
  }
}

extension Answers {
  /// Notes how the work of a claim went, in place of what was said before.
  package func note(_ word: WorkerWord, _ claim: WorkerClaim) throws(CommandError) -> NotedWord {
    if WorkerWord.Outcome(rawValue: word.word) == nil, claim.stage?.stage.target(of: word.word) == nil {
      throw CommandError(
        "'\(word.word)' says nothing of how the work went",
        hint: "say one of \(claim.stage?.stage.words ?? "done, no-op, cannot")", exitCode: .no)
    }
    try site.note(word, claim.migration, claim.fence)
    // A lease that names no process is that of somebody who hands in by themselves.
    let isOfRun = claim.lease.owner.pid != 0
    let next: String
    switch (isOfRun, word.outcome) {
    case (true, _): next = "end your work now; what you left is taken when you have"
    case (false, .done), (false, .noOp): next = "hand in with 'git migrate submit'"
    case (false, .failed), (false, .cannot): next = "give the step back with 'git migrate release'"
    }
    return NotedWord(claim.fence, word.outcome, next: next)
  }

  /// Answers a request of whoever holds a claim. That it cannot be answered is an answer, too.
  package func answer(
    _ request: WorkerRequest, _ claim: WorkerClaim, _ interruption: () throws(CommandError) -> Interruption
  ) throws(CommandError) -> WorkerReply {
    switch request {
    case .verify(let isAnew):
      let tried = try verify(claim, isAnew: isAnew, interruption)
      return WorkerReply(tried, exitCode: tried.exitCode)
    case .status: return WorkerReply(try standing(claim))
    case .renew(let seconds): return WorkerReply(try renew(claim, seconds: seconds))
    case .submit(let isNoOp, let leavesGate):
      let wish = SubmitWish(commit: nil, isNoOp: isNoOp, leavesGate: leavesGate)
      let submitted = try submit(claim, wish, interruption)
      return WorkerReply(submitted, exitCode: submitted.exitCode)
    case .result(let word): return WorkerReply(try note(word, claim))
    }
  }
}
