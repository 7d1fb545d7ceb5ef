import Ledger
import Migration
import Site

extension Site {
  /// The ledger as it is here, for who asks about one migration: the one named, or, without a name, one that
  /// is open. Where that is not there and the ledger is shared, the others' entries are brought first: a
  /// clone that was made ready before anything was started knows of nothing. With `looksOnly` an ended
  /// migration will do, so that nobody is asked for what is only looked at. `warn` is told that they could
  /// not be asked.
  package func snapshot(
    finding name: String?, looksOnly: Bool = false, warn: (CommandError) -> Void
  ) throws(CommandError) -> LedgerSnapshot {
    let snapshot = try reporting { try ledger.read() }
    let isThere =
      if let name {
        snapshot.state.migration(named: name) != nil
      } else {
        snapshot.state.migrations.contains { looksOnly || !$0.phase.isTerminal }
      }
    guard !isThere, hasRemote else { return snapshot }
    do throws(CommandError) {
      _ = try reporting { try ledger.synchronize() }
    } catch {
      guard error.isOffline else { throw error }
      warn(error)
      return snapshot
    }
    let newest = try reporting { try ledger.read() }
    try followAll(newest.state)
    return newest
  }
}
