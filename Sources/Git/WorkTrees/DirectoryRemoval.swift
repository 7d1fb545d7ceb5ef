import Clibgit2
import Glibc

/// Deletes what is in a directory, never through a symbolic link, never beyond a mount point, with a
/// bounded number of open descriptors however deep the tree is.
struct DirectoryRemoval {
  private static let operation = "remove"
  /// Deeper folders are moved up to the top first; 60 levels leave descriptors for everything else.
  private static let depthMaximum = 60

  private final class Level {
    let handle: DirectoryHandle
    /// Its own name in the level above.
    let name: [CChar]
    var names: [[CChar]]

    init(_ handle: consuming DirectoryHandle, name: [CChar], names: [[CChar]]) {
      self.handle = handle
      self.name = name
      self.names = names
    }
  }

  private var levels: [Level]
  private var moved = 0
  /// Somebody may still write into the tree; each folder that was not empty at the end gets another round.
  private var roundsLeft = 1000

  /// Empties `directory`, except for the entries named in `kept`. The directory itself stays.
  static func empty(_ directory: consuming DirectoryHandle, except kept: [String] = []) throws(GitError) {
    directory.allowRemoval()
    let keptNames = kept.map { PathText.bytes($0).map { CChar(bitPattern: $0) } + [0] }
    let names = try directory.names(operation).filter { !keptNames.contains($0) }
    var removal = DirectoryRemoval(levels: [Level(directory, name: [], names: names)])
    try removal.run()
  }

  /// Deletes the entry `name` of `parent`: a file, a link itself, or a directory with everything in it.
  static func remove(_ name: String, in parent: borrowing DirectoryHandle) throws(GitError) {
    let entry = try PathText.terminated(name, operation)
    var status = stat()
    guard fstatat(parent.descriptor, entry, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT { return }
      throw .system(errno, operation, "\(parent.path)/\(name)")
    }
    let isDirectory = status.st_mode & S_IFMT == S_IFDIR
    if isDirectory { try empty(parent.directory(entry, operation)) }
    guard unlinkat(parent.descriptor, entry, isDirectory ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT else {
      throw .system(errno, operation, "\(parent.path)/\(name)")
    }
  }

  private init(levels: [Level]) { self.levels = levels }

  private mutating func run() throws(GitError) {
    while let level = levels.last {
      if let name = level.names.popLast() {
        try remove(name, in: level)
      } else {
        levels.removeLast()
        guard let above = levels.last else { return }
        try finish(level, in: above)
      }
    }
  }

  private mutating func remove(_ name: [CChar], in level: Level) throws(GitError) {
    let directory = level.handle.descriptor
    var status = stat()
    guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT { return }
      throw error(errno, name, level)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      guard unlinkat(directory, name, 0) == 0 || errno == ENOENT else { throw error(errno, name, level) }
      return
    }
    if unlinkat(directory, name, AT_REMOVEDIR) == 0 { return }
    let inner = try level.handle.directory(name, DirectoryRemoval.operation)
    inner.allowRemoval()
    if levels.count >= DirectoryRemoval.depthMaximum, let top = levels.first {
      return try moveUp(name, from: level, to: top)
    }
    let names = try inner.names(DirectoryRemoval.operation)
    levels.append(Level(inner, name: name, names: names))
  }

  private mutating func moveUp(_ name: [CChar], from level: Level, to top: Level) throws(GitError) {
    moved += 1
    let fresh = ".migrate-removal-\(getpid())-\(moved)".utf8.map { CChar(bitPattern: $0) } + [0]
    guard renameat(level.handle.descriptor, name, top.handle.descriptor, fresh) == 0 else {
      throw error(errno, name, level)
    }
    top.names.append(fresh)
  }

  private mutating func finish(_ level: Level, in above: Level) throws(GitError) {
    if unlinkat(above.handle.descriptor, level.name, AT_REMOVEDIR) == 0 || errno == ENOENT { return }
    guard errno == ENOTEMPTY || errno == EEXIST, roundsLeft > 0 else { throw error(errno, level.name, above) }
    roundsLeft -= 1
    above.names.append(level.name)
  }

  private func error(_ number: Int32, _ name: [CChar], _ level: Level) -> GitError {
    DirectoryHandle.refusal(
      number, DirectoryRemoval.operation, "\(level.handle.path)/\(level.handle.text(name))")
  }
}
