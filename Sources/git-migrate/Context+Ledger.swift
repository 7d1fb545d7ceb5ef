import Ledger
import Migration
import Runner

extension Context {
  /// The ledger as it is here, for a command about one migration: the one named, or, without a name, one that
  /// is open. Where that is not there and the ledger is shared, the others' entries are brought first: a
  /// clone that was made ready before anything was started knows of nothing. With `looksOnly` an ended
  /// migration will do, so that nobody is asked for what is only looked at.
  func snapshot(finding name: String?, looksOnly: Bool = false) throws(CommandError) -> LedgerSnapshot {
    let site = try site()
    let snapshot = try reporting { try site.ledger.read() }
    let isThere =
      if let name {
        snapshot.state.migration(named: name) != nil
      } else {
        snapshot.state.migrations.contains { looksOnly || !$0.phase.isTerminal }
      }
    guard !isThere, site.isShared else { return snapshot }
    do throws(CommandError) {
      _ = try reporting { try site.ledger.synchronize() }
    } catch {
      guard error.isOffline else { throw error }
      warn(error.message, hint: error.hint)
      return snapshot
    }
    let newest = try reporting { try site.ledger.read() }
    try site.followAll(newest.state)
    return newest
  }
}
