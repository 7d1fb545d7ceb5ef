import Clibgit2

/// What `HEAD` says.
public enum Head: Equatable, Sendable {
  /// A branch (full ref name) without a commit yet.
  case unborn(branch: String)
  /// A branch (full ref name) and its commit.
  case branch(name: String, oid: OID)
  /// A commit and no branch.
  case detached(OID)

  /// The commit, unless there is none yet.
  public var oid: OID? {
    switch self {
    case .unborn: nil
    case .branch(_, let oid), .detached(let oid): oid
    }
  }

  /// The full name of the branch, unless detached.
  public var branch: String? {
    switch self {
    case .unborn(let name), .branch(let name, _): name
    case .detached: nil
    }
  }
}

extension Repository {
  /// The object that a full ref name leads to, through symbolic refs, or `nil` when there is no such ref
  /// (or it is unborn). Throws for a malformed name and a broken ref.
  public func resolve(_ ref: String) throws(GitError) -> OID? {
    let operation = "read ref"
    try PlaceCheck.requirePackedRefs(commonDirectory)
    try requireFile(ofRef: ref)
    var result = git_oid()
    let name = try PathText.terminated(ref, operation)
    guard try found(git_reference_name_to_id(&result, pointer, name), operation, ref) else { return nil }
    return OID(result)
  }

  /// The object behind whatever a person types: a branch, a tag, an abbreviated id, `HEAD~2`; a tag leads
  /// to its commit. `nil` when there is no such thing. Throws for an ambiguous or malformed text.
  public func revision(_ text: String) throws(GitError) -> OID? {
    let operation = "find revision"
    var handle: OpaquePointer?
    let name = try PathText.terminated("\(text)^{}", operation)
    guard try found(git_revparse_single(&handle, pointer, name), operation, text) else { return nil }
    defer { git_object_free(handle) }
    return OID(git_object_id(handle))
  }

  /// What `HEAD` of this work tree says. Throws when it is broken.
  public func head() throws(GitError) -> Head {
    var handle: OpaquePointer?
    let code = git_repository_head(&handle, pointer)
    if code == GIT_EUNBORNBRANCH.rawValue {
      git_error_clear()
      return try .unborn(branch: unbornBranch())
    }
    try check(code, "read", "HEAD")
    defer { git_reference_free(handle) }
    let oid = try unwrap(OID(git_reference_target(handle)), "read")
    let name = PathText.string(git_reference_name(handle)) ?? "HEAD"
    return name == "HEAD" ? .detached(oid) : .branch(name: name, oid: oid)
  }

  /// The ref that a symbolic ref leads to in the end, through others if need be; `nil` when `ref` is not
  /// symbolic or is not there.
  public func symbolicTarget(of ref: String) throws(GitError) -> String? {
    var name = ref
    // As many as git follows.
    for _ in 0..<5 {
      var handle: OpaquePointer?
      let code = git_reference_lookup(&handle, pointer, name)
      if code == GIT_ENOTFOUND.rawValue || code == GIT_EINVALIDSPEC.rawValue {
        git_error_clear()
        break
      }
      try check(code, "read", name)
      defer { git_reference_free(handle) }
      guard git_reference_type(handle) == GIT_REFERENCE_SYMBOLIC,
        let target = PathText.string(git_reference_symbolic_target(handle))
      else { break }
      name = target
    }
    return name == ref ? nil : name
  }

  private func unbornBranch() throws(GitError) -> String {
    var handle: OpaquePointer?
    try check(git_reference_lookup(&handle, pointer, "HEAD"), "read", "HEAD")
    defer { git_reference_free(handle) }
    return PathText.string(git_reference_symbolic_target(handle)) ?? "refs/heads/main"
  }

