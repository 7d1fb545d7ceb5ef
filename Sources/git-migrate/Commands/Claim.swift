import ArgumentParser
import Migration
import Runner
import Site

/// `git migrate claim`: takes a step for a worker that is not started by `run`.
struct ClaimCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "claim", abstract: "Take a step, with a worktree to do it in.",
    discussion: """
      Without STEP the next one in claim order is taken. Exactly one worker gets a step; the claim lapses \
      unless it is renewed. Exit codes: 10 nothing can be claimed now, 11 nothing is left, 1 somebody else \
      holds the step.
      """)

  @Argument(help: "The step; the next one when left out.")
  var step: String?

  @Option(help: ArgumentHelp("The worker's name.", valueName: "name"))
  var worker: String?

  @Option(
    help: ArgumentHelp("How long the claim holds, e.g. 20m; the plan's lease by default.", valueName: "time"))
  var ttl: DurationArgument?

  @Flag(name: .customLong("no-worktree"), help: "Make no worktree: the worker brings its own place.")
  var bringsPlace = false

  @OptionGroup var has: HasOption
  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let answers = try context.answers()
    var wish = ClaimWish(step: step, worker: worker, seconds: ttl?.seconds, bringsPlace: bringsPlace)
    wish.has = has.names
    switch try answers.claim(migration.migration, wish) {
    case .step(let claimed): try handOver(claimed, answers, context)
    case .nothing(let nothing):
      context.exitCode = nothing.isForGood ? .nothingLeft : .nothingNow
      guard json.isWanted else { return context.note(nothing.reason) }
      try context.print(nothing)
    }
  }

  /// Tells whose step it is. A claim that nobody was told of would be held until it lapses.
  private func handOver(
    _ claimed: ClaimedStep, _ answers: Answers, _ context: Context
  ) throws(CommandError) {
    context.output.whenReaderLeaves {}
    let failure: CommandError?
    do throws(CommandError) {
      try context.print(claimed, json)
      if !json.isWanted { context.hint(claimed.hint) }
      try context.output.flush()
      failure = nil
    } catch {
      failure = error
    }
    guard failure != nil || context.output.isReaderGone else { return }
    try answers.takeBack(claimed)
    if let failure { throw failure }
  }
}
