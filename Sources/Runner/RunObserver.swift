import Ledger

/// What a run tells whoever watches.
public protocol RunObserver {
  /// The ledger has grown, by this run or by somebody else: the state, and a sentence for each new entry.
  func ledgerGrew(_ snapshot: LedgerSnapshot, sentences: [LedgerSentence])
  /// Something a person should know that is no entry.
  func warn(_ text: String)
}
