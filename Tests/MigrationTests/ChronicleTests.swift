import Migration
import Testing

/// What happened, as the report tells it.
@Suite struct ChronicleTests {
  private static func told(_ story: Story) -> Chronicle {
    var chronicle = Chronicle(of: "mig")
    var state = State()
    for event in story.events {
      guard case .accept(let next, _) = decide(state, event) else { continue }
      state = next
      chronicle.add(event, state)
    }
    return chronicle
  }

  @Test func `each change of a step's state is there once, with its failure`() {
    let story = Story(chain: "A", "B")
    story.claim("A")
    story.renew("A")
    story.fail("A")
    story.wait(60)
    story.complete("A")
    let chronicle = Self.told(story)
    #expect(
      chronicle.changes.map(\.word) == [.leased, .backoff, .leased, .submitted, .gating, .merging, .merged])
    #expect(chronicle.changes.map(\.epoch) == [1, 1, 2, 2, 2, 2, 2])
    #expect(chronicle.changes.map { $0.failure != nil } == [false, true, false, false, false, false, false])
    #expect(chronicle.workers == ["w1"] && chronicle.gates == 1)
    #expect(chronicle.claims[0]?.epoch == 2)
  }

  @Test func `the last state of each step is that of the ledger`() {
    let story = StatusTests.story
    let chronicle = Self.told(story)
    var last: [String: StepWord] = [:]
    for change in chronicle.changes { last[chronicle.names[change.step]] = change.word }
    for step in story.current.steps {
      let word = StepWord(step.phase)
      #expect(
        last[step.id] == word || (last[step.id] == nil && [.waiting, .ready].contains(word)), "\(step.id)")
    }
  }

  @Test func `causes that block come first, under the names that status gives them`() throws {
    let story = StatusTests.story
    let causes = Self.told(story).causes(story.current)
    #expect(causes.map(\.name) == ["F1", "F2"])
    #expect(causes.map(\.standing) == [.blocks, .retried])
    #expect(causes[0].steps == ["S7"] && causes[0].holds == 2 && causes[0].attempts == 3)
    #expect(causes[1].steps == ["S6"] && causes[1].attempts == 1)
    let needs = StatusReport(story.state, sequence: 1, now: story.now).migrations[0].needs
    #expect(needs.first?.name == "F1" && needs.first?.steps == ["S7"])
  }

  @Test func `what was overcome is told apart`() {
    let story = Story(chain: "A")
    story.claim("A")
    story.fail("A")
    story.wait(60)
    let middle = story.now
    story.complete("A")
    let chronicle = Self.told(story)
    #expect(chronicle.causes(story.current).map(\.standing) == [.overcome])
    let tally = chronicle.tally(since: middle)
    #expect(tally.merged == 1 && tally.failed == 0)
    #expect(chronicle.tally(since: story.began).failed == 1)
  }
}
