import Git
import Migration
import Support
import System
import Testing

@testable import Ledger

/// Two clones; before a push of the first one something happens, by the number of the push.
final class RivalClones {
  let world: SharedWorld
  let first: Ledger
  let second: Ledger
  let staged: StagedRemote

  /// `combines` is the first one's `migrate.combine`; `crowd` is how many others make one for both.
  init(steps: Int = 4, combines: Bool? = true, crowd: Int = 1) throws {
    world = try SharedWorld(steps: steps)
    second = try world.writer(in: try world.clone("other"))
    let setting = combines.map { ["migrate.combine", "\($0)"] } ?? ["--unset", "migrate.combine"]
    guard try world.ledgers.repository.runGit(["config"] + setting).code == 0 else {
      throw TestFailure("\(setting)")
    }
    var staged: StagedRemote?
    first = try world.writer { real in
      let remote = StagedRemote(real)
      staged = remote
      return remote
    }
    self.staged = try #require(staged)
    for ledger in [first, second] {
      // Otherwise a quarter of all goes ahead at once.
      ledger.contact.crowd.aheadOfSixteen = 0
      ledger.contact.crowd.many = crowd
    }
  }

  func claim(_ step: String, by holder: String, _ ledger: Ledger) throws -> AppendOutcome {
    try world.ledgers.claim(step, by: holder, through: ledger)
  }

  /// The other clone claims a step just before a push of the first one.
  func overtake(_ push: Int = 1, with step: String = "S1") {
    staged.before[push] = { [unowned self] () throws -> Void in
      _ = try second.synchronize()
      let outcome = try claim(step, by: "b", second)
      #expect(outcome.isWon)
    }
  }

  /// What waits at the server.
  func inbox() throws -> [String] {
    try world.ledgers.repository.git("-C", world.server, "for-each-ref", LedgerRefs.inboxFolder)
      .split(separator: "\n").map(String.init)
  }

  func count(_ sentence: String) throws -> Int { try world.sentences().count { $0.contains(sentence) } }

  /// What the server asks of each ref that is pushed, by its update hook.
  func letServerSay(_ script: String) throws {
    try Files.writeAtomically(
      world.server + "/hooks/update", Array("#!/bin/sh\n\(script)\n".utf8), mode: 0o755)
  }
}

/// Things happen before and after pushes of a clone, and some are cut off.
final class StagedRemote: ForwardingRemote {
  var before: [Int: () throws -> Void] = [:]
  var after: [Int: () throws -> Void] = [:]
  /// Those of which nobody hears, and whether they have got there.
  var cuts: [Int: Bool] = [:]
  private(set) var pushes = 0

  override func push(_ updates: [GitProgram.PushUpdate]) throws(GitError) -> GitProgram.PushOutcome {
    pushes += 1
    let number = pushes
    do { try before[number]?() } catch { Issue.record("\(error)") }
    if cuts[number] == false { return .unknown("the remote end hung up unexpectedly") }
    let outcome = try real.push(updates)
    do { try after[number]?() } catch { Issue.record("\(error)") }
    return cuts[number] == true ? .unknown("the remote end hung up unexpectedly") : outcome
  }
}
