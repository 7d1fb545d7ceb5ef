import ArgumentParser
import Migration
import Runner
import Site
import System

/// `git migrate reject`: a person does not take it.
struct RejectCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "reject", abstract: "Send work that waits for a person back, or drop proposed steps.",
    discussion: """
      The attempt has failed for your reason, which the next one is told. A proposed step is cancelled. \
      All of them are rejected, or none.
      """)

  @Argument(help: ArgumentHelp("The steps, or globs of them.", valueName: "step"))
  var steps: [String]

  @Option(help: ArgumentHelp("Why; the next attempt is told.", valueName: "text"))
  var reason: String

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let text = TerminalText.foreign(reason)
    try Steering(context, migration).appendChosen(json) { (state) throws(CommandError) in
      let chosen = try StepChoice.named(steps, of: state) { $0.isDecidable }
      return chosen.isEmpty ? [] : [.stepsRejected(chosen, reason: text)]
    }
  }
}

extension StepPhase {
  /// Whether a person can approve or reject something.
  var isDecidable: Bool {
    switch self {
    case .person, .proposed: true
    case .waiting, .ready, .leased, .submitted, .gating, .merging, .merged, .backoff, .blocked, .skipped,
      .cancelled, .undone:
      false
    }
  }
}
