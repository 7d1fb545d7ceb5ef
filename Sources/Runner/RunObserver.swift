import Ledger

/// What a run tells whoever watches.
public protocol RunObserver {
  /// The ledger has grown, by this run or by somebody else: the state, and a sentence for each new entry.
  func ledgerGrew(_ snapshot: LedgerSnapshot, sentences: [LedgerSentence])
  /// Something a person should know that is no entry.
  func warn(_ text: String)
  /// A signal came; one that ends the run is heeded anyway.
  func noticed(_ signal: Int32)
  /// Time has passed: a look at what is under way. Called often, and cheap when there is nothing to do.
  func tick()
  /// The same of one migration, whose name the text need not say.
  func warn(_ text: String, of migration: String)
}

extension RunObserver {
  /// Says what there is to say of a migration.
  func voice(of migration: String) -> (String) -> Void {
    { warn($0, of: migration) }
  }
}
