import Glibc

/// What became of a compare-and-swap of a ref. There are four answers, and "an error" is not "did not
/// happen": libgit2 1.5.1 can fail after the rename that made the new value visible (PITFALLS F7).
public enum SwapOutcome: Equatable, Sendable {
  /// The ref had the expected value and has the new one now.
  case won
  /// The ref had another value (or none, or one where none was expected); nothing was changed.
  case lost
  /// The ref's lock was held by somebody else for the whole patience of the `RetryPolicy`; surely nothing was
  /// changed.
  case busy(GitError)
  /// It failed in a way that leaves open whether it happened: read the ref again and look for what you wrote.
  case unknown(GitError)
}

/// How long to try for a ref's lock. libgit2 never waits for one by itself (PITFALLS F5); git waits 100 ms
/// for a ref and a second for `packed-refs`.
public struct RetryPolicy: Sendable {
  /// The longest time spent waiting, in microseconds, counted by the waits and not by a clock.
  public var patienceMicroseconds: Int
  /// The first wait; each later one is twice as long, up to 32 times this.
  public var firstWaitMicroseconds: Int
  /// Sleeps for a number of microseconds. Tests inject their own.
  public var sleep: @Sendable (Int) -> Void
  /// Picks a number in a range: the jitter that keeps rivals from waking together.
  public var random: @Sendable (ClosedRange<Int>) -> Int

  /// Makes a policy.
  public init(
    patienceMicroseconds: Int = 1_000_000, firstWaitMicroseconds: Int = 500,
    sleep: @escaping @Sendable (Int) -> Void = { RetryPolicy.pause(microseconds: $0) },
    random: @escaping @Sendable (ClosedRange<Int>) -> Int = { Int.random(in: $0) }
  ) {
    self.patienceMicroseconds = patienceMicroseconds
    self.firstWaitMicroseconds = max(1, firstWaitMicroseconds)
    self.sleep = sleep
    self.random = random
  }

  /// Waits up to a second in all, starting at half a millisecond.
  public static let standard = RetryPolicy()
  /// Tries once.
  public static let never = RetryPolicy(patienceMicroseconds: 0)

  /// Blocks the thread.
  public static func pause(microseconds: Int) {
    // A signal may cut a sleep short; an early try does no harm. `usleep` wants less than a second.
    var rest = microseconds
    while rest > 0 {
      usleep(UInt32(min(rest, 999_999)))
      rest -= 999_999
    }
  }

  /// Runs `attempt` until it is not locked out any more, or patience ends.
  func run(_ attempt: () -> SwapOutcome) -> SwapOutcome {
    var waited = 0
    var bound = firstWaitMicroseconds
    while true {
      let outcome = attempt()
      guard case .busy = outcome, waited < patienceMicroseconds else { return outcome }
      let wait = min(random(max(1, bound / 2)...max(1, bound)), patienceMicroseconds - waited)
      sleep(wait)
      waited += max(1, wait)
      bound = min(bound * 2, firstWaitMicroseconds * 32)
    }
  }
}
