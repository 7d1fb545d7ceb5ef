import CanonicalJSON
import Testing

@testable import Migration

/// The step that a run adds when the moved base conflicts.
@Suite("A step that takes in a conflicting base")
struct ResolutionTests {
  private static let plan = following([PlannedStep(id: "S1"), PlannedStep(id: "S2", priority: 3)])

  private static func following(_ steps: [PlannedStep]) -> Plan {
    var plan = Plan.sample(steps, attempts: 2, backoff: 0)
    plan.refreshSeconds = 60
    return plan
  }

  private let story = Story(plan)

  @discardableResult
  private func add(_ base: ObjectID, as id: String? = nil) -> Bool {
    story.tell(
      .stepAdded(
        StepAddition(step: id ?? story.current.resolutionID(of: base), base: base, paths: ["a.txt"])))
  }

  private func id(_ base: ObjectID) -> String { "refresh-\(base.hex.prefix(10))" }

  @Test func isThereAtOnceAndGoesFirst() {
    let approval = story.current.approvalDigest
    #expect(add(oid(60)))
    #expect(story.word(id(oid(60))) == "ready")
    #expect(story.current.base(takenInBy: id(oid(60))) == oid(60))
    story.complete("S2")
    #expect(story.current.nextOffer(at: story.now, machine: "m1") == .step(id(oid(60))))
    #expect(story.current.approvalDigest == approval, "the plan that was approved is the same")
    #expect(story.current.steps.count == 3 && story.current.openCount == 2)
  }

  @Test func onlyOneAtATimeAndOneForABase() {
    add(oid(60))
    #expect(!add(oid(60)))
    #expect(!add(oid(61)), "the next look takes the rest in")
    story.skip(id(oid(60)))
    #expect(!add(oid(60), as: "\(id(oid(60)))-2"), "a person has decided")
    #expect(add(oid(61)))
  }

  @Test func isCalledAfterTheBaseAndLikeNoOtherStep() {
    #expect(!add(oid(60), as: "mine"))
    let other = Story(Self.following([PlannedStep(id: id(oid(60)).uppercased())]))
    #expect(other.current.resolutionID(of: oid(60)) == "\(id(oid(60)))-2")
  }

  @Test func onlyWhereAnAgentFollowsTheBase() {
    for change in [{ $0.agent = nil }, { $0.refreshSeconds = nil }] as [(inout Plan) -> Void] {
      var plan = Self.plan
      change(&plan)
      let story = Story(plan)
      let addition = StepAddition(step: id(oid(60)), base: oid(60), paths: [])
      #expect(!story.tell(.stepAdded(addition)))
    }
    story.tell(.migrationPaused(reason: "lunch"))
    #expect(!add(oid(60)))
  }

  @Test func isMergedWithTheBaseAndNothingElse() throws {
    add(oid(60))
    let step = id(oid(60))
    story.claim(step)
    story.submit(step)
    story.gate(step)
    story.verdict(step, .passed)
    guard case .gating(_, let run) = story.step(step).phase else { throw Unexpected() }
    for base in [nil, oid(61)] {
      let target = MergeTarget(
        gate: 1, old: run.start.tip, new: oid(70), tree: run.start.tree, owner: process(9),
        expiresAt: story.now.adding(seconds: 60), base: base)
      #expect(!story.tell(.mergeIntended(story.fence(step), target)))
    }
    #expect(story.intend(step) && story.merged(step))
    #expect(story.word(step) == "merged")
  }

  @Test func aStepOfThePlanBringsNoBase() throws {
    story.claim("S1")
    story.submit("S1")
    story.gate("S1")
    story.verdict("S1", .passed)
    guard case .gating(_, let run) = story.step("S1").phase else { throw Unexpected() }
    let target = MergeTarget(
      gate: 1, old: run.start.tip, new: oid(70), tree: run.start.tree, owner: process(9),
      expiresAt: story.now.adding(seconds: 60), base: oid(60))
    #expect(!story.tell(.mergeIntended(story.fence("S1"), target)))
  }

  @Test func theBaseIsLeftAloneMeanwhileAndLookedAtAgainWhenItIsBlocked() {
    #expect(story.current.looksAtBase(at: story.now, last: nil))
    add(oid(60))
    #expect(!story.current.looksAtBase(at: story.now, last: nil))
    for _ in 1...2 {
      story.claim(id(oid(60)))
      story.fail(id(oid(60)))
    }
    #expect(story.word(id(oid(60))) == "blocked")
    #expect(story.current.looksAtBase(at: story.now, last: nil))
  }

  @Test func anAmendmentKeepsIt() {
    add(oid(60))
    story.claim(id(oid(60)))
    let before = story.current
    #expect(story.amend(Self.following([PlannedStep(id: "S2")])))
    #expect(story.word(id(oid(60))) == "leased")
    #expect(story.word("S1") == "cancelled")
    #expect(AmendmentSummary(from: before, to: story.current).cancelled == ["S1"])
    #expect(story.amend(Self.following([PlannedStep(id: "S2"), PlannedStep(id: "S4")])))
    #expect(story.current.base(takenInBy: id(oid(60))) == oid(60))
    #expect(!story.amend(Self.following([PlannedStep(id: id(oid(60)))])), "the id is taken")
  }

  @Test func noPlanBringsOne() {
    var step = PlannedStep(id: "S1")
    step.resolves = oid(60)
    #expect(Plan.sample([step]).fault() != nil)
  }

  @Test func aCheckpointHoldsIt() throws {
    add(oid(60))
    story.complete("S1")
    let read = try State(json: story.state.json) { (_, _) throws(JSONFault) in Self.plan }
    #expect(read == story.state)
  }

  private struct Unexpected: Error {}
}
