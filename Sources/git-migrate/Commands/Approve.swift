import ArgumentParser
import Migration
import Runner
import Site
import System

/// `git migrate approve`: a person takes work that waits for them, or steps that workers propose.
struct ApproveCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Take work that waits for a person, or steps that workers propose.",
    discussion: """
      Work that a stage or a judge has put to a person goes to the gate as it is; no judge is asked about it \
      again. A proposed step becomes part of the plan. Steps are named by id or by a glob. All of them are \
      approved, or none.
      """)

  @Argument(help: ArgumentHelp("The steps, or globs of them.", valueName: "step"))
  var steps: [String]

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    try Steering(context, migration).appendChosen(json) { (state) throws(CommandError) in
      let chosen = try StepChoice.named(steps, of: state) { $0.isDecidable }
      let proposed = chosen.filter { state.step($0)?.phase == .proposed }
      let waiting = chosen.filter { !proposed.contains($0) }
      return (waiting.isEmpty ? [] : [.stepsApproved(waiting)])
        + (proposed.isEmpty ? [] : [.stepsAccepted(proposed)])
    }
  }
}

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
  fileprivate var isDecidable: Bool {
    switch self {
    case .person, .proposed: true
    case .waiting, .ready, .leased, .submitted, .gating, .merging, .merged, .backoff, .blocked, .skipped,
      .cancelled, .undone:
      false
    }
  }
}
