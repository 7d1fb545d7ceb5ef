import ArgumentParser
import Git
import Ledger
import Migration
import Runner
import Site
import System

/// `git migrate log`: what happened, from the ledger.
struct LogCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Show what happened, newest first.",
    discussion: """
      '--json' prints the entries as they stand in the ledger, one a line, oldest first, each with \
      its own commit as 'ledger_commit'. 'git log refs/migrate/ledger' shows the same history.
      """)

  @Option(
    name: [.customShort("n", allowingJoined: true), .customLong("max-count")],
    help: ArgumentHelp("Show at most this many entries, the newest ones.", valueName: "number"))
  var maximum: Int?

  @Option(help: ArgumentHelp("Only what is about this step; may be given again.", valueName: "step"))
  var step: [String] = []

  @Option(
    help: ArgumentHelp(
      "Only this kind, as 'step.merged', or all of a subject, as 'gate'; may be given again.",
      valueName: "kind"))
  var kind: [String] = []

  @Flag(help: "Oldest first.")
  var reverse = false

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption
  @OptionGroup var colour: ColourOption

  func validate() throws {
    if let maximum, maximum < 0 { throw ValidationError("'-n' takes a number that is not negative") }
    let kinds = Migration.Change.Kind.allCases.map(\.rawValue)
    for kind in kind where !kinds.contains(where: { $0 == kind || $0.hasPrefix(kind + ".") }) {
      let near = Suggestion.nearest(to: kind, among: kinds).map { ", did you mean '\($0)'?" }
      throw ValidationError("no event is of the kind '\(kind)'\(near ?? "")")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    // A ledger that cannot be folded can still be shown.
    let state = try? site.ledger.read().state
    if let state, let name = migration.migration { _ = try site.migration(name, in: state) }
    let namesMigration = migration.migration == nil && state?.migrations.count != 1
    if !json.isWanted { try context.startPager() }
    let palette = Palette(isOn: json.isWanted ? false : try context.wantsColour(colour))
    var later: [LoggedEntry] = []
    var count = 0
    if maximum != 0 {
      try site.ledger.walk { (entry) throws(CommandError) in
        guard isWanted(entry) else { return true }
        count += 1
        let logged = LoggedEntry(entry, namesMigration: namesMigration)
        if reverse || json.isWanted {
          later.append(logged)
        } else {
          try context.print(logged, json, palette)
        }
        return count != maximum
      }
    }
    for entry in later.reversed() { try context.print(entry, json, palette) }
  }

  private func isWanted(_ entry: ShownEntry) -> Bool {
    if let name = migration.migration, entry.migration != name { return false }
    if !step.isEmpty && !step.contains(where: { $0 == entry.step }) { return false }
    return kind.isEmpty || kind.contains { $0 == entry.kind || entry.kind.hasPrefix($0 + ".") }
  }
}
