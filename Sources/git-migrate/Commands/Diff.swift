import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate diff STEP`: what differs between two results of a step.
struct DiffCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show what differs between two results of a step.",
    discussion: "Without options the last two results are compared, trials among them.")

  @Argument(help: ArgumentHelp("The step.", valueName: "step"))
  var step: String

  @Option(help: ArgumentHelp("Compare the newest results of two plans, as 1..2.", valueName: "plans"))
  var plan: String?

  @Option(help: ArgumentHelp("Compare two attempts, by their epochs, as 1..2.", valueName: "epochs"))
  var attempt: String?

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if plan != nil, attempt != nil { throw ValidationError("'--plan' and '--attempt' exclude each other") }
    for text in [plan, attempt].compactMap(\.self) where DiffCommand.pair(text) == nil {
      throw ValidationError("'\(text)' is no pair of numbers such as 1..2")
    }
  }

  private static func pair(_ text: String) -> (Int, Int)? {
    guard let dots = text.firstRange(of: ".."), let one = Int(text[..<dots.lowerBound]),
      let other = Int(text[dots.upperBound...]), one > 0, other > 0
    else { return nil }
    return (one, other)
  }

  func run(_ context: Context) throws(CommandError) {
    let snapshot = try context.snapshot(finding: migration.migration, looksOnly: true)
    let state = try context.site().migration(migration.migration, in: snapshot.state)
    _ = try state.require(step: step)
    var wish = Answers.DiffWish.last
    if let (one, other) = plan.flatMap(DiffCommand.pair) { wish = .plans(one, other) }
    if let (one, other) = attempt.flatMap(DiffCommand.pair) { wish = .attempts(one, other) }
    let diff = try context.answers().diff(step, of: state, wish)
    if !json.isWanted { context.note("\(step): \(diff.first) and \(diff.second)") }
    try context.print(diff, json)
  }
}
