import Migration
import Testing

@testable import Plans

@Suite("A plan's agent")
struct RefusingAnAgent {
  @Test(
    "has no setting that would be ignored",
    arguments: [
      (
        "agent: { command: x, max_turns: 3 }",
        "4:33: 'max_turns' has no effect on this agent\n"
          + "hint: the adapters claude and codex have it; give any other agent its option in 'command'"
      ),
      (
        "agent: { adapter: codex, permissions: [Bash] }",
        "4:39: 'permissions' has no effect on this agent\n"
          + "hint: only the adapters 'claude' and 'acp' know tools that can be allowed"
      ),
      (
        "agent: { adapter: claude, command: x, model: y }",
        "4:46: 'model' has no effect on this agent\nhint: name the model in 'command'"
      ),
      (
        "agent: { adapter: claude, model: --x }",
        "4:34: 'model' is '--x', which is no name\nhint: options belong in 'args'"
      ),
      (
        "agent: { command: x, report_file: ../r.json }",
        "4:35: 'report_file' is '../r.json', which is no path in the worktree\n"
          + "hint: name a file that git ignores, such as .agent/report.json"
      ),
      (
        "agent: { adapter: claude, report_file: r.json }",
        "4:40: 'report_file' has no effect on this agent\n"
          + "hint: the adapters tell their end by themselves"
      ),
    ])
  func settings(yaml: String, expected: String) { #expect(shown(refusal(plan(yaml))) == expected) }

  @Test("has its settings")
  func settings() throws {
    let agent = try expand(
      plan(
        "agent: { adapter: claude, model: opus, args: [--effort, high], permissions: 'Bash(make:*)', "
          + "silence: 10m, continuations: 1 }\nsteps: [{ id: A }]")
    ).agent
    #expect(agent?.model == "opus")
    #expect(agent?.args == ["--effort", "high"])
    #expect(agent?.permissions == ["Bash(make:*)"])
    #expect(agent?.silenceSeconds == 600)
    #expect(agent?.continuations == 1)
  }

  @Test("is one of several, which steps name")
  func several() throws {
    let several = try expand(
      plan(
        "agents: { coder: { adapter: claude, model: opus, budget: { usd: 2 } }, "
          + "default: { adapter: codex } }\n"
          + "steps: [{ id: A }, { id: B, agent: coder }, { id: C, run: make }]"))
    #expect(several.agents.map(\.name) == ["coder"] && several.agent?.adapter == "codex")
    #expect(several.steps.map { several.agent(of: $0)?.label } == ["codex", "coder", nil])
    #expect(several.agents.first?.budget == [.usd: 2_000_000])
    #expect(several.services == ["codex", "claude"])
    #expect(try Plan(json: several.json) == several)
    #expect(several.fault() == nil)
    let only = try expand(plan("agents: { coder: { adapter: claude } }\nsteps: [{ id: A }]"))
    #expect(only.agent?.name == "coder" && only.agents.isEmpty)
    #expect(try Plan(json: only.json) == only)
  }

  @Test(
    "is named by each step where none is the default",
    arguments: [
      (
        "agents: { a: { adapter: claude }, b: { adapter: codex } }\nsteps: [{ id: A }]",
        "5:9: the step names no agent, and the plan has several\n"
          + "hint: add 'agent: ' with one of a, b, or call one of them default"
      ),
      (
        "agents: { coder: { adapter: claude } }\nsteps: [{ id: A, agent: codr }]",
        "5:25: no agent is named 'codr'\nhint: did you mean 'coder'?"
      ),
    ])
  func naming(yaml: String, expected: String) { #expect(shown(refusal(plan(yaml))) == expected) }
}
