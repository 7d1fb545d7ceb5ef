import Git
import Migration

/// The ledger as a run uses it: a seam, so that the whole orchestrator also runs on a simulated one
/// (DESIGN §1).
package protocol EventLedger: AnyObject {
  /// The state at the tip.
  func read() throws(LedgerError) -> LedgerSnapshot
  /// Throws when what was seen of this ledger before is not in it any more, as an append would.
  func requireWitnessed() throws(LedgerError)
  /// Appends what `propose` wants, all of it or nothing; see `Ledger`.
  func append(
    by author: String, _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> [Proposal]
  ) throws(LedgerError) -> AppendOutcome
  /// The sentences of the entries up to `tip` that the chain up to `old` does not have, oldest first.
  func sentences(to tip: OID, from old: OID?) throws(LedgerError) -> [LedgerSentence]
  /// A list of tests that a verdict names by its digest; `nil` when it is not there any more.
  func testList(_ digest: String) throws(LedgerError) -> [UInt8]?
  /// What this process knows of the remote.
  var contact: RemoteContact { get }
}

extension EventLedger {
  /// Appends these changes; see `append(by:_:)`.
  package func append(_ proposals: [Proposal], by author: String) throws(LedgerError) -> AppendOutcome {
    try append(by: author) { (_, _) throws(Refusal) in proposals }
  }
}

extension Ledger: EventLedger {
  package func requireWitnessed() throws(LedgerError) {
    if let shared { _ = try shared.read() } else { _ = try local.read() }
  }

  /// The list of tests with a digest; see `Ledger.testList`.
  package func testList(_ digest: String) throws(LedgerError) -> [UInt8]? {
    try reader.testList(digest, in: try read())
  }

  package func sentences(to tip: OID, from old: OID?) throws(LedgerError) -> [LedgerSentence] {
    try reader.sentences(to: tip, from: old)
  }
}
