import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate failures`: why steps fail, a cause a line.
struct FailuresCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "failures", abstract: "Show why steps fail, a cause a line.",
    discussion: """
      Steps that failed alike are one cause, with a number that stays: F1. 'git migrate show F1' has one \
      whole example; 'retry', 'skip', 'label' and 'lesson add' take the number.
      """)

  @Flag(name: [.customShort("a"), .long], help: "Show causes that no step fails for any more, too.")
  var all = false

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption
  @OptionGroup var colour: ColourOption

  func run(_ context: Context) throws(CommandError) {
    let snapshot = try context.snapshot(finding: migration.migration, looksOnly: true)
    let state = try context.site().migration(migration.migration, in: snapshot.state)
    let list = FailureList(state, isWhole: all, width: json.isWanted ? 0 : context.width)
    let palette = json.isWanted ? .plain : Palette(isOn: try context.wantsColour(colour))
    try context.print(list, json, palette)
    if !json.isWanted { context.hint(list.hint) }
  }
}
