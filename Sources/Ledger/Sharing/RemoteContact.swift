import Migration

/// What is known of the remote's state of health.
package final class RemoteContact {
  /// When it answered last.
  var answered: Timestamp?
  /// Until when it is not asked, because it could not be reached a moment ago.
  var restUntil: Timestamp?
  /// Why it could not be followed when that was tried last.
  var obstacle: String?
  /// That it cannot be reached, as far as the person was told.
  package var outage = Outage()

  /// What others had left there when it was asked last, and nobody is known to have taken since.
  var waiting: [WaitingDraft] = []
  /// How often others were faster since a push of ours got through.
  var losses = 0
  /// How many others append to it, and how long that takes.
  var crowd = Crowd()

  /// What follows from entries that had waited and that the remote has otherwise than they were recorded
  /// here, and is still to be done.
  var due: [Effect] = []

  /// Hands over what is still to be done; nobody else gets it.
  package func takeDue() -> [Effect] {
    defer { due = [] }
    return due
  }

  /// For how long an answer counts as new, in seconds: a run that finds nothing to do must not ask without
  /// end.
  static let freshSeconds = 2
  /// For how long a remote that cannot be reached is left alone, in seconds.
  static let restSeconds = 10

  /// Nothing is known yet. `crowd`: how many others make one, when it is not as many as usual.
  package init(crowd: Int? = nil) {
    if let crowd { self.crowd.many = crowd }
  }

  /// Forgets what was known of its health, but not what the person was told: it is asked again.
  func renew() { (answered, restUntil, obstacle) = (nil, nil, nil) }
}
