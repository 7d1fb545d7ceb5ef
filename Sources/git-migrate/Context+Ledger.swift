import Ledger
import Migration
import Runner
import Site

extension Context {
  /// The ledger as it is here, for a command about one migration; see `Site.snapshot(finding:)`.
  func snapshot(finding name: String?, looksOnly: Bool = false) throws(CommandError) -> LedgerSnapshot {
    try site().snapshot(finding: name, looksOnly: looksOnly) { warn($0.message, hint: $0.hint) }
  }
}
