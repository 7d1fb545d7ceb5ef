import Testing

@testable import Runner

@Suite("Folding is due")
struct HousekeepingTests {
  @Test(
    "when 256 more steps are finished than when the refs were looked at last",
    arguments: [
      (0, 0, false), (255, 0, false), (256, 0, true), (511, 256, false), (512, 256, true), (200, 256, false),
    ])
  func due(finished: Int, seen: Int, isDue: Bool) {
    #expect(Housekeeping.isDue(finished: finished, seen: seen, batch: 256) == isDue)
  }
}
