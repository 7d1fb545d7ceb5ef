import Glibc
import Synchronization

/// Runs `body` in `count` threads of their own, with their numbers, and waits for all; throws what the first
/// of them threw. For work that blocks, which Swift's own pool of threads must not.
public func inThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
  let threads = try (0..<count).map { number in try BackgroundThread { try body(number) } }
  var failure: (any Error)?
  for thread in threads {
    do { try thread.join() } catch { failure = failure ?? error }
  }
  if let failure { throw failure }
}

/// A thread that goes on while the test does.
public final class BackgroundThread: Sendable {
  private final class Work: Sendable {
    let body: @Sendable () throws -> Void
    let failure = Mutex<(any Error)?>(nil)

    init(_ body: @escaping @Sendable () throws -> Void) { self.body = body }
  }

  private let handle: pthread_t
  private let work: Work

  /// Starts it.
  public init(_ body: @escaping @Sendable () throws -> Void) throws {
    let work = Work(body)
    var handle = pthread_t()
    let box = Unmanaged.passRetained(work)
    let code = pthread_create(
      &handle, nil,
      { raw in
        guard let raw else { return nil }
        let work = Unmanaged<Work>.fromOpaque(raw).takeRetainedValue()
        do { try work.body() } catch { work.failure.withLock { $0 = error } }
        return nil
      }, box.toOpaque())
    guard code == 0 else {
      box.release()
      throw TestFailure("no thread could be started: \(code)")
    }
    (self.handle, self.work) = (handle, work)
  }

  /// Waits for its end, once, and throws what it threw.
  public func join() throws {
    pthread_join(handle, nil)
    if let failure = work.failure.withLock({ $0 }) { throw failure }
  }
}
