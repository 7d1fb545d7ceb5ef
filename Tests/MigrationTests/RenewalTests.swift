import Migration
import Testing

/// A lease that is renewed in time is kept, whatever the clocks say.
@Suite struct RenewalTests {
  private func lease(_ story: Story) throws -> Lease {
    guard case .leased(let lease) = story.step("A").phase else { throw NotLeased() }
    return lease
  }

  private struct NotLeased: Error {}

  /// Found by the simulator: every entry of a holder whose clock is an hour behind is stamped with the last
  /// time in the ledger, while the time of the machine that wrote it goes on.
  @Test("while the ledger's clock stands still ahead of the holder's, its lease does not run out")
  func aheadOfTheHolder() throws {
    let story = Story(chain: "A")
    story.claim("A")
    let (length, stands) = (300, story.now)
    story.tell(.leaseRenewed(story.fence("A"), expiresAt: stands.adding(seconds: length)))
    for half in 1...20 {
      // Just before half of it is over it cannot be taken away, not by the clock that is ahead.
      let ahead = Story(story)
      ahead.now = stands.adding(seconds: half * length / 2 - 1)
      #expect(!ahead.expire("A"), "after \(half) halves")
      story.now = stands.adding(seconds: -1)
      let next = try lease(story).renewed(at: stands, seconds: length)
      #expect(story.tell(.leaseRenewed(story.fence("A"), expiresAt: next)))
    }
  }

  @Test("a renewal lets a lease last for its length from now on, at least")
  func length() throws {
    let story = Story(chain: "A")
    story.claim("A")
    let now = story.now.adding(seconds: 5000)
    #expect(try lease(story).renewed(at: now, seconds: 60) == now.adding(seconds: 60))
    #expect(try lease(story).renewed(at: story.now, seconds: 1) > lease(story).expiresAt)
  }
}
