import Git
import Ledger
import Migration
import System
import Testing

@testable import Guarding

/// What may be left at a server for others to take along.
@Suite struct RefGuardDraftTests {
  let world: RefGuardWorld

  init() throws {
    world = try RefGuardWorld()
    try world.start()
  }

  /// An entry that follows the ledger and is not in it, and the ref that is named by its nonce.
  private func draft(_ change: Migration.Change) throws -> (ref: String, tip: OID) {
    let old = try #require(try world.repository.resolve(Ledger.ref))
    try world.append(change)
    let tip = try #require(try world.repository.resolve(Ledger.ref))
    let nonce = try #require(try world.ledger.reader.entries().last?.entry.nonce)
    try world.set(Ledger.ref, old)
    return ("refs/migrate/inbox/" + nonce, tip)
  }

  private func claim() -> Migration.Change {
    .stepClaimed(
      Claim(
        fence: Fence(step: "S1", epoch: 1), holder: "w", owner: RefGuardWorld.owner,
        base: world.id(world.base),
        expiresAt: SystemClock().now().adding(seconds: 600), slot: nil))
  }

  @Test func `a few entries behind the ledger, under the name of the first`() throws {
    let (ref, tip) = try draft(claim())
    #expect(world.objection((ref, nil, tip), vantage: .receive) == nil)
    #expect(world.objection((ref, nil, tip), vantage: .push) == nil)
    let other = "refs/migrate/inbox/" + String(repeating: "0", count: 32)
    #expect(world.objection((other, nil, tip), vantage: .receive)?.contains("named by its nonce") == true)
  }

  @Test func `no work, no other kind of entry, and no ledger of its own`() throws {
    let (ref, _) = try draft(claim())
    let work = try world.commit(on: [world.base])
    #expect(world.objection((ref, nil, work), vantage: .receive)?.contains("cannot be left") == true)
    let (paused, tip) = try draft(.migrationPaused(reason: "lunch"))
    #expect(world.objection((paused, nil, tip), vantage: .receive)?.contains("more than an entry") == true)
    let first = try #require(try world.ledger.reader.commits().first)
    #expect(world.objection((ref, nil, first), vantage: .receive)?.contains("cannot be left") == true)
  }

  @Test func `it goes away with the push that takes it along, or alone, and is never another one`() throws {
    let (ref, tip) = try draft(claim())
    try world.set(ref, tip)
    let ledger = try #require(try world.repository.resolve(Ledger.ref))
    #expect(world.objection((Ledger.ref, ledger, tip), (ref, tip, nil), vantage: .receive) == nil)
    #expect(world.objection((ref, tip, nil), vantage: .receive) == nil)
    #expect(world.objection((ref, tip, ledger), vantage: .receive)?.contains("written once") == true)
    // Who thinks that it is another one hears it in git's words, and nothing of the push happens.
    #expect(world.objection((ref, ledger, nil), vantage: .receive)?.contains("cannot lock ref") == true)
  }

  @Test func `fsck leaves it alone`() throws {
    let (ref, tip) = try draft(claim())
    try world.set(ref, tip)
    #expect(try Ledger(repository: world.repository).fsck().isEmpty)
  }
}
