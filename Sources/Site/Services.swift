import Git

/// What is judged by services now.
package struct Services {
  /// How many runs there are.
  package var running = 0
  /// The branches of those that have ended.
  package var left: [ServiceBranch] = []
}

/// A candidate as a branch of a service's repository.
package struct ServiceBranch: Equatable {
  /// The remote, as git knows it.
  package var remote: String
  /// The branch, below `migrate-ci/`.
  package var name: String
  /// The candidate.
  package var commit: OID

  /// Names the branch of a candidate: whoever pushes the same one again finds it there.
  package init(remote: String, migration: String, commit: OID) {
    self.remote = remote
    self.commit = commit
    name = "migrate-ci/\(migration)/\(commit.hex.prefix(16))"
  }

  /// Its full name.
  package var ref: String { "refs/heads/\(name)" }
}
