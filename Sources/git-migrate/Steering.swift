import ArgumentParser
import CanonicalJSON
import Ledger
import Migration
import Runner
import Site
import System

extension Context {
  /// What the commands record by; says what happens on standard error.
  func interpreter() throws(CommandError) -> Interpreter {
    Interpreter(site: try site(), report: { self.warn($0) })
  }

  /// Does what follows from entries that had waited for the remote and were decided otherwise there, whatever
  /// command has brought that about.
  func performDue() throws(CommandError) {
    if isOpen { try interpreter().performDue() }
  }

  /// What the commands ask; says what happens on standard error.
  func answers() throws(CommandError) -> Answers { Answers(try site()) { self.warn($0) } }

  /// Prints an answer as JSON.
  func print(_ answer: some Answer) throws(CommandError) {
    try output.write(bytes: answer.printableBytes + [0x0A])
  }

  /// Prints an answer as the person or script wants it.
  func print(
    _ answer: some PrintedAnswer, _ json: JSONOption, _ palette: Palette = .plain
  ) throws(CommandError) {
    if json.isWanted { try print(answer) } else { try output.write(answer.text(palette)) }
  }

  /// How somebody asks a command that waits to stop: Ctrl-C, a lost terminal, a reader that went away.
  func interruption() throws(CommandError) -> Interruption {
    let signals = try reporting { try SignalPipe.installForEnd() }
    // `run | head`: an end by SIGPIPE would leave claims and gates to lapse.
    output.whenReaderLeaves { SignalPipe.note(Signal.brokenPipe) }
    var isInterrupted = false
    return Interruption(signals: signals) {
      if let signal = SignalPipe.drain().first(where: Signal.askToEnd.contains) {
        self.stopSignal = self.stopSignal ?? signal
        isInterrupted = true
      }
      return isInterrupted
    }
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
    _ json: JSONOption, _ changes: (MigrationState) throws(Refusal) -> [Migration.Change]
  ) throws(CommandError) {
    let site = try context.site()
    let outcome = try context.interpreter().append(by: site.actor) { (snapshot, _) throws(Refusal) in
      guard let state = snapshot.state.migration(named: migration) else {
        throw Refusal.noMigration(migration)
      }
      let told = try changes(state)
      return (told, told.map { Proposal($0.isOfNone ? FormatVersion.everyMigration : migration, $0) })
    }
    switch outcome {
    case .recorded(let snapshot, let told), .nothing(let snapshot, let told):
      try context.print(RecordedChanges(told, of: migration, by: site.actor, in: snapshot), json)
    case .refused(let refusal): throw CommandError(refusal)
    }
  }
}

extension Steering {
  /// The same for changes that rest on what the person named; what is wrong with that is thrown.
  func appendChosen(
    _ json: JSONOption, _ changes: (MigrationState) throws(CommandError) -> [Migration.Change]
  ) throws(CommandError) {
    var fault: CommandError?
    do throws(CommandError) {
      try append(json) { (state) throws(Refusal) in
        do throws(CommandError) { return try changes(state) } catch {
          fault = error
          throw Refusal(.invalid, error.message)
        }
      }
    } catch {
      throw fault ?? error
    }
  }
}

extension MigrationState {
  /// The index of a step a person named. Throws with the name that may have been meant.
  func require(step id: String) throws(CommandError) -> Int {
    if let index = index(of: id) { return index }
    var error = CommandError(.noStep(id, in: name))
    if let near = Suggestion.nearest(to: id, among: steps.map(\.id)) {
      error.hint = "did you mean '\(near)'?"
    }
    throw error
  }
}

/// The texts in `list`, each once, in the order given.
func eachOnce(_ list: [String]) -> [String] {
  var seen: Set<String> = []
  return list.filter { seen.insert($0).inserted }
}
