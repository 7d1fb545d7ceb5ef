import ArgumentParser
import Runner
import Site
import System

/// A command of `git migrate`: its arguments, parsed, and what it does with them.
///
/// A command is one file in `Commands/`: parse → event → append → perform → print. Results go to
/// `context.output`, everything else to `context.warn`/`note`. It ends by returning (exit 0, or
/// `context.exitCode` when the answer is another one) or by throwing the `CommandError` that is shown.
protocol Subcommand: ParsableCommand {
  /// Does the work.
  func run(_ context: Context) throws(CommandError)
}

/// `-m NAME`: which migration a command is about, for ledgers with more than one open.
struct MigrationOption: ParsableArguments {
  @Option(
    name: [.customShort("m", allowingJoined: true), .long],
    help: ArgumentHelp("The migration, when more than one is open.", valueName: "name"))
  var migration: String?
}

/// `--json`: the same answer for scripts, one document with a `version`.
struct JSONOption: ParsableArguments {
  @Flag(name: .customLong("json"), help: "Print JSON for scripts.")
  var isWanted = false
}

/// `--color[=<when>]`, as git spells it.
struct ColourOption: ParsableArguments {
  @Option(
    name: .customLong("color"),
    help: ArgumentHelp("Colour the text: auto, always or never.", valueName: "when"))
  var choice: ColourChoice?
}

/// When text is coloured.
enum ColourChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never
}

/// `--reason TEXT`, beside a reason that is written as plain words.
struct ReasonOption: ParsableArguments {
  @Option(name: .customLong("reason"), help: ArgumentHelp("The same as the words.", valueName: "text"))
  var reason: String?

  /// The option, or the words.
  func text(or words: [String]) -> String { TerminalText.foreign(reason ?? words.joined(separator: " ")) }

  /// Refuses a reason that is given twice.
  func check(beside words: [String]) throws {
    if reason != nil && !words.isEmpty { throw ValidationError("the reason is given twice") }
  }
}
