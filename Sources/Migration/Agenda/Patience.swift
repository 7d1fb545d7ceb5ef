/// How long a worker that has nothing to do waits for work before it lets its machine go. Pure: it is told
/// the time.
public struct Patience: Equatable, Sendable {
  /// How long, in seconds.
  public var seconds: Int
  /// Since when there is nothing to do.
  private var since: Timestamp?

  /// Makes one that has just had something to do.
  public init(seconds: Int) { self.seconds = seconds }

  /// There is something to do.
  public mutating func hasWork() { since = nil }

  /// There is nothing to do; says whether that has lasted long enough.
  public mutating func isOver(at now: Timestamp) -> Bool {
    // A clock that was set back begins the wait anew.
    guard let since, since <= now else {
      self.since = now
      return false
    }
    return now >= since.adding(seconds: seconds)
  }
}

extension Ending {
  /// Whether somebody may bring it about that there is work again: a person who retries, another worker that
  /// does what the rest waits for.
  public var mayPass: Bool {
    switch self {
    case .needsPerson, .needsWorkers, .needsMachine, .paused: true
    case .allDone, .idle, .outOfTime, .partDone, .machineCannot, .ended, .interrupted: false
    }
  }
}
