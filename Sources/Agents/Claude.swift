/// How Claude Code is started (2.1, `claude --help`).
enum Claude {
  static func arguments(_ task: AgentTask) -> [String] {
    var words = [
      "claude", "-p", "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits",
    ]
    if let session = task.resumed { words += ["--resume", session.id] }
    if let model = task.model { words += ["--model", model] }
    if let turns = task.turns { words += ["--max-turns", String(turns)] }
    if let cost = task.microdollars { words += ["--max-budget-usd", dollars(cost)] }
    if !task.permissions.isEmpty { words += ["--allowedTools"] + task.permissions }
    words += ["--json-schema", AgentClosing.schema]
    return words + task.arguments
  }

  /// `2`, `0.25`: millionths in decimal notation, without zeros at the end.
  static func dollars(_ millionths: Int) -> String {
    let fraction = String(String(max(0, millionths) % 1_000_000 + 1_000_000).dropFirst())
    let digits = fraction.reversed().drop { $0 == "0" }.reversed()
    let whole = String(max(0, millionths) / 1_000_000)
    return digits.isEmpty ? whole : whole + "." + String(digits)
  }
}
