import Git
import Migration

/// An append to a shared ledger is the same as one to a clone's own, but for where it is decided.
extension SharedStore: EntryStore {
  /// The clone's clock.
  package var clock: any WallClock { clone.clock }

  /// The state at the tip here. What waits here gives way to what others recorded, and what was seen of the
  /// remote's is compared when it is fetched: nothing else is remembered once the remote has the ledger.
  package func read() throws(LedgerError) -> LedgerSnapshot {
    if try asGit({ () throws(GitError) in try remote.knownTip() }) != nil { clone.forgetSights() }
    return try clone.read()
  }

  package func extend(
    _ sketch: inout DraftSketch, by proposal: Proposal, at: Timestamp, _ author: String
  ) throws(LedgerError) -> Refusal? {
    try clone.extend(&sketch, by: proposal, at: at, author)
  }

  package func together(
    _ count: Int, _ body: () throws(LedgerError) -> DraftOutcome
  ) throws(LedgerError) -> DraftOutcome { try clone.together(count, body) }

  package func canWait(afterErrors errors: Int) throws(LedgerError) -> Bool {
    try clone.canWait(afterErrors: errors)
  }

  package func contains(_ draft: Draft, after seen: LedgerSnapshot) throws(LedgerError) -> Bool {
    try clone.contains(draft, after: seen)
  }

  package func win(_ draft: Draft) -> AppendOutcome {
    clone.remember(draft)
    return .won(draft.snapshot, effects: draft.effects)
  }

  package func cause(of error: GitError, _ draft: Draft) -> GitError { clone.cause(of: error, draft) }
}
