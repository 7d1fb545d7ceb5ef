import Ledger
import Migration

/// What a person's command has recorded.
package struct RecordedChanges: PrintedAnswer {
  /// The migration's name.
  package let migration: String
  /// The number of the ledger's last entry.
  package let sequence: Int
  /// The word of the migration's state afterwards.
  package let state: String?
  /// What was recorded, oldest first.
  package let changes: [RecordedChange]

  /// The changes, and the state afterwards.
  package static let form = AnswerForm<RecordedChanges>.document([
    .text("migration", \.migration), .number("seq", \.sequence),
    .word("state", MigrationPhase.words, orNull: \.state), .list("events", \.changes),
  ])

  /// Tells of changes that `author` recorded.
  package init(
    _ changes: [Migration.Change], of migration: String, by author: String, in snapshot: LedgerSnapshot
  ) {
    self.migration = migration
    sequence = snapshot.sequence
    state = snapshot.state.migration(named: migration)?.phase.word
    self.changes = changes.map {
      RecordedChange(Event(migration: migration, at: snapshot.state.at, by: author, change: $0))
    }
  }

  package func text(_: Palette) -> String { changes.map(\.sentence).lines }
}

/// One change that was recorded.
package struct RecordedChange: Answer {
  /// The kind, as the ledger writes it.
  package let kind: String
  /// The sentence for people.
  package let sentence: String
  /// The step it is about.
  package let step: String?

  /// What it is about.
  package static let form = AnswerForm<RecordedChange>([
    .text("kind", \.kind), .text("sentence", \.sentence), .text("step", orNull: \.step),
  ])

  init(_ event: Event) {
    kind = event.change.kindName
    sentence = event.sentence
    step = event.change.step
  }
}
