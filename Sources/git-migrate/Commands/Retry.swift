import ArgumentParser
import Migration
import Runner
import Site
import System

/// `git migrate retry`: lets blocked or resting steps try again.
struct RetryCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Let blocked or resting steps try again.",
    discussion:
      "A blocked step gets as many new attempts as the plan gives. All steps named are retried, or none.")

  @Argument(help: ArgumentHelp("The steps.", valueName: "step"))
  var steps: [String] = []

  @Flag(name: .customLong("all-blocked"), help: "Retry every blocked step.")
  var allBlocked = false

  @Option(help: ArgumentHelp("Why; recorded in the ledger.", valueName: "text"))
  var reason: String?

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if steps.isEmpty != allBlocked { throw ValidationError("name the steps, or give '--all-blocked'") }
  }

  func run(_ context: Context) throws(CommandError) {
    let steering = try Steering(context, migration)
    var isEmpty = false
    try steering.append(json) { state in
      let ids = allBlocked ? StepWord.ids(in: state, of: .blocked) : eachOnce(steps)
      isEmpty = ids.isEmpty
      return ids.map { .stepRetried(step: $0, reason: TerminalText.foreign(reason ?? "")) }
    }
    if isEmpty && !json.isWanted { context.note("no step is blocked") }
  }
}

extension StepWord {
  /// The steps that are in this state.
  fileprivate static func ids(in state: MigrationState, of word: StepWord) -> [String] {
    state.steps.filter { StepWord($0.phase) == word }.map(\.id)
  }
}
