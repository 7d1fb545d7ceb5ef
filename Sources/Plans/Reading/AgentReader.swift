import Agents
import Migration

/// Reads who does the steps that have no `run`.
extension PlanReader {
  /// `agent:` is the short form of one that has no name; `agents:` gives names. The only one, or the one that
  /// is called `default`, does the steps that name none.
  func readAgents(into plan: inout Plan) {
    if let node = fields.node("agent") { plan.agent = faults.collect(try agent(node, "'agent'")) }
    guard let node = fields.node("agents") else { return }
    if fields.node("agent") != nil {
      faults.add(
        node.mark.fault(
          "both 'agent' and 'agents' are given",
          hint: "'agent' is the short form of 'agents: { default: … }'; take one of them out"))
    }
    guard let entries = faults.collect(try Fields.entries(node, of: "'agents'")) else { return }
    for entry in entries {
      guard let name = faults.collect(try PlanReader.identifier(entry.key, "the agent")),
        var agent = faults.collect(try agent(entry.value, "the agent \(quoted(entry.key.value))"))
      else { continue }
      agent.name = name
      if name == Plan.Agent.defaultName || entries.count == 1 {
        plan.agent = agent
      } else {
        plan.agents.append(agent)
      }
    }
  }

  /// The agents that steps may name.
  var agentNames: Set<String> {
    guard let node = fields.node("agents"), case .map(let entries) = node.content else { return [] }
    return Set(entries.map(\.key.value))
  }

  /// The agent that a step names, or has to name.
  @discardableResult
  func checkedAgent(_ text: Text?, isNeeded: Bool, at mark: Mark) throws(PlanFault) -> String? {
    let names = agentNames
    guard let text else {
      if isNeeded, names.count > 1, !names.contains(Plan.Agent.defaultName) {
        throw mark.fault(
          "the step names no agent, and the plan has several",
          hint:
            "add 'agent: ' with one of \(names.sorted().joined(separator: ", ")), or call one of them default"
        )
      }
      return nil
    }
    guard names.contains(text.value) else {
      throw text.mark.fault(
        "no agent is named \(quoted(text.value))",
        hint: Suggestion.nearest(to: text.value, among: names.sorted()).map { "did you mean '\($0)'?" }
          ?? "declare it under 'agents'")
    }
    return text.value
  }

  private func agent(_ node: Node, _ subject: String) throws(PlanFault) -> Plan.Agent {
    let fields = try Fields(node, KnownKeys.agent, in: subject, faults)
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
    agent.resumesAfterFailure = faults.found(try PlanReader.afterFailure(fields)) ?? false
    agent.rests = faults.found(try fields.flag("rest")) ?? true
    agent.model = faults.found(try PlanReader.word(fields, "model"))
    agent.home = PlanReader.places(fields, "home", relative: false, faults)
    agent.args = fields.texts("args").map(\.value)
    agent.permissions = fields.texts("permissions").map(\.value)
    agent.reportFile = faults.found(try PlanReader.reportFile(fields))
    let command = faults.found(try fields.text("command"))?.value
    let name = try fields.text("adapter")
    let known = AgentAdapter.allCases.filter { $0 != .command }.map(\.rawValue)
    guard let adapter = AgentAdapter(rawValue: name?.value ?? AgentAdapter.command.rawValue) else {
      throw (name?.mark ?? fields.mark).fault(
        "unknown adapter \(quoted(name?.value ?? ""))",
        hint: "use one of \(known.joined(separator: ", ")), or give the agent's own 'command'")
    }
    agent.adapter = adapter.rawValue
    try requireEffect(fields, adapter, hasCommand: command != nil)
    guard let line = command ?? adapter.recordedCommand(maxTurns: agent.maxTurns) else {
      throw fields.mark.fault(
        "\(subject) has no 'command'",
        hint: adapter == .acp
          ? "add 'command: ' with the agent's own, such as vibe-acp"
          : "add 'command: …', or 'adapter: ' with one of \(known.joined(separator: ", "))")
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
      ("after_failure", isPlain, "only conversations of the adapters claude and codex can go on"),
      ("model", isPlain || hasCommand, "name the model in 'command'"),
      ("args", isPlain || hasCommand, "put them into 'command'"),
      (
        "permissions", adapter != .acp && (adapter != .claude || hasCommand),
        adapter == .claude
          ? "put them into 'command'" : "only the adapters 'claude' and 'acp' know tools that can be allowed"
      ),
      ("report_file", !isPlain, "the adapters tell their end by themselves"),
    ]
    for key in ineffective where key.isIgnored {
      guard let node = fields.node(key.key) else { continue }
      throw node.mark.fault("'\(key.key)' has no effect on this agent", hint: key.hint)
    }
  }

  private static func afterFailure(_ fields: Fields) throws(PlanFault) -> Bool? {
    guard let text = try fields.text("after_failure") else { return nil }
    guard ["resume", "fresh"].contains(text.value) else {
      throw text.mark.fault(
        "'after_failure' is \(quoted(text.value))", hint: "write resume, or fresh, which is the default")
    }
    return text.value == "resume"
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
