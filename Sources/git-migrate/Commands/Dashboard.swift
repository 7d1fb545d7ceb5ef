import ArgumentParser
import Ledger
import Runner
import Site
import Supervision
import System

/// `git migrate dashboard`: the report's page, live.
struct DashboardCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard", abstract: "Serve the report's page on this machine, and keep it up to date.",
    discussion: """
      Prints an address, which is the key to the page: it is served to this machine alone, until Ctrl-C; \
      for reading, unless '--control' is given. Below it, 'metrics' is what Prometheus reads. The program \
      'git-migrate-web' beside this one does it.
      """)

  @Option(help: ArgumentHelp("The port; by default one that is free.", valueName: "number"))
  var port = 0

  @Flag(help: "Let who has the address pause, resume, retry and approve.")
  var control = false

  @OptionGroup var migration: MigrationOption

  func validate() throws {
    if !(0...65_535).contains(port) { throw ValidationError("'--port' takes a number up to 65535") }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let snapshot = try context.snapshot(finding: migration.migration, looksOnly: true)
    if let name = migration.migration { _ = try site.migration(name, in: snapshot.state) }
    try WebProgram.become(
      ["dashboard", String(port)] + (control ? ["--control"] : []) + (migration.migration.map { [$0] } ?? []),
      context)
  }
}
