/// The reasons that a person was told why something waits, so that each is told once: one that comes later
/// may be the one they have to do something about.
package struct ToldReasons {
  /// Of how many different ones a person hears; some have a name or a number that is another each time.
  private static let most = 8

  private var told: Set<String> = []

  /// None was told yet.
  package init() {}

  /// Whether a reason is to be told: not a second time, and not one after the other without end.
  package mutating func isNew(_ reason: String) -> Bool {
    told.count < Self.most && told.insert(Self.lasting(reason)).inserted
  }

  /// What of a reason stays the same from one time to the next.
  package static func lasting(_ reason: String) -> String { reason.replacing(openEnd, with: "") }

  /// What is added to a reason while it is not known whether the remote has the entries; the reason stays the
  /// same.
  static let openEnd = " (it may have the entry all the same)"
}
