import Runner
import Site

extension Context {
  /// Asks the run that holds the claim, where this process is shut in by one and cannot do it itself; `nil`
  /// everywhere else.
  func relayed(_ request: WorkerRequest, _ options: ClaimOptions) throws(CommandError) -> WorkerReply? {
    guard let path = environment[RelayClient.variable], !path.isEmpty else { return nil }
    if let step = options.step, let own = environment["MIGRATE_STEP"], step != own {
      throw CommandError("'\(step)' is not the step that is worked on here, which is '\(own)'", exitCode: .no)
    }
    return try RelayClient(path).ask(request, interruption())
  }

  /// Prints what a run has answered as the command would have done that was asked.
  func print(_ reply: WorkerReply, _ option: JSONOption) throws(CommandError) {
    for warning in reply.warnings { warn(warning) }
    guard let json = reply.json else {
      throw CommandError(reply.text, hint: reply.hint, exitCode: reply.exitCode)
    }
    exitCode = reply.exitCode
    if option.isWanted { try output.line(json: json) } else { try output.write(reply.text) }
  }
}
