import Ledger

/// Keeps what is to be said about an entry until the entry itself was told: "S1 is blocked" makes no sense
/// before "S1 attempt failed".
final class LateWarnings: RunObserver {
  private var texts: [(text: String, migration: String?)] = []

  func ledgerGrew(_ snapshot: LedgerSnapshot, sentences: [LedgerSentence]) {}

  func noticed(_ signal: Int32) {}
  func tick() {}

  func warn(_ text: String) { texts.append((text, nil)) }

  func warn(_ text: String, of migration: String) { texts.append((text, migration)) }

  /// Says what was kept.
  func tell(_ observer: any RunObserver) {
    let kept = texts
    texts = []
    for (text, migration) in kept {
      if let migration { observer.warn(text, of: migration) } else { observer.warn(text) }
    }
  }
}
