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

extension WorkTreeListing {
  /// Whether a part of a path is a name that git keeps for itself and records nothing under: `.git` in any
  /// case.
  static func hasReservedName(_ path: String) -> Bool {
    PathText.bytes(path).split(separator: 0x2F).contains { isReserved($0) }
  }

  /// What lies in the folder under such a name, but for the `.git` at its top: topmost paths, sorted. Folders
  /// in `skipped`, with or without `/` at the end, are not looked into.
  public static func reservedNames(below root: String, skipping skipped: [String]) -> [String] {
    let skipped = Set(
      skipped.map { path in PathText.bytes(path.hasSuffix("/") ? String(path.dropLast()) : path) })
    guard let top = try? DirectoryHandle.open(root, "list") else { return [] }
    var found: [String] = []
    var pending: [[UInt8]] = [[]]
    while let folder = pending.popLast() {
      let name = folder.map { CChar(bitPattern: $0) } + [0]
      guard let handle = try? folder.isEmpty ? top.duplicate("list") : top.directory(name, "list"),
        let entries = try? handle.entries("list")
      else { continue }
      for entry in entries {
        let last = entry.name.dropLast().map { UInt8(bitPattern: $0) }
        let path = folder.isEmpty ? last : folder + [0x2F] + last
        if isReserved(last[...]) {
          if path != Array(".git".utf8) { found.append(PathText.string(path)) }
        } else if entry.isFolder, !skipped.contains(path) {
          pending.append(path)
        }
      }
    }
    return found.sorted(by: PathText.precedes)
  }

  private static func isReserved(_ name: ArraySlice<UInt8>) -> Bool {
    name.count == 4 && name.map { $0 | 0x20 } == Array(".git".utf8)
  }
}
