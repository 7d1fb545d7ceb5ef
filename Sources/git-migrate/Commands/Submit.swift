import ArgumentParser
import Runner
import Site

/// `git migrate submit`: hands in a result and takes it through the gate.
struct SubmitCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Hand in what was done; the gate judges and merges it.",
    discussion: """
      The worktree's files are the result; there is no need to commit them. Waits for the verdict: exit \
      code 0 merged, 1 sent back, 125 could not be verified.
      """)

  @OptionGroup var options: ClaimOptions

  @Option(help: ArgumentHelp("Hand in this commit instead of the worktree's files.", valueName: "revision"))
  var commit: String?

  @Flag(name: .customLong("no-op"), help: "Say that nothing was to be done.")
  var isNoOp = false

  @Flag(name: .customLong("no-wait"), help: "Leave the verdict to a running 'git migrate run'.")
  var leavesGate = false

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    if let reply = try context.relayed(.submit(isNoOp: isNoOp, leavesGate: leavesGate), options) {
      return try context.print(reply, json)
    }
    let wish = SubmitWish(commit: commit, isNoOp: isNoOp, leavesGate: leavesGate)
    let submitted = try context.answers().submit(try options.claim(context), wish, context.interruption)
    context.exitCode = submitted.exitCode
    try context.print(submitted, json)
  }
}
