import Glibc

/// The few file operations that the engine needs beside git's own.
public enum Files {
  /// What is at a path.
  public enum Kind: Sendable, Equatable {
    case file, directory, symbolicLink, other
  }

  /// The whole content of a file of at most `limit` bytes, or `nil` when there is no such file.
  ///
  /// Throws for a larger file (`EFBIG`), a directory, or one that may not be read.
  public static func readFile(_ path: String, limit: Int = 64 << 20) throws(FileError) -> [UInt8]? {
    guard let file = try opened(path) else { return nil }
    var content: [UInt8] = []
    try readAll(file.raw, path, limit: limit, into: &content)
    return content
  }

  /// The last `limit` bytes of a plain file, from the start of a line when something was cut off, or `nil`
  /// when there is no such file. No link is followed: it is for logs.
  public static func tail(_ path: String, bytes limit: Int) throws(FileError) -> [UInt8]? {
    guard let file = try openedPlain(path) else { return nil }
    let size = lseek(file.raw, 0, SEEK_END)
    guard size >= 0 else { throw .last("read", path) }
    let start = max(0, size - off_t(limit))
    guard lseek(file.raw, start, SEEK_SET) >= 0 else { throw .last("read", path) }
    var content: [UInt8] = []
    // The file may grow while it is read; what is appended meanwhile is no part of this tail.
    try readAll(file.raw, path, limit: limit, into: &content, isCut: true)
    guard start > 0, let newline = content.firstIndex(of: 0x0A) else { return content }
    return Array(content[(newline + 1)...])
  }

  /// Puts `bytes` at `path` in one visible step: a reader sees the old content or the new one, whole.
  ///
  /// With `fsync` the content and the name are on the disk on return. A symbolic link at `path` is replaced.
  public static func writeAtomically(
    _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644, fsync isDurable: Bool = false
  ) throws(FileError) {
    let temporary = "\(path).tmp-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let raw = retrying { open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode)) }
    guard raw >= 0 else { throw .last("write", path) }
    let file = Descriptor(owning: raw)
    do throws(FileError) {
      // The mode asked for counts, whatever the umask says.
      guard fchmod(file.raw, mode_t(mode)) == 0 else { throw FileError.last("write", path) }
      try writeAll(file.raw, bytes, path)
      if isDurable && Glibc.fsync(file.raw) != 0 { throw FileError.last("write", path) }
      guard rename(temporary, path) == 0 else { throw FileError.last("write", path) }
    } catch {
      unlink(temporary)
      throw error
    }
    if isDurable { try syncDirectory(parent(of: path)) }
  }

