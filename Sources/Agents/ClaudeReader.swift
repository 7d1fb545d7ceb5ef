import CanonicalJSON

/// Reads the events of Claude Code's `stream-json`. Facts come from the `result` event; what comes before it
/// is for whoever looks on, and for an agent that is killed.
struct ClaudeReader: StreamReader {
  private(set) var terminal: AgentOutcome?
  private(set) var hasBegun = false
  private(set) var usage = AgentUsage()
  private(set) var closing = ""
  private let resumed: AgentSession?
  /// The answer whose events come in now: one answer can be several events.
  private var answer: String?
  private var limitSeconds: Int?
  /// What the results of this process have told together.
  private var told = Tokens()

  init(resumed: AgentSession?) {
    self.resumed = resumed
    usage.session = resumed?.id
  }

  mutating func read(_ event: StreamValue) -> [AgentEvent] {
    switch event["type"]?.text {
    case "system": system(event)
    case "assistant": assistant(event)
    case "rate_limit_event": limit(event["rate_limit_info"])
    case "result": result(event)
    default: []
    }
  }

  private mutating func system(_ event: StreamValue) -> [AgentEvent] {
    switch event["subtype"]?.text {
    case "init":
      hasBegun = true
      terminal = nil
      usage.session = event["session_id"]?.words ?? usage.session
      usage.model = event["model"]?.words ?? usage.model
      usage.agentVersion = event["claude_code_version"]?.words ?? usage.agentVersion
      guard let session = usage.session else { return [] }
      return [.began(session: session, model: usage.model, version: usage.agentVersion)]
    case "permission_denied":
      // What it was to do is told in the `result`.
      return event["tool_name"]?.words.map { [.denied(Denial(tool: $0, subject: ""))] } ?? []
    case "api_retry":
      let status = event["error_status"]?.integer.map { "status \($0)" }
      return [.retrying(status ?? AgentText.line(event["error"]?.text ?? "no answer"))]
    case "vcs_state_changed": return event["branch"]?.words.map { [.branched(AgentText.line($0))] } ?? []
    case "background_tasks_changed": return [.background(event["tasks"]?.elements.count ?? 0)]
    case "informational": return event["content"]?.words.map { [.notice(AgentText.line($0))] } ?? []
    default: return []
    }
  }

  private mutating func assistant(_ event: StreamValue) -> [AgentEvent] {
    let message = event["message"]
    var events: [AgentEvent] = []
    // What the program says in the model's place is no answer of it.
    let isReal = !(event["is_api_error_message"]?.isTrue ?? false) && message?["model"]?.text != "<synthetic>"
    if isReal {
      terminal = nil
      if message?["id"]?.text == nil || message?["id"]?.text != answer {
        answer = message?["id"]?.text
        usage.turns += 1
        events.append(.turn)
        // Until a result tells better: a run that is killed has used at least this.
        usage.tokens = usage.tokens + ClaudeReader.tokens(message?["usage"])
      }
      for block in message?["content"]?.elements ?? [] {
        if block["type"]?.text == "tool_use", let tool = block["name"]?.words {
          events.append(.used(ToolUse(tool: tool, subject: ClaudeReader.subject(block["input"]))))
        }
        guard block["type"]?.text == "text", let text = block["text"]?.words else { continue }
        if event["parent_tool_use_id"]?.text == nil { closing = AgentText.whole(text) }
        events.append(.said(AgentText.line(text)))
      }
    }
    return events
  }

  private mutating func limit(_ info: StreamValue?) -> [AgentEvent] {
    guard info?["status"]?.text == "rejected" else { return [] }
    limitSeconds = info?["resetsAt"]?.integer
    return [.limited(untilSeconds: limitSeconds)]
  }

  // MARK: The result

  private mutating func result(_ event: StreamValue) -> [AgentEvent] {
    hasBegun = true
    usage.session = event["session_id"]?.words ?? usage.session
    meter(event)
    var events: [AgentEvent] =
      event["permission_denials"]?.elements.compactMap { denial in
        denial["tool_name"]?.words.map {
          .denied(Denial(tool: $0, subject: ClaudeReader.subject(denial["tool_input"])))
        }
      } ?? []
    terminal = outcome(event)
    events.append(.ended)
    return events
  }

