import Agents
import CanonicalJSON
import Migration
import Testing

/// A conversation with an agent of the Agent Client Protocol.
@Suite struct ACPTests {
  private func run(_ change: (inout AgentTask) -> Void = { _ in }) -> AgentRun {
    var task = AgentTask(.acp)
    task.command = "agent"
    task.prompt = "Do it.\n"
    task.directory = "/w"
    task.tools = AgentTools(program: "/bin/git-migrate", arguments: ["mcp", "S1"])
    change(&task)
    return AgentRun(task, clock: AgentClock(now: Timestamp(milliseconds: 0)))
  }

  private func said(_ run: inout AgentRun) throws -> [JSON] {
    try run.takeOutgoing().map { try JSON.parse(String(decoding: $0, as: UTF8.self)) }
  }

  /// Brings the conversation as far as the prompt.
  private func begin(_ run: inout AgentRun) throws -> JSON {
    #expect(try said(&run).map { $0["method"] } == [.string("initialize")])
    _ = run.read(
      Array(
        #"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":1,"agentInfo":{"name":"a","version":"7"}}}"#
          .utf8))
    let new = try #require(try said(&run).first)
    #expect(new["method"] == .string("session/new") && new["params"]?["cwd"] == .string("/w"))
    guard case .array(let servers)? = new["params"]?["mcpServers"] else { throw JSONFault("no servers") }
    #expect(servers.first?["name"] == .string("migrate") && servers.first?["env"] == .array([]))
    let events = run.read(Array(#"{"jsonrpc":"2.0","id":1,"result":{"sessionId":"s-1"}}"#.utf8))
    #expect(events == [.began(session: "s-1", model: nil, version: "7")])
    return try #require(try said(&run).first)
  }

  private func update(_ run: inout AgentRun, _ text: String) -> [AgentEvent] {
    run.read(
      Array(
        #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s-1","update":\#(text)}}"#.utf8))
  }

  @Test func `begins, is told the task, and ends with what was used`() throws {
    var run = run()
    let prompt = try begin(&run)
    #expect(prompt["method"] == .string("session/prompt"))
    #expect(prompt.canonical.contains(#"{"text":"Do it.\n","type":"text"}"#))
    _ = update(&run, #"{"sessionUpdate":"tool_call","toolCallId":"1","kind":"edit","title":"a.txt"}"#)
    _ = update(&run, #"{"sessionUpdate":"tool_call_update","toolCallId":"1","status":"completed"}"#)
    _ = update(
      &run, #"{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"I wrote "}}"#)
    _ = update(&run, #"{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"it."}}"#)
    _ = update(
      &run,
      #"{"sessionUpdate":"usage_update","used":9,"size":99,"cost":{"amount":0.25,"currency":"USD"}}"#)
    #expect(!run.isAtEnd)
    let events = run.read(
      Array(
        #"{"id":3,"result":{"stopReason":"end_turn","usage":{"inputTokens":100,"outputTokens":42}}}"#.utf8))
    #expect(events == [.ended] && run.isAtEnd)
    let report = run.end(.exited(3))
    #expect(report.outcome == .done(.nothing) && report.closing == "I wrote it.")
    #expect(report.usage.turns == 2 && report.usage.tokens == Tokens(input: 100, output: 42))
    #expect(report.usage.microdollars == 250_000 && report.usage.session == "s-1")
  }

  private func ask(_ run: inout AgentRun, _ kind: String, _ title: String) throws -> JSON? {
    _ = run.read(
      Array(
        (#"{"jsonrpc":"2.0","id":"p","method":"session/request_permission","params":{"sessionId":"s-1","#
          + #""toolCall":"#
          + #"{"toolCallId":"1","kind":"\#(kind)","title":"\#(title)"},"options":["#
          + #"{"optionId":"y","name":"Yes","kind":"allow_once"},"#
          + #"{"optionId":"n","name":"No","kind":"reject_once"}]}}"#).utf8))
    return try said(&run).first?["result"]?["outcome"]?["optionId"]
  }

  @Test func `what it asks to be permitted is answered by the plan`() throws {
    var run = run { $0.permissions = ["fetch"] }
    _ = try begin(&run)
    #expect(try ask(&run, "edit", "a.txt") == .string("y"))
    #expect(try ask(&run, "fetch", "x") == .string("y"))
    #expect(try ask(&run, "other", "migrate_verify") == .string("y"))
    #expect(try ask(&run, "execute", "rm -rf /") == .string("n"))
    let report = run.end(.exited(0)).judged(hasChanged: false)
    #expect(report.denials == [Denial(tool: "execute", subject: "rm -rf /")])
    var inside = self.run { $0.isShutIn = true }
    _ = try begin(&inside)
    #expect(try ask(&inside, "execute", "make") == .string("y"))
    _ = inside.read(
      Array(#"{"jsonrpc":"2.0","id":5,"method":"fs/read_text_file","params":{"path":"/etc/passwd"}}"#.utf8))
    #expect(try said(&inside).first?["error"]?["code"] == .integer(-32601))
  }

  @Test(arguments: [
    ("max_tokens", AgentOutcome.continueable(.outputLimit)), ("max_turn_requests", .continueable(.turnLimit)),
    ("refusal", .failed("the model refused the task")),
    ("cancelled", .cancelled("the agent was interrupted")),
  ])
  func `why it stopped decides`(_ reason: String, _ outcome: AgentOutcome) throws {
    var run = run()
    _ = try begin(&run)
    _ = run.read(Array(#"{"id":3,"result":{"stopReason":"\#(reason)"}}"#.utf8))
    #expect(run.end(.exited(0)).outcome == outcome)
  }

  @Test func `an error is the service's, or the step's`() throws {
    for (error, outcome) in [
      (#"{"code":-32000,"message":"Authentication required"}"#, "configuration"),
      (#"{"code":-32603,"message":"status 429: slow down"}"#, "transient"),
      (#"{"code":-32603,"message":"Internal error"}"#, "failed"),
    ] {
      var run = run()
      _ = try begin(&run)
      _ = run.read(Array(#"{"id":3,"error":\#(error)}"#.utf8))
      #expect("\(run.end(.exited(0)).outcome)".contains(outcome))
    }
  }

  @Test func `one of the plan's words may be all that it says in the end, or the last line`() throws {
    func outcome(_ text: String, words: [String]) throws -> AgentOutcome? {
      var run = run { $0.words = words }
      _ = try begin(&run)
      let content = JSON.object([.init("type", .string("text")), .init("text", .string(text))]).canonical
      _ = update(&run, #"{"sessionUpdate":"agent_message_chunk","content":\#(content)}"#)
      _ = run.read(Array(#"{"id":3,"result":{"stopReason":"end_turn"}}"#.utf8))
      return run.end(.exited(0)).outcome
    }
    let words = ["approve", "reject"]
    let answer = #"{"result":"reject","reason":"it is poor"}"#
    #expect(try outcome(answer, words: words) == .done(.verdict("reject", "it is poor")))
    #expect(try outcome("I looked.\n\n\(answer)\n", words: words) == .done(.verdict("reject", "it is poor")))
    #expect(try outcome("\(answer)\nor so", words: words) == .done(.nothing))
    #expect(try outcome("reject", words: words) == .done(.nothing))
    #expect(try outcome(answer, words: []) == .done(.nothing), "nobody asked for a word")
  }

  @Test func `goes on where it was, and can be asked to stop`() throws {
    var run = run { $0.resumed = AgentSession(id: "old") }
    _ = try said(&run)
    _ = run.read(Array(#"{"id":0,"result":{"agentCapabilities":{"loadSession":true}}}"#.utf8))
    #expect(try said(&run).first?["params"]?["sessionId"] == .string("old"))
    #expect(
      update(&run, #"{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"then"}}"#) == [])
    _ = run.read(Array(#"{"id":2,"result":{}}"#.utf8))
    #expect(try said(&run).first?["method"] == .string("session/prompt"))
    let hasAsked = run.cancel()
    #expect(try hasAsked && said(&run).first?["method"] == .string("session/cancel"))
  }
}
