import Clibgit2
import Glibc

/// A file of a tree that is to be written.
struct TreeFile {
  let oid: OID
  let mode: FileMode
}

/// Writes files of a commit into a work tree whose last user is not trusted.
///
/// A folder is reached only by calls that pass no symbolic link and no mount point, and a file is made only
/// where nothing is, so nothing outside of the tree is ever written, whatever stands in it. The index is
/// asked first: it refuses names such as `..` and `.git`, which a crafted tree object can contain.
struct WorkTreeWriter {
  /// A folder that stays open while paths in it are written.
  private final class Folder {
    let handle: DirectoryHandle

    init(_ handle: consuming DirectoryHandle) { self.handle = handle }
  }

  private let operation = "write file"
  private let repository: Repository
  private let root: Folder
  private let index: OpaquePointer
  /// Paths come sorted, so the folder of the last one is most often that of the next.
  private var folderPath: [UInt8] = []
  private var folder: Folder
  private let writesLinks: Bool
  /// Whether any attribute or setting asks for a conversion. Looking up the attributes of a path is most of
  /// the cost of a file, and most repositories have none.
  private let convertsContent: Bool
  /// The time that each file gets, in seconds since the Unix epoch; `nil` leaves it to the kernel.
  private let time: Int64?

  init(
    repository: Repository, root: borrowing DirectoryHandle, index: OpaquePointer, commit: OID,
    time: Int64? = nil
  ) throws(GitError) {
    self.time = time
    writesLinks = try repository.configBool("core.symlinks") ?? true
    self.root = Folder(try root.duplicate("check out"))
    folder = self.root
    self.repository = repository
    self.index = index
    convertsContent = try repository.convertsContent(of: commit)
  }

  mutating func write(_ file: TreeFile, at path: [UInt8]) throws(GitError) {
    let text = PathText.string(path)
    let name = try PathText.terminated(text, operation)
    var entry = git_index_entry()
    entry.id = file.oid.raw
    entry.mode = file.mode.rawValue
    try add(&entry, name)
    let last = path.lastIndex(of: 0x2F)
    try enter(last.map { Array(path[..<$0]) } ?? [])
    let leaf = path[(last.map { $0 + 1 } ?? 0)...].map { CChar(bitPattern: $0) } + [0]
    var status = stat()
    switch file.mode {
    case .tree: return
    case .submodule:
      try make(leaf, text) { folder in mkdirat(folder, leaf, 0o777) }
      return
    case .symbolicLink where writesLinks:
      let target = try repository.blob(file.oid).map { CChar(bitPattern: $0) } + [0]
      try make(leaf, text) { folder in symlinkat(target, folder, leaf) }
      if let times {
        guard utimensat(folder.handle.descriptor, leaf, times, AT_SYMLINK_NOFOLLOW) == 0 else {
          throw .system(errno, operation, text)
        }
      }
      try look(leaf, text, &status)
    default: try writeContent(file, leaf, text, name, &status)
    }
    WorkTreeWriter.fill(&entry, status)
    try add(&entry, name)
  }

  private func add(_ entry: inout git_index_entry, _ name: [CChar]) throws(GitError) {
    let code = name.withUnsafeBufferPointer { buffer in
      entry.path = buffer.baseAddress
      defer { entry.path = nil }
      return git_index_add(index, &entry)
    }
    try check(code, operation, PathText.string(name))
  }

  /// Makes the folder at `path` the current one, with the folders above it.
  private mutating func enter(_ path: [UInt8]) throws(GitError) {
    if path == folderPath { return }
    folder = path.isEmpty ? root : Folder(try root.handle.makeDirectories(below: path, operation))
    folderPath = path
  }

  /// Runs a call that makes an entry where nothing is; what is there (an ignored file or folder) goes first.
  private func make(_ leaf: [CChar], _ path: String, _ body: (Int32) -> Int32) throws(GitError) {
    _ = try descriptor(leaf, path, body)
  }

  private func descriptor(_ leaf: [CChar], _ path: String, _ body: (Int32) -> Int32) throws(GitError) -> Int32
  {
    var result = body(folder.handle.descriptor)
    if result < 0 && errno == EEXIST {
      try DirectoryRemoval.remove(PathText.string(leaf), in: folder.handle)
      result = body(folder.handle.descriptor)
    }
    guard result >= 0 else { throw .system(errno, operation, path) }
    return result
  }

  private func look(_ leaf: [CChar], _ path: String, _ status: inout stat) throws(GitError) {
    guard fstatat(folder.handle.descriptor, leaf, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      throw .system(errno, operation, path)
    }
  }

