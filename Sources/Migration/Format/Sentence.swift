extension Event {
  /// The event as a person reads it in `git log refs/migrate/ledger`: one line, no full stop, at most 100
  /// characters, safe to print (I-30).
  public var sentence: String { Event.cut(PlainText.line(text)) }

  /// The same as builds before 0.1.0 wrote it: a character that stands for a byte of a name was left, and
  /// became that byte in the commit.
  public var olderSentence: String { Event.cut(PlainText.line(text, spellingBytes: false)) }

  private static func cut(_ line: String) -> String {
    line.count > 100 ? line.prefix(99) + "…" : line
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
    case .step(let step, let change): "\(change.subject(step)) \(change.words(by: by))"
    case .ledger(let change): change.words
    case .agent(let change): change.words
    case .machine(let change): change.words
    case .loop(let change): "\(migration) \(change.words(by: by))"
    case .lesson(let change): change.words(by: by)
    case .publication(let change): "\(migration) \(change.words(by: by))"
    case .notice(let change): "\(migration) \(change.words)"
    case .forge(let change): change.words
    case .fleet(let change): change.words(by: by)
    case .reserved(let reserved):
      migration == FormatVersion.everyMigration ? reserved.sentence : "\(migration) \(reserved.sentence)"
    }
  }
}
