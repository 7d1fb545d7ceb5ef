import Clibgit2

extension Repository {
  /// Whether `ancestor` can be reached from `descendant` through parents; a commit reaches itself.
  public func isAncestor(_ ancestor: OID, of descendant: OID) throws(GitError) -> Bool {
    if ancestor == descendant { return true }
    return try pastShallowEnd { () throws(GitError) in
      var first = descendant.raw
      var second = ancestor.raw
      let code = undisturbed { git_graph_descendant_of(pointer, &first, &second) }
      return try check(code, "walk the history of", descendant.hex) == 1
    } instead: { (git) throws(GitError) in
      try shallowIsAncestor(ancestor, of: descendant, git)
    }
  }

  /// A best common ancestor of two commits, or `nil` when they have none.
  public func mergeBase(_ left: OID, _ right: OID) throws(GitError) -> OID? {
    // "There is none" and "a commit is missing" are one code to libgit2.
    if isShallow, let known = try shallowMergeBase(left, right, GitProgram(self)) { return known }
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
  /// The end of a shallow history is its end. Throws when a commit on the way is missing.
  public func commits(
    from new: OID, excluding excluded: [OID] = [], firstParentOnly: Bool = false, limit: Int = .max
  ) throws(GitError) -> [OID] {
    try pastShallowEnd { () throws(GitError) in
      var result: [OID] = []
      let code = undisturbed {
        result = []
        return walk(from: new, excluding: excluded, firstParentOnly: firstParentOnly, limit: limit, &result)
      }
      try check(code, "walk the history of", new.hex)
      git_error_clear()
      return result
    } instead: { (git) throws(GitError) in
      try shallowCommits(
        from: new, excluding: excluded, firstParentOnly: firstParentOnly, limit: limit, git)
    }
  }

  private func walk(
    from new: OID, excluding excluded: [OID], firstParentOnly: Bool, limit: Int, _ result: inout [OID]
  ) -> Int32 {
    var walker: OpaquePointer?
    var code = git_revwalk_new(&walker, pointer)
    defer { git_revwalk_free(walker) }
    if code == 0 {
      code = git_revwalk_sorting(walker, GIT_SORT_TOPOLOGICAL.rawValue | GIT_SORT_TIME.rawValue)
    }
    if code == 0, firstParentOnly { code = git_revwalk_simplify_first_parent(walker) }
    var start = new.raw
    if code == 0 { code = git_revwalk_push(walker, &start) }
    for oid in excluded where code == 0 {
      var hidden = oid.raw
      code = git_revwalk_hide(walker, &hidden)
    }
    var next = git_oid()
    while code == 0, result.count < limit {
      code = git_revwalk_next(&next, walker)
      if code == 0 { result.append(OID(next)) }
    }
    return code == GIT_ITEROVER.rawValue ? 0 : code
  }
}
