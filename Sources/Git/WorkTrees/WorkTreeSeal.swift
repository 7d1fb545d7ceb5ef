import Clibgit2
import Glibc
import System

/// How a work tree was left: its index, kept where nobody else can write it.
///
/// Whoever works in the tree may write its index too, and so make a changed file look like the one that was
/// checked out. Against a seal that does not help: what it knows of a file includes the time of its last
/// change of any kind, which no program can set, and a file that was young when the seal was made is read
/// whatever its times say (racy-git: Documentation/technical/racy-git.txt of git).
public struct WorkTreeSeal: Sendable {
  /// The bytes of the index file.
  let index: [UInt8]
  /// Files that were changed at this second or later may have been changed again without a trace.
  let doubtfulSince: FileTime
}

/// A time of a file as the index keeps it, in seconds and nanoseconds since the Unix epoch.
struct FileTime: Equatable, Comparable, Sendable {
  var seconds: Int64
  var nanoseconds: Int64

  static func < (left: FileTime, right: FileTime) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }

  /// The kernel stamps files with a coarse clock, of up to 10 ms (`CONFIG_HZ=100`): so long ago and more.
  static func justBeforeNow() -> FileTime {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let total = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) - 50_000_000
    return FileTime(seconds: total / 1_000_000_000, nanoseconds: total % 1_000_000_000)
  }

  init(seconds: Int64, nanoseconds: Int64) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// An index keeps the lower half of the seconds only.
  init(_ time: git_index_time) {
    self.init(seconds: Int64(time.seconds), nanoseconds: Int64(time.nanoseconds))
  }
}

extension Repository {
  /// Seals the work tree as it is now. Nobody may be at work in it. Throws when there is no index.
  public func seal() throws(GitError) -> WorkTreeSeal {
    let path = "\(gitDirectory)/index"
    let since = FileTime.justBeforeNow()
    var bytes: [UInt8]?
    try fileOperation("seal", path) { () throws(FileError) in
      bytes = try Files.readFile(path, limit: 1 << 30)
    }
    guard let bytes else { throw .system(ENOENT, "seal", path) }
    return WorkTreeSeal(index: bytes, doubtfulSince: since)
  }

  /// Puts the index of a seal in place of the one that is there, with no time for files that were young when
  /// it was made: so git itself reads them, which may compare whole seconds only (it does unless built with
  /// `USE_NSEC`).
  func restoreIndexForGit(of seal: WorkTreeSeal) throws(GitError) {
    let whole = FileTime(seconds: seal.doubtfulSince.seconds, nanoseconds: 0)
    let coarse = WorkTreeSeal(index: seal.index, doubtfulSince: whole)
    try restoreIndex(of: coarse)
    try withIndex("restore the index of") { index throws(GitError) in
      guard try readIndex(index, believing: .seal(coarse), "read the index of") else { return }
      try check(git_index_write(index), "write the index of", gitDirectory)
    }
  }

  /// Puts the index of a seal in place of the one that is there, so that it says again how the tree was left.
  func restoreIndex(of seal: WorkTreeSeal) throws(GitError) {
    let path = "\(gitDirectory)/index"
    try fileOperation("restore the index of", path) { () throws(FileError) in
      if Files.kind(path) == .directory { try Files.removeTree(path) }
      try Files.writeAtomically(path, seal.index)
    }
  }

  /// The tracked files that are not as they were when the tree was sealed, sorted bytewise: changed, gone, or
  /// something else now. Restores the index of the seal. What runs no filter: ask `needsGitProgram` first.
  public func changedFiles(since seal: WorkTreeSeal) throws(GitError) -> [String] {
    let operation = "compare"
    try restoreIndex(of: seal)
    var paths: [String] = []
    try withIndex(operation) { index throws(GitError) in
      try readIndex(index, believing: .seal(seal), operation)
      for delta in try workTreeDeltas(index: index, purpose: .comparing, operation) {
        paths.append(delta.path)
      }
    }
    return paths.sorted(by: PathText.precedes)
  }

  /// Gives every tracked file that was written at `second` or later the time `time` (both in seconds since
  /// the Unix epoch): what the git program wrote has the time of its writing.
  public func setTimes(ofFilesWrittenSince second: Int64, to time: Int64) throws(GitError) {
    let operation = "set the times of"
    guard let root = workingDirectory else { return }
    try withIndex(operation) { index throws(GitError) in
      try check(git_index_read(index, 1), operation, gitDirectory)
      for position in 0..<git_index_entrycount(index) {
        guard let entry = git_index_get_byindex(index, position)?.pointee, let path = entry.path else {
          continue
        }
        let file =
          Array("\(root)/".utf8CString.dropLast())
          + Array(UnsafeBufferPointer(start: path, count: strlen(path) + 1))
        var status = stat()
        guard lstat(file, &status) == 0, Int64(status.st_mtim.tv_sec) >= second,
          status.st_mode & S_IFMT != S_IFDIR
        else { continue }
        let times = [timespec(tv_sec: Int(time), tv_nsec: 0), timespec(tv_sec: Int(time), tv_nsec: 0)]
        guard utimensat(AT_FDCWD, file, times, AT_SYMLINK_NOFOLLOW) == 0 else {
          throw .system(errno, operation, PathText.string(entry.path) ?? root)
        }
      }
    }
  }
}

/// How far the times in an index are believed when the files of a work tree are compared with it.
public enum IndexBelief: Sendable {
  /// As git does: a file whose size, times and inode are those in the index has the content it had.
  case times
  /// Not at all: the content of every file is read.
  case nothing
  /// The index of the seal alone, and no file that was young when it was made.
  case seal(WorkTreeSeal)
}

extension IndexBelief {
  func doubts(_ entry: git_index_entry) -> Bool {
    switch self {
    case .times: false
    case .nothing: true
    case .seal(let seal): max(FileTime(entry.mtime), FileTime(entry.ctime)) >= seal.doubtfulSince
    }
  }
}
