import Glibc
import Synchronization

/// Waits for a lock in a thread of its own, since the kernel knows no time limit for that.
package final class LockWait: Sendable {
  private enum State {
    static let waiting = 0
    static let taken = 1
    static let givenUp = 2
  }

  private let lock: Int32
  /// Closed when the lock is taken.
  private let news: Int32
  private let state = Atomic(State.waiting)

  private init(lock: Int32, news: Int32) {
    self.lock = lock
    self.news = news
  }

  /// Whether the lock of an open file came within so many seconds. When not, the file is not the caller's any
  /// more: it is closed once the lock comes.
  package static func lock(_ raw: Int32, withinSeconds seconds: Int) -> Bool {
    // Without a pipe or a thread to be had there is no limit.
    guard var pipe = try? Pipe(for: "lock") else { return retrying { flock(raw, LOCK_EX) } == 0 }
    let wait = LockWait(lock: raw, news: pipe.takeWriting())
    if !wait.start() { wait.wait() }
    let end = monotonicMilliseconds() + Int64(seconds) * 1000
    let reading = pipe.reading
    while wait.state.load(ordering: .acquiring) == State.waiting {
      let rest = end - monotonicMilliseconds()
      if rest <= 0 { return !wait.change(to: State.givenUp) }
      _ = Poller(reading: [reading]).wait(milliseconds: Int(rest))
    }
    return true
  }

  private func start() -> Bool {
    var (thread, attributes) = (pthread_t(), pthread_attr_t())
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let own = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, &attributes,
      { own in
        if let own { Unmanaged<LockWait>.fromOpaque(own).takeRetainedValue().wait() }
        return nil
      }, own.toOpaque())
    if code != 0 { own.release() }
    return code == 0
  }

  private func wait() {
    _ = retrying { flock(lock, LOCK_EX) }
    if !change(to: State.taken) { _ = close(lock) }
    _ = close(news)
  }

  private func change(to new: Int) -> Bool {
    state.compareExchange(expected: State.waiting, desired: new, ordering: .acquiringAndReleasing).exchanged
  }
}
