import CanonicalJSON

/// Talks with any agent of the Agent Client Protocol, version 1: a line of JSON-RPC each way. It reads what
/// the agent prints, and says what is to be sent; so it can also read a log, where nobody hears it.
struct ACPReader: StreamReader {
  private(set) var terminal: AgentOutcome?
  private(set) var hasBegun = false
  private(set) var usage = AgentUsage()
  private(set) var closing = ""
  /// The lines that are to be sent, oldest first.
  private var outgoing: [JSON] = []
  private let task: AgentTask
  /// Whether the model is at its turn: a tool that has ended ends it.
  private var isAtTurn = false
  /// Whether the conversation that goes on is being told again: nothing of it is new.
  private var isLoading = false

  /// The tools that are called, by the names of the calls: who asks for a permission need not say it again.
  private var calls: [String: ToolUse] = [:]
  /// The most calls that are remembered.
  private static let mostCalls = 100

  /// The numbers of our requests.
  private enum Ask: Int, CaseIterable { case initialize, session, load, prompt }

  init(_ task: AgentTask) {
    self.task = task
    usage.session = task.resumed?.id
    ask(
      .initialize, "initialize",
      [
        "protocolVersion": .integer(1),
        "clientCapabilities": .object([
          .init("fs", .object([.init("readTextFile", .bool(false)), .init("writeTextFile", .bool(false))])),
          .init("terminal", .bool(false)),
        ]),
        "clientInfo": .object([.init("name", .string("git-migrate")), .init("version", .string("0.1.0"))]),
      ])
  }

  /// Takes what is to be sent.
  mutating func takeOutgoing() -> [JSON] {
    defer { outgoing = [] }
    return outgoing
  }

  /// Asks the agent to stop.
  mutating func cancel() {
    guard let session = usage.session, terminal == nil else { return }
    send([
      .init("method", .string("session/cancel")),
      .init("params", .object([.init("sessionId", .string(session))])),
    ])
  }

  mutating func read(_ message: StreamValue) -> [AgentEvent] {
    if let method = message["method"]?.text {
      if let id = message["id"] { return request(method, id, message["params"]) }
      return method == "session/update" ? update(message["params"]?["update"]) : []
    }
    guard let ask = message["id"]?.integer.flatMap(Ask.init(rawValue:)) else { return [] }
    if let error = message["error"] { return failed(ask, error) }
    return answered(ask, message["result"])
  }

  // MARK: Our requests

  private mutating func ask(_ ask: Ask, _ method: String, _ params: KeyValuePairs<String, JSON>) {
    send([
      .init("id", .integer(Int64(ask.rawValue))), .init("method", .string(method)),
      .init("params", .object(params.map { .init($0.key, $0.value) })),
    ])
  }

  private mutating func send(_ members: [JSON.Member]) {
    outgoing.append(.object(members + [.init("jsonrpc", .string("2.0"))]))
  }

  private mutating func answered(_ ask: Ask, _ result: StreamValue?) -> [AgentEvent] {
    switch ask {
    case .initialize:
      usage.agentVersion = result?["agentInfo"]?["version"]?.words
      if let session = task.resumed, result?["agentCapabilities"]?["loadSession"]?.isTrue == true {
        isLoading = true
        self.ask(.load, "session/load", place(adding: .init("sessionId", .string(session.id))))
      } else if task.resumed != nil {
        // Nothing of it is known any more: it is begun anew.
        terminal = .failed("the agent cannot go on with a conversation")
        return [.ended]
      } else {
        self.ask(.session, "session/new", place(adding: nil))
      }
      return []
    case .session, .load:
      isLoading = false
      hasBegun = true
      let session = result?["sessionId"]?.words ?? task.resumed?.id ?? ""
      usage.session = session
      usage.model = result?["models"]?["currentModelId"]?.words ?? usage.model
      self.ask(
        .prompt, "session/prompt",
        [
          "sessionId": .string(session),
          "prompt": .array([
            .object([.init("type", .string("text")), .init("text", .string(task.prompt ?? ""))])
          ]),
        ])
      return [.began(session: session, model: usage.model, version: usage.agentVersion)]
    case .prompt:
      meter(result?["usage"])
      terminal = outcome(result?["stopReason"]?.text)
      return [.ended]
    }
  }

  /// Where the agent is to work, and the server of tools.
  private func place(adding member: JSON.Member?) -> KeyValuePairs<String, JSON> {
    let servers = task.tools.map { tools in
      JSON.object([
        .init("name", .string(AgentTools.name)), .init("command", .string(tools.program)),
        .init("args", .array(tools.arguments.map(JSON.string))), .init("env", .array([])),
      ])
    }
    let list = JSON.array(servers.map { [$0] } ?? [])
    let directory = JSON.string(task.directory ?? "/")
    guard let member else { return ["cwd": directory, "mcpServers": list] }
    return [member.key: member.value, "cwd": directory, "mcpServers": list]
  }

  /// What it declares in its closing words, where it was asked for one of the plan's: no form can be asked
  /// for, so that it is all of them or their last line.
  private mutating func declared() -> Declaration {
    guard !task.words.isEmpty else { return .nothing }
    let lines = closing.split(whereSeparator: \.isNewline)
    for text in [closing, String(lines.last ?? "")] {
      if let (declaration, notes) = AgentClosing.read(.parse(Array(text.utf8))) {
        closing = notes
        return declaration
      }
    }
    return .nothing
  }

