import ArgumentParser
import Runner
import Site

/// `git migrate refresh`: takes a moved base into the integration branch.
struct RefreshCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "refresh", abstract: "Merge the moved base into the integration branch, through the gate.",
    discussion: "Exit codes: 0 it is taken in, 1 it conflicts or does not pass, 125 it could not be verified."
  )

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let refreshed = try context.answers().refresh(migration.migration, context.interruption)
    context.exitCode = refreshed.exitCode
    try context.print(refreshed, json)
    context.hint(refreshed.hint)
  }
}
