import ArgumentParser
import Migration
import Runner
import Site
import System

/// `git migrate undo`: reverts a merged step and what needs it, by a step of its own.
struct UndoCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "undo", abstract: "Revert a merged step, and what needs it, through the gate.",
    discussion: """
      Adds a step that reverts it together with every merged step that needs it. The gate judges that \
      step as any other; when it is merged, they are undone. 'git migrate retry' then does one of them \
      again, as a step of its own.
      """)

  @Argument(help: ArgumentHelp("The step.", valueName: "step"))
  var step: String

  @Option(help: ArgumentHelp("Why; recorded in the ledger.", valueName: "text"))
  var reason: String

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let text = TerminalText.foreign(reason)
    try Steering(context, migration).append(json) { (state) throws(Refusal) in
      let steps = try state.undoing(step)
      return [.stepsUndone(state.undoID(of: step), StepUndoing(steps: steps, reason: text))]
    }
    if !json.isWanted { context.hint("'git migrate run' does it") }
  }
}
