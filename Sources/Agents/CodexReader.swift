import CanonicalJSON

/// Reads the events of `codex exec --json`. Items are for whoever looks on, because some never come; only
/// `turn.completed` and `turn.failed` decide.
struct CodexReader: StreamReader {
  private(set) var terminal: AgentOutcome?
  private(set) var hasBegun = false
  private(set) var usage = AgentUsage()
  private(set) var closing = ""
  private let resumed: AgentSession?
  private let clock: AgentClock
  /// The last answer as it came, which may be in the form of `AgentClosing`.
  private var answer = ""

  init(resumed: AgentSession?, clock: AgentClock) {
    self.resumed = resumed
    self.clock = clock
    usage.session = resumed?.id
  }

  mutating func read(_ event: StreamValue) -> [AgentEvent] {
    switch event["type"]?.text {
    case "thread.started":
      hasBegun = true
      guard let session = event["thread_id"]?.words else { return [] }
      usage.session = session
      return [.began(session: session, model: nil, version: nil)]
    case "turn.started":
      hasBegun = true
      terminal = nil
      return []
    case "item.completed": return item(event["item"])
    case "error":
      let words = AgentText.line(CodexReader.words(event["message"]?.text ?? ""))
      return words.isEmpty ? [] : [.retrying(words)]
    case "turn.completed":
      meter(event["usage"])
      terminal = .done(declared())
      return [.ended]
    case "turn.failed":
      meter(event["usage"])
      terminal = failure(event["error"]?["message"]?.text ?? "")
      return [.ended]
    default: return []
    }
  }

  private mutating func item(_ item: StreamValue?) -> [AgentEvent] {
    switch item?["type"]?.text {
    case "agent_message":
      usage.turns += 1
      guard let text = item?["text"]?.words else { return [.turn] }
      (answer, closing) = (text, AgentText.whole(text))
      return [.turn, .said(AgentText.line(text))]
    case "command_execution":
      usage.turns += 1
      let use = AgentEvent.used(ToolUse(tool: "shell", subject: item?["command"]?.text ?? ""))
      guard let denial = CodexReader.refusal(item) else { return [.turn, use] }
      return [.turn, use, .denied(denial)]
    case "file_change", "mcp_tool_call", "web_search":
      usage.turns += 1
      return [.turn, .used(CodexReader.use(item))]
    case "error": return item?["message"]?.words.map { [.notice(AgentText.line($0))] } ?? []
    default: return []
    }
  }

  /// What the agent did, other than to run a command.
  private static func use(_ item: StreamValue?) -> ToolUse {
    switch item?["type"]?.text {
    case "file_change":
      let paths = item?["changes"]?.elements.compactMap { $0["path"]?.words } ?? []
      return ToolUse(tool: "edit", subject: paths.joined(separator: ", "))
    case "web_search": return ToolUse(tool: "search", subject: item?["query"]?.words ?? "")
    default: return ToolUse(tool: item?["tool"]?.words ?? "tool", subject: item?["server"]?.words ?? "")
    }
  }

  /// A command that the sandbox did not let do what it wanted: nothing else in the stream tells it.
  private static func refusal(_ item: StreamValue?) -> Denial? {
    guard item?["status"]?.text == "declined" || item?["status"]?.text == "failed" else { return nil }
    let output = item?["aggregated_output"]?.text ?? ""
    guard item?["status"]?.text == "declined" || output.contains("Read-only file system") else { return nil }
    return Denial(tool: "sandbox", subject: item?["command"]?.text ?? "")
  }

  private mutating func declared() -> Declaration {
    guard answer.first == "{", let (declaration, notes) = AgentClosing.read(.parse(Array(answer.utf8))) else {
      return .nothing
    }
    closing = notes
    return declaration
  }

  // MARK: Faults

  /// The message, or the one inside of it: some are a service's answer in JSON.
  private static func words(_ message: String) -> String {
    guard message.first == "{", let value = StreamValue.parse(Array(message.utf8)) else { return message }
    return value["error"]?["message"]?.words ?? value["message"]?.words ?? value["detail"]?.words ?? message
  }

  private func failure(_ message: String) -> AgentOutcome {
    let lower = message.lowercased()
    if lower.contains("max_output_tokens") { return .continueable(.outputLimit) }
    let status = ServiceWords.status(in: message)
    if status == nil, lower.contains("stream disconnected") {
      return usage.turns > 0
        ? .continueable(.cut) : .service(.transient(status: nil, AgentText.line(message)))
    }
    if lower.contains("interrupted") { return .cancelled(AgentText.line(message)) }
    switch ServiceWords.fault(status: status, CodexReader.words(message), evidence: message) {
    case .limit(_, let words):
      return .service(.limit(untilSeconds: clock.time(after: "try again at ", in: message), words))
    // What no service said is the agent's own.
    case .transient(nil, let words) where !CodexReader.isOfService(lower):
      return .failed(words.isEmpty ? "the agent's turn failed" : words)
    case let fault: return .service(fault)
    }
  }

  /// Whether a message without a status speaks of a service that may serve later.
  private static func isOfService(_ lower: String) -> Bool {
    ["high demand", "temporar", "overloaded", "timeout", "timed out", "retry limit", "connection", "network"]
      .contains { lower.contains($0) }
  }

  // MARK: Usage

  /// Tokens are told as the sum over the conversation, across resumes. What was read from the cache is part
  /// of what was read.
  private mutating func meter(_ told: StreamValue?) {
    func count(_ key: String) -> Int { max(0, told?[key]?.integer ?? 0) }
    guard told != nil else { return }
    let cached = min(count("cached_input_tokens"), count("input_tokens"))
    let sum = Tokens(
      input: count("input_tokens") - cached, cached: cached, cacheWrites: count("cache_write_input_tokens"),
      output: count("output_tokens"))
    usage.tokens = sum.since(resumed?.tokens ?? Tokens()) ?? sum
  }
}
