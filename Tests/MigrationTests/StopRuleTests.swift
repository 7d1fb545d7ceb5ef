import Migration
import Testing

/// When a migration stops itself.
@Suite struct StopRuleTests {
  /// The stops that a story of attempts tells: `S1:x` failed for the cause x, `S1` did not fail.
  private func stops(_ story: String, _ rule: StopRule = StopRule()) -> [String] {
    var watch = LineWatch(rule)
    return story.split(separator: " ").compactMap { word in
      let parts = word.split(separator: ":").map(String.init)
      return watch.note(EndedAttempt(step: parts[0], cause: parts.count > 1 ? parts[1] : nil))?.reason
    }
  }

  @Test func `five steps in a row with one cause stop the line`() {
    #expect(
      stops("A:x B:x C:x D:x E:x")
        == ["5 steps in a row failed for one cause: A, B, C, D, E"])
    #expect(stops("A:x B:x C:x D:x E:y").isEmpty)
    #expect(stops("A:x B:x C:x D:x E F:x").isEmpty)
  }

  @Test func `one step that fails again and again is one step`() {
    #expect(stops("A:x A:x A:x A:x A:x").isEmpty)
    #expect(stops("A:x A:x B:x B:x C:x D:x E:x").count == 1)
  }

  @Test func `half of the last ten stop the line`() {
    #expect(stops("A:a B C:b D E:c F G:d H I:e J") == ["5 of the last 10 attempts failed"])
    #expect(stops("A:a B C:b D E:c F G:d H I J").isEmpty)
    #expect(stops("A:a B:b C:c D:d E F G H I").isEmpty, "fewer than ten say nothing yet")
  }

  @Test func `a stop is told once, and whoever goes on has as many attempts again`() {
    let story = "A:x B:x C:x D:x E:x F:x G:x H:x I:x"
    #expect(stops(story).count == 1)
    #expect(stops(story + " J:x").count == 2)
  }

  @Test func `a plan may set other numbers, or none`() {
    #expect(stops("A:x B:x", StopRule(alike: 2)).count == 1)
    #expect(stops("A:x B:x C:x D:x E:x F:x", StopRule(alike: nil, failedPercent: nil)).isEmpty)
    #expect(stops("A:a B:b C", StopRule(alike: nil, failedPercent: 60, of: 3)).count == 1)
    #expect(stops("A B C", StopRule(alike: nil, failedPercent: 0, of: 3)).isEmpty)
  }

  @Test func `a person lets it go on`() {
    var watch = LineWatch(StopRule(alike: 2, failedPercent: nil))
    _ = watch.note(EndedAttempt(step: "A", cause: "x"))
    watch.reset()
    #expect(watch.note(EndedAttempt(step: "B", cause: "x")) == nil)
  }
}
