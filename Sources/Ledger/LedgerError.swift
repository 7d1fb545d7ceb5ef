import Git
import Migration
import System

/// Why the ledger cannot be read or written.
public enum LedgerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The chain breaks a rule of the format at this commit; nothing may be built on it.
  case damaged(commit: OID, reason: String)
  /// A newer version of the program wrote this entry: it may be read as text, and nothing may be written.
  case newer(commit: OID, version: Int)
  /// The decision would not fit in an entry.
  case tooLarge(bytes: Int)
  /// The ref's lock is held and was not given back in time.
  case busy(GitError)
  /// Every try ended in an error that left the outcome open, and our entry is not in the chain.
  case notWritten(GitError)
  /// Git could not do something that is not the ref's move.
  case git(GitError)
  /// The shared repository cannot be reached, and what is wanted would take something from others.
  case unreachable(remote: String, reason: String)
  /// The shared repository does not take the entries.
  case rejected(remote: String, reason: String)
  /// A branch that moves with the entries is not where it should be in the shared repository.
  case branchMoved(ref: String, remote: String)
  /// The shared ledger is not the one that was there before.
  case rewritten(remote: String, reason: String)
  /// The ledger here was put back, or another put in its place; `witness` is the file that remembers.
  case setBack(reason: String, witness: String)
  /// The queue's lock file could not be used.
  case file(FileError)

  /// One line in git's grammar.
  public var description: String {
    switch self {
    case .damaged(let commit, let reason):
      "the ledger is damaged at entry '\(commit.hex.prefix(10))': \(reason)"
    case .newer(let commit, let version):
      "the ledger entry '\(commit.hex.prefix(10))' has format \(version), which this version cannot read"
    case .tooLarge(let bytes): "the entry would be \(bytes) bytes long, more than \(Entry.maximumBytes)"
    case .busy(let error), .notWritten(let error):
      "unable to move '\(LedgerRefs.ledger)': \(error.description)"
    case .git(let error): error.description
    case .unreachable(let remote, let reason): "'\(remote)' cannot be reached: \(reason)"
    case .rejected(let remote, let reason) where reason.hasPrefix(GitProgram.ownHookSaysNo):
      "nothing was pushed to '\(remote)': \(reason)"
    case .rejected(let remote, let reason): "'\(remote)' does not take it: \(reason)"
    case .branchMoved(let ref, let remote): "'\(ref)' is not where it should be in '\(remote)'"
    case .rewritten(let remote, let reason):
      "the ledger in '\(remote)' does not follow what was seen of it: \(reason)"
    case .setBack(let reason, _): "the ledger does not follow what was seen of it: \(reason)"
    case .file(let error): error.description
    }
  }

  /// What to do next, or `nil`.
  public var hint: String? {
    switch self {
    case .damaged: "run 'git migrate fsck'; restore '\(LedgerRefs.ledger)' from a copy that passes it"
    case .newer: "install a newer git-migrate; this one will not write to the ledger"
    case .tooLarge: "shorten the reason"
    case .busy: "another program holds the ref's lock; if none runs, remove the '.lock' file it names"
    case .notWritten:
      "this entry was not recorded, and what 'git migrate log' shows was; see to the disk and run it again"
    case .git(let error): error.hint
    case .unreachable:
      "what takes something from others waits for the connection; reports on one's own work do not"
    case .rejected(_, let reason) where reason.hasPrefix(GitProgram.ownHookSaysNo):
      "mend what it says, or let the hook pass pushes of 'refs/migrate/ledger': it runs with each merge"
    case .rejected: "run 'git migrate doctor'; it says what the other side takes"
    case .branchMoved(let ref, _): "somebody moved it there by hand; compare it with '\(ref)' here"
    case .rewritten: "trust neither before you know why; 'git migrate fsck' checks the one here"
    case .setBack(_, let witness):
      "restore '\(LedgerRefs.ledger)' so that it has that entry; if this is as you want it, remove "
        + "'\(witness)'"
    case .file: nil
    }
  }
}

extension Migration.Failure {
  /// A result that the shared repository does not take, while it takes entries: what its host says of it.
  public static func refused(by remote: String, saying words: String) -> Migration.Failure {
    Migration.Failure(kind: .guardFinding, reason: "'\(remote)' does not take the result: \(words)")
  }
}

/// Git's error is one of the ledger's.
func asGit<Value>(_ body: () throws(GitError) -> Value) throws(LedgerError) -> Value {
  do throws(GitError) { return try body() } catch { throw .git(error) }
}
