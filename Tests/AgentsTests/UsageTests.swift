import Agents
import Testing

/// What agents tell of themselves: usage, last words, refusals.
@Suite struct UsageTests {
  @Test func `claude tells everything`() throws {
    let report = try Recorded("claude-done").report()
    var usage = AgentUsage()
    usage.session = "00000000-0000-4000-8000-000000000001"
    usage.model = "claude-opus-5-5"
    usage.agentVersion = "2.1.332"
    usage.turns = 2
    usage.tokens = Tokens(input: 140, cached: 60, output: 84)
    usage.microdollars = 2252
    #expect(report.usage == usage)
    #expect(report.closing == "I wrote a.txt.")
    #expect(report.warnings == [])
  }

  @Test func `codex tells its conversation and tokens`() throws {
    let report = try Recorded("codex-done").report()
    #expect(report.usage.session == "00000000-0000-4000-8000-000000000001")
    #expect(report.usage.turns == 2)
    #expect(report.usage.tokens == Tokens(input: 140, cached: 60, output: 84))
    #expect(report.usage.microdollars == nil)
    #expect(report.closing == "I wrote a.txt.")
  }

  /// Both count over the whole conversation.
  @Test(arguments: ["claude", "codex"]) func `what a resumed conversation used before is not counted twice`(
    _ agent: String
  ) throws {
    let first = try Recorded("\(agent)-first").report().usage
    var resumed = Recorded("\(agent)-resumed")
    resumed.task.resumed = AgentSession(
      id: try #require(first.session), tokens: first.tokens, microdollars: first.microdollars ?? 0)
    let second = try resumed.report().usage
    #expect(first.tokens == Tokens(input: 140, cached: 60, output: 84))
    #expect(second.tokens == Tokens(input: 140, cached: 60, output: 84))
    #expect(second.microdollars == (agent == "claude" ? 2252 : nil))
    #expect(second.session == first.session || agent == "codex")
  }

  @Test func `two results of one process are one sum`() throws {
    let report = try Recorded("claude-background").report()
    #expect(report.usage.tokens == Tokens(input: 210, cached: 90, output: 126))
    #expect(report.usage.microdollars == 3378)
    #expect(report.usage.turns == 3)
  }

  @Test func `a killed agent has used what it told until then`() throws {
    let bytes = try Recorded("claude-cut").bytes
    let half = bytes.split(separator: 0x0A).prefix(3).joined(separator: [0x0A])
    var run = AgentRun(AgentTask(.claude), clock: Recorded("").clock)
    _ = run.feed(Array(half) + [0x0A])
    let report = run.end(.signalled(9))
    #expect(report.usage.turns == 1)
    #expect(report.usage.tokens == Tokens(input: 70, cached: 30, output: 1))
    #expect(report.hasProgress)
  }

  @Test func `turns are the model's answers`() throws {
    #expect(try Recorded("claude-turn-limit").report().usage.turns == 3)
    #expect(try Recorded("claude-401").report().usage.turns == 0)
    #expect(try Recorded("codex-failing-command").report().usage.turns == 3)
  }

  @Test func `notes are the closing words`() throws {
    #expect(try Recorded("claude-done-closing").report().closing == "Added a.txt.")
    #expect(try Recorded("claude-noop").report().closing == "looked at 3 files")
    #expect(try Recorded("codex-noop").report().closing == "looked at 3 files")
  }

  // MARK: Warnings

  @Test func `refused tools are a warning where something was done`() throws {
    let report = try Recorded("claude-denied-changed").report().judged(hasChanged: true)
    #expect(report.outcome == .done(.nothing))
    #expect(report.warnings == ["the agent was refused: Bash(make test)"])
  }

  @Test func `a change contradicts the word that none was needed`() throws {
    let report = try Recorded("claude-noop-changed").report().judged(hasChanged: true)
    #expect(report.outcome == .done(.nothing))
    #expect(
      report.warnings == ["it said that nothing was to be done, but changed files: all is there"])
  }

  @Test func `a vendor's notice is kept`() throws {
    let warnings = try Recorded("claude-refusal").report().warnings
    #expect(warnings.count == 1 && warnings[0].contains("safeguards stopped the response"))
  }

  @Test func `a result file says more than an event`() throws {
    let report = try Recorded("claude-done").report(declared: .noOp("by file"))
    #expect(report.outcome == .done(.noOp("by file")))
  }

  // MARK: Live

  @Test func `the end is near when the last event came, and not when work goes on`() throws {
    let lines = try Recorded("claude-background").bytes.split(separator: 0x0A).map(Array.init)
    var run = AgentRun(AgentTask(.claude), clock: Recorded("").clock)
    var ends: [Bool] = []
    for line in lines {
      _ = run.read(line)
      ends.append(run.isAtEnd)
    }
    // The first result, what its task does in the background, the answer to that, the second result.
    #expect(ends.firstIndex(of: true) == 6)
    #expect(ends.last == true)
    #expect(ends[7...].contains(false))
  }

  @Test func `codex has no limit of turns, so they are counted`() throws {
    var recorded = Recorded("codex-failing-command")
    recorded.task.turns = 2
    var run = AgentRun(recorded.task, clock: recorded.clock)
    _ = run.feed(try recorded.bytes)
    #expect(run.isOverTurnLimit)
    recorded.task.turns = 3
    run = AgentRun(recorded.task, clock: recorded.clock)
    _ = run.feed(try recorded.bytes)
    #expect(!run.isOverTurnLimit)
  }

  @Test func `events are told as they come`() throws {
    let events = try Recorded("claude-denied").events()
    #expect(
      events == [
        .began(
          session: "00000000-0000-4000-8000-000000000001", model: "claude-opus-5-5", version: "2.1.332"),
        .turn, .used(ToolUse(tool: "Bash", subject: "curl http://127.0.0.1/x")),
        .denied(Denial(tool: "Bash", subject: "")), .turn, .said("I could not."),
        .denied(Denial(tool: "Bash", subject: "curl http://127.0.0.1/x")), .ended,
      ])
    #expect(try Recorded("claude-limit").events().contains(.limited(untilSeconds: 1_800_000_000)))
    #expect(try Recorded("claude-commits").events().contains(.branched("mine")))
    #expect(try Recorded("claude-429").events().contains(.retrying("status 429")))
  }
}
