import ArgumentParser
import Migration
import Runner
import Site

/// `git migrate fleet status`: where the targets are.
struct FleetStatusCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show where the targets of a fleet are, and what needs you.")

  @Option(help: ArgumentHelp("Count them by 'state', 'owner', 'wave' or 'cause'.", valueName: "what"))
  var by: FleetReport.Grouping = .state

  @Flag(name: [.customShort("l"), .customLong("list")], help: "List every target.")
  var listsTargets = false

  @OptionGroup var fleet: FleetOption
  @OptionGroup var json: JSONOption
  @OptionGroup var colour: ColourOption

  func run(_ context: Context) throws(CommandError) {
    let (name, state) = try context.fleet(fleet)
    let report = FleetReport(name, in: state, by: by)
    let palette = json.isWanted ? .plain : Palette(isOn: try context.wantsColour(colour))
    try context.print(report, json, palette)
    guard listsTargets, !json.isWanted else { return }
    for target in report.targets {
      let words = [
        target.id, target.standing.rawValue, "\(target.done)/\(target.steps)", "wave \(target.wave)",
        target.owner ?? "",
        target.request ?? target.head.map { "\(target.branch ?? "") at \($0.prefix(10))" } ?? "",
        target.causes.joined(separator: " "),
      ]
      try context.output.line(words.filter { !$0.isEmpty }.joined(separator: "  "))
    }
  }
}

extension FleetReport.Grouping: ExpressibleByArgument {}

/// `git migrate fleet failures`: why steps fail, over all targets.
struct FleetFailuresCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "failures", abstract: "Show why steps fail in all targets, a cause a line.",
    discussion: """
      What failed alike is one cause, in however many targets, with a number that stays. 'git migrate retry \
      -m FLEET --failure F4' lets all its steps try again.
      """)

  @OptionGroup var fleet: FleetOption
  @OptionGroup var json: JSONOption
  @OptionGroup var colour: ColourOption

  func run(_ context: Context) throws(CommandError) {
    let (name, state) = try context.fleet(fleet)
    let list = FleetFailures(name, in: state)
    let palette = json.isWanted ? .plain : Palette(isOn: try context.wantsColour(colour))
    try context.print(list, json, palette)
    if !json.isWanted { context.hint(list.hint) }
  }
}
