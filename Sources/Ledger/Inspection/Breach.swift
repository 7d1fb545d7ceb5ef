import Git

/// An invariant that an entry of the ledger breaks.
package struct Breach: Error, Equatable {
  /// The invariant, e.g. `I-1`.
  package var rule: String
  /// The entry.
  package var commit: OID
  /// What is wrong, in git's grammar.
  package var reason: String
  /// Whether it is about the clocks of two machines.
  package var isOfClock = false

  /// Says which entry breaks what.
  package init(rule: String, commit: OID, reason: String, isOfClock: Bool = false) {
    (self.rule, self.commit, self.reason, self.isOfClock) = (rule, commit, reason, isOfClock)
  }
}

/// Why a chain cannot be inspected any further.
package enum InspectionFault: Error {
  /// The entry breaks an invariant on which everything after it rests.
  case breach(Breach)
  /// The repository cannot be read, or a newer version wrote the entry.
  case unreadable(LedgerError)
}
