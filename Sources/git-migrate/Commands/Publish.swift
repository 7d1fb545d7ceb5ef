import ArgumentParser
import Forges
import Ledger
import Migration
import Runner
import Site
import Supervision
import System

/// `git migrate publish`: offers what is merged to people, as pull requests.
struct PublishCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "publish", abstract: "Offer what is merged as pull requests.",
    discussion: """
      Units are made by the plan's 'publish'. What was opened before is found again by its branch, so that \
      twice is harmless, and half-done ones are finished. Exit code 1: something of it could not be done.
      """)

  @Argument(help: "The units; all of them when left out.")
  var units: [String] = []

  @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Say what would be done when; do nothing.")
  var isDryRun = false

  @Flag(help: "Print a message for each owner, about what waits for them.")
  var tell = false

  @Option(help: ArgumentHelp("With --tell: only what has been open for so long, e.g. 3d.", valueName: "time"))
  var older: DurationArgument?

  @Option(
    help: ArgumentHelp("Write patches, a letter, a bundle and a request to pull there.", valueName: "folder"),
    completion: .directory)
  var mail: String?

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    let modes = [("--tell", tell), ("--dry-run", isDryRun), ("--mail", mail != nil)].filter(\.1).map(\.0)
    if modes.count > 1 { throw ValidationError("'\(modes[0])' and '\(modes[1])' exclude each other") }
    if mail?.isEmpty == true { throw ValidationError("'--mail' takes a folder") }
    if older != nil, !tell { throw ValidationError("'--older' is for '--tell'") }
    for unit in units where Identifier.stepFault(unit) != nil {
      throw ValidationError("'\(unit)' is no name of a unit")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let state = try site.migration(
      migration.migration, in: try context.snapshot(finding: migration.migration, looksOnly: true).state)
    let world = try SitePublishing(site, state.name) { context.warn($0) }
    if tell || isDryRun {
      try world.requireUnits(units, state)
      let list = try world.list().only(units)
      guard tell else { return try context.print(list, json) }
      let messages = OwnerMessages(
        list, channels: state.plan.channels, days: older.map { $0.seconds / 86_400 }, at: site.clock.now())
      return try context.print(messages, json)
    }
    try site.requireTrust(state)
    if let mail {
      let folder = mail.hasPrefix("/") ? mail : "\(try context.directory())/\(mail)"
      let mailed = try world.mail(
        into: folder, only: units.isEmpty ? nil : Set(units), context.interruption())
      return try context.print(mailed, json)
    }
    try WebProgram.become(["publish"] + (json.isWanted ? ["--json"] : []) + [state.name] + units, context)
  }
}