  private func writeContent(
    _ file: TreeFile, _ leaf: [CChar], _ path: String, _ name: [CChar], _ status: inout stat
  ) throws(GitError) {
    var blob: OpaquePointer?
    var id = file.oid.raw
    try check(
      repository.undisturbed { git_blob_lookup(&blob, repository.pointer, &id) }, "read blob", file.oid.hex)
    defer { git_blob_free(blob) }
    var filtered = git_buf()
    defer { git_buf_dispose(&filtered) }
    var content = UnsafeRawBufferPointer(
      start: git_blob_rawcontent(blob), count: Int(clamping: git_blob_rawsize(blob)))
    if convertsContent {
      var options = git_blob_filter_options()
      try check(git_blob_filter_options_init(&options, 1), operation, path)
      // git converts a file with NUL bytes too, when its attributes say that it is text.
      options.flags = 0
      try check(git_blob_filter(&filtered, blob, name, &options), operation, path)
      content = UnsafeRawBufferPointer(start: filtered.ptr, count: filtered.size)
    }
    let permissions: mode_t = file.mode == .executable ? 0o777 : 0o666
    let output = try descriptor(leaf, path) { folder in
      openat(folder, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, permissions)
    }
    defer { close(output) }
    var written = 0
    while written < content.count, let start = content.baseAddress {
      let count = Glibc.write(output, start + written, content.count - written)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .system(errno, operation, path) }
      written += count
    }
    if let times {
      guard futimens(output, times) == 0 else { throw .system(errno, operation, path) }
    }
    guard fstat(output, &status) == 0 else { throw .system(errno, operation, path) }
  }

  private var times: [timespec]? {
    time.map { [timespec](repeating: timespec(tv_sec: Int($0), tv_nsec: 0), count: 2) }
  }

  /// The same fields as git's `fill_stat_data`, so that neither git nor libgit2 reads the file again.
  private static func fill(_ entry: inout git_index_entry, _ status: stat) {
    entry.ctime = git_index_time(
      seconds: Int32(truncatingIfNeeded: status.st_ctim.tv_sec),
      nanoseconds: UInt32(truncatingIfNeeded: status.st_ctim.tv_nsec))
    entry.mtime = git_index_time(
      seconds: Int32(truncatingIfNeeded: status.st_mtim.tv_sec),
      nanoseconds: UInt32(truncatingIfNeeded: status.st_mtim.tv_nsec))
    entry.dev = UInt32(truncatingIfNeeded: status.st_dev)
    entry.ino = UInt32(truncatingIfNeeded: status.st_ino)
    entry.uid = status.st_uid
    entry.gid = status.st_gid
    entry.file_size = UInt32(truncatingIfNeeded: status.st_size)
  }
}

extension DirectoryHandle {
  /// Opens the folder at a path below this one and makes what is missing. Where something else stands on
  /// the way, a link above all, it is deleted.
  func makeDirectories(below path: [UInt8], _ operation: String) throws(GitError) -> DirectoryHandle {
    let whole = path.map { CChar(bitPattern: $0) } + [0]
    let direct = migrate_open_directory_beneath(descriptor, whole)
    if direct >= 0 { return DirectoryHandle(adopting: direct, path: "\(self.path)/\(text(whole))") }
    var current = try duplicate(operation)
    for part in path.split(separator: 0x2F) {
      let name = part.map { CChar(bitPattern: $0) } + [0]
      var status = stat()
      if fstatat(current.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
        status.st_mode & S_IFMT != S_IFDIR
      {
        try DirectoryRemoval.remove(text(name), in: current)
      }
      guard mkdirat(current.descriptor, name, 0o777) == 0 || errno == EEXIST else {
        throw .system(errno, operation, "\(current.path)/\(text(name))")
      }
      let next = try current.directory(name, operation)
      current = next
    }
    return current
  }

  /// Deletes what is at a path below this directory, a whole folder if need be, through no link on the way.
  /// Where the way there is not made of folders, there is nothing to delete.
  func remove(below path: [UInt8]) throws(GitError) {
    guard let above = folder(of: path) else { return }
    try DirectoryRemoval.remove(above.leaf, in: above.handle)
  }

  func removeEmptyFolder(below path: [UInt8]) {
    guard let above = folder(of: path), let leaf = try? PathText.terminated(above.leaf, "remove") else {
      return
    }
    unlinkat(above.handle.descriptor, leaf, AT_REMOVEDIR)
  }

  /// Deletes the folders above a path that hold nothing any more, from the deepest up, as git does.
  func removeEmptyFolders(above path: [UInt8]) {
    var rest = path[...]
    while let slash = rest.lastIndex(of: 0x2F) {
      rest = rest[..<slash]
      guard let above = folder(of: Array(rest)), let leaf = try? PathText.terminated(above.leaf, "remove"),
        unlinkat(above.handle.descriptor, leaf, AT_REMOVEDIR) == 0
      else { return }
    }
  }

  private struct Place: ~Copyable {
    let handle: DirectoryHandle
    let leaf: String
  }

  private func folder(of path: [UInt8]) -> Place? {
    var parts = path.split(separator: 0x2F)
    guard let leaf = parts.popLast() else { return nil }
    let name =
      parts.isEmpty ? [0x2E, 0] : parts.joined(separator: [0x2F]).map { CChar(bitPattern: $0) } + [0]
    let opened = migrate_open_directory_beneath(descriptor, name)
    guard opened >= 0 else { return nil }
    return Place(handle: DirectoryHandle(adopting: opened, path: self.path), leaf: PathText.string(leaf))
  }
}
