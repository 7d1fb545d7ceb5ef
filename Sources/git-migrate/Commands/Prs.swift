import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate prs`: where the pull requests are, as the ledger knows.
struct PrsCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "prs", abstract: "Show where the pull requests are.",
    discussion: "It asks no forge: 'git migrate publish' looks, and the ledger says what it has seen last.")

  @Option(help: ArgumentHelp("Only those whose files this owner has.", valueName: "owner"))
  var by: String?

  @Option(help: ArgumentHelp("Only those that have been open for so long, e.g. 3d.", valueName: "time"))
  var older: DurationArgument?

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let state = try site.migration(
      migration.migration, in: try context.snapshot(finding: migration.migration, looksOnly: true).state)
    let list = try SitePublishing(site, state.name) { context.warn($0) }.list()
    let now = site.clock.now()
    try context.print(
      list.filtered { unit in
        if let by, !unit.owners.contains(by), !unit.owners.contains("@\(by)") { return false }
        guard let older else { return unit.state != "none" }
        guard unit.state == "open", let opened = unit.openedAt else { return false }
        return opened.adding(seconds: older.seconds) <= now
      }, json)
  }
}