  private mutating func outcome(_ event: StreamValue) -> AgentOutcome {
    let reason = event["terminal_reason"]?.text ?? ""
    let subtype = event["subtype"]?.text ?? ""
    let words = event["errors"]?.elements.compactMap(\.words).first ?? event["result"]?.words ?? subtype
    if reason == "max_turns" || subtype == "error_max_turns" { return .continueable(.turnLimit) }
    if reason.hasPrefix("aborted") { return .cancelled("the agent was interrupted") }
    if reason == "api_error" { return serviceOutcome(event, words) }
    let isError = event["is_error"]?.isTrue ?? false
    if isError || subtype.hasPrefix("error") {
      return .failed(AgentText.line(words.isEmpty ? "the agent says that it failed" : words))
    }
    if event["stop_reason"]?.text == "max_tokens" { return .continueable(.outputLimit) }
    if let (declaration, notes) = AgentClosing.read(event["structured_output"]) {
      if !notes.isEmpty { closing = notes }
      return .done(declaration)
    }
    if let words = event["result"]?.words { closing = AgentText.whole(words) }
    return .done(.nothing)
  }

  private func serviceOutcome(_ event: StreamValue, _ text: String) -> AgentOutcome {
    let status = event["api_error_status"]?.integer
    let words = AgentText.line(text)
    switch event["api_error"]?.text {
    case "usage_limit_reached":
      let told = event["api_error_params"]?["rate_limit_info"]?["resetsAt"]?.integer
      return .service(.limit(untilSeconds: told ?? limitSeconds, words))
    case "connection_failed":
      // Before the first answer there is nothing to go on with: the service cannot be reached.
      return usage.turns > 0 ? .continueable(.cut) : .service(.transient(status: nil, words))
    default: break
    }
    switch ServiceWords.fault(status: status, words) {
    case .limit(_, let words): return .service(.limit(untilSeconds: limitSeconds, words))
    case let fault: return .service(fault)
    }
  }

  // MARK: Usage

  /// Costs are told as the sum over the conversation, across resumes; tokens by model in the same way, and
  /// over this turn alone beside it. A conversation whose sums went back began to count anew.
  private mutating func meter(_ event: StreamValue) {
    told = told + ClaudeReader.tokens(event["usage"])
    let models = event["modelUsage"]?.members.values.map(ClaudeReader.modelTokens) ?? []
    let sum = models.reduce(Tokens(), +)
    if sum.total > 0 {
      usage.tokens = sum.since(resumed?.tokens ?? Tokens()) ?? sum
    } else if told.total > 0 {
      usage.tokens = told
    }
    if let cost = event["total_cost_usd"]?.millionths, cost >= 0 {
      let before = resumed?.microdollars ?? 0
      usage.microdollars = cost >= before ? cost - before : cost
    }
    if usage.model == nil, let model = event["modelUsage"]?.members.keys.sorted().first {
      usage.model = model
    }
  }

  private static func tokens(_ usage: StreamValue?) -> Tokens {
    Tokens(
      input: count(usage?["input_tokens"]), cached: count(usage?["cache_read_input_tokens"]),
      cacheWrites: count(usage?["cache_creation_input_tokens"]), output: count(usage?["output_tokens"]))
  }

  private static func modelTokens(_ usage: StreamValue) -> Tokens {
    Tokens(
      input: count(usage["inputTokens"]), cached: count(usage["cacheReadInputTokens"]),
      cacheWrites: count(usage["cacheCreationInputTokens"]), output: count(usage["outputTokens"]))
  }

  private static func count(_ value: StreamValue?) -> Int { max(0, value?.integer ?? 0) }

  /// What a tool was to do: its command, file or address.
  private static func subject(_ input: StreamValue?) -> String {
    for key in ["command", "file_path", "notebook_path", "url", "path", "pattern", "query"] {
      if let words = input?[key]?.words { return words }
    }
    return ""
  }
}
