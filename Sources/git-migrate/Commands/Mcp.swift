import ArgumentParser
import Runner
import Site

/// `git migrate mcp`: a worker's tools for an agent, by the Model Context Protocol.
struct McpCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "mcp", abstract: "Serve an agent the tools verify, status and result (MCP, on stdio).",
    discussion: """
      Speaks the Model Context Protocol on standard input and output until the input ends. 'run' gives it to \
      claude and codex by itself; who has claimed a step names it to their agent as \
      'git-migrate mcp', run in the claim's worktree.
      """)

  @OptionGroup var options: ClaimOptions

  @Option(
    help: ArgumentHelp(
      "Ask the run that holds the claim, at this socket; 'run' gives it.", valueName: "socket"))
  var relay: String?

  func run(_ context: Context) throws(CommandError) {
    let interruption = try context.interruption()
    let server = MCPServer { request, interruption in
      var warnings: [String] = []
      var reply: WorkerReply
      do throws(CommandError) {
        if let relay {
          return try RelayClient(relay).ask(request, interruption)
        }
        // The handshake needs no repository: the program is there at once.
        let answers = Answers(try context.site()) { warnings.append($0) }
        reply = try answers.answer(request, try options.claim(context)) { interruption }
      } catch {
        reply = WorkerReply(error)
      }
      reply.warnings += warnings
      return reply
    }
    try server.serve(signals: interruption.signals, isAskedToEnd: interruption.shouldStop)
  }
}
