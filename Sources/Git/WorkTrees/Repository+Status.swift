import Clibgit2
import System

/// One difference between the index and the files of a work tree.
struct WorkTreeDelta {
  enum Kind {
    case modified, deleted, untracked
    /// Ignored by git; a folder has `/` at the end.
    case ignored
    /// An untracked folder that is a repository of its own.
    case embeddedRepository
  }

  /// What the answer is for.
  enum Purpose {
    /// Every untracked file counts by itself.
    case recording
    /// An untracked folder is one thing, also when it is empty.
    case cleaning
    /// Only what is in the index counts.
    case comparing
  }

  let kind: Kind
  let path: String
  /// The size of the file in bytes, where there is one.
  var size: UInt64 = 0
}

extension Repository {
  /// The paths that differ from `HEAD`, in the index or in the work tree, sorted bytewise; untracked files
  /// that are not ignored too, unless told otherwise. Submodules are not looked into.
  ///
  /// Throws for a bare repository.
  public func status(includingUntracked: Bool = true) throws(GitError) -> [String] {
    let operation = "read the status of"
    let subject = workingDirectory ?? gitDirectory
    var options = git_status_options()
    try check(git_status_options_init(&options, 1), operation, subject)
    options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR
    options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES.rawValue
    if includingUntracked {
      options.flags |=
        GIT_STATUS_OPT_INCLUDE_UNTRACKED.rawValue | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS.rawValue
    }
    var list: OpaquePointer?
    try check(git_status_list_new(&list, pointer, &options), operation, subject)
    defer { git_status_list_free(list) }
    var paths: Set<[UInt8]> = []
    try withIndex(operation) { files in
      for index in 0..<git_status_list_entrycount(list) {
        guard let entry = git_status_byindex(list, index)?.pointee else { continue }
        for delta in [entry.head_to_index, entry.index_to_workdir] {
          guard let delta = delta?.pointee else { continue }
          // Outside of a sparse checkout a file is not there, and libgit2 1.5.1 calls it deleted.
          if delta.status == GIT_DELTA_DELETED, isLeftOut(delta.old_file.path, of: files) { continue }
          let path = PathText.string(delta.new_file.path) ?? PathText.string(delta.old_file.path)
          if let path { paths.insert(PathText.bytes(path)) }
        }
      }
    }
    return paths.sorted { $0.lexicographicallyPrecedes($1) }.map { PathText.string($0) }
  }

  private func isLeftOut(_ path: UnsafePointer<CChar>?, of index: OpaquePointer) -> Bool {
    guard let path, let entry = git_index_get_bypath(index, path, 0)?.pointee else { return false }
    return UInt32(entry.flags_extended) & GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue != 0
  }

  /// How the files differ from an index, by one walk. Changes are found as git finds them, by size, times,
  /// inode and then content.
  func workTreeDeltas(
    index: OpaquePointer, purpose: WorkTreeDelta.Purpose, _ operation: String
  ) throws(GitError) -> [WorkTreeDelta] {
    let subject = workingDirectory ?? gitDirectory
    var options = git_diff_options()
    try check(git_diff_options_init(&options, 1), operation, subject)
    options.flags = GIT_DIFF_INCLUDE_TYPECHANGE.rawValue | GIT_DIFF_IGNORE_SUBMODULES.rawValue
    let untracked = GIT_DIFF_INCLUDE_UNTRACKED.rawValue | GIT_DIFF_INCLUDE_UNREADABLE.rawValue
    switch purpose {
    case .recording:
      options.flags |=
        untracked | GIT_DIFF_RECURSE_UNTRACKED_DIRS.rawValue | GIT_DIFF_INCLUDE_IGNORED.rawValue
    case .cleaning: options.flags |= untracked | GIT_DIFF_INCLUDE_IGNORED.rawValue
    case .comparing: break
    }
    var diff: OpaquePointer?
    try check(git_diff_index_to_workdir(&diff, pointer, index, &options), operation, subject)
    defer { git_diff_free(diff) }
    var result: [WorkTreeDelta] = []
    for position in 0..<git_diff_num_deltas(diff) {
      guard let delta = git_diff_get_delta(diff, position)?.pointee else { continue }
      guard let path = PathText.string(delta.new_file.path) ?? PathText.string(delta.old_file.path) else {
        continue
      }
      let isSubmodule = delta.old_file.mode == UInt16(GIT_FILEMODE_COMMIT.rawValue)
      switch delta.status {
      case GIT_DELTA_UNMODIFIED: continue
      case GIT_DELTA_IGNORED:
        if let delta = try ignored(path, purpose, operation) { result.append(delta) }
      case GIT_DELTA_UNREADABLE:
        throw GitError(message: GitError.unreadable, operation: operation, subject: path)
      // What a submodule has checked out is its own affair: the recorded commit stays.
      case _ where isSubmodule: continue
      // In a folder that nobody may search everything looks deleted.
      case GIT_DELTA_DELETED where WorktreeFiles.isUnreachable("\(subject)/\(path)"):
        throw GitError(message: GitError.unreadable, operation: operation, subject: path)
      // libgit2 passes over pipes, sockets and devices, and git refuses to add one.
      case GIT_DELTA_DELETED where Files.kind("\(subject)/\(path)") == .other:
        guard purpose != .recording else {
          throw GitError(
            message: "it is a pipe, a socket or a device now", operation: operation, subject: path)
        }
        result.append(WorkTreeDelta(kind: .modified, path: path))
      case GIT_DELTA_DELETED: result.append(WorkTreeDelta(kind: .deleted, path: path))
      case GIT_DELTA_UNTRACKED:
        let isFolder = path.hasSuffix("/")
        let kind: WorkTreeDelta.Kind = isFolder && purpose == .recording ? .embeddedRepository : .untracked
        let name = isFolder ? String(path.dropLast()) : path
        result.append(WorkTreeDelta(kind: kind, path: name, size: delta.new_file.size))
      case GIT_DELTA_CONFLICTED where !WorktreeFiles.existsWithoutFollowing("\(subject)/\(path)"):
        result.append(WorkTreeDelta(kind: .deleted, path: path))
      default: result.append(WorkTreeDelta(kind: .modified, path: path, size: delta.new_file.size))
      }
    }
    return result
  }

