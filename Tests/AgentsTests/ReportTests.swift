import Agents
import Testing

/// Commands that write a report, and commands that write none.
@Suite struct ReportTests {
  private func end(_ exit: AgentExit, words: String = "", report: [UInt8]? = nil, file: String? = "r.json")
    -> AgentReport
  {
    var task = AgentTask(.command)
    task.reportFile = file
    var run = AgentRun(task, clock: Recorded("").clock)
    return run.end(exit, words: words, report: report)
  }

  // MARK: mini-swe-agent, as it was recorded

  @Test func `what was submitted is done, and metered`() throws {
    let report = end(.exited(0), report: try Recorded.file("mini-done.json"))
    #expect(report.outcome == .done(.nothing))
    #expect(report.usage.turns == 2)
    #expect(report.usage.microdollars == 0)
    #expect(report.usage.model == "openai/stub")
    #expect(report.usage.agentVersion == "2.4.6")
  }

  @Test func `half the work with exit code 0 is no success`() throws {
    let report = end(.exited(0), report: try Recorded.file("mini-format.json"))
    #expect(report.outcome == .failed("RepeatedFormatError"))
  }

  @Test func `its errors are those of its service`() throws {
    #expect(
      end(.exited(1), report: try Recorded.file("mini-401.json")).outcome
        == .service(.configuration("AuthenticationError")))
    #expect(
      end(.exited(1), report: try Recorded.file("mini-500.json")).outcome
        == .service(.transient(status: nil, "InternalServerError")))
  }

  @Test func `its limit of steps is one of turns, and it cannot go on`() throws {
    let report = end(.exited(0), report: try Recorded.file("mini-steps.json"))
    #expect(report.outcome == .continueable(.turnLimit))
    let follows = report.consequence(AgentTask(.command), hasChanged: true, continuations: 3)
    #expect(follows == .failed("the agent used up its turns"))
  }

  // MARK: Others

  @Test(arguments: [
    (#"{"outcome":"finished","steps":3,"cost_usd":0.5,"session_id":"s"}"#, AgentOutcome.done(.nothing)),
    (#"{"outcome":"turn_limit"}"#, .continueable(.turnLimit)),
    (
      #"{"outcome":"config_error","error":{"code":"x","message":"no key"}}"#,
      .service(.configuration("no key"))
    ),
    (#"{"outcome":"error","error":{"message":"it broke"}}"#, .failed("it broke")),
    (
      #"{"outcome":"error","error":{"message":"status 503 from the service"}}"#,
      .service(.transient(status: 503, "status 503 from the service"))
    ),
    (#"{"result":"no-op","reason":"all is there"}"#, .done(.noOp("all is there"))),
    (#"{"result":"cannot","reason":"no"}"#, .done(.cannot("no"))),
    (#"{"result":"done","usage":{"turns":3}}"#, .done(.nothing)),
  ]) func `known forms are read`(_ text: String, _ outcome: AgentOutcome) {
    #expect(end(.exited(0), report: Array(text.utf8)).outcome == outcome)
  }

  @Test func `our own form has usage`() {
    let text = #"""
      {"result":"done","usage":{"model":"m","session":"s","turns":3,"tokens_in":5,"tokens_cached":6,
      "tokens_out":7,"cost_usd":0.25}}
      """#
    let usage = end(.exited(0), report: Array(text.utf8)).usage
    #expect(usage.model == "m" && usage.session == "s" && usage.turns == 3)
    #expect(usage.tokens == Tokens(input: 5, cached: 6, output: 7))
    #expect(usage.microdollars == 250_000)
  }

  @Test(arguments: [nil, "", "[]", "{}", "no JSON", #"{"result":"per haps"}"#] as [String?])
  func `a report that was promised is needed`(_ text: String?) {
    #expect(
      end(.exited(0), report: text.map { Array($0.utf8) }).outcome
        == .noTerminalEvent("the agent left no report that can be read"))
  }

  // MARK: Without a report the exit code decides

  @Test func `a plain command is judged by its end`() {
    #expect(end(.exited(0), file: nil).outcome == .done(.nothing))
    #expect(end(.exited(3), file: nil).outcome == .failed("ended with exit code 3"))
    #expect(end(.exited(3), words: "boom", file: nil).outcome == .failed("ended with exit code 3: boom"))
    #expect(
      end(.exited(127), words: "sh: x: not found", file: nil).outcome
        == .service(.configuration("sh: x: not found")))
    guard case .cancelled = end(.exited(137), file: nil).outcome else {
      Issue.record("a killed command is not cancelled")
      return
    }
  }

  @Test func `why it failed it knows best itself`() {
    var run = AgentRun(AgentTask(.command), clock: Recorded("").clock)
    #expect(run.end(.exited(3), words: "boom", declared: .failed("no tests")).reason == "no tests")
    #expect(run.end(.exited(0), declared: .cannot("no API")).reason == "no API")
    #expect(run.end(.exited(3), declared: .noOp("nothing")).reason == "ended with exit code 3")
  }

  @Test func `its output is not read as events`() throws {
    var run = AgentRun(AgentTask(.command), clock: Recorded("").clock)
    #expect(run.feed(try Recorded("claude-done").bytes) == [])
    #expect(!run.isAtEnd)
  }
}
