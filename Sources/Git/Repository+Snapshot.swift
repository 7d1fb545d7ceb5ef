import Clibgit2

/// The content of a work tree at a moment.
public struct Snapshot: Equatable, Sendable {
  /// The tree with every tracked and every untracked file that is not ignored.
  public let tree: OID
  /// Untracked folders that are repositories of their own, which the tree does not contain. git would
  /// record a commit of theirs that nobody else has; work left there is lost, so say so.
  public let embeddedRepositories: [String]
}

extension Repository {
  /// Writes the tree of what is in the work tree now; see `snapshot`.
  public func snapshotTree() throws(GitError) -> OID { try snapshot().tree }

  /// Writes the tree of what is in the work tree now: tracked files as they are, untracked ones that are
  /// not ignored, without the deleted ones. Executable bits and symbolic links are kept, submodules stay at
  /// the recorded commit.
  ///
  /// The index file is read and never written, so an agent that is still at work is not disturbed. Its
  /// `assume-unchanged` and `skip-worktree` marks cannot hide a change of a file that is there. Filters do
  /// not run: ask `needsGitProgram` first. Throws for an unreadable file and for a bare repository.
  public func snapshot() throws(GitError) -> Snapshot {
    let operation = "take a snapshot of"
    var result: Snapshot?
    try withIndex(operation) { index throws(GitError) in
      try check(git_index_read(index, 1), operation, gitDirectory)
      // What is changed below lives in memory; the next reader of this handle sees the file's content again.
      defer { git_index_read(index, 1) }
      try unhide(index, operation)
      var embedded: [String] = []
      let deltas = try workTreeDeltas(index: index, purpose: .recording, operation)
      if deltas.isEmpty, let tree = try unchangedTree(index, operation) {
        result = Snapshot(tree: tree, embeddedRepositories: [])
        return
      }
      for delta in deltas {
        let path = try PathText.terminated(delta.path, operation)
        switch delta.kind {
        case .modified, .untracked: try check(git_index_add_bypath(index, path), operation, delta.path)
        case .deleted:
          // A path that the agent left in conflict may have no stage 0.
          let code = git_index_remove_bypath(index, path)
          guard try found(code, operation, delta.path) else { continue }
        case .embeddedRepository: embedded.append(delta.path)
        }
      }
      var tree = git_oid()
      try check(
        undisturbed { git_index_write_tree(&tree, index) }, operation, workingDirectory ?? gitDirectory)
      result = Snapshot(tree: OID(tree), embeddedRepositories: embedded)
    }
    return try unwrap(result, operation)
  }

  /// The tree of `HEAD` when the index has just that. Writing a tree from the index looks up each object of
  /// it, which costs more than all the rest where nothing was changed.
  private func unchangedTree(_ index: OpaquePointer, _ operation: String) throws(GitError) -> OID? {
    guard let commit = (try? head())?.oid, let tree = try? treeOf(commit: commit) else { return nil }
    return try differences(of: index, from: tree, operation).isEmpty ? tree : nil
  }

  /// Takes the marks away that make git look away from a file: by them an agent could leave a file in its
  /// tree that differs from what is recorded.
  private func unhide(_ index: OpaquePointer, _ operation: String) throws(GitError) {
    guard let root = workingDirectory else { return }
    for position in 0..<git_index_entrycount(index) {
      guard let entry = git_index_get_byindex(index, position)?.pointee, IndexFlags.isHidden(entry) else {
        continue
      }
      guard let path = PathText.string(entry.path) else { continue }
      // In a sparse checkout a skipped file is absent, and stays recorded.
      if IndexFlags.isSkipped(entry) && !WorktreeFiles.existsWithoutFollowing("\(root)/\(path)") { continue }
      var plain = IndexFlags.plain(entry)
      try check(git_index_add(index, &plain), operation, path)
    }
  }
}
