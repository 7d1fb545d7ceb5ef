extension Event {
  /// The event as a person reads it in `git log refs/migrate/ledger`: one line, no full stop, at most 100
  /// characters, safe to print (I-30).
  public var sentence: String {
    let clean = PlainText.line(text)
    return clean.count > 100 ? clean.prefix(99) + "…" : clean
  }

  private var text: String {
    switch change {
    case .migration(let change): "\(migration) \(change.words)"
    case .refresh(let change): "\(migration) \(change.words)"
    case .baseline(let change): "\(migration) \(change.words(by: by))"
    case .claim(let fence, let change): "\(fence.step) \(change.words(epoch: fence.epoch, by: by))"
    case .gate(let fence, let change): "\(fence.step) \(change.words(by: by))"
    case .train(let change): "\(migration) \(change.words)"
    case .merge(let fence, let change): "\(fence.step) \(change.words)"
    case .step(let step, let change): "\(step) \(change.words(by: by))"
    case .ledger(let change): change.words
    case .agent(let change): change.words
    case .reserved(let reserved):
      migration == FormatVersion.everyMigration ? reserved.sentence : "\(migration) \(reserved.sentence)"
    }
  }
}