  /// What an ignored path is for a purpose. A `.gitignore` that ignores itself would hide itself and its
  /// neighbours from a check-out for ever. libgit2 also calls a folder ignored that holds nothing, or nothing
  /// but a `.git`.
  private func ignored(
    _ path: String, _ purpose: WorkTreeDelta.Purpose, _ operation: String
  ) throws(GitError) -> WorkTreeDelta? {
    let isRule = path == ".gitignore" || path.hasSuffix("/.gitignore")
    let isBarren = path.hasSuffix("/") ? try isBarren(path, operation) : false
    let name = isBarren ? String(path.dropLast()) : path
    switch purpose {
    case .cleaning where isRule || isBarren: return WorkTreeDelta(kind: .untracked, path: name)
    case .comparing: return nil
    case .recording where isBarren:
      return isRepository(path) ? WorkTreeDelta(kind: .embeddedRepository, path: name) : nil
    case .cleaning, .recording: return WorkTreeDelta(kind: .ignored, path: path)
    }
  }

  private func isRepository(_ folder: String) -> Bool {
    WorktreeFiles.existsWithoutFollowing("\(workingDirectory ?? "")/\(folder).git")
  }

  private func isBarren(_ path: String, _ operation: String) throws(GitError) -> Bool {
    var isIgnored: Int32 = 0
    try check(
      git_ignore_path_is_ignored(&isIgnored, pointer, PathText.terminated(path, operation)), operation, path)
    guard isIgnored == 0, let root = workingDirectory else { return false }
    guard let folder = try DirectoryHandle.open("\(root)/\(path.dropLast())", operation) else { return false }
    return try folder.isBarren(depth: 32, operation)
  }

  /// What lies in the work tree beside the index's files: what is ignored, a whole folder as one path with
  /// `/` at the end where git sees it as one, and the folders that are repositories of their own.
  public func surplus() throws(GitError) -> (ignored: [String], embeddedRepositories: [String]) {
    let operation = "list the files of"
    var ignored: [String] = []
    var embedded: [String] = []
    try withIndex(operation) { index throws(GitError) in
      try check(git_index_read(index, 1), operation, gitDirectory)
      for delta in try workTreeDeltas(index: index, purpose: .cleaning, operation) {
        switch delta.kind {
        case .ignored: ignored.append(delta.path)
        case .untracked where isRepository(delta.path + "/"): embedded.append(delta.path)
        case .modified, .deleted, .untracked, .embeddedRepository: continue
        }
      }
    }
    return (ignored, embedded)
  }

  func withIndex(_ operation: String, _ body: (OpaquePointer) throws(GitError) -> Void) throws(GitError) {
    var handle: OpaquePointer?
    try check(git_repository_index(&handle, pointer), operation, gitDirectory)
    let index = try unwrap(handle, operation)
    defer { git_index_free(index) }
    try body(index)
  }
}
