import Testing

@testable import Migration

/// State and wish of a command → what is due.
@Suite struct WishTests {
  private func seat(_ story: Story, _ wish: Wish) -> Seat {
    var seat = Seat(owner: process(8), actor: "ann", free: nil, clock: story.now)
    seat.wish = wish
    seat.branch = .at(story.current.tip, tree: oid(50))
    return seat
  }

  private func agenda(_ story: Story, _ seat: Seat) -> [Duty] {
    story.current.agenda(at: max(seat.clock, story.state.at), seat: seat)
  }

  private func due(_ story: Story, _ wish: Wish) -> [Duty] { agenda(story, seat(story, wish)) }

  private func story(_ steps: String...) -> Story { Story(.sample(steps.map { PlannedStep(id: $0) })) }

  private func submitted(_ steps: String...) -> Story {
    let story = Story(.sample(steps.map { PlannedStep(id: $0) }))
    for step in steps {
      story.claim(step, by: "w1")
      story.submit(step, by: "w1")
    }
    return story
  }

  // MARK: refresh

  @Test func theBaseIsTakenInWhenNobodyMovesTheBranch() {
    let story = submitted("A", "B")
    #expect(due(story, .refresh) == [.takeBaseIn])
    story.gate("A")
    #expect(due(story, .refresh).isEmpty)
    #expect(story.current.holdUp(of: .refresh) == "A")
    story.verdict("A", .passed)
    story.intend("A")
    #expect(due(story, .refresh).isEmpty, "it is being merged")
    story.merged("A")
    #expect(due(story, .refresh) == [.takeBaseIn])
  }

  @Test func aPauseHoldsTheStepsAndNotTheBase() {
    let story = story("A")
    story.tell(.migrationPaused(reason: "lunch"))
    #expect(due(story, .refresh) == [.takeBaseIn])
  }

  @Test func afterTheEndThereIsAnAnswerOnly() {
    let story = story("A")
    story.tell(.migrationAborted(reason: "enough"))
    for wish in [Wish.refresh, .finish(partial: true), .verify(story.fence("A")), .merge(story.fence("A"))] {
      #expect(due(story, wish) == [.answer])
    }
  }

  // MARK: submit

  @Test func aResultIsJudgedInItsTurn() {
    let story = submitted("A", "B")
    let wish = Wish.merge(story.fence("B"))
    #expect(due(story, wish) == [.gate(story.fence("B"))], "whoever waits for it judges it, in any order")
    story.gate("A")
    #expect(due(story, wish).isEmpty)
    story.verdict("A", .failed)
    #expect(due(story, wish) == [.gate(story.fence("B"))])
    story.gate("B")
    #expect(due(story, wish).isEmpty, "somebody judges it")
    story.verdict("B", .passed)
    story.intend("B")
    story.merged("B")
    #expect(due(story, wish) == [.answer])
  }

  @Test func whatWasSentBackOrGivenToSomebodyElseIsAnswered() {
    let story = submitted("A")
    let wish = Wish.merge(story.fence("A"))
    story.gate("A")
    story.verdict("A", .failed)
    #expect(due(story, wish) == [.answer])
  }

  @Test func inAPauseNobodyWaitsForAVerdict() {
    let story = submitted("A")
    story.tell(.migrationPaused(reason: "lunch"))
    #expect(due(story, .merge(story.fence("A"))) == [.answer])
  }

  // MARK: verify

  @Test func workIsTriedWhileItIsHeldAndWhoeverJudges() {
    let story = submitted("A")
    let other = Story(.sample([PlannedStep(id: "A"), PlannedStep(id: "B")]))
    other.claim("A", by: "w1")
    other.claim("B", by: "w2")
    other.submit("B", by: "w2")
    other.gate("B")
    #expect(due(other, .verify(other.fence("A"))) == [.tryGate(other.fence("A"))])
    #expect(due(story, .verify(story.fence("A"))) == [.answer], "it is handed in")
    #expect(due(other, .verify(Fence(step: "A", epoch: 2))) == [.answer])
  }

  // MARK: finish

  private func good(_ story: Story) -> GoodResult {
    GoodResult(commit: story.current.tip, gate: story.current.gateDigest)
  }

  @Test func theResultIsJudgedAndThenItIsTheEnd() {
    let story = story("A")
    story.tell(.stepSkipped(step: "A", reason: "not needed"))
    var seat = seat(story, .finish(partial: false))
    #expect(agenda(story, seat) == [.judgeResult(story.current.tip)])
    seat.goodResult = good(story)
    #expect(agenda(story, seat) == [.finish(result: story.current.tip)])
  }

  @Test func whatMovedOrIsJudgedOtherwiseSinceIsJudgedAgain() {
    let story = story("A")
    var seat = seat(story, .finish(partial: true))
    seat.goodResult = GoodResult(commit: oid(99), gate: story.current.gateDigest)
    #expect(agenda(story, seat) == [.judgeResult(story.current.tip)])
    seat.goodResult = GoodResult(commit: story.current.tip, gate: "another")
    #expect(agenda(story, seat) == [.judgeResult(story.current.tip)])
  }

  @Test func withOpenStepsNobodyWaitsForVerifiersToHearThatTheyAreOpen() {
    let story = story("A")
    #expect(due(story, .finish(partial: false)) == [.finish(result: story.current.tip)])
    #expect(due(story, .finish(partial: true)) == [.judgeResult(story.current.tip)])
  }

  @Test func aMergeUnderWayIsWaitedForAndAGateIsNot() {
    let story = submitted("A")
    story.gate("A")
    #expect(due(story, .finish(partial: true)) == [.judgeResult(story.current.tip)])
    story.verdict("A", .passed)
    story.intend("A")
    #expect(due(story, .finish(partial: true)).isEmpty)
    #expect(story.current.holdUp(of: .finish(partial: true)) == "A")
  }

  @Test func whereTheBranchIsCountsNotWhereItWas() {
    let story = story("A")
    var seat = seat(story, .finish(partial: true))
    seat.branch = .at(oid(77), tree: oid(50))
    #expect(agenda(story, seat) == [.judgeResult(oid(77))])
    seat.branch = .absent
    #expect(agenda(story, seat).last == .judgeResult(story.current.tip), "it is missed in words")
  }

  @Test func withoutAWishNothingIsWished() {
    var seat = Seat(owner: process(8), actor: "ann", free: nil, clock: Timestamp(milliseconds: 0))
    let story = submitted("A")
    #expect(agenda(story, seat).isEmpty)
    seat.wish = .refresh
    seat.judging = .refresh
    #expect(agenda(story, seat).isEmpty, "it is under way")
  }
}
