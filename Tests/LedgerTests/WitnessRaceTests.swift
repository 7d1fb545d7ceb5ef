import Git
import Support
import System
import Testing

@testable import Ledger

/// What was seen of a ledger is compared beside others who write to it, and who may not have waited.
@Suite struct WitnessRaceTests {
  @Test func `who was slower is no reason to say that the ledger was set back`() throws {
    let world = try LedgerWorld(steps: 2)
    let witness = Witness(folder: world.repository.root + "/seen", commonDirectory: world.repository.path)
    let (slow, fast) = (try world.writer(witness: witness), try world.writer(witness: witness))
    let before = try slow.read().tip
    #expect(try world.claim("S1", by: "fast", through: fast).isWon)
    // It has read the tip, and another is there and remembered by the time that it compares.
    try slow.local.sights.require(before)
    let now = try fast.read().tip
    try world.repository.git("update-ref", Ledger.ref, before?.hex ?? "")
    #expect(throws: LedgerError.self) { try slow.local.sights.require(before) }
    try world.repository.git("update-ref", Ledger.ref, now?.hex ?? "")
    #expect(try world.claim("S2", by: "slow", through: slow).isWon)
  }
}
