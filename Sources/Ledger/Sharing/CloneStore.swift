import Git
import Migration

/// A clone's copy of a ledger: the seam below the code that keeps it and a remote together, so that the
/// simulator runs the very same.
package protocol CloneStore: EntryStore {
  /// Tells a person what they should know.
  func warn(_ text: String)
  /// Where the ledger ends here.
  func currentTip() throws(LedgerError) -> OID?
  /// The state at any entry that is here.
  func snapshot(at tip: OID) throws(LedgerError) -> LedgerSnapshot
  /// Whether an entry lies behind another one that is here, or is the same; or so a commit of a branch.
  func isAncestor(_ commit: OID, of tip: OID) throws(LedgerError) -> Bool
  /// The entries up to `tip` that are not among those up to `known`, oldest first.
  func entries(to tip: OID, without known: OID?) throws(LedgerError) -> [Entry]
  /// The commits of those entries, in the same order.
  func commits(to tip: OID, without known: OID?) throws(LedgerError) -> [OID]
  /// What processes of this clone have left here for whoever appends next.
  func waiting() throws(LedgerError) -> [WaitingDraft]
  /// Leaves a draft here; false when it cannot be left.
  func leave(_ draft: WaitingDraft) throws(LedgerError) -> Bool
  /// Takes a draft away that was left here. Who comes later finds out what became of it.
  func drop(_ draft: WaitingDraft)
  /// The exact bytes of a plan file, or `nil` when the ledger has no such plan.
  func planText(_ migration: String, number: Int, in snapshot: LedgerSnapshot) throws(LedgerError) -> [UInt8]?
  /// A list of tests that lies beside the entries, or `nil`.
  func testList(_ digest: String, in snapshot: LedgerSnapshot) throws(LedgerError) -> [UInt8]?
  /// Moves the ref here, provided that it is at `old`.
  func moveHere(to new: OID, from old: OID?) throws(LedgerError) -> SwapOutcome
  /// Takes note of what was just recorded.
  func remember(_ draft: Draft)
  /// Forgets what was seen of the ledger before: from now on the remote's copy counts.
  func forgetSights()
  /// Keeps a tip that will not be part of the chain; gives the ref that does.
  func keepRefused(_ tip: OID) throws(LedgerError) -> String
  /// Throws unless every entry after `known` up to `tip`, which came from `remote`, is a legal one.
  func inspect(_ tip: OID, after known: OID?, from remote: String) throws(LedgerError)
  /// What a ref that is not the ledger's names here.
  func tip(of ref: String) throws(LedgerError) -> OID?
  /// The push of what was said in an attempt; `nil` where there is nothing, or it stays here.
  func words(_ migration: String, _ fence: Fence) -> GitProgram.PushUpdate?
  /// The refs here that keep results of claims: each one, and the archives.
  func attempts() throws(LedgerError) -> [(name: String, oid: OID)]
  /// Waits for a random time, at most so long.
  func pause(atMostMicroseconds longest: UInt64)
}
