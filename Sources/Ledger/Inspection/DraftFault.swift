import Git
import Migration

extension Ledger {
  /// Why a commit is no draft that others take along, or `nil`. Reads as many entries as one may have.
  package func draftFault(_ ref: String, _ tip: OID) throws(LedgerError) -> String? {
    var next = tip
    var first: Entry?
    for _ in 0..<Parcel.most {
      let commit = try reader.chain.commit(next)
      let entry = try reader.chain.entry(of: commit, plans: reader.plans).entry
      guard entry.event.change.mayBeCarried else {
        return "'\(entry.event.sentence)' goes with more than an entry"
      }
      first = entry
      guard let parent = commit.parents.first else { return "it is a ledger of its own" }
      next = parent
      if try isOfLedger(next) { break }
    }
    guard try isOfLedger(next) else {
      return "it has more than \(Parcel.most) entries that the ledger has not"
    }
    guard let first, LedgerRefs.inbox(first.nonce) == ref else { return "the ref is not named by its nonce" }
    return nil
  }

  private func isOfLedger(_ commit: OID) throws(LedgerError) -> Bool {
    guard let tip = try reader.tip() else { return false }
    return try asGit { () throws(GitError) in try repository.isAncestor(commit, of: tip) }
  }
}
