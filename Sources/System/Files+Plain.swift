import Glibc

/// Reading what somebody else can make: a worker, a verifier, whoever may write in the folder.
extension Files {
  /// The whole content of a plain file of at most `limit` bytes; `nil` when there is nothing.
  ///
  /// Nothing is waited for and no link is followed, with `root` none on the way from there either: throws for
  /// a link, a pipe, a device, a folder (`notPlain`), and a larger file (`EFBIG`).
  public static func readPlain(
    _ path: String, below root: String? = nil, limit: Int
  ) throws(FileError) -> [UInt8]? {
    guard let file = try openedPlain(path, below: root) else { return nil }
    var content: [UInt8] = []
    try readAll(file.raw, path, limit: limit, into: &content)
    return content
  }

  /// Opens a plain file for reading, as above.
  package static func openedPlain(_ path: String, below root: String? = nil) throws(FileError) -> Descriptor?
  {
    guard let root else { return try openedPlain(path, in: AT_FDCWD, path) }
    var folder = try openedFolder(root, in: AT_FDCWD, path, O_DIRECTORY)
    var names = path.split(separator: "/").filter { $0 != "." }.map(String.init)
    guard let last = names.popLast(), last != "..", !names.contains("..") else {
      throw FileError(path: path, operation: "read", code: FileError.notPlain)
    }
    for name in names {
      guard let here = folder else { return nil }
      folder = try openedFolder(name, in: here.raw, path, O_DIRECTORY | O_NOFOLLOW)
    }
    guard let folder else { return nil }
    return try openedPlain(last, in: folder.raw, path)
  }

  private static func openedFolder(
    _ name: String, in folder: Int32, _ path: String, _ flags: Int32
  ) throws(FileError) -> Descriptor? {
    let raw = retrying { openat(folder, name, O_RDONLY | O_CLOEXEC | flags) }
    if raw >= 0 { return Descriptor(owning: raw) }
    // What is a link here is no folder to the kernel.
    if errno == ENOENT { return nil }
    if errno == ENOTDIR || errno == ELOOP {
      throw FileError(path: path, operation: "read", code: FileError.notPlain)
    }
    throw .last("read", path)
  }

  private static func openedPlain(
    _ name: String, in folder: Int32, _ path: String
  ) throws(FileError) -> Descriptor? {
    let refusal = FileError(path: path, operation: "read", code: FileError.notPlain)
    var status = stat()
    // Looked at before it is opened: opening a device can already do something.
    guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw .last("read", path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw refusal }
    let raw = retrying { openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW) }
    if raw < 0 && errno == ENOENT { return nil }
    if raw < 0 && (errno == ELOOP || errno == ENXIO) { throw refusal }
    guard raw >= 0 else { throw .last("read", path) }
    let file = Descriptor(owning: raw)
    guard fstat(file.raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw refusal }
    return file
  }
}
