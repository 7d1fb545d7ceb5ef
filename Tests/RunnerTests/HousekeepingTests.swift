import Testing

@testable import Runner

@Suite("Folding is due")
struct HousekeepingTests {
  @Test(
    "when 64 more steps are finished than when the refs were looked at last",
    arguments: [
      (0, 0, false), (63, 0, false), (64, 0, true), (127, 64, false), (128, 64, true), (50, 64, false),
    ])
  func due(finished: Int, seen: Int, isDue: Bool) {
    #expect(Housekeeping.isDue(finished: finished, seen: seen, batch: 64) == isDue)
  }
}
