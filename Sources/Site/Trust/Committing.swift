import Git
import Ledger

/// Makes the commits that come on the integration branch.
extension Site {
  /// Makes such a commit: by the user's identity and, unless it is only tried, signed when git would sign it.
  package func integrationCommit(
    tree: OID, parents: [OID], message: String, isTrial: Bool = false
  ) throws(CommandError) -> OID {
    let identity = try identity()
    let signs = isTrial ? false : try signsCommits()
    guard signs else {
      return try reporting {
        try repository.writeCommit(
          tree: tree, parents: parents, message: message, author: identity.author,
          committer: identity.committer)
      }
    }
    do throws(GitError) {
      return try git.signedCommit(tree: tree, parents: parents, message: message, identity: identity)
    } catch {
      // Nobody's fault in a step: the key is this user's.
      var failure = CommandError(error)
      failure.exitCode = .no
      failure.waitsForUser = true
      throw failure
    }
  }

  /// Throws when commits are to be signed and cannot be: one is tried, which no ref will have.
  public func requireSignature(on commit: OID) throws(CommandError) {
    guard try signsCommits() else { return }
    let tree = try reporting { try repository.treeOf(commit: commit) }
    do throws(CommandError) {
      _ = try integrationCommit(tree: tree, parents: [commit], message: "git-migrate tries to sign\n")
    } catch {
      var failure = error
      failure.exitCode = .fatal
      throw failure
    }
  }

  /// Whether git would sign commits here; it is asked once.
  package func signsCommits() throws(CommandError) -> Bool {
    if let knownSigning { return knownSigning }
    let found = try reporting { try git.signsCommits() }
    knownSigning = found
    return found
  }
}
