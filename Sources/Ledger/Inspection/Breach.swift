import Git

/// An invariant that an entry of the ledger breaks.
struct Breach: Error, Equatable {
  /// The invariant, e.g. `I-1`.
  var rule: String
  /// The entry.
  var commit: OID
  /// What is wrong, in git's grammar.
  var reason: String
  /// Whether it is about the clocks of two machines.
  var isOfClock = false
}

/// Why a chain cannot be inspected any further.
enum InspectionFault: Error {
  /// The entry breaks an invariant on which everything after it rests.
  case breach(Breach)
  /// The repository cannot be read, or a newer version wrote the entry.
  case unreadable(LedgerError)
}
