import ArgumentParser
import Migration
import Runner
import Site
import System

/// `git migrate retry`: lets blocked or resting steps try again.
struct RetryCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Let blocked or resting steps try again.",
    discussion: """
      A blocked step gets as many new attempts as the plan gives. Steps are named by id or by a glob such as \
      'pkg-*', or chosen by why they failed. All of them are retried, or none; many are one entry. With \
      the name of a fleet steps are chosen by why they failed, in all of its targets.
      """)

  @Argument(help: ArgumentHelp("The steps, or globs of them.", valueName: "step"))
  var steps: [String] = []

  @Flag(name: .customLong("all-blocked"), help: "Retry every blocked step.")
  var allBlocked = false

  @Flag(help: "Retry every step that is blocked or rests after a failure.")
  var failed = false

  @Flag(
    name: .customLong("prompt-changed"),
    help: "Retry every such step whose prompt was changed since its last attempt.")
  var promptChanged = false

  @Option(help: ArgumentHelp("Why; recorded in the ledger.", valueName: "text"))
  var reason: String?

  @OptionGroup var choice: StepChoice
  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    let ways = [!steps.isEmpty, choice.failure != nil, allBlocked, failed, promptChanged].count { $0 }
    if ways != 1 {
      throw ValidationError(
        "name the steps, or give one of '--failure', '--failed', '--prompt-changed' and '--all-blocked'")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    if let fleet = try context.fleet(for: migration) { return try retry(in: fleet, context) }
    let steering = try Steering(context, migration)
    var isEmpty = false
    let text = TerminalText.foreign(reason ?? "")
    try steering.appendChosen(json) { (state) throws(CommandError) in
      let group = try chosen(state)
      isEmpty = group.steps.isEmpty
      // By name each has an entry of its own, as scripts know it.
      if !steps.isEmpty, steps.allSatisfy({ state.index(of: $0) != nil }) || group.steps.count < 2 {
        return group.steps.map { .stepRetried(step: $0, reason: text) }
      }
      return StepGroup.groups(of: group.steps, cause: group.cause).map { .stepsRetried($0, reason: text) }
    }
    if isEmpty && !json.isWanted { context.note(nothing) }
  }

  var nothing: String {
    if allBlocked { return "no step is blocked" }
    if promptChanged { return "no step that failed has another prompt since" }
    return "no such step is blocked or rests"
  }

  func chosen(_ state: MigrationState) throws(CommandError) -> StepGroup {
    func ids(_ isWanted: (Step) -> Bool) -> StepGroup { StepGroup(state.steps.filter(isWanted).map(\.id)) }
    if allBlocked { return ids { StepWord($0.phase) == .blocked } }
    if failed { return ids { RetryCommand.hasFailed($0.phase) } }
    if promptChanged { return ids { RetryCommand.hasFailed($0.phase) && $0.hasNewPrompt } }
    return try choice.steps(steps, of: state, accepts: RetryCommand.hasFailed)
  }

  /// Whether a retry changes anything.
  private static func hasFailed(_ phase: StepPhase) -> Bool {
    switch phase {
    case .blocked, .backoff: true
    case .waiting, .ready, .leased, .submitted, .gating, .merging, .merged, .person, .proposed, .skipped,
      .cancelled, .undone:
      false
    }
  }
}
