import Agents
import CanonicalJSON
import Migration
import Testing

/// How agents are started.
@Suite struct InvocationTests {
  private static let claude =
    "claude -p --output-format stream-json --verbose --permission-mode acceptEdits"

  /// The arguments as a person would read them, without the form of the closing answer.
  private func words(_ task: AgentTask) -> String {
    task.invocation.arguments.filter { $0 != "--json-schema" && $0 != AgentClosing.schema() }
      .joined(separator: " ")
  }

  @Test func `claude without settings`() {
    #expect(words(AgentTask(.claude)) == Self.claude)
    #expect(AgentTask(.claude).invocation.reportsEvents)
  }

  @Test func `claude with all settings`() {
    var task = AgentTask(.claude)
    task.model = "opus"
    task.turns = 30
    task.microdollars = 2_050_000
    task.permissions = ["Bash(git migrate verify:*)", "WebFetch"]
    task.arguments = ["--effort", "high"]
    task.environmentNames = ["ANTHROPIC_API_KEY"]
    task.resumed = AgentSession(id: "1-2")
    #expect(
      words(task)
        == "\(Self.claude) --resume 1-2 --model opus --max-turns 30 --max-budget-usd 2.05 "
        + "--allowedTools Bash(git migrate verify:*) WebFetch --effort high")
    #expect(task.invocation.environmentNames == ["ANTHROPIC_API_KEY"])
  }

  @Test func `codex without settings`() {
    #expect(words(AgentTask(.codex)) == "codex exec -s workspace-write --json -")
  }

  /// The sandbox is named before `resume`: behind it the conversation could only read.
  @Test func `codex with all settings`() {
    var task = AgentTask(.codex)
    task.model = "gpt"
    task.turns = 30
    task.microdollars = 5
    task.schemaFile = "/run/closing.json"
    task.arguments = ["-c", "a=b"]
    task.resumed = AgentSession(id: "1-2")
    #expect(
      words(task)
        == "codex exec -s workspace-write -m gpt --output-schema /run/closing.json -c a=b resume --json 1-2 -"
    )
  }

  @Test func `a command of the plan is run by a shell`() {
    var task = AgentTask(.claude)
    task.command = "my-claude --fast"
    #expect(task.invocation.arguments == ["/bin/sh", "-c", "my-claude --fast"])
    #expect(task.invocation.reportsEvents)
    task = AgentTask(.command)
    task.command = "aider"
    task.reportFile = "traj.json"
    #expect(!task.invocation.reportsEvents)
    #expect(task.invocation.reportFile == "traj.json")
    task.command = nil
    #expect(task.invocation.arguments == [])
  }

  @Test(arguments: [
    (1, "0.000001"), (250_000, "0.25"), (2_000_000, "2"), (150_000_000, "150"), (0, "0"), (-5, "0"),
  ]) func `money is given in decimals`(_ millionths: Int, _ text: String) {
    var task = AgentTask(.claude)
    task.microdollars = millionths
    let arguments = task.invocation.arguments
    #expect(arguments.contains(text))
  }

  @Test func `the form of the closing answer is JSON`() {
    let schema = StreamValue.parse(Array(AgentClosing.schema().utf8))
    #expect(schema?["required"]?.elements.compactMap(\.text) == ["result", "reason", "notes"])
    #expect(schema?["properties"]?.members.keys.sorted() == ["notes", "reason", "result"])
  }
}

extension InvocationTests {
  /// A ledger holds the line that its plan was shown with; what is started is made anew each time.
  @Test func `a plan's agent is started by its adapter, or by its own command`() {
    var agent = Plan.Agent(
      command: "claude -p --output-format stream-json --verbose --permission-mode acceptEdits --max-turns 3",
      adapter: "claude", maxTurns: 3, env: ["KEY"])
    agent.model = "opus"
    var task = AgentTask(agent)
    #expect(task.command == nil && task.turns == 3 && task.model == "opus")
    #expect(task.environmentNames == ["KEY"])
    agent.command = "my-claude"
    task = AgentTask(agent)
    #expect(task.command == "my-claude")
    task = AgentTask(Plan.Agent(command: "aider"))
    #expect(task.adapter == .command && task.invocation.arguments == ["/bin/sh", "-c", "aider"])
  }
}
