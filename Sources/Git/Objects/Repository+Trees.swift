import Clibgit2

/// What an entry of a tree is, by git's mode bits.
public enum FileMode: UInt32, Sendable, Hashable {
  case tree = 0o040000
  case blob = 0o100644
  case executable = 0o100755
  case symbolicLink = 0o120000
  case submodule = 0o160000

  init?(_ raw: git_filemode_t) { self.init(rawValue: raw.rawValue) }

  /// git's six digits.
  public var octal: String {
    let digits = String(rawValue, radix: 8)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }
}

/// What an object is.
public enum ObjectKind: String, Sendable, Hashable {
  case tree, blob, commit, tag
}

/// One entry of a tree.
public struct TreeEntry: Equatable, Hashable, Sendable {
  /// The name within its tree; see `PathText` for names that are not UTF-8.
  public let name: String
  /// The object.
  public let oid: OID
  /// Its mode.
  public let mode: FileMode

  /// What the object is; a submodule names a commit of another repository.
  public var kind: ObjectKind {
    switch mode {
    case .tree: .tree
    case .submodule: .commit
    case .blob, .executable, .symbolicLink: .blob
    }
  }

  init?(_ raw: OpaquePointer?) {
    guard let raw, let name = PathText.string(git_tree_entry_name(raw)),
      let oid = OID(git_tree_entry_id(raw)), let mode = FileMode(git_tree_entry_filemode(raw))
    else { return nil }
    self.name = name
    self.oid = oid
    self.mode = mode
  }
}

extension Repository {
  /// The entries of one tree, in git's order. Throws `isNotFound` when there is no such tree.
  public func entries(ofTree oid: OID) throws(GitError) -> [TreeEntry] {
    var result: [TreeEntry] = []
    try withTree(oid) { handle in
      result = (0..<git_tree_entrycount(handle)).compactMap { TreeEntry(git_tree_entry_byindex(handle, $0)) }
    }
    return result
  }

  /// The entry at a path with slashes, or `nil` when there is none.
  public func entry(at path: String, inTree oid: OID) throws(GitError) -> TreeEntry? {
    let operation = "look up"
    let name = try PathText.terminated(path, operation)
    // libgit2 calls an empty path or component an error; for us it is a path that no tree has.
    guard !name.dropLast().split(separator: 0x2F, omittingEmptySubsequences: false).contains(where: \.isEmpty)
    else { return nil }
    var result: TreeEntry?
    try withTree(oid) { handle throws(GitError) in
      var entry: OpaquePointer?
      guard try found(git_tree_entry_bypath(&entry, handle, name), operation, path) else { return }
      defer { git_tree_entry_free(entry) }
      result = TreeEntry(entry)
    }
    return result
  }

  /// The paths of every file of a tree and of the trees in it, sorted bytewise: blobs and symbolic links, no
  /// submodules.
  public func files(inTree oid: OID) throws(GitError) -> [String] {
    var paths: [[UInt8]] = []
    try walk(oid, prefix: []) { path, entry in
      if entry.kind == .blob { paths.append(path) }
    }
    return paths.sorted { $0.lexicographicallyPrecedes($1) }.map { PathText.string($0) }
  }

