import ArgumentParser
import Migration
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

  @Option(
    help: ArgumentHelp("End the stage of the step's workflow with this word.", valueName: "word"))
  var verdict: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Tell the next stage something; may be given again.", valueName: "text"))
  var note: [String] = []

  @OptionGroup var json: JSONOption

  func validate() throws {
    if !note.isEmpty && verdict == nil { throw ValidationError("'--note' is for '--verdict'") }
  }

  func run(_ context: Context) throws(CommandError) {
    // The run that holds the claim takes the work when its worker has ended.
    let said = verdict.map { WorkerRequest.result(WorkerWord(word: $0, notes: note)) }
    let request = said ?? .submit(isNoOp: isNoOp, leavesGate: leavesGate)
    if let reply = try context.relayed(request, options) {
      return try context.print(reply, json)
    }
    var wish = SubmitWish(commit: commit, isNoOp: isNoOp, leavesGate: leavesGate)
    wish.word = verdict.map { StageWord($0, notes: note, isNoOp: isNoOp) }
    let submitted = try context.answers().submit(try options.claim(context), wish, context.interruption)
    context.exitCode = submitted.exitCode
    try context.print(submitted, json)
  }
}
