import Clibgit2
import Glibc
import System

extension Repository {
  /// Makes the work tree and the index exactly the commit's tree and detaches `HEAD` at it. Everything else
  /// that is not ignored goes, also repositories that were made inside, and untracked folders with all that
  /// is in them; other ignored files (build caches) stay, unless they are where a file of the commit
  /// belongs. A merge or rebase that was left half done is forgotten.
  ///
  /// Only for a work tree of our own: uncommitted work is lost, so take a `snapshot` before. Runs no hook
  /// and no external filter: ask `needsGitProgram` first; line ends are converted as the commit's
  /// attributes say. Whoever worked in the tree must have ended. With `breakingLocks` the `index.lock` and
  /// `HEAD.lock` that a killed process left are taken away; otherwise they are an error.
  ///
  /// A tree that already has most of the files is walked once, and only what differs is written. What
  /// differs is found as git finds it, through the times and inodes in the index, unless `belief` says
  /// otherwise: for a tree whose last user could write the git directory too.
  ///
  /// With `time` every file that is written gets that time, in seconds since the Unix epoch.
  ///
  /// With `isExact`, the answer of `isExactly` for the tree that the index has, the files are not looked at
  /// again before they are replaced.
  ///
  /// Files are not written by `git_checkout_tree`: 1.5.1 wrote through a symbolic link to a directory
  /// outside (a tracked link, exchanged for a folder, with a list of paths), and it believes a file's size
  /// and time alone. See `WorkTreeWriter`.
  public func checkoutTree(
    commit: OID, breakingLocks: Bool = false, believing belief: IndexBelief = .times, isExact: Bool = false,
    writingAt time: Int64? = nil
  ) throws(GitError) {
    let operation = "check out"
    guard let root = workingDirectory else {
      throw GitError(message: "the repository has no work tree", operation: operation, subject: commit.hex)
    }
    guard let directory = try DirectoryHandle.open(root, operation) else {
      throw GitError(message: "it does not exist", operation: operation, subject: root)
    }
    let tree = try treeOf(commit: commit)
    if breakingLocks {
      for name in ["index.lock", "HEAD.lock"] { try? Files.removeTree("\(gitDirectory)/\(name)") }
    }
    if case .seal(let seal) = belief { try restoreIndex(of: seal) }
    try withIndex(operation) { index throws(GitError) in
      let moment = IndexTrust.moment(ofIndex: "\(gitDirectory)/index")
      var isChanged = try readIndex(index, believing: belief, operation)
      var (skipsFiles, doubtful): (Bool, [DoubtfulEntry]) = (false, [])
      if case .times = belief {
        skipsFiles = isExact
        doubtful = try doubtfulEntries(of: index, writtenAt: moment, operation)
      }
      if !doubtful.isEmpty {
        // Written anew, the index is younger than all of its files, and the next look is a cheap one.
        isChanged = true
        if !skipsFiles { try doubt(doubtful, in: index, operation) }
      }
      let paths = try replaceFiles(
        below: directory, index: index, commit: commit, tree: tree, isExact: skipsFiles, time: time)
      if !skipsFiles { try restore(doubtful, in: index, except: paths, operation) }
      // An agent could hide files behind ignore rules of its own; with the commit's rules they show.
      if paths.contains(where: { $0.suffix(10) == Array(".gitignore".utf8)[...] }) {
        for delta in try workTreeDeltas(index: index, purpose: .cleaning, operation)
        where delta.kind == .untracked {
          try directory.remove(below: PathText.bytes(delta.path))
        }
      }
      if isChanged || !isExact || !paths.isEmpty {
        try check(git_index_write(index), operation, gitDirectory)
      }
    }
    git_repository_state_cleanup(pointer)
    try repairHead(at: commit, operation)
    try detachHead(at: commit)
  }

