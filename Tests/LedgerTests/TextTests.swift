import CanonicalJSON
import Draws
import Git
import Migration
import Support
import System
import Testing

@testable import Ledger

/// Whatever a name, an output or a reason holds, the ledger stays readable.
@Suite("Texts of the ledger")
struct TextTests {
  /// Texts that have done harm, or look as if they could.
  private static let pieces: [String] = [
    "\u{10FE80}", "\u{10FEFF}", "\u{10FEC3}\u{10FEB6}", "\u{10FFFF}", "\u{0}", "\u{7F}", "\u{85}", "\u{2028}",
    "\u{202E}", "\u{FEFF}", "\u{FFFD}", "\u{E0001}", "\u{1F469}\u{200D}\u{1F680}", "e\u{301}", "\r\n", "\n\n",
    "\"",
    "\\", "\\366", "\t", "{\"v\":1}", "\"nonce\":\"", "\u{1B}[2J", "ö", "x", " ", "'",
  ]

  @Test("come back as they were accepted, seed by seed", arguments: 1...UInt64(8))
  func randomTexts(seed: UInt64) throws {
    let world = try LedgerWorld(steps: 1)
    let ledger = try world.writer()
    var chance = Chance(seed: seed)
    func text() -> String {
      (0..<Int(chance.next() % 9)).map { _ -> String in
        if chance.next() % 3 == 0 {
          return PathText.string((0..<4).map { _ in UInt8(truncatingIfNeeded: chance.next()) })
        }
        return TextTests.pieces[Int(chance.next() % UInt64(TextTests.pieces.count))]
      }.joined()
    }
    for _ in 0..<12 {
      let proposals: [Proposal]
      if chance.next() % 8 == 0 {
        // Many at once are written as a pack.
        proposals = (0..<10).map { _ in Proposal("mig", .migrationPaused(reason: text())) }
          .flatMap { [$0, Proposal("mig", .migrationResumed)] }
      } else {
        proposals = [Proposal("mig", .migrationPaused(reason: text())), Proposal("mig", .migrationResumed)]
      }
      let outcome = try ledger.append(proposals, by: "w" + text())
      #expect(outcome.isWon)
    }
    let read = try world.writer()
    let entries = try read.reader.entries()
    let expected = try ledger.read()
    #expect(try read.read().state == expected.state)
    for found in entries {
      let bytes = try read.repository.commit(found.commit).messageBytes
      #expect(String(validating: bytes, as: UTF8.self) != nil)
      #expect(NameText.isText(found.entry.event.by))
      if case .migration(.paused(let reason)) = found.entry.event.change { #expect(NameText.isText(reason)) }
    }
    #expect(try read.fsck().isEmpty)
  }

  @Test(
    "with bytes that an older build wrote are read, and the ledger goes on",
    arguments: ["", String(repeating: "a long way there ", count: 8)], [false, true])
  func older(before: String, spellsSentence: Bool) throws {
    let world = try LedgerWorld(steps: 1)
    let ledger = try world.writer()
    let reason = before + "conflict in J\u{10FEF6}rg\u{10FEFF}"
    let seen = try ledger.read()
    let event = Event(
      migration: "mig", at: seen.state.at, by: "ann", change: .migrationPaused(reason: reason))
    let entry = Entry(
      sequence: seen.sequence + 1, nonce: String(repeating: "0f", count: 16), event: event)
    let sentence = spellsSentence ? event.sentence : event.olderSentence
    let message = Chain.message(entry, line: entry.json.canonicalBytes, sentence: sentence)
    let tip = try #require(seen.tip)
    let tree = try ledger.repository.treeOf(commit: tip)
    let line = "git-migrate <git-migrate@localhost> \(seen.state.at.seconds) +0000"
    let head = "tree \(tree)\nparent \(tip)\nauthor \(line)\ncommitter \(line)\n\n"
    // What the older build did: each such character became the byte that it stands for.
    let damaged = Array(head.utf8) + PathText.bytes(message)
    #expect(damaged.contains(0xF6))
    let file = world.repository.root + "/commit"
    try Files.writeAtomically(file, damaged)
    let oid = try world.repository.git("hash-object", "-t", "commit", "-w", file)
    try world.repository.git("-c", "core.hooksPath=/dev/null", "update-ref", Ledger.ref, oid, tip.hex)
    let next = try world.writer()
    #expect(try next.read().state.migration(named: "mig")?.phase == .paused(reason: reason))
    #expect(try next.append([Proposal("mig", .migrationResumed)], by: "ann").isWon)
    #expect(try next.fsck().isEmpty)
  }

  @Test("that no reader of ours would take are not written")
  func readBack() throws {
    let world = try LedgerWorld(steps: 1)
    let ledger = try world.writer()
    let before = try ledger.read().tip
    ledger.local.writer.writing = DamagingWriter(repository: ledger.repository)
    #expect(throws: LedgerError.self) {
      try ledger.append([Proposal("mig", .migrationPaused(reason: "x"))], by: "w")
    }
    #expect(try world.writer().read().tip == before)
  }
}

/// Writes what the older build wrote.
private struct DamagingWriter: ObjectWriter {
  let repository: Repository

  func writeBlob(_ bytes: [UInt8]) throws(GitError) -> OID { try repository.writeBlob(bytes) }

  func writeTree(
    updating base: OID?, upserts: [(path: String, blob: OID, mode: FileMode)], removals: [String]
  ) throws(GitError) -> OID {
    try repository.writeTree(updating: base, upserts: upserts, removals: removals)
  }

  func writeCommit(
    tree: OID, parents: [OID], message: String, author: Signature, committer: Signature
  ) throws(GitError) -> OID {
    try repository.writeCommit(
      tree: tree, parents: parents, message: message + "x\n", author: author, committer: committer)
  }

  func message(ofCommit oid: OID) throws(GitError) -> [UInt8] { try repository.message(ofCommit: oid) }

  func names(inFolder folder: String, ofTree tree: OID) throws(GitError) -> [String] {
    try repository.names(inFolder: folder, ofTree: tree)
  }
}
