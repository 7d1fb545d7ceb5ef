import Git
import Ledger
import Migration
import Site

/// What came of an append.
public enum Recorded<Value> {
  /// The entries are in the ledger, which was then as given, and what followed from them is done.
  case recorded(LedgerSnapshot, Value)
  /// The newest state does not allow it.
  case refused(Refusal)
  /// There was nothing to record.
  case nothing(LedgerSnapshot, Value)
}

/// The one way by which anything is recorded: whoever appends performs what follows, so that nothing that was
/// accepted can be dropped. Only `git migrate ledger append`, which people use to look at the two halves
/// apart, may leave the second half to a later command.
extension Interpreter {
  /// Asks `propose` about the newest state, at the time that the entries would bear, until its proposals are
  /// recorded or refused; then performs the effects. What `propose` gives beside them is handed back.
  public func append<Value>(
    by author: String,
    _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> (value: Value, proposals: [Proposal])
  ) throws(CommandError) -> Recorded<Value> {
    try appendOnly(by: author, propose).perform(self)
  }

  /// Records these proposals, all or none, as `append(by:_:)` does.
  public func append(_ proposals: [Proposal], by author: String) throws(CommandError) -> Recorded<Void> {
    try append(by: author) { (_, _) throws(Refusal) in ((), proposals) }
  }

  /// The same, with what is due left to the caller: for who holds something that it may want.
  package func appendOnly<Value>(
    by author: String,
    _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> (value: Value, proposals: [Proposal])
  ) throws(CommandError) -> Appended<Value> {
    do throws(LedgerError) {
      return try appendInLedger(by: author, propose)
    } catch {
      throw CommandError(error)
    }
  }

  /// The same, with the ledger's own errors: for who can do something about one of them.
  func appendInLedger<Value>(
    by author: String,
    _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> (value: Value, proposals: [Proposal])
  ) throws(LedgerError) -> Appended<Value> {
    // The last one is what the append was decided with.
    var last: Value?
    let outcome = try site.events.append(by: author) { (snapshot, at) throws(Refusal) in
      let (value, proposals) = try propose(snapshot, at)
      last = value
      return proposals
    }
    let due = site.events.contact.takeDue()
    switch (outcome, last) {
    case (.won(let snapshot, let effects), let value?):
      #if KNOWN_BUGS
        if KnownBug.effectDropped.isOn { return Appended(.recorded(snapshot, value), due: Due([])) }
      #endif
      return Appended(.recorded(snapshot, value), due: Due(due + effects))
    case (.refused(let refusal), _): return Appended(.refused(refusal), due: Due(due))
    case (.nothing(let snapshot), let value?): return Appended(.nothing(snapshot, value), due: Due(due))
    case (.won, nil), (.nothing, nil):
      return Appended(.refused(Refusal(.invalid, "nothing was proposed")), due: Due(due))
    }
  }

  /// Brings the entries of others here and ours there, and performs what follows from those of ours that had
  /// waited.
  func synchronize() throws(CommandError) {
    try site.synchronize()
    try performDue()
  }

  /// Performs what follows from entries that had waited for the remote and were decided otherwise there. Who
  /// appends does it, too, and so does every command at its end.
  public func performDue() throws(CommandError) { try Due(site.events.contact.takeDue()).perform(self) }
}

extension Recorded {
  /// What was given beside the proposals; `nil` when they were refused.
  var value: Value? {
    switch self {
    case .recorded(_, let value), .nothing(_, let value): value
    case .refused: nil
    }
  }

  /// The refusal, when it was refused.
  public var refusal: Refusal? {
    if case .refused(let refusal) = self { refusal } else { nil }
  }
}
