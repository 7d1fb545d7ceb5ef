import Git
import Migration
import Support
import System
import Testing

@testable import Ledger

/// Whether a server lets entries be left there is found out by whoever was too late, and remembered.
@Suite("Whether entries may be left at the server")
struct DraftConsentTests {
  /// Two clones; the other one is faster at each push of the first that is named.
  private final class Rivals {
    let world: SharedWorld
    let first: Ledger
    let second: Ledger
    let staged: StagedRemote

    init(setting: Bool? = nil) throws {
      world = try SharedWorld(steps: 9)
      second = try world.writer(in: try world.clone("other"))
      var staged: StagedRemote?
      try world.ledgers.repository.git("config", "--unset", "migrate.combine")
      if let setting { try world.ledgers.repository.git("config", "migrate.combine", "\(setting)") }
      first = try world.writer { real in
        let remote = StagedRemote(real)
        staged = remote
        return remote
      }
      self.staged = try #require(staged)
      for ledger in [first, second] { ledger.contact.crowd.aheadOfSixteen = 0 }
      first.contact.crowd.manyLosses = 2
    }

    /// The other clone claims a step just before this push of the first one.
    func overtake(_ number: Int, with step: String) {
      staged.before[number] = { [unowned self] () throws -> Void in
        _ = try second.synchronize()
        #expect(try claim(step, second).isWon)
      }
    }

    func claim(_ step: String, _ ledger: Ledger) throws -> AppendOutcome {
      try world.ledgers.claim(step, by: "x", through: ledger)
    }

    func inbox() throws -> Int {
      try world.ledgers.repository.git("-C", world.server, "for-each-ref", LedgerRefs.inboxFolder)
        .split(separator: "\n").count
    }

    func count(_ step: String) throws -> Int {
      try world.sentences().count { $0.contains("\(step) claimed") }
    }

    /// What a process that comes later knows.
    func known() throws -> Bool { try world.writer().remote?.takesDrafts ?? false }

    /// The server lets no ref be deleted from now on, as some hosts' rules say.
    func deny() throws {
      let text = "#!/bin/sh\ncase $3 in *[!0]*) ;; *) echo 'nothing is deleted here' >&2; exit 1 ;; esac\n"
      try Files.writeAtomically(world.server + "/hooks/update", Array(text.utf8), mode: 0o755)
    }
  }

  @Test func `who was too late twice finds out, and leaves the next one there`() throws {
    let rivals = try Rivals()
    #expect(try !rivals.known())
    rivals.overtake(1, with: "S1")
    rivals.overtake(2, with: "S2")
    rivals.staged.after[3] = { () throws -> Void in #expect(try rivals.inbox() == 1) }
    #expect(try rivals.claim("S3", rivals.first).isWon)
    #expect(rivals.staged.pushes == 4)
    #expect(try rivals.known())
    #expect(try rivals.count("S3") == 1 && rivals.inbox() == 0)
    #expect(
      try rivals.world.ledgers.repository.git(
        "-C", rivals.world.server, "for-each-ref", LedgerRefs.probeFolder
      ).isEmpty)
  }

  @Test func `once is no crowd: nothing is asked, and nothing left there`() throws {
    let rivals = try Rivals()
    rivals.overtake(1, with: "S1")
    #expect(try rivals.claim("S2", rivals.first).isWon)
    #expect(!Files.exists(rivals.world.ledgers.repository.path + "/.git/migrate/combine"))
  }

  @Test func `a server that deletes nothing gets nothing to keep, and is not asked again`() throws {
    let rivals = try Rivals()
    try rivals.deny()
    rivals.overtake(1, with: "S1")
    rivals.overtake(2, with: "S2")
    rivals.staged.after[3] = { () throws -> Void in #expect(try rivals.inbox() == 0) }
    #expect(try rivals.claim("S3", rivals.first).isWon)
    #expect(rivals.staged.pushes == 3)
    #expect(try !rivals.known())
    #expect(try rivals.count("S3") == 1)
    let place = rivals.world.ledgers.repository.path + "/.git/migrate/combine"
    let text = try Files.readFile(place, limit: 4096)
    #expect(String(decoding: text ?? [], as: UTF8.self).hasPrefix("no\n"))
  }

  @Test(arguments: [nil, true])
  func `one that deletes nothing any more has the entry once, and the ref harms nobody`(
    _ setting: Bool?
  ) throws {
    let rivals = try Rivals(setting: setting)
    if setting == nil {
      let tip = try rivals.first.read().tip
      try rivals.first.remote?.askForDrafts(#require(tip))
      #expect(try rivals.known())
    }
    try rivals.deny()
    rivals.overtake(1, with: "S1")
    rivals.overtake(2, with: "S2")
    #expect(try rivals.claim("S3", rivals.first).isWon)
    #expect(try rivals.count("S3") == 1 && rivals.inbox() == 1)
    #expect(rivals.first.contact.refusesDrafts)
    #expect(try rivals.known() == (setting ?? false))
    // Whoever comes by meets a ref whose entries are there already.
    for step in ["S4", "S5"] {
      _ = try rivals.second.synchronize()
      #expect(try rivals.claim(step, rivals.second).isWon)
    }
    #expect(try rivals.claim("S6", rivals.first).isWon)
    #expect(try rivals.count("S3") == 1 && rivals.count("S4") == 1)
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
