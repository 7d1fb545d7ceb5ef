import Clibgit2

extension Repository {
  /// Writes the tree of what is in the work tree now; see `snapshot`.
  public func snapshotTree() throws(GitError) -> OID { try snapshot().tree }

  /// Writes the tree of what is in the work tree now: tracked files as they are, untracked ones that are
  /// not ignored, without the deleted ones. Executable bits and symbolic links are kept.
  ///
  /// The index file is read and never written, so an agent that is still at work is not disturbed. Its
  /// `assume-unchanged` and `skip-worktree` marks cannot hide a change of a file that is there, nor can a
  /// time that is no proof (`IndexTrust`). Filters do not run, and submodules stay at the commit that the
  /// index has: ask `needsGitProgram` and `indexHasSubmodules` first. Throws for an unreadable file and for a
  /// bare repository.
  ///
  /// Many new objects become durable together, as a pack.
  public func snapshot(_ scope: Snapshot.Scope = Snapshot.Scope()) throws(GitError) -> Snapshot {
    let taken = try snapshot(scope, storing: nil)
    guard taken.tree == .zero, !taken.isTooMuch else { return taken }
    let objects = try PackedObjects(for: self)
    return try objects.repository.snapshot(scope, storing: objects)
  }

  /// How many files are stored one by one at most.
  private static let looseLimit = 32

  /// `objects` is what this handle writes to, if it is not the repository itself. Without them, a snapshot
  /// that has many objects is left without a tree.
  private func snapshot(
    _ scope: Snapshot.Scope, storing objects: PackedObjects?
  ) throws(GitError) -> Snapshot {
    let operation = "take a snapshot of"
    var result: Snapshot?
    try withIndex(operation) { index throws(GitError) in
      let moment = IndexTrust.moment(ofIndex: "\(gitDirectory)/index")
      try check(git_index_read(index, 1), operation, gitDirectory)
      // What is changed below lives in memory; the next reader of this handle sees the file's content again.
      defer { git_index_read(index, 1) }
      try unhide(index, below: workingDirectory, operation)
      try doubt(doubtfulEntries(of: index, writtenAt: moment, operation), in: index, operation)
      var snapshot = Snapshot(tree: .zero)
      snapshot.unmerged = unmergedPaths(of: index)
      snapshot.leftOut = try removeLeftOut(index, scope, operation)
      let deltas = try workTreeDeltas(index: index, purpose: .recording, operation)
      let files = deltas.filter { $0.kind == .modified || $0.kind == .untracked }
      snapshot.isTooMuch = scope.isExceeded(files: files.count, bytes: files.reduce(0) { $0 + $1.size })
      if snapshot.isTooMuch || (objects == nil && files.count > Repository.looseLimit) {
        result = snapshot
        return
      }
      let isChanged = try record(deltas, in: index, scope, &snapshot, objects)
      if !isChanged, let tree = try unchangedTree(index, operation) {
        result = snapshot.with(tree)
        return
      }
      var tree = git_oid()
      try check(
        undisturbed { git_index_write_tree(&tree, index) }, operation, workingDirectory ?? gitDirectory)
      try objects?.note(tree: OID(tree))
      try objects?.store()
      result = snapshot.with(OID(tree))
    }
    return try unwrap(result, operation)
  }

  /// Whether the index names commits of other repositories: submodules, or a repository that was added.
  public func indexHasSubmodules() throws(GitError) -> Bool {
    var result = false
    let operation = "read the index of"
    try withIndex(operation) { index throws(GitError) in
      try check(git_index_read(index, 0), operation, gitDirectory)
      result = (0..<git_index_entrycount(index)).contains { position in
        git_index_get_byindex(index, position)?.pointee.mode == FileMode.submodule.rawValue
      }
    }
    return result
  }

  /// Puts what differs into the index in memory; says whether anything was.
  private func record(
    _ deltas: [WorkTreeDelta], in index: OpaquePointer, _ scope: Snapshot.Scope, _ snapshot: inout Snapshot,
    _ objects: PackedObjects?
  ) throws(GitError) -> Bool {
    let operation = "take a snapshot of"
    var isChanged = false
    for delta in deltas {
      let path = try PathText.terminated(delta.path, operation)
      switch delta.kind {
      case .untracked where try scope.leavesOut(delta.path, in: self):
        if !snapshot.leftOut.contains(delta.path) { snapshot.leftOut.append(delta.path) }
      case .modified, .untracked:
        isChanged = true
        try check(git_index_add_bypath(index, path), operation, delta.path)
        if let objects, let entry = git_index_get_bypath(index, path, 0)?.pointee {
          try objects.note(blob: OID(entry.id), size: delta.size)
        }
      case .deleted:
        isChanged = true
        // A path that the agent left in conflict may have no stage 0.
        let code = git_index_remove_bypath(index, path)
        guard try found(code, operation, delta.path) else { continue }
      case .embeddedRepository: snapshot.embeddedRepositories.append(delta.path)
      case .ignored: snapshot.ignored.append(delta.path)
      }
    }
    return isChanged
  }

  /// Takes out of the index in memory what is no part of the work though somebody has added it.
  func removeLeftOut(
    _ index: OpaquePointer, _ scope: Snapshot.Scope, _ operation: String
  ) throws(GitError) -> [String] {
    guard scope.leavesOut != nil else { return [] }
    var paths: [String] = []
    for position in 0..<git_index_entrycount(index) {
      guard let path = PathText.string(git_index_get_byindex(index, position)?.pointee.path) else { continue }
      if try scope.leavesOut(path, in: self) { paths.append(path) }
    }
    for path in paths {
      _ = try found(
        git_index_remove_bypath(index, try PathText.terminated(path, operation)), operation, path)
    }
    return paths
  }

  /// The tree of `HEAD` when the index has just that. Writing a tree from the index looks up each object of
  /// it, which costs more than all the rest where nothing was changed.
  private func unchangedTree(_ index: OpaquePointer, _ operation: String) throws(GitError) -> OID? {
    guard let commit = (try? head())?.oid, let tree = try? treeOf(commit: commit) else { return nil }
    return try differences(of: index, from: tree, operation).isEmpty ? tree : nil
  }

  /// Takes the marks away that make git look away from a file: by them an agent could leave a file in its
  /// tree that differs from what is recorded.
  func unhide(_ index: OpaquePointer, below root: String?, _ operation: String) throws(GitError) {
    guard let root else { return }
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
