import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate compare 1 2`: the same steps under two plans, or by two agents.
struct CompareCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compare two plans, or two agents, step by step.",
    discussion: """
      A row a step: how its newest attempt or trial ended, the cause, cost, turns, time, and how many lines \
      it changed. Numbers are plans, other words are agents.
      """)

  @Argument(help: ArgumentHelp("The plan's number, or the agent's name.", valueName: "first"))
  var first: String

  @Argument(help: ArgumentHelp("What it is compared with.", valueName: "second"))
  var second: String

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let snapshot = try context.snapshot(finding: migration.migration, looksOnly: true)
    let state = try context.site().migration(migration.migration, in: snapshot.state)
    let sides: PlanComparison.Sides
    if let one = Int(first), let other = Int(second) {
      for number in [one, other] where !(1...state.planNumber).contains(number) {
        throw CommandError(
          "'\(state.name)' has no plan \(number)", hint: "its plans are 1 to \(state.planNumber)")
      }
      sides = .plans(one, other)
    } else {
      sides = .agents(first, second)
    }
    try context.print(try context.answers().comparison(state, of: sides), json)
  }
}
