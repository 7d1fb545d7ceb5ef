import Ledger
import Migration

/// Why work that is due cannot go on before something happens elsewhere: each reason is told once, and again
/// after ten minutes, since whoever can do something about it may have come only then.
struct Obstacles {
  private static let pauseSeconds = 600

  private var told = ToldReasons()
  private var last: Timestamp?

  /// Whether a person is to be told of this reason at `now`.
  mutating func isDue(_ reason: String, at now: Timestamp) -> Bool {
    if let last, now >= last.adding(seconds: Self.pauseSeconds) { told = ToldReasons() }
    guard told.isNew(reason) else { return false }
    last = now
    return true
  }

  /// Something went on: whatever stands in the way next is news.
  mutating func clear() { told = ToldReasons() }
}
