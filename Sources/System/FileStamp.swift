import Glibc

/// What a file system says of a file or folder. While that stays the same, so does what is in a file, and so
/// do the names in a folder: nobody but root sets the time of the last change.
public struct FileStamp: Equatable, Sendable {
  private let device: UInt64
  private let inode: UInt64
  private let mode: UInt32
  private let size: Int64
  private let modified: Moment
  private let changed: Moment

  /// A moment as a file system counts it.
  public struct Moment: Equatable, Sendable {
    /// Whole seconds since the Unix epoch.
    public var seconds: Int64
    /// The rest of it.
    public var nanoseconds: Int64

    init(seconds: Int64, nanoseconds: Int64) { (self.seconds, self.nanoseconds) = (seconds, nanoseconds) }

    init(_ time: timespec) { self.init(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec)) }

    /// The nanoseconds until a later moment.
    func nanoseconds(until later: Moment) -> Int64 {
      (later.seconds &- seconds) &* 1_000_000_000 &+ later.nanoseconds &- nanoseconds
    }
  }

  /// The stamp of what a path leads to, links followed, or `nil` when it leads nowhere.
  public init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// The stamp in what `stat` gave.
  public init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    mode = status.st_mode
    size = Int64(status.st_size)
    modified = Moment(status.st_mtim)
    changed = Moment(status.st_ctim)
  }

  /// It as text, the same for the same stamp alone.
  public var text: String {
    "\(device) \(inode) \(mode) \(size) \(modified.seconds).\(modified.nanoseconds) "
      + "\(changed.seconds).\(changed.nanoseconds)"
  }

  /// Whether a change after `look` would have given another stamp. File systems take their time from a clock
  /// that stands still between two ticks of the kernel, so that two changes in one tick look like one.
  ///
  /// `look` is the time before the stamp was taken; see `now`.
  public func isSettled(at look: Look) -> Bool { FileStamp.isSettled(changed, at: look.moment) }

  /// The same for a moment of change. One without nanoseconds is of a file system that counts whole seconds,
  /// or two of them.
  package static func isSettled(_ changed: Moment, at look: Moment) -> Bool {
    let margin: Int64 = changed.nanoseconds == 0 ? 3_000_000_000 : 40_000_000
    return changed.nanoseconds(until: look) > margin
  }

  /// The time at which somebody looks, by the clock of the file systems.
  public struct Look: Sendable {
    let moment: Moment

    /// Now.
    public init() {
      var time = timespec()
      clock_gettime(CLOCK_REALTIME_COARSE, &time)
      moment = Moment(time)
    }

    /// So many seconds after another.
    package init(_ look: Look, plus seconds: Int64) {
      moment = Moment(seconds: look.moment.seconds + seconds, nanoseconds: look.moment.nanoseconds)
    }
  }
}
