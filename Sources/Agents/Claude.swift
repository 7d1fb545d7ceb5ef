import CanonicalJSON

/// How Claude Code is started (2.1, `claude --help`).
enum Claude {
  static func arguments(_ task: AgentTask) -> [String] {
    var words = [
      "claude", "-p", "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits",
    ]
    if let session = task.resumed { words += ["--resume", session.id] }
    if let model = task.model { words += ["--model", model] }
    if let turns = task.turns { words += ["--max-turns", String(turns)] }
    if let cost = task.microdollars { words += ["--max-budget-usd", dollars(cost)] }
    if let tools = task.tools { words += ["--mcp-config", configuration(of: tools)] }
    let allowed = task.permissions + (task.tools == nil ? [] : ["mcp__\(AgentTools.name)__*"])
    if !allowed.isEmpty { words += ["--allowedTools"] + allowed }
    words += ["--json-schema", AgentClosing.schema(task.words)]
    return words + task.arguments
  }

  /// The server of tools, as a file of servers has it.
  private static func configuration(of tools: AgentTools) -> String {
    let server = JSON.object([
      JSON.Member("type", .string("stdio")), JSON.Member("command", .string(tools.program)),
      JSON.Member("args", .array(tools.arguments.map(JSON.string))), JSON.Member("env", .object([])),
    ])
    return JSON.object([JSON.Member("mcpServers", .object([JSON.Member(AgentTools.name, server)]))]).canonical
  }

  /// `2`, `0.25`: millionths in decimal notation, without zeros at the end.
  static func dollars(_ millionths: Int) -> String {
    let fraction = String(String(max(0, millionths) % 1_000_000 + 1_000_000).dropFirst())
    let digits = fraction.reversed().drop { $0 == "0" }.reversed()
    let whole = String(max(0, millionths) / 1_000_000)
    return digits.isEmpty ? whole : whole + "." + String(digits)
  }
}
