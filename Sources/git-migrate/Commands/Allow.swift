import ArgumentParser
import Migration
import Runner
import Site
import System

/// `git migrate allow`: a person lets findings about a step's result pass.
struct AllowCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "allow", abstract: "Let findings of the guards about a step pass.",
    discussion: """
      A finding is named as 'git migrate show' has it in brackets, such as \
      'lost-test:tests/test_a.py:test_total'. It is allowed in this step alone, for every attempt \
      from now on. A step that is blocked goes on when it is retried.
      """)

  @Argument(help: ArgumentHelp("The step.", valueName: "step"))
  var step: String

  @Argument(help: ArgumentHelp("The findings, by their names.", valueName: "finding"))
  var findings: [String]

  @Option(help: ArgumentHelp("Why; recorded in the ledger.", valueName: "text"))
  var reason: String

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    try Steering(context, migration).append(json) { _ in
      eachOnce(findings).map {
        .findingAllowed(step: step, finding: TerminalText.foreign($0), reason: TerminalText.foreign(reason))
      }
    }
  }
}
