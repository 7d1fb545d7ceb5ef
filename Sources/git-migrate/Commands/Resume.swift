import ArgumentParser
import Migration
import Runner
import Site

/// `git migrate resume`: goes on after a pause.
struct ResumeCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Go on after a pause.")

  @Option(
    help: ArgumentHelp(
      "Let the agents use so much more, as '+50usd', '+100turns', '+2000000tokens' or '+2h'.",
      valueName: "amount"))
  var budget: [String] = []

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    for text in budget where Budget.raise(text) == nil {
      throw ValidationError("'--budget' takes an amount such as +50usd, not '\(text)'")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    let raises = budget.compactMap(Budget.raise).map {
      Migration.Change.budgetRaised($0.unit, by: $0.amount)
    }
    try Steering(context, migration).append(json) { state in
      // What is not paused has nothing to go on after; its budget may be raised all the same.
      if case .running = state.phase, !raises.isEmpty { return raises }
      return raises + [.migrationResumed]
    }
  }
}
