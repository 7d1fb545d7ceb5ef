import Clibgit2
import Glibc

/// What a sweep of a work tree found beside the files of its index.
public struct Sweep: Equatable, Sendable {
  /// The folders that stayed because they are to be kept: topmost paths, in no order.
  public internal(set) var kept: [String] = []
  /// What is gone, or would go: topmost paths, in no order.
  public internal(set) var removed: [String] = []
}

extension Repository {
  /// Removes everything from the work tree that its index does not name: untracked files, ignored ones,
  /// empty folders, repositories that were made inside, and what lies in the folders of submodules. The
  /// `.git` of the work tree itself stays.
  ///
  /// A folder for whose path, relative to the top, `isKept` says yes stays with all that is in it; a link is
  /// no folder. With `isDryRun` nothing is removed. No symbolic link is followed, and nothing beyond a mount
  /// point is touched. The index must be that of the files: sweep after `checkoutTree`.
  public func sweep(
    isDryRun: Bool = false, keeping isKept: ((String) -> Bool)? = nil
  ) throws(GitError) -> Sweep {
    let operation = "clean"
    guard let root = workingDirectory, let directory = try DirectoryHandle.open(root, operation) else {
      throw GitError(message: "there is no work tree", operation: operation, subject: gitDirectory)
    }
    var result = Sweep()
    try withIndex(operation) { index throws(GitError) in
      try check(git_index_read(index, 1), operation, gitDirectory)
      var sweeper = Sweeper(index: index, isKept: isKept, isDryRun: isDryRun)
      try sweeper.sweep(directory, path: [])
      result = sweeper.found
    }
    return result
  }
}

private struct Sweeper {
  /// Deeper than this no folder is searched for one that is to be kept: it goes as a whole.
  private static let searchDepth = 64

  let index: OpaquePointer
  let isKept: ((String) -> Bool)?
  let isDryRun: Bool
  var found = Sweep()

  /// `path` is that of the folder with a slash at its end, or empty at the top.
  mutating func sweep(_ folder: borrowing DirectoryHandle, path: [UInt8]) throws(GitError) {
    for name in try folder.names("clean") {
      let full = path + name.dropLast().map { UInt8(bitPattern: $0) }
      if path.isEmpty && full.elementsEqual(".git".utf8) { continue }
      let entry = git_index_get_bypath(index, terminated(full), 0)?.pointee
      if let entry {
        guard entry.mode == UInt32(GIT_FILEMODE_COMMIT.rawValue), isFolder(name, in: folder) else { continue }
        try emptySubmodule(folder.directory(name, "clean"), path: full)
      } else if isFolder(name, in: folder), holdsFiles(full + [0x2F]) {
        try sweep(folder.directory(name, "clean"), path: full + [0x2F])
      } else {
        _ = try sweepUntracked(name, in: folder, path: full, depth: 0)
      }
    }
  }

  /// Whether something below stays.
  private mutating func sweepUntracked(
    _ name: [CChar], in folder: borrowing DirectoryHandle, path: [UInt8], depth: Int
  ) throws(GitError) -> Bool {
    if let isKept, isFolder(name, in: folder), depth < Self.searchDepth {
      let text = PathText.string(path)
      if isKept(text) {
        found.kept.append(text)
        return true
      }
      // What is to be kept may lie further down.
      if try keepsSomething(folder.directory(name, "clean"), path: path + [0x2F], depth: depth + 1) {
        return true
      }
    }
    found.removed.append(PathText.string(path))
    if !isDryRun { try DirectoryRemoval.remove(PathText.string(name), in: folder) }
    return false
  }

  /// Removes the rest of a folder when something in it is to be kept; touches nothing otherwise.
  private mutating func keepsSomething(
    _ folder: consuming DirectoryHandle, path: [UInt8], depth: Int
  ) throws(GitError) -> Bool {
    let names = try folder.names("clean")
    let before = found
    var kept: [[CChar]] = []
    for name in names where isFolder(name, in: folder) {
      let full = path + name.dropLast().map { UInt8(bitPattern: $0) }
      let text = PathText.string(full)
      if let isKept, isKept(text) {
        found.kept.append(text)
        kept.append(name)
      } else if depth < Self.searchDepth,
        try keepsSomething(folder.directory(name, "clean"), path: full + [0x2F], depth: depth + 1)
      {
        kept.append(name)
      }
    }
    guard !kept.isEmpty else {
      found = before
      return false
    }
    for name in names where !kept.contains(name) {
      found.removed.append(PathText.string(path + name.dropLast().map { UInt8(bitPattern: $0) }))
      if !isDryRun { try DirectoryRemoval.remove(PathText.string(name), in: folder) }
    }
    return true
  }

  private mutating func emptySubmodule(
    _ folder: consuming DirectoryHandle, path: [UInt8]
  ) throws(GitError) {
    guard try !folder.names("clean").isEmpty else { return }
    found.removed.append(PathText.string(path))
    if !isDryRun { try DirectoryRemoval.empty(folder) }
  }

  private func isFolder(_ name: [CChar], in folder: borrowing DirectoryHandle) -> Bool {
    var status = stat()
    return fstatat(folder.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0
      && status.st_mode & S_IFMT == S_IFDIR
  }

  private func holdsFiles(_ prefix: [UInt8]) -> Bool {
    git_index_find_prefix(nil, index, terminated(prefix)) == 0
  }

  private func terminated(_ bytes: [UInt8]) -> [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }
}
