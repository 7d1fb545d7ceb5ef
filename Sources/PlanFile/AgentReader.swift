import Agents
import Migration

/// Reads who does the steps that have no `run`.
extension PlanReader {
  func agent(_ node: Node) throws(PlanFault) -> Plan.Agent {
    let fields = try Fields(node, KnownKeys.agent, in: "'agent'", faults)
    // What is wrong beside the adapter is told with it.
    var agent = Plan.Agent(command: "", env: PlanReader.variables(fields, faults))
    agent.timeoutSeconds = faults.found(try fields.seconds("timeout", in: Bounds.timeout))
    agent.maxConcurrent = faults.found(try fields.integer("max_concurrent", in: Bounds.maxConcurrent))
    agent.maxTurns = faults.found(try fields.integer("max_turns", in: Bounds.maxTurns))
    agent.silenceSeconds = faults.found(try fields.seconds("silence", in: Bounds.timeout))
    agent.continuations = faults.found(try fields.integer("continuations", in: Bounds.continuations))
    if let node = fields.node("budget") {
      agent.budget = faults.collect(try limits(node, "the budget of an agent's attempt")) ?? [:]
    }
    agent.rests = faults.found(try fields.flag("rest")) ?? true
    agent.model = faults.found(try PlanReader.word(fields, "model"))
    agent.args = fields.texts("args").map(\.value)
    agent.permissions = fields.texts("permissions").map(\.value)
    agent.reportFile = faults.found(try PlanReader.reportFile(fields))
    let command = faults.found(try fields.text("command"))?.value
    let name = try fields.text("adapter")
    let known = AgentAdapter.allCases.filter { $0.program != nil }.map(\.rawValue)
    guard let adapter = AgentAdapter(rawValue: name?.value ?? AgentAdapter.command.rawValue) else {
      throw (name?.mark ?? fields.mark).fault(
        "unknown adapter \(quoted(name?.value ?? ""))",
        hint: "use one of \(known.joined(separator: ", ")), or give the agent's own 'command'")
    }
    agent.adapter = adapter.rawValue
    try requireEffect(fields, adapter, hasCommand: command != nil)
    guard let line = command ?? adapter.recordedCommand(maxTurns: agent.maxTurns) else {
      throw fields.mark.fault(
        "'agent' has no 'command'",
        hint: "add 'command: …', or 'adapter: ' with one of \(known.joined(separator: ", "))")
    }
    agent.command = line
    return agent
  }

  /// Refuses what would be ignored: somebody who sets a limit or a right means it.
  private func requireEffect(
    _ fields: Fields, _ adapter: AgentAdapter, hasCommand: Bool
  ) throws(PlanFault) {
    let isPlain = adapter == .command
    let ineffective: [(key: String, isIgnored: Bool, hint: String)] = [
      (
        "max_turns", isPlain,
        "the adapters claude and codex have it; give any other agent its option in 'command'"
      ),
      ("continuations", isPlain, "only conversations of the adapters claude and codex can go on"),
      ("model", isPlain || hasCommand, "name the model in 'command'"),
      ("args", isPlain || hasCommand, "put them into 'command'"),
      (
        "permissions", adapter != .claude || hasCommand,
        adapter == .claude
          ? "put them into 'command'" : "only the adapter 'claude' knows tools that can be allowed"
      ),
      ("report_file", !isPlain, "the adapters tell their end by themselves"),
    ]
    for key in ineffective where key.isIgnored {
      guard let node = fields.node(key.key) else { continue }
      throw node.mark.fault("'\(key.key)' has no effect on this agent", hint: key.hint)
    }
  }

  /// A text that is one argument and no option.
  private static func word(_ fields: Fields, _ key: String) throws(PlanFault) -> String? {
    guard let text = try fields.text(key) else { return nil }
    guard !text.value.isEmpty, !text.value.hasPrefix("-") else {
      throw text.mark.fault(
        "'\(key)' is \(quoted(text.value)), which is no name", hint: "options belong in 'args'")
    }
    return text.value
  }

  /// A path in the worktree.
  private static func reportFile(_ fields: Fields) throws(PlanFault) -> String? {
    guard let text = try fields.text("report_file") else { return nil }
    let parts = text.value.split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.contains(where: { ["", ".", "..", ".git"].contains($0.lowercased()) }) else {
      throw text.mark.fault(
        "'report_file' is \(quoted(text.value)), which is no path in the worktree",
        hint: "name a file that git ignores, such as .agent/report.json")
    }
    return text.value
  }
}
