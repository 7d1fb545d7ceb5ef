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

  @Option(
    help: ArgumentHelp("Let an agent that rests work at once: its service serves again.", valueName: "name"))
  var agent: [String] = []

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
    if budget.isEmpty, agent.isEmpty, let fleet = try context.fleet(for: migration) {
      return try context.resume(fleet: fleet, json)
    }
    try Steering(context, migration).append(json) { (state) throws(Refusal) in
      var changes = raises
      for name in eachOnce(agent) { changes.append(.agentWoke(try state.plan.service(named: name))) }
      // What is not paused has nothing to go on after; its budget may be raised all the same, and an agent
      // woken.
      if case .running = state.phase, !changes.isEmpty { return changes }
      return changes + [.migrationResumed]
    }
  }
}
