import Agents
import Testing

/// The rows of the table of outcomes (AGENTS §2): what a real agent printed, and what follows from it.
@Suite struct OutcomeTests {
  struct Row: CustomTestStringConvertible {
    var stream: String
    var exit = AgentExit.exited(0)
    var hasChanged = false
    var follows: Consequence
    var testDescription: String { stream + (hasChanged ? ", with changes" : "") }
  }

  static let auth = "Failed to authenticate. API Error: "
  static let killed = "the agent was ended by signal 9, from outside of this run"
  static let terminated = "the agent was ended by signal 15, from outside of this run"
  static let claudeRemedy =
    "see that claude works for you in this repository; variables that it needs are let through by the plan's "
    + "'agent.env' or by migrate.agentEnvironment; then 'git migrate resume'"
  static let codexRemedy = claudeRemedy.replacing("claude", with: "codex")

  static let claude: [Row] = [
    Row(stream: "claude-done", hasChanged: true, follows: .handIn),
    Row(stream: "claude-done-closing", hasChanged: true, follows: .handIn),
    Row(stream: "claude-done-unasked", hasChanged: true, follows: .handIn),
    Row(stream: "claude-words-only", follows: .handIn),
    Row(stream: "claude-noop", follows: .handInNoOp("all is there")),
    Row(stream: "claude-noop-changed", hasChanged: true, follows: .handIn),
    Row(stream: "claude-cannot", follows: .blocked("the interface is gone")),
    Row(
      stream: "claude-result-file",
      follows: .failed(
        #"the agent was refused: Bash(printf '{"result":"no-op"}' > ../result.json)"#)),
    Row(
      stream: "claude-denied", follows: .failed("the agent was refused: Bash(curl http://127.0.0.1/x)")),
    Row(stream: "claude-denied-changed", hasChanged: true, follows: .handIn),
    Row(stream: "claude-turn-limit", exit: .exited(1), hasChanged: true, follows: .resumed(.turnLimit)),
    Row(stream: "claude-budget", exit: .exited(1), follows: .failed("Reached maximum budget ($0.001)")),
    Row(
      stream: "claude-400", exit: .exited(1), follows: .blocked("API Error: 400 the stub answers 400")),
    Row(
      stream: "claude-401", exit: .exited(1),
      follows: .pauses(auth + "401 the stub answers 401", remedy: claudeRemedy)),
    Row(
      stream: "claude-403", exit: .exited(1),
      follows: .pauses(auth + "403 the stub answers 403", remedy: claudeRemedy)),
    Row(
      stream: "claude-404", exit: .exited(1),
      follows: .pauses(
        "There's an issue with the selected model (claude-opus-5-5). It may not exist or you may not have "
          + "access to it. Run --model to pick a different model.", remedy: claudeRemedy)),
    Row(
      stream: "claude-no-key", exit: .exited(1),
      follows: .pauses("Not logged in · Please run /login", remedy: claudeRemedy)),
    Row(
      stream: "claude-limit", exit: .exited(1),
      follows: .rests(
        untilSeconds: 1_800_000_000, cause: "usage limit",
        "You've hit your 5-hour limit · resets 1:22am (UTC)")),
    Row(stream: "claude-cut", exit: .exited(1), hasChanged: true, follows: .resumed(.cut)),
    Row(stream: "claude-killed", exit: .signalled(9), follows: .givenBack(killed)),
    Row(stream: "claude-terminated", exit: .exited(143), follows: .givenBack(terminated)),
    Row(stream: "claude-interrupted", follows: .givenBack("the agent was interrupted")),
    Row(stream: "claude-background", exit: .overstayed, hasChanged: true, follows: .handIn),
    Row(stream: "claude-refusal", hasChanged: true, follows: .handIn),
    Row(stream: "claude-overlong", hasChanged: true, follows: .handIn),
    Row(stream: "claude-commits", hasChanged: true, follows: .handIn),
    Row(stream: "claude-resumed", hasChanged: true, follows: .handIn),
  ]

  static let codex: [Row] = [
    Row(stream: "codex-done", hasChanged: true, follows: .handIn),
    Row(stream: "codex-words-only", follows: .handIn),
    Row(stream: "codex-noop", follows: .handInNoOp("all is there")),
    Row(stream: "codex-cannot", follows: .blocked("the interface is gone")),
    Row(
      stream: "codex-denied",
      follows: .failed(
        "the agent was refused: sandbox(/bin/bash -lc 'touch /etc/x; git commit -q -m x')")),
    Row(stream: "codex-failing-command", hasChanged: true, follows: .handIn),
    Row(stream: "codex-400", exit: .exited(1), follows: .blocked("the stub answers 400")),
    Row(
      stream: "codex-401", exit: .exited(1),
      follows: .pauses(
        "unexpected status 401 Unauthorized: the stub answers 401, url: http://127.0.0.1:4000/v1/responses",
        remedy: codexRemedy)),
    Row(
      stream: "codex-403", exit: .exited(1),
      follows: .pauses(
        "unexpected status 403 Forbidden: the stub answers 403, url: http://127.0.0.1:4000/v1/responses",
        remedy: codexRemedy)),
    Row(
      stream: "codex-404", exit: .exited(1),
      follows: .pauses(
        "unexpected status 404 Not Found: the stub answers 404, url: http://127.0.0.1:4000/v1/responses",
        remedy: codexRemedy)),
    Row(
      stream: "codex-429", exit: .exited(1),
      follows: .rests(
        untilSeconds: nil, cause: "rate limit", "exceeded retry limit, last status: 429 Too Many Requests")),
    Row(
      stream: "codex-500", exit: .exited(1),
      follows: .rests(
        untilSeconds: nil, cause: "service error",
        "We’re currently experiencing high demand, which may cause temporary errors.")),
    Row(
      stream: "codex-529", exit: .exited(1),
      follows: .rests(
        untilSeconds: nil, cause: "service error 529",
        "unexpected status 529 <unknown status code>: the stub answers 529, url: "
          + "http://127.0.0.1:4000/v1/responses")),
    // 1:22 AM of that day, and the rest of that minute.
    Row(
      stream: "codex-limit", exit: .exited(1),
      follows: .rests(
        untilSeconds: 1_795_915_380, cause: "usage limit",
        "You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit "
          + "https://chatgpt.com/settings/usage to purchase more credits or try again at 1:22 AM.")),
    Row(
      stream: "codex-limit-days", exit: .exited(1),
      follows: .rests(
        untilSeconds: 1_796_260_980, cause: "usage limit",
        "You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit "
          + "https://chatgpt.com/settings/usage to purchase more credits or try again at Dec 3rd, "
          + "2026 1:22 AM."
      )),
    Row(stream: "codex-cut", exit: .exited(1), hasChanged: true, follows: .resumed(.cut)),
    Row(stream: "codex-overlong", exit: .exited(1), follows: .resumed(.outputLimit)),
    Row(stream: "codex-killed", exit: .signalled(9), follows: .givenBack(killed)),
    Row(stream: "codex-terminated", exit: .exited(143), follows: .givenBack(terminated)),
    Row(stream: "codex-interrupted", exit: .exited(1), follows: .givenBack("the agent was interrupted")),
    Row(stream: "codex-resumed", hasChanged: true, follows: .handIn),
  ]

  @Test(arguments: claude + codex) func `each end has its consequence`(_ row: Row) throws {
    let recorded = Recorded(row.stream, row.exit)
    let report = try recorded.report()
    #expect(
      report.consequence(recorded.task, hasChanged: row.hasChanged, continuations: 3) == row.follows)
  }

  /// What the services' errors of the moment have in common: nobody is charged, and the agent rests.
  @Test(arguments: ["claude-429", "claude-500", "claude-529", "claude-unreachable"])
  func `a fault of the moment rests the agent`(_ stream: String) throws {
    let recorded = Recorded(stream, .exited(1))
    guard
      case .rests(nil, _, let words) = try recorded.report().consequence(
        recorded.task, hasChanged: false, continuations: 3)
    else {
      Issue.record("it does not rest")
      return
    }
    #expect(words.hasPrefix("API Error"))
  }

  @Test(arguments: ["claude-turn-limit", "codex-overlong"])
  func `what may not go on any more has failed`(_ stream: String) throws {
    let recorded = Recorded(stream, .exited(1))
    let follows = try recorded.report().consequence(recorded.task, hasChanged: true, continuations: 0)
    #expect(
      follows
        == .failed(
          stream == "claude-turn-limit"
            ? "the agent used up its turns" : "the model's answer was longer than an answer may be"))
  }

