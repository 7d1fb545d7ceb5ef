import ArgumentParser
import Migration
import Runner
import Site
import System

/// `git migrate skip`: a person decides that steps are not needed.
struct SkipCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "skip", abstract: "Give up steps that are not needed; what needs them goes on.",
    discussion: """
      A skipped step stays skipped. Steps are named by id or by a glob such as 'pkg-*', or chosen by why \
      they failed. All of them are skipped, or none; many are one entry.
      """)

  @Argument(help: ArgumentHelp("The steps, or globs of them.", valueName: "step"))
  var steps: [String] = []

  @Option(help: ArgumentHelp("Why; recorded in the ledger.", valueName: "text"))
  var reason: String

  @OptionGroup var choice: StepChoice
  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if steps.isEmpty == (choice.failure == nil) {
      throw ValidationError("name the steps, or give '--failure'")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    let text = TerminalText.foreign(reason)
    var isEmpty = false
    try Steering(context, migration).appendChosen(json) { (state) throws(CommandError) in
      let group = try choice.steps(steps, of: state) { !$0.isTerminal }
      isEmpty = group.steps.isEmpty
      if !steps.isEmpty, steps.allSatisfy({ state.index(of: $0) != nil }) || group.steps.count < 2 {
        return group.steps.map { .stepSkipped(step: $0, reason: text) }
      }
      return StepGroup.groups(of: group.steps, cause: group.cause).map { .stepsSkipped($0, reason: text) }
    }
    if isEmpty && !json.isWanted { context.note("no such step is open") }
  }
}
