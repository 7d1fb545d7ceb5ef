import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate board`: a migration, or a fleet, as cards on the board of a forge.
struct BoardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "board", abstract: "Mirror a migration to the board of a forge.",
    subcommands: [BoardPushCommand.self, BoardPullCommand.self])
}

/// What both directions take.
struct BoardOptions: ParsableArguments {
  @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Say what would be done; do nothing.")
  var isDryRun = false

  @Option(
    help: ArgumentHelp("What has a card: step or cause; by default as the plan says.", valueName: "what"))
  var by: String?

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if let by, BoardPolicy.Subject(rawValue: by) == nil {
      throw ValidationError("'--by' must be step or cause, not '\(by)'")
    }
  }

  /// Goes on in the program that speaks HTTP.
  func become(_ word: String, _ context: Context) throws(CommandError) {
    let name = try context.fleet(for: migration)
    let site = try context.site()
    let found = try context.snapshot(finding: migration.migration, looksOnly: isDryRun).state
    let chosen = if let name { name } else { try site.migration(migration.migration, in: found).name }
    var words = [word]
    if json.isWanted { words.append("--json") }
    if isDryRun { words.append("--dry-run") }
    if let by { words.append("--by-\(by)") }
    try WebProgram.become(words + [chosen], context)
  }
}

/// `git migrate board push`: makes the board what the ledger says.
struct BoardPushCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "push", abstract: "Make the board what the ledger says.",
    discussion: """
      Each step, or each cause that steps fail for, is an issue of the forge that the remote is at; a label \
      says in which column it is. What is there already is found again, so that twice is harmless. A card \
      that people have moved is left to 'git migrate board pull'. Exit code 1: something could not be done.
      """)

  @OptionGroup var options: BoardOptions

  func run(_ context: Context) throws(CommandError) { try options.become("board-push", context) }
}

/// `git migrate board pull`: takes what people ask for on the board.
struct BoardPullCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Take what people ask for on the board.",
    discussion: """
      A card that was moved to Todo is retried, to Abandoned skipped, to Done approved where it waits for a \
      person; the labels migrate:retry, migrate:skip, migrate:approve and migrate:pause ask for the same \
      anywhere. The ledger stays the truth: what it does not allow is put back, and told. Exit code 1: \
      something was asked for that cannot be, or could not be done.
      """)

  @OptionGroup var options: BoardOptions

  func run(_ context: Context) throws(CommandError) { try options.become("board-pull", context) }
}