  /// Whether files and index are exactly the tree of a commit, with nothing that git would record beside it.
  /// Files are looked at as `checkoutTree` looks at them.
  public func isExactly(treeOf commit: OID) throws(GitError) -> Bool {
    try ignoredPaths(besideExactly: commit) != nil
  }

  /// What git ignores beside files and index that are exactly the tree of a commit, as `surplus` lists it;
  /// `nil` when they are not, see `isExactly`.
  public func ignoredPaths(besideExactly commit: OID) throws(GitError) -> [String]? {
    let operation = "compare"
    let tree = try treeOf(commit: commit)
    var result: [String]?
    try withIndex(operation) { index throws(GitError) in
      let moment = IndexTrust.moment(ofIndex: "\(gitDirectory)/index")
      try readIndex(index, believing: .times, operation)
      try doubt(doubtfulEntries(of: index, writtenAt: moment, operation), in: index, operation)
      guard try differences(of: index, from: tree, operation).isEmpty else { return }
      let deltas = try workTreeDeltas(index: index, purpose: .cleaning, operation)
      guard deltas.allSatisfy({ $0.kind == .ignored }) else { return }
      result = deltas.map(\.path)
    }
    return result
  }

  /// Detaches `HEAD` of this work tree at a commit, touching no file. Throws when the commit is not there.
  public func detachHead(at commit: OID) throws(GitError) {
    var id = commit.raw
    try check(git_repository_set_head_detached(pointer, &id), "detach HEAD at", commit.hex)
  }

  /// libgit2 cannot replace a `HEAD` that it cannot read, because it wants the old value for the reflog.
  private func repairHead(at commit: OID, _ operation: String) throws(GitError) {
    guard (try? head()) == nil else { return }
    try fileOperation(operation, gitDirectory) { () throws(FileError) in
      try Files.writeAtomically("\(gitDirectory)/HEAD", Array("\(commit)\n".utf8))
    }
  }

  /// Reads the index anew and takes out of it what would make us look away. Says whether it was changed.
  @discardableResult
  func readIndex(
    _ index: OpaquePointer, believing belief: IndexBelief, _ operation: String
  ) throws(GitError) -> Bool {
    if git_index_read(index, 1) < 0 {
      // A broken index is worth nothing; an empty one only costs time.
      git_error_clear()
      unlink("\(gitDirectory)/index")
      try check(git_index_read(index, 1), operation, gitDirectory)
    }
    var isChanged = git_index_has_conflicts(index) == 1
    try check(git_index_conflict_cleanup(index), operation, gitDirectory)
    for position in 0..<git_index_entrycount(index) {
      guard let entry = git_index_get_byindex(index, position)?.pointee else { continue }
      let isDoubted = belief.doubts(entry)
      guard isDoubted || IndexFlags.isHidden(entry) else { continue }
      isChanged = true
      var plain = IndexFlags.plain(entry)
      // A time that no file has makes the content count.
      if isDoubted { plain.mtime = git_index_time(seconds: 0, nanoseconds: 0) }
      try check(git_index_add(index, &plain), operation, gitDirectory)
    }
    return isChanged
  }

