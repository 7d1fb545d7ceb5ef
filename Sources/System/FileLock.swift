import Glibc

/// An exclusive lock between processes, held by an open file: the kernel frees it when the holder dies.
public final class FileLock: Sendable {
  private let raw: Int32

  private init(raw: Int32) { self.raw = raw }

  deinit { _ = close(raw) }

  /// Takes the lock at `path`, making the file when it is not there: for its owner alone, unless others may
  /// write in the folder, who need the lock as well. With `wait` the call
  /// queues in the kernel until the lock is free; without it, `nil` says that somebody else holds it.
  ///
  /// The file is never removed: a lock on a removed file would exclude nobody. A signal does not end the
  /// wait.
  public static func acquire(path: String, wait: Bool) throws(FileError) -> FileLock? {
    let raw = try opened(path)
    let lock = FileLock(raw: raw)
    if retrying({ flock(raw, wait ? LOCK_EX : LOCK_EX | LOCK_NB) }) == 0 { return lock }
    if errno == EWOULDBLOCK { return nil }
    throw .last("lock", path)
  }

  /// The same, but waits for so many seconds at most; `nil` says that somebody else still holds it.
  public static func acquire(path: String, waitingSeconds seconds: Int) throws(FileError) -> FileLock? {
    if let free = try acquire(path: path, wait: false) { return free }
    guard seconds > 0 else { return nil }
    let raw = try opened(path)
    return LockWait.lock(raw, withinSeconds: seconds) ? FileLock(raw: raw) : nil
  }

  private static func opened(_ path: String) throws(FileError) -> Int32 {
    let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
    let existing = retrying { open(path, O_RDWR | flags) }
    if existing >= 0 { return existing }
    let raw = retrying { open(path, O_RDWR | O_CREAT | flags, 0o600) }
    guard raw >= 0 else { throw .last("lock", path) }
    var folder = stat()
    var file = stat()
    guard stat(Files.parent(of: path), &folder) == 0, folder.st_mode & 0o022 != 0, fstat(raw, &file) == 0,
      file.st_uid == geteuid()
    else { return raw }
    // Of a sticky folder (/tmp) nobody may take another's files away, and nobody else needs the lock.
    guard folder.st_mode & S_ISVTX == 0 else { return raw }
    let group: mode_t = folder.st_mode & 0o020 == 0 ? 0 : 0o060
    let others: mode_t = folder.st_mode & 0o002 == 0 ? 0 : 0o006
    _ = fchmod(raw, 0o600 | group | others)
    return raw
  }

  /// Lets others have the lock; the file stays open.
  public func free() { _ = retrying { flock(raw, LOCK_UN) } }

  /// Takes a lock back that was let go, if nobody else has it and its file was not removed.
  public func takeBack() -> Bool {
    var status = stat()
    return fstat(raw, &status) == 0 && status.st_nlink > 0 && retrying { flock(raw, LOCK_EX | LOCK_NB) } == 0
  }

  /// Leaves a few bytes in the lock's file for whoever holds the lock next; `false` when they could not be
  /// written.
  @discardableResult
  public func leave(_ note: [UInt8]) -> Bool {
    note.withUnsafeBytes { pwrite(raw, $0.baseAddress, $0.count, 0) } == note.count
  }

  /// What the last holder left, at most `limit` bytes.
  public func note(limit: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = bytes.withUnsafeMutableBytes { pread(raw, $0.baseAddress, limit, 0) }
    return Array(bytes.prefix(max(0, count)))
  }
}
