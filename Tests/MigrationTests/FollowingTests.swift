import CanonicalJSON
import Testing

@testable import Migration

@Suite("When a run looks at the base")
struct FollowingTests {
  private static func plan(every seconds: Int?) -> Plan {
    var plan = Plan.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2")])
    plan.refreshSeconds = seconds
    return plan
  }

  @Test func neverUnlessThePlanSaysSo() {
    let story = Story(Self.plan(every: nil))
    #expect(!story.current.looksAtBase(at: story.now, last: nil))
    #expect(!Self.plan(every: nil).json.canonical.contains("refresh"), "older plans keep their digest")
  }

  @Test func atOnceAndThenAsOftenAsThePlanSays() {
    let story = Story(Self.plan(every: 60))
    let now = story.now
    #expect(story.current.looksAtBase(at: now, last: nil))
    let times = [0, 59, 60, 61, -1].map { story.current.looksAtBase(at: now.adding(seconds: $0), last: now) }
    #expect(times == [false, false, true, true, true], "a clock that was set back does not put it off")
  }

  @Test func notWhileTheBranchMovesNorAfterTheEnd() {
    let story = Story(Self.plan(every: 60))
    story.complete("S1")
    story.complete("S2")
    #expect(story.current.looksAtBase(at: story.now, last: nil), "the result is not handed back yet")
    story.finish()
    #expect(!story.current.looksAtBase(at: story.now, last: nil))
    let judged = Story(Self.plan(every: 60))
    judged.claim("S1")
    judged.submit("S1")
    judged.gate("S1")
    #expect(judged.current.mover == "S1")
    #expect(!judged.current.looksAtBase(at: judged.now, last: nil))
  }
}
