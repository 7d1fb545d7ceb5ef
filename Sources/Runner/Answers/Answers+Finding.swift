import Ledger
import Site

extension Answers {
  /// The same, for an answer.
  func snapshot(finding name: String?) throws(CommandError) -> LedgerSnapshot {
    try site.snapshot(finding: name) { warn($0.message) }
  }
}
