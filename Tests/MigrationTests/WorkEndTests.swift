import Testing

@testable import Migration

/// What is recorded of an attempt: what its worker said, what its worktree holds → the event.
@Suite struct WorkEndTests {
  private let fence = Fence(step: "A", epoch: 3)
  private let codemod = PlannedStep(id: "A", run: "sed")
  private let failure = Failure(kind: .worker, reason: "it broke")

  private func result(left: [String] = [], isNoOp: Bool = false) -> Submission.Result {
    Submission.Result(commit: oid(1), tree: oid(2), isNoOp: isNoOp, left: left)
  }

  private func change(
    _ outcome: AttemptOutcome, _ content: WorkContent, _ step: PlannedStep = PlannedStep(id: "A"),
    exitCode: Int? = nil
  ) -> Change {
    WorkEnd(fence: fence, step: step, outcome: outcome, content: content, exitCode: exitCode).change
  }

  @Test func aResultIsHandedInWhateverItsWorkerCallsIt() {
    for outcome in [AttemptOutcome.done, .noOp("nothing")] {
      #expect(change(outcome, .result(result(), files: 1)) == .stepSubmitted(fence, result()))
    }
  }

  @Test func nothingIsHandedInWhenSomebodySaysThatNothingWasToBeDone() {
    let same = result(isNoOp: true)
    #expect(change(.noOp("done before"), .unchanged(same)) == .stepSubmitted(fence, same))
    #expect(change(.done, .unchanged(same), codemod) == .stepSubmitted(fence, same), "by its exit code")
    #expect(change(.done, .unchanged(same)).failure?.kind == .noChange, "an agent has to say so")
    let left = result(left: ["a.pyc (ignored)"], isNoOp: true)
    #expect(change(.done, .unchanged(left), codemod).failure?.reason.contains("a.pyc") == true)
  }

  @Test func whereAChangeIsExpectedNothingIsAFailure() {
    var step = codemod
    step.expectsChange = true
    for outcome in [AttemptOutcome.done, .noOp("nothing")] {
      #expect(change(outcome, .unchanged(result()), step).failure?.kind == .noChange)
    }
  }

  @Test func aStepThatTakesTheBaseInMayLeaveTheTipAsItWas() {
    var step = PlannedStep(id: "refresh-1")
    step.resolves = oid(9)
    #expect(change(.done, .unchanged(result()), step) == .stepSubmitted(fence, result()))
    #expect(
      change(.noOp("same"), .result(result(), files: 2), step) == .stepSubmitted(fence, result(isNoOp: true)))
  }

  @Test func aFailureTellsWhatItsFilesSay() {
    #expect(change(.failed(failure), .unchanged(result())) == .attemptFailed(fence, failure))
    let told = change(.failed(failure), .result(result(), files: 2), codemod, exitCode: 1).failure
    #expect(
      told?.reason == "it broke; it changed 2 files" && told?.details.first?.contains("exited 1") == true)
    #expect(change(.failed(failure), .result(result(), files: 2), codemod).failure == failure)
    let refusal = Failure(kind: .nested, reason: "a repository", details: ["in a/.git"])
    #expect(
      change(.failed(failure), .refused(refusal)).failure?.details == ["a repository", "in a/.git"])
    #expect(change(.done, .refused(refusal)).failure == refusal)
  }

  @Test func whoWasStoppedGivesTheStepBack() {
    for content in [WorkContent.unchanged(result()), .result(result(), files: 1), .refused(failure)] {
      #expect(change(.stopped, content) == .stepReleased(fence, forced: false, reason: "the run was stopped"))
    }
  }
}
