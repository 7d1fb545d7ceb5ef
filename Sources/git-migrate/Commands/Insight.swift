import ArgumentParser
import Migration
import Runner
import Site

extension Insight.Side: ExpressibleByArgument {}

/// `git migrate insight`: where migrations were hard.
struct InsightCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "insight", abstract: "Tell where migrations were hard: attempts, cost and time.",
    discussion: "Over all migrations of the ledger, the hardest first.")

  @Option(help: ArgumentHelp("By what: dir, owner, agent, plan, cause or import.", valueName: "side"))
  var by = Insight.Side.dir

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption
  @OptionGroup var colour: ColourOption

  func run(_ context: Context) throws(CommandError) {
    let palette = json.isWanted ? Palette.plain : Palette(isOn: try context.wantsColour(colour))
    try context.print(try context.answers().insight(by: by, only: migration.migration), json, palette)
  }
}
