import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate approve`: lets units be published that wait for a person's word.
struct ApproveCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Let units be published that wait for your word.",
    discussion: "For plans that say 'publish: { after: approve }'; 'git migrate publish -n' lists the units.")

  @Argument(help: "The units.")
  var units: [String]

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let steering = try Steering(context, migration)
    let site = try context.site()
    let names = eachOnce(units)
    let state = try site.migration(
      steering.migration, in: try context.snapshot(finding: steering.migration).state)
    let known = try SitePublishing(site, state.name) { context.warn($0) }.proposed(state).map(\.unit)
    for name in names where !known.contains(name) {
      let near = Suggestion.nearest(to: name, among: known)
      throw CommandError(
        "'\(state.name)' has no unit '\(name)'",
        hint: near.map { "did you mean '\($0)'?" } ?? "'git migrate publish -n' lists them")
    }
    try steering.append(json) { (_) throws(Refusal) in names.map { .publication(.approved(unit: $0)) } }
  }
}
