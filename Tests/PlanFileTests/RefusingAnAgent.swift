import Migration
import Testing

@testable import PlanFile

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
          + "hint: only the adapter 'claude' knows tools that can be allowed"
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
}