  @Test func `a connection that always breaks rests the agent`() throws {
    let recorded = Recorded("claude-cut", .exited(1))
    let follows = try recorded.report().consequence(recorded.task, hasChanged: true, continuations: 0)
    #expect(
      follows
        == .rests(untilSeconds: nil, cause: "connection cut", "the connection to the agent's service broke"))
  }

  @Test(arguments: [("claude", "claude: not found"), ("codex", "codex: not found")])
  func `a program that is missing pauses the migration`(_ agent: String, _ words: String) throws {
    var run = AgentRun(AgentTask(agent == "codex" ? .codex : .claude), clock: Recorded("").clock)
    #expect(run.end(.exited(127)).outcome == .service(.configuration(words)))
    #expect(
      run.end(.exited(127), words: "/bin/sh: 1: claude: not found").reason == "/bin/sh: 1: claude: not found")
  }

  @Test func `a program that takes none of its options says so`() throws {
    let report = try Recorded("claude-bad-option", .exited(1)).report(
      saying: "error: unknown option '--no-such-option'")
    #expect(
      report.outcome
        == .noTerminalEvent(
          "the agent did not begin (exit code 1): error: unknown option '--no-such-option'"))
  }

  @Test func `an exit code of 0 is no success`() throws {
    var run = AgentRun(AgentTask(.claude), clock: Recorded("").clock)
    let bytes = try Recorded("claude-done").bytes
    _ = run.feed(bytes.prefix(bytes.count / 2))
    #expect(run.end(.exited(0)).outcome == .noTerminalEvent("the agent ended without its last event"))
  }

  @Test func `what it said of its work is not believed when it ended badly after it`() throws {
    let report = try Recorded("claude-done", .exited(3)).report(saying: "boom")
    #expect(report.outcome == .failed("ended with exit code 3: boom"))
    #expect(try Recorded("claude-done", .signalled(15)).report().outcome == .done(.nothing))
  }

  @Test func `a crash of the agent is not somebody's signal`() throws {
    let report = try Recorded("claude-killed", .signalled(11)).report()
    #expect(report.outcome == .noTerminalEvent("the agent was ended by signal 11"))
  }
}
