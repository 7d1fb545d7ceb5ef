import Clibgit2

/// What a merge in memory gave.
public enum MergeResult: Equatable, Sendable {
  /// The merged tree, written to the repository.
  case clean(tree: OID)
  /// The paths that need a decision, sorted bytewise. Nothing was written.
  case conflicts([String])
}

extension Repository {
  /// Merges two trees with a common ancestor (`nil`: none), in memory: no work tree, index or ref is
  /// touched, and no merge driver of the configuration runs. Renames are followed.
  public func mergeTrees(
    ancestorTree: OID?, oursTree: OID, theirsTree: OID
  ) throws(GitError) -> MergeResult {
    // Where one side is the ancestor, or both are the same, there is nothing to put together.
    if theirsTree == ancestorTree || theirsTree == oursTree { return .clean(tree: oursTree) }
    if oursTree == ancestorTree { return .clean(tree: theirsTree) }
    return try mergeResult(
      mergeIndex(ancestorTree: ancestorTree, oursTree: oursTree, theirsTree: theirsTree), near: oursTree)
  }

  private func mergeIndex(
    ancestorTree: OID?, oursTree: OID, theirsTree: OID
  ) throws(GitError) -> OpaquePointer {
    let operation = "merge trees"
    var handles: [OpaquePointer?] = []
    defer { for handle in handles { git_tree_free(handle) } }
    for oid in [ancestorTree, oursTree, theirsTree] {
      var handle: OpaquePointer?
      if let oid {
        var id = oid.raw
        try check(undisturbed { git_tree_lookup(&handle, pointer, &id) }, operation, oid.hex)
      }
      handles.append(handle)
    }
    let (ancestor, ours, theirs) = (
      handles.first ?? nil, handles.dropFirst().first ?? nil, handles.last ?? nil
    )
    var options = try mergeOptions(operation)
    var index: OpaquePointer?
    try check(
      undisturbed { git_merge_trees(&index, pointer, ancestor, ours, theirs, &options) }, operation,
      "\(oursTree) \(theirsTree)")
    return try unwrap(index, operation)
  }

  /// Merges two commits in memory, with the ancestor that git would take, also when there are several.
  /// Everything else as in `mergeTrees`.
  public func mergeCommits(ours: OID, theirs: OID) throws(GitError) -> MergeResult {
    try mergeResult(mergeIndex(ours: ours, theirs: theirs), near: treeOf(commit: ours))
  }

  /// The merge of two commits as an index, which may have conflicts; the caller frees it.
  func mergeIndex(ours: OID, theirs: OID) throws(GitError) -> OpaquePointer {
    let operation = "merge commits"
    if isShallow {
      guard let base = try mergeBase(ours, theirs) else {
        throw GitError(
          message: "what they have in common is not in this shallow clone", operation: operation,
          subject: "\(ours) and \(theirs)", hint: "git fetch --unshallow")
      }
      return try mergeIndex(
        ancestorTree: treeOf(commit: base), oursTree: treeOf(commit: ours), theirsTree: treeOf(commit: theirs)
      )
    }
    var first: OpaquePointer?
    var second: OpaquePointer?
    defer {
      git_commit_free(first)
      git_commit_free(second)
    }
    var oursID = ours.raw
    var theirsID = theirs.raw
    try check(undisturbed { git_commit_lookup(&first, pointer, &oursID) }, operation, ours.hex)
    try check(undisturbed { git_commit_lookup(&second, pointer, &theirsID) }, operation, theirs.hex)
    var options = try mergeOptions(operation)
    var index: OpaquePointer?
    try check(
      undisturbed { git_merge_commits(&index, pointer, first, second, &options) }, operation,
      "\(ours) \(theirs)")
    return try unwrap(index, operation)
  }

  private func mergeOptions(_ operation: String) throws(GitError) -> git_merge_options {
    var options = git_merge_options()
    try check(git_merge_options_init(&options, 1), operation)
    options.flags = GIT_MERGE_FIND_RENAMES.rawValue
    return options
  }

