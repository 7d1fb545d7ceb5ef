import Migration
import Testing

/// Claims that no honest writer writes: their parts become names of folders and numbers of processes.
@Suite struct ClaimFormTests {
  @Test(
    "a slot has no name but ours",
    arguments: [
      "../../../etc", "/tmp", "-rf", "", "slot-", "slot-0", "slot-01", "slot-1/x", "slot-1 ", "slot--1",
    ])
  func slot(_ name: String) {
    let story = Story(chain: "A")
    #expect(!story.claim("A", slot: name))
    #expect(story.claim("A", slot: "slot-12"))
  }

  @Test("an owner is a process, or none", arguments: [(-1, 5), (1 << 40, 5), (7, -1)])
  func owner(_ pid: Int, _ ticks: Int64) {
    let story = Story(chain: "A")
    func claim(_ owner: Owner) -> Bool {
      story.tell(
        .stepClaimed(
          Claim(
            fence: story.fence("A", 1), holder: "w1", owner: owner, base: story.current.tip,
            expiresAt: story.now.adding(seconds: 1200), slot: nil)), by: "w1")
    }
    #expect(!claim(Owner(machine: "m", boot: "b", pid: pid, startTicks: ticks)))
    #expect(claim(Owner(machine: "m", boot: "b", pid: 0, startTicks: 0)))
  }
}
