import CanonicalJSON

/// How Codex is started (0.163, `codex exec --help`).
enum Codex {
  static func arguments(_ task: AgentTask) -> [String] {
    // Before `resume`, or a conversation that goes on may only read, and says nothing of it.
    var words = ["codex", "exec", "-s", "workspace-write"]
    if let model = task.model { words += ["-m", model] }
    if let file = task.schemaFile { words += ["--output-schema", file] }
    if let tools = task.tools { words += settings(of: tools) }
    words += task.arguments
    if let session = task.resumed {
      words += ["resume", "--json", session.id]
    } else {
      words.append("--json")
    }
    return words + ["-"]
  }

  /// The longest a call of a tool may take, in seconds: the gate takes as long as the project's checks.
  private static let longestCall = 7200

  /// The server of tools, as settings. A turn does not begin without it, and none of its tools is asked for:
  /// nobody is there to say yes.
  private static func settings(of tools: AgentTools) -> [String] {
    // A text of JSON is one of TOML as well.
    let program = JSON.string(tools.program).canonical
    let arguments = JSON.array(tools.arguments.map(JSON.string)).canonical
    return [
      "command=\(program)", "args=\(arguments)", "required=true", "tool_timeout_sec=\(longestCall)",
      "default_tools_approval_mode=\"approve\"",
    ].flatMap { ["-c", "mcp_servers.\(AgentTools.name).\($0)"] }
  }
}
