import Git
import Migration

extension Ledger {
  /// Whether it is shared with other clones.
  public var hasRemote: Bool { remote != nil }

  /// How many entries wait here for the remote to be reached; 0 for a ledger that is not shared.
  public func waitingCount() throws(LedgerError) -> Int {
    guard let remote, let tip = try reader.tip() else { return 0 }
    let known = try asGit { () throws(GitError) in try remote.knownTip() }
    return try asGit { () throws(GitError) in
      try repository.commits(from: tip, excluding: known.map { [$0] } ?? [], firstParentOnly: true).count
    }
  }

  /// Brings the entries of others here and ours there. Does nothing for a ledger that is not shared.
  public func synchronize() throws(LedgerError) -> SyncReport {
    guard let shared else { return SyncReport() }
    return try local.inTurn(forAsLongAsItTakes: true) { () throws(LedgerError) in try shared.synchronize() }
  }

  /// Why what was handed in cannot be judged and merged, in git's grammar, or `nil`: an object is not here or
  /// of another kind, or has a name that git refuses.
  public func resultFault(_ submission: Submission) throws(GitError) -> String? {
    try ResultFault.of(submission.result, base: submission.base, in: repository)
  }

  /// Brings results of claims here that another machine handed in.
  public func fetchAttempt(_ migration: String, _ fence: Fence) throws(LedgerError) {
    guard let remote else { return }
    do throws(GitError) {
      try remote.fetch(attempts: [LedgerRefs.attempt(migration, fence)])
    } catch {
      throw .unreachable(remote: remote.name, reason: error.message)
    }
  }

  /// Brings the words of attempts here that others pushed; what nobody pushed is no error.
  public func fetchWords(_ migration: String, _ fences: [Fence]) throws(LedgerError) {
    guard let remote else { return }
    do throws(GitError) {
      try remote.fetch(attempts: fences.map { LedgerRefs.words(migration, $0) })
    } catch {
      throw .unreachable(remote: remote.name, reason: error.message)
    }
  }
}
