import Support
import System
import Testing

@testable import Ledger

/// What a clone believes of its server, and what it remembers of it.
@Suite("A server")
struct LyingServerTests {
  @Test("that has an entry has it, also when that cannot be remembered here")
  func notRemembered() throws {
    let world = try SharedWorld(steps: 1)
    let path = world.ledgers.repository.path
    let lock = path + "/.git/refs/migrate/remotes/origin/known.lock"
    try Files.makeDirectories(Files.parent(of: lock))
    try Files.writeAtomically(lock, [])
    let ledger = try world.writer()
    var warnings: [String] = []
    ledger.local.tell = { warnings.append($0) }
    #expect(try world.ledgers.claim("S1", by: "a", through: ledger).isWon)
    #expect(warnings.contains { $0.contains("it is recorded, but") }, "\(warnings)")
    try Files.removeFile(lock)
    _ = try world.writer().synchronize()
    #expect(try world.tip(path) == world.tip(world.server))
  }

  @Test("that was put back, or that holds what no rule allows, is not followed")
  func lyingServer() throws {
    let world = try SharedWorld(steps: 2)
    let other = try world.clone("other")
    let ledger = try world.writer()
    #expect(try world.ledgers.claim("S1", by: "a", through: ledger).isWon)
    let mine = try world.tip(world.ledgers.repository.path)
    try world.ledgers.repository.git("-C", world.server, "update-ref", Ledger.ref, mine + "^")
    // Not the second time either, and not after a fetch by hand, which shows what the server has now.
    for _ in 0..<3 {
      #expect {
        _ = try world.writer().synchronize()
      } throws: {
        if case .rewritten? = $0 as? LedgerError { true } else { false }
      }
      #expect(try world.tip(world.ledgers.repository.path) == mine)
      try world.fetchByHand()
    }
    try world.ledgers.repository.git("-C", world.server, "update-ref", "-d", Ledger.ref)
    for _ in 0..<2 {
      #expect {
        _ = try world.writer().synchronize()
      } throws: {
        if case .rewritten(_, "it is gone")? = $0 as? LedgerError { true } else { false }
      }
    }
    #expect(try world.ledgers.repository.runGit(["ls-remote", "origin", Ledger.ref]).out == "")

    try world.ledgers.repository.git("-C", world.server, "update-ref", Ledger.ref, mine)
    let forged = try world.ledgers.repository.runGit(
      ["-C", world.server, "commit-tree", "-p", mine, mine + "^{tree}"], input: "S2 is mine\n\n{}\n"
    ).out.split(separator: "\n").first.map(String.init)
    try world.ledgers.repository.git("-C", world.server, "update-ref", Ledger.ref, forged ?? "")
    let before = try world.tip(other)
    for _ in 0..<3 {
      #expect(throws: LedgerError.self) { try world.writer(in: other).synchronize() }
      #expect(try world.tip(other) == before)
      try world.fetchByHand(in: other)
    }
    #expect(try world.sentences().last == "S2 is mine")
  }
}
