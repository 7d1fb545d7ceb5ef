import Git
import Migration
import System

/// The rule for a ref lock that a killed process left behind (PITFALLS E.2, F8): git and libgit2 never break
/// one.
///
/// It is moved aside only when we hold the queue lock, so no writer of ours is at work; no process has the
/// file open; and it is provably that of a dead writer, or older than a minute. Age alone is never enough:
/// git holds locks that it has closed.
///
/// Before a writer of ours moves the ref it notes the new value in the queue's file. A lock that holds the
/// very value can be nobody else's, since every entry has a nonce. One that was left empty, in the moment
/// between its making and its writing, could be anybody's, and has to wait for its minute.
public enum StaleLock {
  static let ageSeconds: Int64 = 60
  /// The age for an attempt's ref: git itself locks one only to pack or to fetch it, for a moment.
  public static let attemptAgeSeconds: Int64 = 10

  /// Notes what the holder of the queue is about to write.
  static func announce(_ value: OID, holding queue: FileLock?) {
    queue?.leave(PathText.bytes(value.hex + "\n"))
  }

  /// Whether a commit is the last that any holder of the queue announced.
  static func isAnnounced(_ value: OID, in queue: FileLock) -> Bool {
    queue.note(limit: 41) == PathText.bytes(value.hex + "\n")
  }

  /// Whether there is a lock at all: one system call, so that every append can ask.
  static func exists(in repository: Repository) -> Bool {
    present(on: LedgerRefs.ledger, in: repository) != nil
  }

  /// The path of the lock of any ref, if there is one, whoever holds it.
  public static func present(on ref: String, in repository: Repository) -> String? {
    let path = path(ref, repository)
    return identity(of: path) == nil ? nil : path
  }

  /// Moves a stale lock of the ledger's ref aside; says whether there was one.
  static func recover(
    in repository: Repository, holding queue: FileLock?, now: Timestamp
  ) throws(LedgerError) -> Bool {
    guard let queue else { return false }
    let path = path(LedgerRefs.ledger, repository)
    guard let before = identity(of: path) else { return false }
    #if KNOWN_BUGS
      if KnownBug.lockRemovedByAge.isOn, now.seconds - before.changed > ageSeconds {
        return try moveAside(path, before)
      }
    #endif
    guard isAnnounced(path, queue) || now.seconds - before.changed > ageSeconds, !isOpen(before) else {
      return false
    }
    return try moveAside(path, before)
  }

  /// Takes away the lock of a ref that only git-migrate writes: an attempt's, or a migration's own branch. It
  /// was left when nobody has it open and it is older than a minute, an attempt's than ten seconds. Says
  /// whether there was one.
  public static func recover(_ ref: String, in repository: Repository, now: Timestamp) throws(LedgerError)
    -> Bool
  {
    let path = path(ref, repository)
    guard let before = identity(of: path), isLeft(before, ref, now) else { return false }
    return try moveAside(path, before)
  }

  /// Whether such a ref cannot be written for now: it is locked, and the lock does not count as left yet.
  public static func isLocked(_ ref: String, in repository: Repository, now: Timestamp) -> Bool {
    guard let lock = identity(of: path(ref, repository)) else { return false }
    return !isLeft(lock, ref, now)
  }

  private static func path(_ ref: String, _ repository: Repository) -> String {
    "\(repository.commonDirectory)/\(ref).lock"
  }

  private static func isLeft(_ lock: Identity, _ ref: String, _ now: Timestamp) -> Bool {
    let age = ref.hasPrefix("refs/migrate/attempt/") ? attemptAgeSeconds : ageSeconds
    return now.seconds - lock.changed > age && !isOpen(lock)
  }

  private static func moveAside(_ path: String, _ before: Identity) throws(LedgerError) -> Bool {
    let aside = path + ".stale-\(before.inode)"
    do throws(FileError) { try Files.move(path, to: aside) } catch { return false }
    guard let moved = identity(of: aside), moved.inode == before.inode else {
      // Another writer's fresh lock took the place of the one we looked at: give it back.
      do throws(FileError) { try Files.move(aside, to: path) } catch { throw .file(error) }
      return false
    }
    // Anything may lie there, a folder too; it is out of the way already.
    try? Files.removeTree(aside)
    return true
  }

  /// Whether there is a lock that no process has open.
  static func isLeft(in repository: Repository) -> Bool {
    guard let lock = identity(of: path(LedgerRefs.ledger, repository)) else { return false }
    return !isOpen(lock)
  }

  /// Whether the lock holds what the last writer of ours announced.
  private static func isAnnounced(_ path: String, _ queue: FileLock) -> Bool {
    let note = queue.note(limit: 41)
    return note.count == 41 && (try? Files.readPlain(path, limit: 64)) == note
  }

  private struct Identity {
    var device: UInt64
    var inode: UInt64
    var changed: Int64
  }

  private static func identity(of path: String) -> Identity? {
    FileStatus(of: path).map {
      Identity(device: $0.device, inode: $0.inode, changed: $0.modified.seconds)
    }
  }

  /// Whether any process we may look at has the file open.
  private static func isOpen(_ file: Identity) -> Bool {
    // Who cannot look must not say that nobody is there.
    guard let processes = try? Files.listDirectory("/proc") else { return true }
    for process in processes where Int32(process) != nil {
      // One of ours cannot be looked into, and holds no lock for that long unless it stands still.
      if Int32(process).map(OwnProcess.isStoppedOne) == true { return true }
      let directory = "/proc/\(process)/fd"
      for descriptor in (try? Files.listDirectory(directory)) ?? [] {
        guard let status = FileStatus(following: "\(directory)/\(descriptor)") else { continue }
        if status.device == file.device && status.inode == file.inode { return true }
      }
    }
    return false
  }
}
