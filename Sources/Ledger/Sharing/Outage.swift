import Migration

/// A time in which the remote cannot be reached, as far as a person was told: once, however many things fail
/// meanwhile, each in words of its own.
package struct Outage {
  /// For how long nothing more is told, in seconds: what lasts longer may have another cause by then.
  private static let quietSeconds = 20
  /// After how long a reason that was told is told again, in seconds: nobody need have seen the end of it.
  private static let forgetSeconds = 600

  /// What happens until it is over, for the person.
  package var advice = "what is recorded now waits for 'git migrate sync'"
  private var told = ToldReasons()
  private var last: Timestamp?

  /// Nothing was told yet.
  package init() {}

  /// Whether a reason is to be told at `now`; it counts as told then.
  package mutating func isNews(_ reason: String, at now: Timestamp) -> Bool {
    // A clock that was put back must not keep a person waiting longer.
    if let last, now >= last {
      if now < last.adding(seconds: Self.quietSeconds) { return false }
      if now >= last.adding(seconds: Self.forgetSeconds) { told = ToldReasons() }
    }
    guard told.isNew(reason) else { return false }
    last = now
    return true
  }

  /// The remote has taken something: the next time is another one.
  mutating func end() { (told, last) = (ToldReasons(), nil) }
}
