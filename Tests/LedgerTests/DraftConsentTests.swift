import Git
import Migration
import Support
import System
import Testing

@testable import Ledger

/// Whether a server lets entries be left there is found out by whoever was too late, and remembered.
@Suite("Whether entries may be left at the server")
struct DraftConsentTests {
  /// Two clones of which nobody has said anything, where two losses make a crowd.
  private func rivals(combines: Bool? = nil) throws -> RivalClones {
    let rivals = try RivalClones(steps: 9, combines: combines, crowd: 6)
    rivals.first.contact.crowd.manyLosses = 2
    return rivals
  }

  /// What a process that comes later knows.
  private func known(_ rivals: RivalClones) throws -> Bool {
    try rivals.world.writer().remote?.takesDrafts ?? false
  }

  /// The server lets no ref be deleted from now on, as some hosts' rules say.
  private func deny(_ rivals: RivalClones) throws {
    try rivals.letServerSay("case $3 in *[!0]*) ;; *) echo 'nothing is deleted here' >&2; exit 1 ;; esac")
  }

  @Test func `who was too late twice finds out, and leaves the next one there`() throws {
    let rivals = try rivals()
    #expect(try !known(rivals))
    rivals.overtake(1, with: "S1")
    rivals.overtake(2, with: "S2")
    rivals.staged.after[3] = { () throws -> Void in #expect(try rivals.inbox().count == 1) }
    #expect(try rivals.claim("S3", by: "x", rivals.first).isWon)
    #expect(rivals.staged.pushes == 4)
    #expect(try known(rivals))
    #expect(try rivals.count("S3 claimed") == 1 && rivals.inbox().isEmpty)
    #expect(
      try rivals.world.ledgers.repository.git(
        "-C", rivals.world.server, "for-each-ref", LedgerRefs.probeFolder
      ).isEmpty)
  }

  @Test func `once is no crowd: nothing is asked, and nothing left there`() throws {
    let rivals = try rivals()
    rivals.overtake(1, with: "S1")
    #expect(try rivals.claim("S2", by: "x", rivals.first).isWon)
    #expect(!Files.exists(rivals.world.ledgers.repository.path + "/.git/migrate/combine"))
  }

  @Test func `a server that deletes nothing gets nothing to keep, and is not asked again`() throws {
    let rivals = try rivals()
    try deny(rivals)
    rivals.overtake(1, with: "S1")
    rivals.overtake(2, with: "S2")
    rivals.staged.after[3] = { () throws -> Void in #expect(try rivals.inbox().isEmpty) }
    #expect(try rivals.claim("S3", by: "x", rivals.first).isWon)
    #expect(rivals.staged.pushes == 3)
    #expect(try !known(rivals))
    #expect(try rivals.count("S3 claimed") == 1)
    let place = rivals.world.ledgers.repository.path + "/.git/migrate/combine"
    let text = try Files.readFile(place, limit: 4096)
    #expect(String(decoding: text ?? [], as: UTF8.self).hasPrefix("no\n"))
  }

  @Test(arguments: [nil, true])
  func `one that deletes nothing any more has the entry once, and the ref harms nobody`(
    _ setting: Bool?
  ) throws {
    let rivals = try rivals(combines: setting)
    if setting == nil {
      let tip = try rivals.first.read().tip
      try rivals.first.remote?.askForDrafts(#require(tip))
      #expect(try known(rivals))
    }
    try deny(rivals)
    rivals.overtake(1, with: "S1")
    rivals.overtake(2, with: "S2")
    #expect(try rivals.claim("S3", by: "x", rivals.first).isWon)
    #expect(try rivals.count("S3 claimed") == 1 && rivals.inbox().count == 1)
    #expect(rivals.first.remote?.takesDrafts == false)
    #expect(try known(rivals) == (setting ?? false))
    // Whoever comes by meets a ref whose entries are there already.
    for step in ["S4", "S5"] {
      _ = try rivals.second.synchronize()
      #expect(try rivals.claim(step, by: "x", rivals.second).isWon)
    }
    #expect(try rivals.claim("S6", by: "x", rivals.first).isWon)
    #expect(try rivals.count("S3 claimed") == 1 && rivals.count("S4 claimed") == 1)
  }

  @Test func `a no counts for a day and for one address, a yes until it is taken back`() throws {
    let world = try LedgerWorld(steps: 1)
    let path = world.repository.root + "/deep/combine"
    let consent = DraftConsent(path: path, address: "ssh://a/x")
    let now = Timestamp(milliseconds: 1_700_000_000_000)
    let day = now.adding(seconds: DraftConsent.noSeconds)
    #expect(consent.remembered(at: now) == nil)
    consent.remember(false, at: now)
    #expect(consent.remembered(at: now) == false)
    #expect(consent.remembered(at: day) == nil)
    #expect(consent.remembered(at: now.adding(seconds: -5)) == nil, "a clock was put back")
    #expect(DraftConsent(path: path, address: "ssh://b/x").remembered(at: now) == nil)
    consent.remember(true, at: now)
    #expect(consent.remembered(at: day.adding(seconds: 1_000_000)) == true)
    for text in ["", "yes", "maybe\n1\nssh://a/x\n", "no\nsoon\nssh://a/x\n"] {
      try Files.writeAtomically(path, Array(text.utf8))
      #expect(consent.remembered(at: now) == nil, "\(text)")
    }
  }
}