  private mutating func outcome(_ reason: String?) -> AgentOutcome {
    switch reason {
    case "end_turn": .done(declared())
    case "max_tokens": .continueable(.outputLimit)
    case "max_turn_requests": .continueable(.turnLimit)
    case "refusal": .failed("the model refused the task")
    case "cancelled": .cancelled("the agent was interrupted")
    case let other: .failed("the agent stopped for an unknown reason: \(AgentText.line(other ?? "none"))")
    }
  }

  private mutating func failed(_ ask: Ask, _ error: StreamValue) -> [AgentEvent] {
    let words = error["data"]?["details"]?.words ?? error["data"]?.words ?? ""
    let message = error["message"]?.words ?? "the agent answered with an error"
    let text = AgentText.line(words.isEmpty || words == message ? message : "\(message): \(words)")
    switch error["code"]?.integer {
    case -32000: terminal = .service(.configuration(text))
    default:
      if ask == .load {
        terminal = .failed(text)
      } else if ask != .prompt {
        terminal = .service(.configuration(text))
      } else {
        let status = ServiceWords.status(in: text)
        let fault = ServiceWords.fault(status: status, text)
        if case .transient(nil, _) = fault { terminal = .failed(text) } else { terminal = .service(fault) }
      }
    }
    return [.ended]
  }

  // MARK: The agent's requests

  /// What the agent asks for. Files and terminals are its own affair.
  private mutating func request(_ method: String, _ id: StreamValue, _ params: StreamValue?) -> [AgentEvent] {
    guard let id = ACPReader.token(id) else { return [] }
    guard method == "session/request_permission" else {
      send([
        .init("id", id),
        .init(
          "error",
          .object([
            .init("code", .integer(-32601)), .init("message", .string("there is no '\(method)' here")),
          ])),
      ])
      return []
    }
    let call = params?["toolCall"]
    let known = call?["toolCallId"]?.text.flatMap { calls[$0] }
    let kind = call?["kind"]?.words ?? known?.tool ?? "other"
    let title = call?["title"]?.words ?? known?.subject ?? ""
    let isAllowed = allows(kind, title)
    let kinds = isAllowed ? ["allow_once", "allow_always"] : ["reject_once", "reject_always"]
    let options = params?["options"]?.elements ?? []
    let option = kinds.lazy.compactMap { kind in options.first { $0["kind"]?.text == kind }?["optionId"]?.text
    }.first
    let outcome: [JSON.Member] =
      option.map { [.init("outcome", .string("selected")), .init("optionId", .string($0))] }
      ?? [.init("outcome", .string("cancelled"))]
    send([.init("id", id), .init("result", .object([.init("outcome", .object(outcome))]))])
    return isAllowed ? [] : [.denied(Denial(tool: kind, subject: title))]
  }

  /// What an agent may do by itself: to read and write files and to think, and to call our own tools.
  /// Commands and the network only where the plan says so, or where it is shut in.
  private static let harmless: Set<String> = [
    "read", "edit", "delete", "move", "search", "think", "switch_mode",
  ]

  private func allows(_ kind: String, _ title: String) -> Bool {
    task.isShutIn || ACPReader.harmless.contains(kind) || task.permissions.contains(kind)
      || task.permissions.contains("all") || title.hasPrefix("\(AgentTools.name)_")
      || title.contains("mcp__\(AgentTools.name)__")
  }

  private static func token(_ value: StreamValue) -> JSON? {
    switch value {
    case .string(let text): .string(text)
    case .number(let digits): Int64(digits).map(JSON.integer)
    case .null, .bool, .array, .object: nil
    }
  }

  // MARK: What it tells

  private mutating func update(_ update: StreamValue?) -> [AgentEvent] {
    if isLoading { return [] }
    switch update?["sessionUpdate"]?.text {
    case "agent_message_chunk":
      let turn = beginTurn()
      guard let text = update?["content"]?["text"]?.text else { return turn }
      if !turn.isEmpty { closing = "" }
      closing = AgentText.whole(closing + text)
      return turn + (text.contains { !$0.isWhitespace } ? [.said(AgentText.line(text))] : [])
    case "agent_thought_chunk": return beginTurn()
    case "tool_call":
      let use = ToolUse(
        tool: update?["kind"]?.words ?? "other", subject: update?["title"]?.words ?? "")
      if let id = update?["toolCallId"]?.text, calls.count < ACPReader.mostCalls { calls[id] = use }
      return beginTurn() + [.used(use)]
    case "tool_call_update":
      if let id = update?["toolCallId"]?.text, var use = calls[id] {
        use = ToolUse(
          tool: update?["kind"]?.words ?? use.tool, subject: update?["title"]?.words ?? use.subject)
        calls[id] = use
        if ["completed", "failed"].contains(update?["status"]?.text) { calls[id] = nil }
      }
      if ["completed", "failed"].contains(update?["status"]?.text) { isAtTurn = false }
      return []
    case "usage_update":
      if update?["cost"]?["currency"]?.text == "USD", let cost = update?["cost"]?["amount"]?.millionths {
        usage.microdollars = max(0, cost - (task.resumed?.microdollars ?? 0))
      }
      return []
    default: return []
    }
  }

  private mutating func beginTurn() -> [AgentEvent] {
    if isAtTurn { return [] }
    isAtTurn = true
    usage.turns += 1
    return [.turn]
  }

  private mutating func meter(_ told: StreamValue?) {
    guard let told else { return }
    func count(_ names: String...) -> Int {
      max(0, names.lazy.compactMap { told[$0]?.integer }.first ?? 0)
    }
    let sum = Tokens(
      input: count("inputTokens"), cached: count("cachedReadTokens"), cacheWrites: count("cachedWriteTokens"),
      output: count("outputTokens"))
    usage.tokens = sum.since(task.resumed?.tokens ?? Tokens()) ?? sum
  }
}
