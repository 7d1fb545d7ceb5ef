import Testing

@testable import Migration

@Suite("What a codemod leaves to its agent")
struct HandOverTests {
  @Test func `is not begun once a new plan allows no more attempts than were used`() {
    var step = PlannedStep(id: "S1", prompt: "the rest", run: "codemod")
    let story = Story(.sample([step], attempts: 3, backoff: 0))
    story.claim("S1")
    story.fail("S1")
    story.claim("S1")
    story.fail("S1")
    story.claim("S1")
    story.submit("S1")
    step.isShared = true
    story.amend(.sample([step], attempts: 2, backoff: 0))
    story.gate("S1")
    story.verdict("S1", .failed)
    #expect(story.word("S1") == "blocked", "\(story.step("S1"))")
    story.retry("S1")
    #expect(story.word("S1") == "ready")
    #expect(story.current.planned(0).run == nil, "it is the agent's now")
  }
}
