import Draws
import Git
import Ledger
import Migration

/// What the code that shares a ledger touches, in a simulated clone.
extension SimulatedLedger: CloneStore {
  func warn(_ text: String) { world.note("  (\(process.actor): \(text))") }

  /// Nothing is kept of what was seen, and nothing is said in an attempt.
  func forgetSights() {}
  func words(_ migration: String, _ fence: Fence) -> GitProgram.PushUpdate? { nil }

  func currentTip() throws(LedgerError) -> OID? {
    guard process.passes() else { throw .git(Process.crashed) }
    return clone.tip
  }

  func snapshot(at tip: OID) throws(LedgerError) -> LedgerSnapshot { try fold(to: tip, after: .empty) }

  func isAncestor(_ commit: OID, of tip: OID) throws(LedgerError) -> Bool {
    guard process.passes() else { throw .git(Process.crashed) }
    guard commit.kind == World.ledgerKind else {
      return clone.hasCommit(tip) && world.objects.isAncestor(commit, of: tip)
    }
    check(commit)
    check(tip)
    return world.isAncestor(commit, of: tip)
  }

  func entries(to tip: OID, without known: OID?) throws(LedgerError) -> [Entry] {
    guard process.passes() else { throw .git(Process.crashed) }
    check(tip)
    return world.entries(to: tip, without: known).map { world.node($0).entry }
  }

  func commits(to tip: OID, without known: OID?) throws(LedgerError) -> [OID] {
    guard process.passes() else { throw .git(Process.crashed) }
    check(tip)
    return world.entries(to: tip, without: known)
  }

  func waiting() throws(LedgerError) -> [WaitingDraft] {
    guard process.passes() else { throw .git(Process.crashed) }
    return clone.left
  }

  func leave(_ draft: WaitingDraft) throws(LedgerError) -> Bool {
    guard process.passes() else { throw .git(Process.crashed) }
    clone.left.append(draft)
    return true
  }

  func drop(_ draft: WaitingDraft) {
    if process.passes() { clone.left.removeAll { $0 == draft } }
  }

  func planText(_ migration: String, number: Int, in snapshot: LedgerSnapshot) throws(LedgerError) -> [UInt8]?
  { nil }

  func moveHere(to new: OID, from old: OID?) throws(LedgerError) -> SwapOutcome {
    world.swap(to: new, from: old, by: process)
  }

  func keepRefused(_ tip: OID) throws(LedgerError) -> String {
    guard process.passes() else { throw .git(Process.crashed) }
    clone.refused.append(tip)
    world.note("\(clone.name) keeps \(tip.number)")
    return "refs/migrate/refused/\(tip.number)"
  }

  /// Whether the entries are legal ones is the audit's affair; here they have to be there.
  func inspect(_ tip: OID, after known: OID?, from remote: String) throws(LedgerError) {
    guard process.passes() else { throw .git(Process.crashed) }
    for oid in world.entries(to: tip, without: known) { check(oid) }
  }

  func tip(of ref: String) throws(LedgerError) -> OID? {
    guard process.passes() else { throw .git(Process.crashed) }
    return ref == World.intoRef ? clone.branch : clone.attempts[ref]
  }

  func attempts() throws(LedgerError) -> [(name: String, oid: OID)] {
    // In the order of their names, as git lists them: a dictionary has none that stays.
    clone.attempts.sorted { $0.key < $1.key }.map { (name: $0.key, oid: $0.value) }
  }

  func pause(atMostMicroseconds longest: UInt64) {
    process.lingers(milliseconds: Int64(world.chance.draw(0...Int(longest / 1000))))
  }
}
