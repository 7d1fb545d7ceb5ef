import Git
import Migration
import System

/// A refused event that had waited for a connection.
public struct RefusedEvent: Equatable, Sendable {
  /// The event as a sentence.
  public var sentence: String
  /// Why it was refused.
  public var reason: String
}

/// What `synchronize` did.
public struct SyncReport: Equatable, Sendable {
  /// How many entries of others came.
  public var received = 0
  /// How many entries of ours went.
  public var sent = 0
  /// What was refused after it had waited.
  public var refused: [RefusedEvent] = []
  /// The ref that keeps the refused entries, or `nil`.
  public var keptOn: String?

  /// Nothing so far.
  package init() {}
}

extension Ledger {
  /// Where entries lie that waited and were refused: nothing that was recorded is ever thrown away.
  static let refusedFolder = "refs/migrate/refused/"

  /// Where the results of claims lie.
  static let attemptFolder = "refs/migrate/attempt/"

  /// The ref that keeps the result of a claim.
  public static func attemptRef(_ migration: String, _ fence: Fence) -> String {
    "\(attemptFolder)\(migration)/\(fence.step)/\(fence.epoch)"
  }

  /// Whether the ledger is shared.
  public var isShared: Bool { remote != nil }

  /// How many entries wait here for the remote to be reached; 0 for a ledger that is not shared.
  public func waitingCount() throws(LedgerError) -> Int {
    guard let remote, let tip = try currentTip() else { return 0 }
    let known = try asGit { () throws(GitError) in try remote.knownTip() }
    return try asGit { () throws(GitError) in
      try repository.commits(from: tip, excluding: known.map { [$0] } ?? [], firstParentOnly: true).count
    }
  }

  /// Brings the entries of others here and ours there. Does nothing for a ledger that is not shared.
  public func synchronize() throws(LedgerError) -> SyncReport {
    guard remote != nil else { return SyncReport() }
    let queue = try enterQueue()
    defer { queue?.free() }
    try requireWitnessed(currentTip())
    return try Sharing(RefStore(ledger: self, queue: queue)).synchronize()
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
      try remote.fetch(attempts: [Ledger.attemptRef(migration, fence)])
    } catch {
      throw .unreachable(remote: remote.name, reason: error.message)
    }
  }
}
