import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate show`: everything about one step, or about the migration.
struct ShowCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show everything about a step, a cause, or the migration.",
    discussion: "A cause is named as 'git migrate failures' numbers it: F1.")

  @Argument(help: "The step, or the cause; without it, the migration is shown.")
  var step: String?

  @Option(
    name: [.customShort("n", allowingJoined: true), .customLong("lines")],
    help: ArgumentHelp("How many of the last lines of the newest log are shown.", valueName: "number"))
  var lines = 10

  @Flag(name: .customLong("plan"), help: "Print the plan in force, as it was written.")
  var printsPlan = false

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption
  @OptionGroup var colour: ColourOption

  func validate() throws {
    if lines < 0 { throw ValidationError("'-n' takes a number that is not negative") }
    if printsPlan && (step != nil || json.isWanted) { throw ValidationError("'--plan' stands alone") }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let snapshot = try context.snapshot(finding: migration.migration, looksOnly: true)
    let state = try site.migration(migration.migration, in: snapshot.state)
    if printsPlan {
      let text = try reporting {
        try site.ledger.reader.planText(state.name, number: state.planNumber, in: snapshot)
      }
      return try context.output.write(bytes: text ?? [])
    }
    let answers = try context.answers()
    let palette = json.isWanted ? .plain : Palette(isOn: try context.wantsColour(colour))
    guard let step else {
      return try context.print(try answers.migration(state, in: snapshot, lines: lines), json, palette)
    }
    if state.index(of: step) == nil, KnownCause.number(step) != nil || state.causes.named(step) != nil {
      let cause = answers.cause(
        try state.require(cause: step), of: state, lessons: snapshot.state.lessons)
      try context.print(cause, json, palette)
      if !json.isWanted { context.hint(cause.hint) }
      return
    }
    let index = try state.require(step: step)
    try context.print(try answers.step(index, of: state, in: snapshot, lines: lines), json, palette)
  }
}
