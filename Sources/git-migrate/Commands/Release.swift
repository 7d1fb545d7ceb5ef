import ArgumentParser
import Migration
import Runner
import Site
import System

/// `git migrate release`: gives a claim back without a result.
struct ReleaseCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Give a step back without a result.",
    discussion: """
      What was done in its worktree is kept on the attempt ref. With '--force' a person takes a step from \
      whoever \
      holds it: the epoch goes up, and a late result is refused.
      """)

  @OptionGroup var options: ClaimOptions

  @Flag(name: [.customShort("f"), .long], help: "Take it from whoever holds it.")
  var force = false

  @Option(help: "Why; shown in the log.")
  var reason = ""

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    guard !force else { return try takeAway(context) }
    try context.print(try context.answers().release(try options.claim(context), reason: reason), json)
  }

  private func takeAway(_ context: Context) throws(CommandError) {
    guard let id = options.step else {
      throw CommandError("'--force' needs the step's name", exitCode: .usage)
    }
    try Steering(context, options.migration).append(json) { (state) throws(Refusal) in
      guard let step = state.step(id) else {
        throw Refusal.noStep(id, in: state.name)
      }
      return [
        .stepReleased(Fence(step: id, epoch: step.epoch), forced: true, reason: TerminalText.foreign(reason))
      ]
    }
  }
}