  /// What the index of a merge says; its tree differs in few files from `tree`.
  private func mergeResult(_ index: OpaquePointer, near tree: OID) throws(GitError) -> MergeResult {
    defer { git_index_free(index) }
    guard git_index_has_conflicts(index) == 1 else {
      return .clean(tree: try writeTree(of: index, near: tree))
    }
    var paths: Set<[UInt8]> = []
    for conflict in try conflicts(of: index) {
      for side in [conflict.ancestor, conflict.ours, conflict.theirs] {
        if let side { paths.insert(side.path) }
      }
    }
    return .conflicts(paths.sorted { $0.lexicographicallyPrecedes($1) }.map { PathText.string($0) })
  }

  /// Writes the tree of an index without conflicts. libgit2 looks at the object of every entry, of which
  /// there may be many: where the tree differs from `base` in some files, only those are looked at.
  private func writeTree(of index: OpaquePointer, near base: OID) throws(GitError) -> OID {
    // A file in the place of a folder, or the other way round, it cannot do so.
    if let tree = try? updatedTree(base, to: index) { return tree }
    var tree = git_oid()
    try check(undisturbed { git_index_write_tree_to(&tree, index, pointer) }, "merge")
    return OID(tree)
  }

  private func updatedTree(_ base: OID, to index: OpaquePointer) throws(GitError) -> OID {
    let operation = "merge"
    var (id, handle, diff) = (base.raw, OpaquePointer?.none, OpaquePointer?.none)
    defer {
      git_diff_free(diff)
      git_tree_free(handle)
    }
    try check(undisturbed { git_tree_lookup(&handle, pointer, &id) }, operation, base.hex)
    try check(undisturbed { git_diff_tree_to_index(&diff, pointer, handle, index, nil) }, operation, base.hex)
    var upserts: [(path: String, blob: OID, mode: FileMode)] = []
    var removals: [String] = []
    for position in 0..<git_diff_num_deltas(diff) {
      guard let delta = git_diff_get_delta(diff, position)?.pointee,
        let path = PathText.string(delta.new_file.path)
      else { throw GitError(message: "a change has no path", operation: operation, subject: base.hex) }
      if delta.status == GIT_DELTA_DELETED {
        removals.append(path)
      } else if let mode = FileMode(rawValue: UInt32(delta.new_file.mode)) {
        upserts.append((path, OID(delta.new_file.id), mode))
      } else {
        throw GitError(message: "it has an unknown mode", operation: operation, subject: path)
      }
    }
    return try writeTree(updating: base, upserts: upserts, removals: removals)
  }

  /// The three sides of a conflict; a side that is missing does not have the file.
  struct Conflict {
    var ancestor: Side?
    var ours: Side?
    var theirs: Side?

    struct Side {
      var path: [UInt8]
      var oid: OID
      var mode: FileMode
    }
  }

  /// The conflicts of an index, in its order.
  func conflicts(of index: OpaquePointer) throws(GitError) -> [Conflict] {
    let operation = "merge"
    var iterator: OpaquePointer?
    try check(git_index_conflict_iterator_new(&iterator, index), operation)
    defer { git_index_conflict_iterator_free(iterator) }
    var result: [Conflict] = []
    while true {
      var sides: [UnsafePointer<git_index_entry>?] = [nil, nil, nil]
      let code = sides.withUnsafeMutableBufferPointer { buffer -> Int32 in
        guard let base = buffer.baseAddress else { return -1 }
        return git_index_conflict_next(base, base + 1, base + 2, iterator)
      }
      if code == GIT_ITEROVER.rawValue { break }
      try check(code, operation)
      let found = sides.map { side -> Conflict.Side? in
        guard let entry = side?.pointee, let path = PathText.string(entry.path),
          let mode = FileMode(rawValue: entry.mode)
        else { return nil }
        return Conflict.Side(path: PathText.bytes(path), oid: OID(entry.id), mode: mode)
      }
      result.append(
        Conflict(
          ancestor: found.first ?? nil, ours: found.dropFirst().first ?? nil, theirs: found.last ?? nil))
    }
    git_error_clear()
    return result
  }
}
