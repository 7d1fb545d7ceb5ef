import Git
import Ledger
import Migration

extension Site {
  /// Shares the ledger with the repository that `migrate.remote` names, if it names one. `warn` is told what
  /// a person should know.
  ///
  /// Throws when it names nothing that git knows.
  public func share(warn: @escaping (String) -> Void) throws(CommandError) {
    ledger.share(with: try reporting { try GitRemote(repository, git) }, warn: warn)
  }
}

/// The integration branches of a shared ledger follow what the ledger says of them.
extension Site {
  /// Whether other clones work on the same ledger.
  public var hasRemote: Bool { ledger.hasRemote }

  /// Where a branch is in the remote, as was seen last; `nil` when it is not there or nothing is shared.
  package func sharedTip(of ref: String) throws(CommandError) -> OID? {
    try reporting { try ledger.remote?.knownTip(ofBranch: ref) }
  }

  /// Fetches a branch from the remote.
  package func bring(_ ref: String) throws(CommandError) {
    _ = try reporting { try ledger.remote?.fetch(branches: [ref]) }
  }

  /// Brings the newest entries here, and ours there.
  package func synchronize() throws(CommandError) {
    _ = try reporting { try ledger.synchronize() }
  }

  /// Pushes a branch of ours that has vanished from the remote. Gives why it could not be, or `nil`.
  package func putBack(_ ref: String, at commit: OID) throws(CommandError) -> String? {
    guard let remote = ledger.remote else { return nil }
    let name = ref.hasPrefix("refs/heads/") ? String(ref.dropFirst("refs/heads/".count)) : ref
    let update = GitProgram.PushUpdate(ref: ref, to: commit, from: nil)
    switch try reporting({ try remote.push([update]) }) {
    case .won:
      ledger.warn("'\(name)' was gone from '\(remote.name)'; it is put back, at '\(commit.hex.prefix(10))'")
      return nil
    // Somebody else has put it there meanwhile: the next look tells what.
    case .lost: return "'\(name)' is gone from '\(remote.name)' and comes back just now"
    case .rejected(let words), .unknown(let words):
      return
        "'\(name)' is gone from '\(remote.name)', which does not take it back: \(words); when it may, run "
        + "'git push \(remote.name) \(commit.hex):\(ref)'"
    }
  }

  /// Tells the hooks which branches are integration branches.
  package func announceBranches() throws(CommandError) {
    try HookBranches(commonDirectory: repository.commonDirectory).add(
      try reporting { try ledger.read() }.state)
  }
}
