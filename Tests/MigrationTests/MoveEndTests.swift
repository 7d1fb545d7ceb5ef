import Migration
import Testing

/// What a process says of the move that it was to make.
@Suite struct MoveEndTests {
  private func merging() -> Story {
    let story = Story(chain: "A")
    story.claim("A")
    story.submit("A")
    story.gate("A")
    story.verdict("A", .passed)
    story.intend("A")
    return story
  }

  private func target(_ story: Story) throws -> MergeTarget {
    guard case .merging(_, _, let target) = story.step("A").phase else { throw NotMerging() }
    return target
  }

  private struct NotMerging: Error {}

  @Test("who did not move the branch gives its own intent up")
  func own() throws {
    let story = merging()
    let fence = story.fence("A")
    let target = try target(story)
    let end = story.current.end(
      ofMerge: fence, to: target.new, by: target.owner, didMove: false, reason: "no")
    #expect(end == .mergeAbandoned(fence, evidence: .holder, reason: "no"))
  }

  /// Found by the simulator: two runs under one name, the first asleep until the second had the next gate.
  @Test("who slept through its intent does not give up the next one, written under the same name")
  func zombie() throws {
    let story = merging()
    let (fence, slept) = (story.fence("A"), try target(story))
    story.wait(200)
    story.tell(.mergeAbandoned(fence, evidence: .timeout, reason: "cut off"), by: "gate-1")
    story.wait(600)
    story.gate("A")
    story.verdict("A", .passed)
    story.intend("A")
    let current = try target(story)
    #expect(current.new != slept.new)
    #expect(!story.current.isIntended(mergeOf: fence, to: slept.new, by: slept.owner))
    #expect(
      story.current.end(ofMerge: fence, to: slept.new, by: slept.owner, didMove: false, reason: "no") == nil)
    #expect(story.tell(.stepMerged(fence, commit: current.new), by: "gate-1"))
  }

  @Test("an intent of another process is not ours, even to the same commit")
  func otherProcess() throws {
    let story = merging()
    let target = try target(story)
    let other = Owner(machine: "elsewhere", boot: "b", pid: 7, startTicks: 7)
    #expect(story.current.isIntended(mergeOf: story.fence("A"), to: target.new, by: target.owner))
    #expect(!story.current.isIntended(mergeOf: story.fence("A"), to: target.new, by: other))
  }

  @Test("a refresh is given up only by who intended it")
  func refresh() throws {
    let story = Story(chain: "A")
    story.refresh()
    let refresh = try #require(story.current.refresh)
    let (new, owner) = (refresh.new, refresh.owner)
    #expect(story.current.end(ofRefreshTo: oid(1), by: owner, didMove: false, reason: "no") == nil)
    #expect(
      story.current.end(ofRefreshTo: new, by: owner, didMove: false, reason: "no")
        == .refreshAbandoned(evidence: .holder, reason: "no"))
    #expect(
      story.current.end(ofRefreshTo: new, by: owner, didMove: true, reason: "")
        == .refreshMerged(commit: new))
  }
}
