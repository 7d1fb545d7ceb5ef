/// How Codex is started (0.163, `codex exec --help`).
enum Codex {
  static func arguments(_ task: AgentTask) -> [String] {
    // Before `resume`, or a conversation that goes on may only read, and says nothing of it.
    var words = ["codex", "exec", "-s", "workspace-write"]
    if let model = task.model { words += ["-m", model] }
    if let file = task.schemaFile { words += ["--output-schema", file] }
    words += task.arguments
    if let session = task.resumed {
      words += ["resume", "--json", session.id]
    } else {
      words.append("--json")
    }
    return words + ["-"]
  }
}