  /// Writes a file that is not there yet, with the umask's mode; that there is something already is an error
  /// (`isThere`). What could not be written whole is taken away.
  public static func writeNew(_ path: String, _ bytes: [UInt8]) throws(FileError) {
    let raw = retrying { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
    guard raw >= 0 else { throw .last("write", path) }
    let file = Descriptor(owning: raw)
    do throws(FileError) { try writeAll(file.raw, bytes, path) } catch {
      unlink(path)
      throw error
    }
  }

  /// How a file of ours is opened for writing that somebody else may have put something else in place of.
  private static let writing = O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC

  /// Writes `bytes` over the beginning of a file in one write, making it when it is not there. For content
  /// whose length never changes.
  public static func overwrite(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(FileError) {
    let raw = retrying { open(path, O_WRONLY | O_CREAT | writing, mode_t(mode)) }
    guard raw >= 0 else { throw .last("write", path) }
    let file = Descriptor(owning: raw)
    try writeAll(file.raw, bytes, path)
  }

  /// Adds `bytes` at the end of a file in one write, making it when it is not there.
  public static func append(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(FileError) {
    let raw = retrying { open(path, O_WRONLY | O_CREAT | O_APPEND | writing, mode_t(mode)) }
    guard raw >= 0 else { throw .last("write", path) }
    let file = Descriptor(owning: raw)
    try writeAll(file.raw, bytes, path)
  }

  /// Makes a directory with mode 0700; that there is something already is an error.
  public static func makeNewDirectory(_ path: String) throws(FileError) {
    guard mkdir(path, 0o700) == 0 else { throw .last("make the directory", path) }
  }

  /// Makes a directory and every missing one above it; one that exists is fine. The umask counts.
  public static func makeDirectories(_ path: String, mode: UInt32 = 0o777) throws(FileError) {
    // Somebody else may make it, or take it away while it is empty, at any moment (`git worktree prune`).
    for _ in 0..<1000 {
      if mkdir(path, mode_t(mode)) == 0 { return }
      let code = errno
      switch code {
      case EEXIST where followedKind(path) == .directory: return
      case EEXIST where kind(path) == nil: continue
      case ENOENT where path.utf8.contains(UInt8(ascii: "/")) && parent(of: path) != path:
        try makeDirectories(parent(of: path), mode: mode)
      default: throw FileError(path: path, operation: "make the directory", code: code)
      }
    }
    throw FileError(path: path, operation: "make the directory", code: ENOENT)
  }

  /// Whether something is at `path`; a dangling symbolic link counts.
  public static func exists(_ path: String) -> Bool { kind(path) != nil }

  /// What is at `path` itself (links are not followed), or `nil` when nothing is.
  public static func kind(_ path: String) -> Kind? {
    var status = stat()
    return lstat(path, &status) == 0 ? kind(of: status) : nil
  }

  /// Whether this user may make and remove entries in a folder: its file system takes them, too.
  public static func isWritable(_ folder: String) -> Bool { access(folder, W_OK | X_OK) == 0 }

  /// The size in bytes of what is at `path` (links are followed), or `nil` when nothing is.
  public static func size(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  /// When a file's content was last changed, in whole seconds since the Unix epoch; `nil` when there is none.
  public static func modified(_ path: String) -> Int64? {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_mtim.tv_sec) : nil
  }

  /// The names in a directory, sorted by bytes, without `.` and `..`.
  public static func listDirectory(_ path: String) throws(FileError) -> [String] {
    guard let directory = opendir(path) else { throw .last("list", path) }
    defer { closedir(directory) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
      errno = 0
    }
    // The end and an error look the same: half a list must not pass for the whole.
    guard errno == 0 else { throw .last("list", path) }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Removes one file or link; one that is not there is fine.
  public static func removeFile(_ path: String) throws(FileError) {
    if unlink(path) != 0 && errno != ENOENT { throw .last("remove", path) }
  }

  /// Removes `path` and, when it is a directory, all that is in it; links are removed, never followed.
  public static func removeTree(_ path: String) throws(FileError) {
    guard let kind = kind(path) else { return }
    guard kind == .directory else { return try removeFile(path) }
    for name in try listDirectory(path) { try removeTree("\(path)/\(name)") }
    if rmdir(path) != 0 && errno != ENOENT { throw .last("remove", path) }
  }

  /// Gives a file a new name in one step, replacing what had it.
  public static func move(_ path: String, to target: String) throws(FileError) {
    if rename(path, target) != 0 { throw .last("rename", path) }
  }

  /// The size in bytes of what a path leads to, and when its content was written; `nil` when there is
  /// nothing.
  public static func written(_ path: String) -> (size: Int, seconds: Int, nanoseconds: Int)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return (Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }

  /// The absolute path with every link resolved, or `nil` when it does not exist.
  public static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// What a symbolic link says, as it stands there, or `nil` for anything else.
  public static func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &buffer, buffer.count)
    return count < 0 ? nil : String(validating: buffer.prefix(count), as: UTF8.self)
  }

  /// Makes a new directory with mode 0700 whose name starts with `prefix`, in `parent`, and gives its path.
  public static func makeTemporaryDirectory(prefix: String, in parent: String = "/tmp") throws(FileError)
    -> String
  {
    var template = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw .last("make a directory in", parent) }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// What is above `path`: `/` for a name right below it, `.` for a bare name.
  public static func parent(of path: String) -> String {
    let trimmed = path.utf8.count > 1 && path.hasSuffix("/") ? path.dropLast() : path[...]
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  private static func followedKind(_ path: String) -> Kind? {
    var status = stat()
    return stat(path, &status) == 0 ? kind(of: status) : nil
  }

  static func kind(of status: stat) -> Kind {
    switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .directory
    case S_IFLNK: .symbolicLink
    default: .other
    }
  }

  /// Whoever may write in the folder can put a pipe where a file was, and its reader would wait for ever.
  static func opened(_ path: String) throws(FileError) -> Descriptor? {
    let raw = retrying { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
    if raw < 0 && (errno == ENOENT || errno == ENOTDIR) { return nil }
    if raw < 0 && errno == ENXIO {
      throw FileError(path: path, operation: "read", code: FileError.notPlain)
    }
    guard raw >= 0 else { throw .last("read", path) }
    let file = Descriptor(owning: raw)
    var status = stat()
    guard fstat(file.raw, &status) == 0 else { throw .last("read", path) }
    switch status.st_mode & S_IFMT {
    // Of the devices there is one that people put there: it says that there is nothing.
    case S_IFCHR where status.st_rdev == 0x103: return file
    case S_IFIFO, S_IFSOCK, S_IFBLK, S_IFCHR:
      throw FileError(path: path, operation: "read", code: FileError.notPlain)
    default: return file
    }
  }

  static func readAll(
    _ raw: Int32, _ path: String, limit: Int, into content: inout [UInt8], isCut: Bool = false
  ) throws(FileError) {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(raw, &buffer, buffer.count)
      if count == 0 { return }
      if count < 0 {
        if errno == EINTR { continue }
        throw .last("read", path)
      }
      let room = limit - content.count
      content.append(contentsOf: buffer[0..<min(count, room)])
      guard count > room else { continue }
      if isCut { return }
      throw FileError(path: path, operation: "read", code: EFBIG)
    }
  }

  private static func writeAll(_ raw: Int32, _ bytes: [UInt8], _ path: String) throws(FileError) {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(raw, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .last("write", path) }
      written += count
    }
  }

  private static func syncDirectory(_ path: String) throws(FileError) {
    let raw = retrying { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard raw >= 0 else { throw .last("write", path) }
    let directory = Descriptor(owning: raw)
    if Glibc.fsync(directory.raw) != 0 { throw .last("write", path) }
  }
}
