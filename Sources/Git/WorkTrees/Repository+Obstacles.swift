import Clibgit2
import Glibc

#if KNOWN_BUGS
  import Supervision
#endif

extension Repository {
  /// Takes out of the way what keeps git and libgit2 from reading the work tree. Pipes, sockets and devices
  /// that stand where git reads its own files (`.gitignore` and the like) are removed: whoever opens such a
  /// pipe waits for ever. Folders that their owner may not list or search get these rights: what is in them
  /// would count as deleted. Other pipes are nobody's business. Gives the paths of what was removed.
  ///
  /// Throws for one of git's own files that is larger than git reads (100 MiB): libgit2 would read it whole.
  @discardableResult
  public func clearObstacles() throws(GitError) -> [String] {
    #if KNOWN_BUGS
      if ChildEnvironment.current()["MIGRATE_KNOWN_BUG"] == "B24" { return [] }
    #endif
    let operation = "look through"
    guard let root = workingDirectory, let top = try DirectoryHandle.open(root, operation) else { return [] }
    var search = ObstacleSearch()
    search.look(in: top, path: [])
    if let path = search.oversized {
      throw GitError(
        message: "it is larger than the 100 MiB that git reads of such a file", operation: "read",
        subject: PathText.string(path))
    }
    return search.removed.map { PathText.string($0) }
  }

  /// Lets their owner read the files of the work tree which it has locked itself out of, so that what is in
  /// them can be recorded; says whether there were any.
  public func allowReading() throws(GitError) -> Bool {
    let operation = "look through"
    guard let root = workingDirectory, let top = try DirectoryHandle.open(root, operation) else {
      return false
    }
    var search = ObstacleSearch(opensFiles: true)
    search.look(in: top, path: [])
    return search.opened > 0
  }
}

private struct ObstacleSearch {
  private static let depthMaximum = 200
  private static let sizeMaximum = 100 << 20
  /// What git reads, and the program behind the most common of its filters.
  private static let names: [[CChar]] = [
    ".gitattributes", ".gitignore", ".gitmodules", ".mailmap", ".lfsconfig",
  ].map { $0.utf8CString.map { $0 } }
  /// Whether files that their owner may not read are made readable.
  private let opensFiles: Bool
  private(set) var removed: [[UInt8]] = []
  /// The first of git's own files that is too large.
  private(set) var oversized: [UInt8]?
  private(set) var opened = 0
  private var depth = 0

  init(opensFiles: Bool = false) { self.opensFiles = opensFiles }

  mutating func look(in folder: borrowing DirectoryHandle, path: [UInt8]) {
    folder.allowRemoval()
    let copy = openat(folder.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else { return }
    var folders: [[CChar]] = []
    while let entry = readdir(stream) {
      let type = Int32(entry.pointee.d_type)
      // Most names are of plain files and none of git's, which begin with a dot.
      if type == Int32(DT_REG) && !opensFiles && entry.pointee.d_name.0 != 0x2E { continue }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
      }
      if name == [0x2E, 0] || name == [0x2E, 0x2E, 0] { continue }
      if path.isEmpty && name == [0x2E, 0x67, 0x69, 0x74, 0] { continue }
      switch kind(of: name, in: folder, type) {
      case S_IFDIR: folders.append(name)
      case S_IFREG:
        if opensFiles, folder.allowReadingFile(name) { opened += 1 }
        if Self.names.contains(name) { look(at: name, in: folder, path) }
      // libgit2 follows it.
      case S_IFLNK: if Self.names.contains(name) { look(at: name, in: folder, path) }
      case S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK:
        if Self.names.contains(name) { remove(name, in: folder, path) }
      default: continue
      }
    }
    closedir(stream)
    guard depth < Self.depthMaximum else { return }
    depth += 1
    for name in folders {
      guard let inner = try? folder.directory(name, "look through") else { continue }
      look(in: inner, path: path + name.dropLast().map { UInt8(bitPattern: $0) } + [0x2F])
    }
    depth -= 1
  }

  private mutating func remove(_ name: [CChar], in folder: borrowing DirectoryHandle, _ path: [UInt8]) {
    guard unlinkat(folder.descriptor, name, 0) == 0 else { return }
    removed.append(path + name.dropLast().map { UInt8(bitPattern: $0) })
  }

  /// Looks whether one of git's own files, or what a link of that name leads to, can be read to its end
  /// without waiting for anybody.
  private mutating func look(at name: [CChar], in folder: borrowing DirectoryHandle, _ path: [UInt8]) {
    var status = stat()
    guard fstatat(folder.descriptor, name, &status, 0) == 0 else { return }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      guard status.st_size > Self.sizeMaximum, oversized == nil else { return }
      oversized = path + name.dropLast().map { UInt8(bitPattern: $0) }
    case S_IFDIR: return
    default: remove(name, in: folder, path)
    }
  }

  /// Not every file system says the kind with the name.
  private func kind(of name: [CChar], in folder: borrowing DirectoryHandle, _ type: Int32) -> mode_t? {
    switch type {
    case Int32(DT_DIR): return S_IFDIR
    case Int32(DT_REG): return S_IFREG
    case Int32(DT_FIFO): return S_IFIFO
    case Int32(DT_SOCK): return S_IFSOCK
    case Int32(DT_LNK): return S_IFLNK
    default:
      var status = stat()
      guard fstatat(folder.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
      return status.st_mode & S_IFMT
    }
  }
}
