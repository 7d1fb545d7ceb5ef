import ArgumentParser
import Ledger
import Migration
import Runner

extension Context {
  /// What the commands record by; says what happens on standard error.
  func interpreter() throws(CommandError) -> Interpreter {
    Interpreter(site: try site(), report: { self.warn($0) })
  }
}

/// What the commands of a person share that steer a migration: one append, then a word about it.
struct Steering {
  let context: Context
  /// The migration's name.
  let migration: String

  /// Finds the migration.
  init(_ context: Context, _ option: MigrationOption) throws(CommandError) {
    self.context = context
    let site = try context.site()
    let state = try context.snapshot(finding: option.migration).state
    migration = try site.migration(option.migration, in: state).name
  }

  /// Records all the changes or none, performs their effects and tells of each.
  func append(
    json: Bool, _ changes: (MigrationState) throws(Refusal) -> [Migration.Change]
  ) throws(CommandError) {
    let site = try context.site()
    let outcome = try context.interpreter().append(by: site.actor) { (snapshot, _) throws(Refusal) in
      guard let state = snapshot.state.migration(named: migration) else {
        throw Refusal(.unknownMigration, "no migration '\(migration)'")
      }
      let told = try changes(state)
      return (told, told.map { Proposal(migration, $0) })
    }
    switch outcome {
    case .recorded(let snapshot, let told), .nothing(let snapshot, let told):
      try tell(told, snapshot, by: site.actor, json: json)
    case .refused(let refusal): throw CommandError(refusal)
    }
  }

  private func tell(
    _ changes: [Migration.Change], _ snapshot: LedgerSnapshot, by author: String, json: Bool
  ) throws(CommandError) {
    let events = changes.map {
      Event(migration: migration, at: snapshot.state.at, by: author, change: $0)
    }
    guard json else {
      for event in events { try context.output.line(event.sentence) }
      return
    }
    let state = snapshot.state.migration(named: migration)
    let list = events.map { event in
      JSON.object([
        JSON.Member("kind", .string(event.change.kindName)),
        JSON.Member("sentence", .string(event.sentence)),
        JSON.Member("step", event.change.step.map(JSON.string) ?? .null),
      ])
    }
    try context.output.line(
      json: JSON.object([
        JSON.Member("version", .integer(1)), JSON.Member("migration", .string(migration)),
        JSON.Member("seq", .integer(Int64(snapshot.sequence))),
        JSON.Member("state", state.map { .string($0.phase.word) } ?? .null),
        JSON.Member("events", .array(list)),
      ]))
  }
}

extension MigrationState {
  /// The index of a step a person named. Throws with the name that may have been meant.
  func require(step id: String) throws(CommandError) -> Int {
    if let index = index(of: id) { return index }
    let near = Suggestion.nearest(to: id, among: steps.map(\.id))
    throw CommandError(
      "no step '\(id)' in the migration '\(name)'",
      hint: near.map { "did you mean '\($0)'?" } ?? "'git migrate status' lists the steps")
  }
}

/// The texts in `list`, each once, in the order given.
func eachOnce(_ list: [String]) -> [String] {
  var seen: Set<String> = []
  return list.filter { seen.insert($0).inserted }
}