  /// Writes the tree that is `base` (or nothing) with files put in and taken out, at paths with slashes.
  /// Trees on the way are made, and vanish when they become empty; removing what is not there is no change.
  /// A path that is both removed and put in is put in; of two puts at one path the last counts.
  ///
  /// Throws for a path that git refuses (empty, `..`, `.git`), a file where another path needs a folder,
  /// and an object that is not there.
  public func writeTree(
    updating base: OID?, upserts: [(path: String, blob: OID, mode: FileMode)], removals: [String]
  ) throws(GitError) -> OID {
    let operation = "write tree"
    var puts: [[UInt8]: (oid: OID, mode: FileMode)] = [:]
    for put in upserts { puts[PathText.bytes(put.path)] = (put.blob, put.mode) }
    var updates: [(path: [UInt8], oid: OID, mode: FileMode?)] = puts.map {
      ($0.key, $0.value.oid, $0.value.mode)
    }
    for path in Set(removals.map { PathText.bytes($0) }) where puts[path] == nil {
      guard let base, let entry = try entry(at: PathText.string(path), inTree: base) else { continue }
      guard entry.kind != .tree else {
        throw GitError(message: "it is a directory", operation: "remove", subject: PathText.string(path))
      }
      updates.append((path, .zero, nil))
    }
    // A fixed order, so that the same request fails in the same way.
    updates.sort { $0.path.lexicographicallyPrecedes($1.path) }
    if updates.isEmpty {
      if let base { return base }
      return try emptyTree()
    }
    var names: [[CChar]] = []
    for update in updates { names.append(try PathText.terminated(PathText.string(update.path), operation)) }
    var baseHandle: OpaquePointer?
    if let base {
      var id = base.raw
      try check(undisturbed { git_tree_lookup(&baseHandle, pointer, &id) }, operation, base.hex)
    }
    defer { git_tree_free(baseHandle) }
    var result = git_oid()
    let code = withPointers(to: names) { pointers in
      let raw = zip(updates, pointers).map { update, name in
        git_tree_update(
          action: update.mode == nil ? GIT_TREE_UPDATE_REMOVE : GIT_TREE_UPDATE_UPSERT, id: update.oid.raw,
          filemode: git_filemode_t(rawValue: (update.mode ?? .blob).rawValue), path: name)
      }
      return undisturbed { git_tree_create_updated(&result, pointer, baseHandle, raw.count, raw) }
    }
    try check(code, operation, updates.first.map { PathText.string($0.path) } ?? "")
    return OID(result)
  }

  /// Writes the tree without entries and names it.
  public func emptyTree() throws(GitError) -> OID {
    var builder: OpaquePointer?
    try check(git_treebuilder_new(&builder, pointer, nil), "write tree")
    defer { git_treebuilder_free(builder) }
    var result = git_oid()
    try check(undisturbed { git_treebuilder_write(&result, builder) }, "write tree")
    return OID(result)
  }

  /// Visits every entry below a tree, with its whole path, parents before children.
  func walk(
    _ oid: OID, prefix: [UInt8], _ visit: ([UInt8], TreeEntry) throws(GitError) -> Void
  ) throws(GitError) {
    // A work list, not recursion: the depth is chosen by whoever made the tree.
    var pending: [(oid: OID, prefix: [UInt8])] = [(oid, prefix)]
    while let next = pending.popLast() {
      for entry in try entries(ofTree: next.oid) {
        let path = next.prefix + PathText.bytes(entry.name)
        try visit(path, entry)
        if entry.kind == .tree { pending.append((entry.oid, path + [0x2F])) }
      }
    }
  }

  func withTree(_ oid: OID, _ body: (OpaquePointer) throws(GitError) -> Void) throws(GitError) {
    var handle: OpaquePointer?
    var id = oid.raw
    try check(undisturbed { git_tree_lookup(&handle, pointer, &id) }, "read tree", oid.hex)
    let tree = try unwrap(handle, "read tree")
    defer { git_tree_free(tree) }
    try body(tree)
  }
}

/// Calls `body` with one C pointer for each of the NUL-terminated texts, valid during the call.
func withPointers<Value>(to texts: [[CChar]], _ body: ([UnsafePointer<CChar>?]) -> Value) -> Value {
  // One block for all of them: nesting a closure for each would use a stack frame for each.
  let joined = Array(texts.joined())
  return joined.withUnsafeBufferPointer { buffer in
    var pointers: [UnsafePointer<CChar>?] = []
    var offset = 0
    for text in texts {
      pointers.append(buffer.baseAddress.map { $0 + offset })
      offset += text.count
    }
    return body(pointers)
  }
}