  /// Makes files and index equal to the tree; gives the paths at which something was different.
  private func replaceFiles(
    below root: borrowing DirectoryHandle, index: OpaquePointer, commit: OID, tree: OID, isExact: Bool,
    time: Int64?
  ) throws(GitError) -> Set<[UInt8]> {
    let operation = "check out"
    var wanted: [[UInt8]: TreeFile] = [:]
    var touched: Set<[UInt8]> = []
    let deltas = isExact ? [] : try workTreeDeltas(index: index, purpose: .cleaning, operation)
    for delta in deltas where delta.kind != .ignored {
      let path = PathText.bytes(delta.path)
      touched.insert(path)
      if delta.kind != .deleted { try root.remove(below: path) }
      guard
        let entry = git_index_get_bypath(index, try PathText.terminated(delta.path, operation), 0)?.pointee,
        let mode = FileMode(rawValue: entry.mode)
      else { continue }
      wanted[path] = TreeFile(oid: OID(entry.id), mode: mode)
    }
    for difference in try differences(of: index, from: tree, operation) {
      touched.insert(difference.path)
      if difference.isInIndex {
        // A submodule that the commit lacks may hold work of its own: only an empty folder goes.
        if difference.isSubmodule {
          root.removeEmptyFolder(below: difference.path)
        } else {
          try root.remove(below: difference.path)
        }
        root.removeEmptyFolders(above: difference.path)
        let name = try PathText.terminated(PathText.string(difference.path), operation)
        _ = try found(git_index_remove(index, name, 0), operation)
      }
      wanted[difference.path] = difference.wanted
    }
    // Removals came first, so that a folder can take the place of a file.
    var writer = try WorkTreeWriter(
      repository: self, root: root, index: index, commit: commit, time: time)
    let paths = wanted.keys.sorted { $0.lexicographicallyPrecedes($1) }
    // The attributes of a folder say how its files are written.
    let isAttributes = { (path: [UInt8]) in path.suffix(14) == Array(".gitattributes".utf8)[...] }
    for path in paths.filter(isAttributes) + paths.filter({ !isAttributes($0) }) {
      if let file = wanted[path] { try writer.write(file, at: path) }
    }
    return touched
  }

  struct Difference {
    let path: [UInt8]
    let isInIndex: Bool
    let isSubmodule: Bool
    /// What the tree has there.
    let wanted: TreeFile?
  }

  func differences(
    of index: OpaquePointer, from tree: OID, _ operation: String
  ) throws(GitError) -> [Difference] {
    var result: [Difference] = []
    try withTree(tree) { handle throws(GitError) in
      var options = git_diff_options()
      try check(git_diff_options_init(&options, 1), operation, tree.hex)
      options.flags = GIT_DIFF_INCLUDE_TYPECHANGE.rawValue
      var diff: OpaquePointer?
      try check(git_diff_tree_to_index(&diff, pointer, handle, index, &options), operation, tree.hex)
      defer { git_diff_free(diff) }
      for position in 0..<git_diff_num_deltas(diff) {
        guard let delta = git_diff_get_delta(diff, position)?.pointee,
          let path = PathText.string(delta.old_file.path) ?? PathText.string(delta.new_file.path)
        else { continue }
        let mode = FileMode(rawValue: UInt32(delta.old_file.mode))
        let isWanted = delta.status != GIT_DELTA_ADDED
        result.append(
          Difference(
            path: PathText.bytes(path), isInIndex: delta.status != GIT_DELTA_DELETED,
            isSubmodule: delta.new_file.mode == UInt16(GIT_FILEMODE_COMMIT.rawValue),
            wanted: isWanted ? mode.map { TreeFile(oid: OID(delta.old_file.id), mode: $0) } : nil))
      }
    }
    return result
  }
}

/// The marks in the index that make git look away from a file.
enum IndexFlags {
  private static let assumeUnchanged = UInt16(GIT_INDEX_ENTRY_VALID.rawValue)
  private static let skipWorktree = UInt16(GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue)

  static func isHidden(_ entry: git_index_entry) -> Bool {
    entry.flags & assumeUnchanged != 0 || entry.flags_extended & skipWorktree != 0
  }

  static func stage(_ entry: git_index_entry) -> Int {
    Int(entry.flags & UInt16(GIT_INDEX_ENTRY_STAGEMASK)) >> Int(GIT_INDEX_ENTRY_STAGESHIFT)
  }

  static func isSkipped(_ entry: git_index_entry) -> Bool { entry.flags_extended & skipWorktree != 0 }

  static func plain(_ entry: git_index_entry) -> git_index_entry {
    var result = entry
    result.flags &= ~assumeUnchanged
    result.flags_extended &= ~skipWorktree
    return result
  }
}