  /// Every ref whose full name matches a glob (`refs/migrate/*`; here `*` crosses slashes), with the object
  /// it leads to, sorted bytewise. A dangling or broken ref is left out.
  public func references(matching glob: String) throws(GitError) -> [(name: String, oid: OID)] {
    let operation = "list refs"
    try requirePlainRefs(matching: glob)
    var iterator: OpaquePointer?
    try check(
      git_reference_iterator_glob_new(&iterator, pointer, PathText.terminated(glob, operation)), operation,
      glob)
    defer { git_reference_iterator_free(iterator) }
    var result: [(name: String, oid: OID)] = []
    while true {
      var handle: OpaquePointer?
      let code = git_reference_next(&handle, iterator)
      if code == GIT_ITEROVER.rawValue { break }
      try check(code, operation, glob)
      defer { git_reference_free(handle) }
      guard let name = PathText.string(git_reference_name(handle)) else { continue }
      if let oid = OID(git_reference_target(handle)) {
        result.append((name, oid))
      } else if let oid = try? resolve(name) {
        result.append((name, oid))
      }
    }
    git_error_clear()
    return result.sorted { PathText.precedes($0.name, $1.name) }
  }

  /// Moves a ref to `new` if and only if it is at `old` now; `nil` means that it must not exist. The check
  /// and the write happen under the ref's lock, and the new value is on the disk when this returns `won`.
  ///
  /// A held lock is waited for as `retry` says, then the answer is `busy`. An error that leaves it open
  /// whether the ref moved is `unknown`, never `lost` (PITFALLS F5 to F7). Runs no hook and follows no
  /// symbolic ref.
  public func compareAndSwap(
    ref: String, to new: OID, from old: OID?, logMessage: String? = nil, retry: RetryPolicy = .standard
  ) -> SwapOutcome {
    let operation = "move ref"
    guard let name = try? PathText.terminated(ref, operation),
      let note = try? logMessage.map({ (text) throws(GitError) in try PathText.terminated(text, operation) })
        ?? []
    else {
      return .unknown(GitError(message: "the name holds a NUL byte", operation: operation, subject: ref))
    }
    return retry.run {
      var handle: OpaquePointer?
      defer { git_reference_free(handle) }
      var id = new.raw
      // Always force and an explicit expectation (STYLE 4.2): without force even a right one fails, without
      // an expectation it overwrites blindly, and "must not exist" is the zero id.
      var expected = (old ?? .zero).raw
      let code = note.withUnsafeBufferPointer { text in
        git_reference_create_matching(&handle, pointer, name, &id, 1, &expected, text.baseAddress)
      }
      return swapOutcome(code, operation, ref)
    }
  }

  /// Deletes a ref if and only if it is at `expected` now. The answers are those of `compareAndSwap`; a ref
  /// that is not there is `lost`.
  public func deleteReference(
    _ ref: String, expected: OID, retry: RetryPolicy = .standard
  ) -> SwapOutcome {
    let operation = "delete ref"
    guard let name = try? PathText.terminated(ref, operation) else {
      return .unknown(GitError(message: "the name holds a NUL byte", operation: operation, subject: ref))
    }
    return retry.run {
      var handle: OpaquePointer?
      let code = git_reference_lookup(&handle, pointer, name)
      guard code == 0 else { return swapOutcome(code, operation, ref) }
      defer { git_reference_free(handle) }
      guard OID(git_reference_target(handle)) == expected else { return .lost }
      // libgit2 compares again under the lock, with the value that this handle carries.
      return swapOutcome(git_reference_delete(handle), operation, ref)
    }
  }

  private func swapOutcome(_ code: Int32, _ operation: String, _ ref: String) -> SwapOutcome {
    guard code < 0 else { return .won }
    let error = GitError.last(code, operation, ref)
    switch code {
    case GIT_ENOTFOUND.rawValue, GIT_EEXISTS.rawValue, GIT_EMODIFIED.rawValue: return .lost
    case GIT_ELOCKED.rawValue where error.isLocked: return .busy(error)
    default: return .unknown(error)
    }
  }
}
