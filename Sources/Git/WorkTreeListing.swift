import Clibgit2
import Glibc

/// Lists files that git does not look at, with what tells whether they were changed.
///
/// Follows no link and no mount, and what cannot be read is left out: the answers are for telling people.
public struct WorkTreeListing {
  /// A file, or anything else that is no folder.
  public struct File: Equatable, Sendable {
    /// The path below the root.
    public let path: String
    /// What it was when it was looked at.
    public let mark: Mark
  }

  /// What tells whether a file was changed.
  public struct Mark: Equatable, Sendable {
    /// When its inode was changed last, in nanoseconds since the epoch; no program can set that.
    public let changed: Int64
    /// Its size in bytes, for changes within one tick of the clock.
    public let size: Int64

    /// Makes a mark.
    public init(changed: Int64, size: Int64) {
      self.changed = changed
      self.size = size
    }

    init(_ status: stat) {
      self.init(
        changed: Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec),
        size: Int64(status.st_size))
    }
  }

  private let root: String
  /// How many files may still be looked at.
  public private(set) var allowance: Int

  /// Lists files below `root`, at most `limit` of them in all.
  public init(below root: String, limit: Int) {
    self.root = root
    allowance = limit
  }

  /// A time that no file that is there now was changed after. The kernel marks files by a clock that may be a
  /// tick behind this one, so that a change within the tick after it goes unseen.
  public static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// What is at a path below the root; `nil` when nothing is.
  public func mark(_ path: String) -> Mark? {
    var status = stat()
    guard let name = try? PathText.terminated("\(root)/\(path)", "look at"), lstat(name, &status) == 0 else {
      return nil
    }
    return Mark(status)
  }

  /// Hands every file in a folder below the root to `body`, folder by folder, until it says no. Says whether
  /// the whole folder was looked at.
  public mutating func visit(_ folder: String, _ body: (File) -> Bool) -> Bool {
    guard let top = try? DirectoryHandle.open(root, "list") else { return false }
    var pending = [folder.hasSuffix("/") ? String(folder.dropLast()) : folder]
    while !pending.isEmpty {
      let path = pending.removeFirst()
      guard let name = try? PathText.terminated(path, "list"), let handle = try? top.directory(name, "list"),
        let names = try? handle.names("list")
      else { continue }
      for name in names {
        guard allowance > 0 else { return false }
        allowance -= 1
        var status = stat()
        guard fstatat(handle.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
        let inner = "\(path)/\(handle.text(name))"
        if status.st_mode & S_IFMT == S_IFDIR {
          pending.append(inner)
        } else if !body(File(path: inner, mark: Mark(status))) {
          return false
        }
      }
    }
    return true
  }
}
