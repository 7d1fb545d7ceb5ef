import CanonicalJSON

/// Reads a report that an agent leaves in a file (`report_file:`): ours, mini-swe-agent's trajectory, or
/// Mistral Vibe's export.
enum ReportFile {
  /// The longest report that is read, in bytes: some hold the whole conversation, of which nothing is kept.
  static let longest = 64 << 20

  /// What a report says; `nil` when the bytes are no report.
  static func read(_ bytes: [UInt8]) -> AgentReport? {
    guard bytes.count <= longest, let value = StreamValue.parse(bytes, passingOverLists: true) else {
      return nil
    }
    if let info = value["info"], info["exit_status"] != nil { return miniSWEAgent(info, value) }
    if value["outcome"] != nil { return vibe(value) }
    if let (declaration, notes) = AgentClosing.read(value) {
      return AgentReport(outcome: .done(declaration), closing: notes, usage: usage(value["usage"]))
    }
    return nil
  }

  // MARK: Ours

  /// `{"usage": {"model", "session", "turns", "tokens_in", "tokens_cached", "tokens_out", "cost_usd"}}`.
  private static func usage(_ told: StreamValue?) -> AgentUsage {
    var usage = AgentUsage()
    usage.model = told?["model"]?.words
    usage.session = told?["session"]?.words
    usage.turns = count(told?["turns"])
    usage.tokens = Tokens(
      input: count(told?["tokens_in"]), cached: count(told?["tokens_cached"]),
      output: count(told?["tokens_out"]))
    usage.microdollars = told?["cost_usd"]?.millionths.map { max(0, $0) }
    return usage
  }

  private static func count(_ value: StreamValue?) -> Int { max(0, value?.integer ?? 0) }

  // MARK: mini-swe-agent

  private static func miniSWEAgent(_ info: StreamValue, _ value: StreamValue) -> AgentReport {
    var usage = AgentUsage()
    usage.turns = count(info["model_stats"]?["api_calls"])
    usage.microdollars = info["model_stats"]?["instance_cost"]?.millionths.map { max(0, $0) }
    usage.model = info["config"]?["model"]?["model_name"]?.words
    usage.agentVersion = info["mini_version"]?.words
    let status = info["exit_status"]?.words ?? ""
    let words = info["exception_str"]?.words ?? info["submission"]?.words ?? ""
    let line = AgentText.line(words.isEmpty ? status : "\(status): \(words)")
    return AgentReport(outcome: miniOutcome(status, line), closing: AgentText.whole(words), usage: usage)
  }

  /// The classes of errors are those of the library by which it speaks to services.
  private static func miniOutcome(_ status: String, _ line: String) -> AgentOutcome {
    switch status {
    case "Submitted": .done(.nothing)
    case "": .noTerminalEvent("the agent's report says nothing of its end")
    case "LimitsExceeded": .continueable(.turnLimit)
    case "KeyboardInterrupt", "UserInterruption": .cancelled(line)
    case "AuthenticationError", "PermissionDeniedError", "NotFoundError": .service(.configuration(line))
    case "RateLimitError": .service(ServiceWords.fault(status: 429, line))
    case "BadRequestError", "ContextWindowExceededError", "UnsupportedParamsError": .service(.request(line))
    case "APIConnectionError", "APIError", "InternalServerError", "ServiceUnavailableError", "Timeout":
      .service(.transient(status: nil, line))
    default: .failed(line)
    }
  }

  // MARK: Vibe

  private static func vibe(_ value: StreamValue) -> AgentReport {
    var usage = AgentUsage()
    usage.session = value["session_id"]?.words
    usage.turns = count(value["steps"])
    usage.model = value["model"]?.words
    usage.tokens = Tokens(
      input: count(value["usage"]?["prompt_tokens"] ?? value["usage"]?["input_tokens"]),
      output: count(value["usage"]?["completion_tokens"] ?? value["usage"]?["output_tokens"]))
    usage.microdollars = value["cost_usd"]?.millionths.map { max(0, $0) }
    let words = value["error"]?["message"]?.words ?? value["error"]?.words ?? ""
    let outcome = value["outcome"]?.words ?? ""
    let line = AgentText.line(words.isEmpty ? outcome : words)
    let report: AgentOutcome
    switch outcome {
    case "finished", "completed", "success": report = .done(.nothing)
    case "turn_limit": report = .continueable(.turnLimit)
    case "config_error", "auth_error": report = .service(.configuration(line))
    case "cancelled", "interrupted": report = .cancelled(line)
    default:
      let status = value["error"]?["status"]?.integer ?? ServiceWords.status(in: words)
      report = status == nil ? .failed(line) : .service(ServiceWords.fault(status: status, line))
    }
    return AgentReport(outcome: report, usage: usage)
  }
}
