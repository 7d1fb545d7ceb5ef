import Clibgit2
import Glibc

/// An open directory. Everything below it is reached from its descriptor by single names, so that nobody can
/// lead us elsewhere by exchanging a folder for a symbolic link in the meantime (THREATS T3).
struct DirectoryHandle: ~Copyable {
  let descriptor: Int32
  /// For messages only.
  let path: String

  init(adopting descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// Opens a directory by its path; links before the last component are followed, the last one is not.
  /// `nil` when there is nothing at all.
  static func open(_ path: String, _ operation: String) throws(GitError) -> DirectoryHandle? {
    let name = try PathText.terminated(path, operation)
    let descriptor = Glibc.open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    if descriptor >= 0 { return DirectoryHandle(adopting: descriptor, path: path) }
    if errno == ENOENT { return nil }
    throw refusal(errno, operation, path)
  }

  /// Opens a directory inside this one: no link, no other mount, not outside.
  func directory(_ name: [CChar], _ operation: String) throws(GitError) -> DirectoryHandle {
    let inner = "\(path)/\(text(name))"
    var descriptor = migrate_open_directory_beneath(self.descriptor, name)
    if descriptor < 0 && errno == EACCES && allowReading(name) {
      descriptor = migrate_open_directory_beneath(self.descriptor, name)
    }
    guard descriptor >= 0 else { throw DirectoryHandle.refusal(errno, operation, inner) }
    return DirectoryHandle(adopting: descriptor, path: inner)
  }

  /// The same directory with a descriptor of its own.
  func duplicate(_ operation: String) throws(GitError) -> DirectoryHandle {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .system(errno, operation, path) }
    return DirectoryHandle(adopting: copy, path: path)
  }

  /// The names in the directory, without `.` and `..`.
  func names(_ operation: String) throws(GitError) -> [[CChar]] { try entries(operation).map(\.name) }

  /// The names in the directory, without `.` and `..`, and which of them are folders, where a link is none.
  func entries(_ operation: String) throws(GitError) -> [(name: [CChar], isFolder: Bool)] {
    try kinds(operation).map { ($0.name, $0.kind == S_IFDIR) }
  }

  /// The names in the directory, without `.` and `..`, and what each is by `S_IFMT`, where a link is one; 0
  /// for what is gone by now.
  func kinds(_ operation: String) throws(GitError) -> [(name: [CChar], kind: mode_t)] {
    // A second descriptor, because closing the stream closes its descriptor.
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else { throw .system(errno, operation, path) }
    defer { closedir(stream) }
    var result: [(name: [CChar], kind: mode_t)] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
      }
      if name != [0x2E, 0] && name != [0x2E, 0x2E, 0] {
        // Not every file system says what an entry is.
        let type = mode_t(entry.pointee.d_type)
        // `IFTODT` of dirent.h, the other way.
        result.append((name, type == 0 ? kind(name) : type << 12))
      }
      errno = 0
    }
    guard errno == 0 else { throw .system(errno, operation, path) }
    return result
  }

  /// The size of what is in this directory, or of what a link there leads to.
  func size(_ name: [CChar]) -> off_t {
    var status = stat()
    return fstatat(descriptor, name, &status, 0) == 0 ? status.st_size : 0
  }

  /// Whether a link leads to what may be the file of a ref, a folder, or nowhere.
  func leadsToFile(_ name: [CChar]) -> Bool {
    var status = stat()
    guard fstatat(descriptor, name, &status, 0) == 0 else { return true }
    return status.st_mode & S_IFMT == S_IFREG && status.st_size <= Repository.refSizeLimit
      || status.st_mode & S_IFMT == S_IFDIR
  }

  private func isFolder(_ name: [CChar]) -> Bool { kind(name) == S_IFDIR }

  private func kind(_ name: [CChar]) -> mode_t {
    var status = stat()
    return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_mode & S_IFMT : 0
  }

  /// Whether there is no file below, but for those of repositories (`.git`).
  func isBarren(depth: Int, _ operation: String) throws(GitError) -> Bool {
    guard depth > 0 else { return false }
    for name in try names(operation) where text(name) != ".git" {
      guard isFolder(name), try directory(name, operation).isBarren(depth: depth - 1, operation) else {
        return false
      }
    }
    return true
  }

  /// The first bytes of a plain file in this directory, or `nil` when there is none. A link, a pipe or a
  /// device is an error: reading those could go anywhere or wait forever.
  func content(ofFile name: String, limit: Int = 65_536, _ operation: String) throws(GitError) -> [UInt8]? {
    let inner = "\(path)/\(name)"
    let file = openat(
      descriptor, try PathText.terminated(name, operation), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    if file < 0 && errno == ENOENT { return nil }
    guard file >= 0 else { throw DirectoryHandle.refusal(errno, operation, inner) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .system(errno, operation, inner) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw GitError(message: "it is not a plain file", operation: operation, subject: inner)
    }
    var buffer = [UInt8](repeating: 0, count: limit)
    var length = 0
    while length < limit {
      let space = limit - length
      let count = buffer.withUnsafeMutableBytes { bytes in
        bytes.baseAddress.map { read(file, $0 + length, space) } ?? -1
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system(errno, operation, inner) }
      if count == 0 { break }
      length += count
    }
    return Array(buffer.prefix(length))
  }

  /// Makes sure that entries can be taken out of the directory: a build cache may be read-only (Go's is).
  func allowRemoval() {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & 0o700 != 0o700 else { return }
    fchmod(descriptor, status.st_mode & 0o7777 | 0o700)
  }

  /// A directory that its owner may not read is opened as a mere place, which needs no permission, and
  /// changed through that: a path could be exchanged for a link before `chmod` follows it.
  @discardableResult
  func allowReading(_ name: [CChar]) -> Bool {
    let place = openat(descriptor, name, 0o10000000 /* O_PATH */ | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard place >= 0 else { return false }
    defer { close(place) }
    return chmod("/proc/self/fd/\(place)", 0o700) == 0
  }

  /// Lets the owner of a plain file read it, when it is ours and he may not; says whether it was so. By way
  /// of a mere place, as above.
  func allowReadingFile(_ name: [CChar]) -> Bool {
    let place = openat(descriptor, name, 0o10000000 /* O_PATH */ | O_NOFOLLOW | O_CLOEXEC)
    guard place >= 0 else { return false }
    defer { close(place) }
    var status = stat()
    guard fstat(place, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
      status.st_mode & 0o400 == 0
    else { return false }
    return chmod("/proc/self/fd/\(place)", status.st_mode & 0o7777 | 0o400) == 0
  }

  func text(_ name: [CChar]) -> String { PathText.string(name.dropLast().map { UInt8(bitPattern: $0) }) }

  static func refusal(_ number: Int32, _ operation: String, _ path: String) -> GitError {
    switch number {
    case ELOOP: GitError(message: "it is a symbolic link", operation: operation, subject: path)
    case ENOTDIR: GitError(message: "it is not a directory", operation: operation, subject: path)
    case EXDEV: GitError(message: "another file system is mounted there", operation: operation, subject: path)
    default: .system(number, operation, path)
    }
  }
}
