import ArgumentParser
import Migration
import Runner
import Site
import System

/// `git migrate skip`: a person decides that steps are not needed.
struct SkipCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "skip", abstract: "Give up steps that are not needed; what needs them goes on.",
    discussion: "A skipped step stays skipped. All steps named are skipped, or none.")

  @Argument(help: ArgumentHelp("The steps.", valueName: "step"))
  var steps: [String]

  @Option(help: ArgumentHelp("Why; recorded in the ledger.", valueName: "text"))
  var reason: String

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    try Steering(context, migration).append(json) { _ in
      eachOnce(steps).map { .stepSkipped(step: $0, reason: TerminalText.foreign(reason)) }
    }
  }
}
