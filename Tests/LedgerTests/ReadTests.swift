import Git
import Migration
import Support
import System
import Testing

@testable import Ledger

@Suite("Reading the ledger")
struct ReadTests {
  @Test("from a checkpoint gives what folding from the beginning gives, at every entry")
  func checkpointsAgree() throws {
    let world = try LedgerWorld(steps: 3)
    let writer = try world.writer()
    for round in 1...140 {
      _ = try world.claim("S1", by: "w", through: writer)
      _ = try writer.append(
        [Proposal("mig", .stepReleased(Fence(step: "S1", epoch: round), forced: false, reason: ""))], by: "w")
    }
    let reader = try world.writer()
    let tip = try reader.read()
    #expect(tip.sequence == 281)
    var folded: State?
    try reader.reader.replay { folded = $0.after }
    #expect(tip.state == folded)
    for number in [1, 2, 127, 128, 129, 255, 256, 257] {
      let commit = try reader.reader.commits()[number - 1]
      var state: State?
      try reader.reader.replay { if $0.found.commit == commit { state = $0.after } }
      #expect(try world.writer().snapshot(at: commit).state == state)
    }
    #expect(try reader.fsck() == [])
  }

  @Test("a reader that remembers sees what others wrote, and another chain in its place")
  func rereads() throws {
    let world = try LedgerWorld(steps: 2)
    let reader = try world.writer()
    let before = try reader.read()
    _ = try world.claim("S1", by: "w", through: try world.writer())
    #expect(try reader.read().sequence == before.sequence + 1)
    try world.repository.git("update-ref", Ledger.ref, before.tip?.hex ?? "")
    #expect(try reader.read() == before)
    try world.repository.git("update-ref", "-d", Ledger.ref)
    #expect(try reader.read() == .empty)
  }

  /// Puts a changed commit on the chain's end and says what reading makes of it.
  private func fault(
    _ parents: Int = 1, body: (String) -> String
  ) throws -> LedgerError? {
    let world = try LedgerWorld(steps: 2)
    _ = try world.claim("S1", by: "w", through: try world.writer())
    let old = try world.repository.git("rev-parse", Ledger.ref)
    let first = try world.repository.git("rev-parse", Ledger.ref + "~1")
    let message = try world.repository.git("log", "-1", "--format=%B", Ledger.ref)
    let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let line = lines.last { $0.hasPrefix("{") } ?? ""
    let all = parents == 0 ? [] : parents == 1 ? ["-p", first] : ["-p", first, "-p", old]
    let made = try world.repository.runGit(
      ["commit-tree"] + all + [old + "^{tree}"], input: "S1 claimed\n\n" + body(line) + "\n")
    try world.repository.git("update-ref", Ledger.ref, String(made.out.prefix(40)))
    do throws(LedgerError) {
      _ = try Ledger(repository: try repository(world)).read()
      return nil
    } catch {
      return error
    }
  }

  private func repository(_ world: LedgerWorld) throws(LedgerError) -> Repository {
    do throws(GitError) {
      return try Repository.open(
        gitDirectory: world.repository.path, environment: world.repository.environment)
    } catch {
      throw .git(error)
    }
  }

  @Test("the entry itself, written by another hand, is fine")
  func unchanged() throws { #expect(try fault { $0 } == nil) }

  @Test(
    "an entry that was tampered with ends the reading with a reason",
    arguments: [
      ("\"seq\":2", "\"seq\":3", "it has number 3 where 2 should be"),
      ("\"epoch\":1", "\"epoch\":2", "its event was not allowed: the next claim of 'S1' has epoch 1"),
      ("\"epoch\":1", "\"epoch\": 1", "the entry is not in canonical form"),
      ("\"kind\":\"step.claimed\"", "\"kind\":\"step.clamed\"", "'kind' of the entry is not a known word"),
      ("\"nonce\":\"", "\"nonce\":\"z", "the nonce is not 32 hexadecimal digits"),
      ("{", "{\"a\":1,", "the entry has a member that this version does not know"),
      ("}", "", "the text ends where"),
    ])
  func tampered(_ old: String, _ new: String, _ reason: String) throws {
    let error = try fault { line in
      guard let range = line.firstRange(of: old) else { return line }
      return line.replacingCharacters(range, by: new)
    }
    guard case .damaged(_, let text)? = error else {
      Issue.record("not damaged: \(String(describing: error))")
      return
    }
    #expect(text.contains(reason), "\(text)")
  }

  @Test("an entry of a newer version stops everything but reading it as text")
  func newer() throws {
    let error = try fault { line in
      guard let range = line.firstRange(of: "\"v\":2}") else { return line }
      return line.replacingCharacters(range, by: "\"v\":3}")
    }
    guard case .newer(_, 3)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("a commit with two parents, or none in the middle, is damage", arguments: [0, 2])
  func parents(_ count: Int) throws {
    guard case .damaged? = try fault(count, body: { $0 }) else {
      Issue.record("accepted \(count) parents")
      return
    }
  }

  @Test("fsck names a commit on the integration branch that no gate passed")
  func ungated() throws {
    let world = try LedgerWorld(steps: 1)
    let tree = try world.repository.git("rev-parse", "main^{tree}")
    let made = try world.repository.git("commit-tree", "-p", "main", "-m", "sneaked in", tree)
    try world.repository.git("update-ref", "refs/heads/migrate/mig", made)
    let findings = try world.writer().fsck()
    #expect(findings.map(\.rule) == ["I-22"])
    #expect(findings.first?.message.contains("sneaked in") == true)
  }

  @Test("fsck names an entry that was copied")
  func copiedNonce() throws {
    let world = try LedgerWorld(steps: 1)
    let writer = try world.writer()
    _ = try writer.append([Proposal("mig", .migrationPaused(reason: "x"))], by: "w")
    let line = try world.repository.git("log", "-1", "--format=%b", Ledger.ref).split(separator: "\n")[0]
    let nonce = line.split(separator: "\"nonce\":\"")[1].prefix(32)
    _ = try writer.append([Proposal("mig", .migrationResumed)], by: "w")
    let body = try world.repository.git("log", "-1", "--format=%b", Ledger.ref).split(separator: "\n")[0]
    let other = body.split(separator: "\"nonce\":\"")[1].prefix(32)
    let copy = String(body).replacingCharacters(
      body.firstRange(of: other) ?? body.startIndex..<body.startIndex, by: String(nonce))
    let tree = try world.repository.git("rev-parse", Ledger.ref + "^{tree}")
    let made = try world.repository.runGit(
      ["commit-tree", "-p", Ledger.ref + "~1", tree], input: "mig resumed\n\n\(copy)\n")
    try world.repository.git("update-ref", Ledger.ref, String(made.out.prefix(40)))
    #expect(try world.writer().fsck().map(\.rule).contains("I-3"))
  }
}

extension String {
  fileprivate func replacingCharacters(_ range: Range<Index>, by text: String) -> String {
    self[..<range.lowerBound] + text + self[range.upperBound...]
  }
}
