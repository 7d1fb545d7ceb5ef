import Clibgit2

extension Repository {
  /// Whether `ancestor` can be reached from `descendant` through parents; a commit reaches itself.
  public func isAncestor(_ ancestor: OID, of descendant: OID) throws(GitError) -> Bool {
    if ancestor == descendant { return true }
    var first = descendant.raw
    var second = ancestor.raw
    return try check(
      git_graph_descendant_of(pointer, &first, &second), "walk the history of", descendant.hex) == 1
  }

  /// A best common ancestor of two commits, or `nil` when they have none.
  public func mergeBase(_ left: OID, _ right: OID) throws(GitError) -> OID? {
    var result = git_oid()
    var first = left.raw
    var second = right.raw
    guard
      try found(
        git_merge_base(&result, pointer, &first, &second), "find the merge base of", "\(left) \(right)")
    else { return nil }
    return OID(result)
  }

  /// The commits that can be reached from `new` and from none of `excluded`, newest first, children before
  /// parents.
  ///
  /// Throws when a commit on the way is missing (a shallow or damaged repository).
  public func commits(
    from new: OID, excluding excluded: [OID] = [], firstParentOnly: Bool = false, limit: Int = .max
  ) throws(GitError) -> [OID] {
    let operation = "walk the history of"
    var walker: OpaquePointer?
    try check(git_revwalk_new(&walker, pointer), operation, new.hex)
    defer { git_revwalk_free(walker) }
    try check(
      git_revwalk_sorting(walker, GIT_SORT_TOPOLOGICAL.rawValue | GIT_SORT_TIME.rawValue), operation, new.hex)
    if firstParentOnly { try check(git_revwalk_simplify_first_parent(walker), operation, new.hex) }
    var start = new.raw
    try check(git_revwalk_push(walker, &start), operation, new.hex)
    for oid in excluded {
      var hidden = oid.raw
      try check(git_revwalk_hide(walker, &hidden), operation, oid.hex)
    }
    var result: [OID] = []
    var next = git_oid()
    while result.count < limit {
      let code = git_revwalk_next(&next, walker)
      if code == GIT_ITEROVER.rawValue { break }
      try check(code, operation, new.hex)
      result.append(OID(next))
    }
    git_error_clear()
    return result
  }
}
