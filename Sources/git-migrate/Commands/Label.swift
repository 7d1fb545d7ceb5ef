import ArgumentParser
import Migration
import Runner
import Site
import Supervision
import System

/// `git migrate label`: a person names a cause of failures.
struct LabelCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "label", abstract: "Give a cause of failures a name.",
    discussion: "The name is shown in place of what failed, in every clone.")

  @Argument(help: ArgumentHelp("The cause, as 'git migrate failures' numbers it: F1.", valueName: "cause"))
  var cause: String

  @Argument(help: ArgumentHelp("Its name.", valueName: "words"))
  var words: [String]

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    try Steering(context, migration).appendChosen(json) { (state) throws(CommandError) in
      let report = try state.require(cause: cause)
      return [.causeLabelled(report.fingerprint, TerminalText.foreign(words.joined(separator: " ")))]
    }
  }
}
