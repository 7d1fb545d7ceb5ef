import Clibgit2
import Glibc

/// How far the times in an index can be believed.
///
/// git takes a file for unchanged when size, times and inode are those in the index. That proves something
/// only for a file that was last touched before the index was written: a later edit could have fallen into
/// the same tick of the clock (the racy-git problem). The program compares whole seconds and looks at the
/// time of modification alone, which anybody can set; what counts here is the time of the last change of
/// the inode, which nobody can.
enum IndexTrust {
  /// A time that no file has makes the content count.
  static let noTime = git_index_time(seconds: 0, nanoseconds: 0)

  /// When the index file was written, for certain not later; `nil` when there is none.
  static func moment(ofIndex path: String) -> timespec? {
    var status = stat()
    guard let name = try? PathText.terminated(path, "look at"), lstat(name, &status) == 0 else { return nil }
    return isBefore(status.st_mtim, status.st_ctim) ? status.st_mtim : status.st_ctim
  }

  /// Whether an entry may hide a change that fell into the moment at which the index was written.
  static func isYoung(_ entry: git_index_entry, since moment: timespec) -> Bool {
    [entry.ctime, entry.mtime].contains { time in
      time.seconds == 0
        ? false
        : !isBefore(timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)), moment)
    }
  }

  /// Whether the file below `root` is provably the one that the entry was made of: every field is the same
  /// to the nanosecond, and the inode was not changed since the index was written.
  static func isProven(_ entry: git_index_entry, below root: Int32, since moment: timespec) -> Bool {
    var status = stat()
    guard let path = entry.path, fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      // It is deleted, which needs no proof.
      return true
    }
    return isSame(entry.mtime, status.st_mtim) && isSame(entry.ctime, status.st_ctim)
      && entry.ino == UInt32(truncatingIfNeeded: status.st_ino)
      && entry.file_size == UInt32(truncatingIfNeeded: status.st_size) && isBefore(status.st_ctim, moment)
      && isBefore(status.st_mtim, moment)
  }

  private static func isSame(_ time: git_index_time, _ found: timespec) -> Bool {
    time.seconds == Int32(truncatingIfNeeded: found.tv_sec)
      && time.nanoseconds == UInt32(truncatingIfNeeded: found.tv_nsec)
  }

  private static func isBefore(_ left: timespec, _ right: timespec) -> Bool {
    left.tv_sec == right.tv_sec ? left.tv_nsec < right.tv_nsec : left.tv_sec < right.tv_sec
  }
}

/// An entry of an index that may hide a change of its file.
struct DoubtfulEntry {
  /// The NUL-terminated path; the entry's own pointer is the index's, and goes with it.
  let path: [CChar]
  let entry: git_index_entry
}

extension Repository {
  /// The entries of an index in memory that may hide a change. `moment` is that of the index file before it
  /// was read.
  func doubtfulEntries(
    of index: OpaquePointer, writtenAt moment: timespec?, _ operation: String
  ) throws(GitError) -> [DoubtfulEntry] {
    guard let moment else { return [] }
    var folder: Int32?
    // Where git is told not to look at the time that nobody can set, we look ourselves.
    if try configBool("core.trustctime") == false, let root = workingDirectory {
      let place = Glibc.open(try PathText.terminated(root, operation), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard place >= 0 else { throw .system(errno, operation, root) }
      folder = place
    }
    defer { if let folder { close(folder) } }
    var result: [DoubtfulEntry] = []
    for position in 0..<git_index_entrycount(index) {
      guard let entry = git_index_get_byindex(index, position)?.pointee, IndexFlags.stage(entry) == 0,
        entry.mode != FileMode.submodule.rawValue
      else { continue }
      let isDoubtful =
        folder.map { !IndexTrust.isProven(entry, below: $0, since: moment) }
        ?? IndexTrust.isYoung(entry, since: moment)
      if isDoubtful, let path = PathText.string(entry.path) {
        result.append(DoubtfulEntry(path: try PathText.terminated(path, operation), entry: entry))
      }
    }
    return result
  }

  /// Takes out of an index in memory what it says about the times of these files, so that their content
  /// counts.
  func doubt(
    _ entries: [DoubtfulEntry], in index: OpaquePointer, _ operation: String
  ) throws(GitError) {
    for doubtful in entries {
      var entry = doubtful.entry
      entry.mtime = IndexTrust.noTime
      try put(entry, doubtful.path, into: index, operation)
    }
  }

  /// Puts back what an index said about the files whose content was found to be the recorded one.
  func restore(
    _ entries: [DoubtfulEntry], in index: OpaquePointer, except touched: Set<[UInt8]>, _ operation: String
  ) throws(GitError) {
    for doubtful in entries {
      let path = doubtful.path.dropLast().map { UInt8(bitPattern: $0) }
      if touched.contains(path) { continue }
      try put(doubtful.entry, doubtful.path, into: index, operation)
    }
  }

  private func put(
    _ entry: git_index_entry, _ path: [CChar], into index: OpaquePointer, _ operation: String
  ) throws(GitError) {
    var entry = entry
    let code = path.withUnsafeBufferPointer { buffer in
      entry.path = buffer.baseAddress
      return git_index_add(index, &entry)
    }
    try check(code, operation, PathText.string(path))
  }

  /// The paths with entries that a merge left undecided, sorted bytewise.
  func unmergedPaths(of index: OpaquePointer) -> [String] {
    guard git_index_has_conflicts(index) == 1 else { return [] }
    var paths: [String] = []
    for position in 0..<git_index_entrycount(index) {
      guard let entry = git_index_get_byindex(index, position)?.pointee, IndexFlags.stage(entry) > 0,
        let path = PathText.string(entry.path), paths.last.map(PathText.bytes) != PathText.bytes(path)
      else { continue }
      paths.append(path)
    }
    return paths
  }
}
