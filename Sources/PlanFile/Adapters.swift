/// An agent whose command line we know. Every one gets the prompt on standard input.
struct Adapter: Equatable, Sendable {
  /// What `adapter:` calls it.
  var name: String
  /// The command without options that depend on the plan.
  var command: String
  /// The option that limits the agent's turns, or `nil` when it has none.
  var turnsOption: String?

  /// The agents known by name; any other one is started by `command:`.
  static let known = [
    Adapter(
      name: "claude",
      command: "claude -p --output-format stream-json --verbose --permission-mode acceptEdits",
      turnsOption: "--max-turns"),
    Adapter(name: "codex", command: "codex exec --json -s workspace-write -", turnsOption: nil),
  ]

  /// The name that stands for a command judged by its exit code alone.
  static let plainCommand = "command"

  /// The whole command line.
  func command(maxTurns: Int?) -> String {
    guard let maxTurns, let turnsOption else { return command }
    return "\(command) \(turnsOption) \(maxTurns)"
  }
}
