import Testing

@testable import Migration

@Suite("What is undone is done again")
struct DoneAgainTests {
  private func undo(_ step: String, in story: Story) throws {
    let undoing = StepUndoing(steps: try story.current.undoing(step), reason: "it was wrong")
    let id = story.current.undoID(of: step)
    #expect(story.tell(.stepsUndone(id, undoing), by: "ann"))
    story.complete(id)
  }

  private func retry(_ step: String, in story: Story) -> String? {
    story.tell(.stepRetried(step: step, reason: "better"), by: "ann") ? nil : story.refusal?.message
  }

  @Test func `by one step at a time`() throws {
    let story = Story(chain: "S1", "S2")
    story.complete("S1")
    try undo("S1", in: story)
    #expect(retry("S1", in: story) == nil)
    #expect(retry("S1", in: story) == "'S1' is done again by 'S1.2', which is ready")
    story.claim("S1.2")
    story.tell(.attemptFailed(story.fence("S1.2"), Failure(kind: .worker, reason: "no")))
    #expect(retry("S1", in: story) != nil)
    story.wait(3600)
    story.complete("S1.2")
    #expect(retry("S1", in: story) == "'S1' was done again by 'S1.2'")
    try undo("S1.2", in: story)
    #expect(retry("S1.2", in: story) == nil)
    #expect(story.word("S1.3") == "ready")
    #expect(retry("S1", in: story) == "'S1' is done again by 'S1.3', which is ready")
    story.skip("S1.3")
    #expect(retry("S1", in: story) == nil, "nobody does it any more")
    #expect(story.word("S1.4") == "ready")
  }
}
