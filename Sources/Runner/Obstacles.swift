import Ledger
import Migration

/// Why work that is due cannot go on before something happens elsewhere, as far as a person was told: each
/// reason once, and again after ten minutes. Whoever can do something about it may have come only then.
struct Obstacles {
  /// How long a reason that was told is not told again, in seconds.
  static let pause = 600
  /// Of how many different ones a person hears in that time; some have a name that is another each time.
  private static let most = 8

  private var told: [String: Timestamp] = [:]

  /// Whether a reason is to be told at `now`; it counts as told then.
  mutating func isNew(_ reason: String, at now: Timestamp) -> Bool {
    // A clock that was set back must not keep a person waiting longer.
    told = told.filter { now >= $0.value && now < $0.value.adding(seconds: Obstacles.pause) }
    let reason = ToldReasons.lasting(reason)
    guard told[reason] == nil, told.count < Obstacles.most else { return false }
    told[reason] = now
    return true
  }
}
