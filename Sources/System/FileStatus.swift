import Glibc

/// What a file system says of one place.
public struct FileStatus: Sendable {
  /// What is there.
  public let kind: Files.Kind
  /// Kind and permissions, as the system writes them.
  public let mode: UInt32
  /// The size in bytes.
  public let size: Int
  /// The number of the file system, and of the place in it: no two places that are there have both.
  public let device: UInt64, inode: UInt64
  /// When the content was changed last.
  public let modified: FileStamp.Moment
  /// When anything about it was changed last.
  public let changed: FileStamp.Moment
  private let owner: UInt32

  /// Of the place itself, links not followed; `nil` when nothing is there.
  public init?(of path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Of what the place leads to; `nil` when it leads nowhere.
  public init?(following path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    kind = Files.kind(of: status)
    mode = status.st_mode
    size = Int(status.st_size)
    (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
    (modified, changed) = (FileStamp.Moment(status.st_mtim), FileStamp.Moment(status.st_ctim))
    owner = status.st_uid
  }

  /// Whether it is this user's, and nobody else may write there.
  public var isPrivateToWrite: Bool { owner == geteuid() && mode & 0o022 == 0 }

  /// Whether it is a file that may be executed, or a link that may lead to one.
  public var mayRun: Bool { kind == .symbolicLink || kind == .file && mode & 0o111 != 0 }
}

extension Files {
  /// Whether this user may execute the file.
  public static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

  /// Whether this user may change what is at the place.
  public static func mayWrite(_ path: String) -> Bool { access(path, W_OK) == 0 }

  /// How many bytes this user may still write to the file system of a folder; of one that is not there yet,
  /// to that of the folder that it will be in. `nil` when the system does not say.
  public static func freeSpace(at place: String) -> Int? {
    var folder = place
    var status = statvfs()
    while statvfs(folder, &status) != 0 {
      let above = parent(of: folder)
      guard errno == ENOENT, above != folder else { return nil }
      folder = above
    }
    let (bytes, isTooLarge) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
    return isTooLarge ? .max : bytes
  }
}
