import Git

/// One commit of an integration branch.
package struct BranchCommit: Equatable, Sendable {
  /// The commit.
  package var commit: OID
  /// Its first line.
  package var subject: String
  /// Whether the branch was ever at it: not inside of a train, where the gate judged nothing.
  package var isEnd: Bool

  /// Makes it of its parts.
  package init(commit: OID, subject: String, isEnd: Bool) {
    self.commit = commit
    self.subject = subject
    self.isEnd = isEnd
  }
}
