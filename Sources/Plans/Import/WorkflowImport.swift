import Migration

/// A workflow of an orchestrator that takes its work from a board: settings and a prompt, and no steps.
struct WorkflowImport: Importing {
  let file: ForeignFile
  let systems: BuildSystems

  init(_ file: ForeignFile, _ systems: BuildSystems) { (self.file, self.systems) = (file, systems) }

  func plan() -> ImportedPlan {
    var plan = ImportedPlan()
    var text = PlanText()
    let header = file.header
    let tracker = header?["tracker"]
    text.comment("Made by 'git migrate import' of \(file.path).")
    text.pair("migration", migrationName(file.stem))
    text.line("agent: \(agent(&plan))")
    writeLimits(&text, &plan)
    writeHooks(&text, &plan)
    let keepsWords = writeWords(tracker, to: &text, &plan)
    writeGate([], to: &text, &plan)
    text.line("steps:")
    text.comment("The board's issues are not in the file. One step as an example:", indent: 2)
    text.line("  - id: issue-1")
    text.line("    title: \"The first issue: write here what it asks for\"")
    text.comment("A step for each issue, of a command that prints one line for each:", indent: 2)
    for line in example(tracker?["kind"]?.string) { text.comment(line, indent: 2) }
    plan.lost.append("the issues of the board: they become steps by 'for: { lines: … }', see the plan")
    tellBoard(tracker, &plan)
    let body = translated(&plan, keepsWords: keepsWords)
    plan.text = text.file(body: body + PlanText.retries)
    return plan
  }

  private func example(_ kind: String?) -> [String] {
    let list =
      kind == "github"
      ? "gh issue list --state open --limit 500 --json number,title "
        + "--jq '.[] | \\\"#\\\\(.number) \\\\(.title)\\\"'"
      : "cat issues.txt"
    return [
      "- for: { lines: \"\(list)\" }", "  id: \"issue-{{match.line}}\"", "  title: \"{{match.line}}\"",
    ]
  }

  private func agent(_ plan: inout ImportedPlan) -> String {
    let header = file.header
    var limits: [String] = []
    if let turns = header?["agent"]?["max_turns"]?.string, let number = Int(turns), number > 0 {
      limits.append("max_turns: \(min(number, Bounds.maxTurns.upperBound))")
      plan.kept.append("agent.max_turns → agent.max_turns")
    }
    if let most = header?["agent"]?["max_concurrent_agents"]?.string, let number = Int(most), number > 0 {
      limits.append("max_concurrent: \(min(number, Bounds.maxConcurrent.upperBound))")
      plan.kept.append("agent.max_concurrent_agents → agent.max_concurrent")
    }
    if let silence = header?["codex"]?["stall_timeout_ms"]?.string, let number = Int(silence), number > 0 {
      limits.append("silence: \(max(1, number / 1000))s")
      plan.kept.append("codex.stall_timeout_ms → agent.silence")
    }
    for key in [
      "approval_policy", "thread_sandbox", "turn_sandbox_policy", "read_timeout_ms", "turn_timeout_ms",
    ]
    where header?["codex"]?[key] != nil {
      plan.lost.append("codex.\(key)")
    }
    if header?["agent"]?["max_concurrent_agents_by_state"] != nil {
      plan.lost.append("agent.max_concurrent_agents_by_state: a plan has no states of its own")
    }
    if header?["codex"] != nil { return agent("codex", limits: limits, &plan) }
    plan.warnings.append("the file names no engine: 'adapter: claude' is a guess")
    return agent("claude", limits: limits, &plan)
  }

  private func writeLimits(_ text: inout PlanText, _ plan: inout ImportedPlan) {
    if let most = file.header?["agent"]?["max_retry_backoff_ms"]?.string, let number = Int(most), number > 0 {
      text.line("backoff: { initial: 10s, max: \(max(10, min(number / 1000, 86_400)))s }")
      plan.kept.append("agent.max_retry_backoff_ms → backoff.max")
    }
    if let most = file.header?["agent"]?["max_failure_retries"]?.string, let number = Int(most) {
      text.line("attempts: \(max(1, min(number + 1, 100)))")
      plan.kept.append("agent.max_failure_retries → attempts")
    }
  }

  private func writeHooks(_ text: inout PlanText, _ plan: inout ImportedPlan) {
    guard let hooks = file.header?["hooks"] else { return }
    let before = ["after_create", "before_run"].compactMap { hooks[$0]?.string?.trimmed }
    if !before.isEmpty {
      text.line("worktree:")
      text.block("setup", before.map(PlanText.prompt).joined(separator: "\n"), indent: 2)
      plan.kept.append("hooks.after_create, hooks.before_run → worktree.setup")
    }
    for key in ["after_run", "before_remove", "timeout_ms"] where hooks[key] != nil {
      plan.lost.append("hooks.\(key)")
    }
  }

  /// The worker's last words, which the board maps to states, as the words of a stage; says whether there are
  /// any.
  private func writeWords(_ tracker: Node?, to text: inout PlanText, _ plan: inout ImportedPlan) -> Bool {
    guard case .map(let entries)? = tracker?["verdict_map"]?.content else { return false }
    func words(_ key: String) -> Set<String> {
      guard case .list(let items)? = tracker?[key]?.content else { return [] }
      return Set(items.compactMap { $0.string?.lowercased() })
    }
    let (active, terminal) = (words("active_states"), words("terminal_states"))
    var pairs: [String] = []
    for entry in entries.prefix(Self.mostWords) {
      guard Self.isWord(entry.key.value), let state = entry.value.string?.lowercased() else {
        plan.lost.append("tracker.verdict_map.\(PlanText.plain(entry.key.value))")
        continue
      }
      let end: String
      if Self.endings.contains(where: state.contains) {
        end = "block"
      } else if active.contains(state) || Self.failures.contains(entry.key.value.lowercased()) {
        end = "retry"
      } else {
        end = terminal.contains(state) || terminal.isEmpty ? "gate" : "person"
      }
      pairs.append("\(entry.key.value): \(end)")
    }
    guard pairs.contains(where: { $0.hasSuffix(": gate") }) else { return false }
    text.line("workflow:")
    text.comment("The words that the worker writes into .verdict, and what follows from each.", indent: 2)
    text.line("  implement: { on: { \(pairs.joined(separator: ", ")) } }")
    plan.kept.append("tracker.verdict_map → workflow.implement.on")
    return true
  }

  /// States of boards in which nothing more is tried, and words for what did not work.
  private static let endings = ["abandon", "cancel", "reject", "won't", "wont", "declined"]
  private static let failures: Set<String> = ["failed", "fail", "failure", "error"]
  private static let mostWords = 20

  /// Whether it can be a word of a stage.
  private static func isWord(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 40
      && text.utf8.allSatisfy { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A || $0 == 0x5F || $0 == 0x2D }
  }

  private func tellBoard(_ tracker: Node?, _ plan: inout ImportedPlan) {
    let states = ["status_field", "active_states", "terminal_states", "required_labels", "provider", "kind"]
    let there = states.filter { tracker?[$0] != nil }
    if !there.isEmpty {
      plan.lost.append(
        "tracker.\(there.joined(separator: ", tracker.")): the ledger says what is done, not the board")
    }
    if tracker?["verdict_map"] != nil, !plan.kept.contains(where: { $0.hasPrefix("tracker.verdict_map") }) {
      plan.kept.append("tracker.verdict_map → the worker's result file ($MIGRATE_RESULT_FILE)")
    }
    for (key, instead) in [
      ("polling", "nothing is polled"), ("workspace", "'git config migrate.worktreeRoot' names the folder"),
      ("server", "'git migrate status' shows what goes on"),
      ("worker", "other clones join by 'git migrate run'"),
    ] where file.header?[key] != nil { plan.lost.append("\(key): \(instead)") }
  }

  // MARK: The prompt

  /// The names of the workflow's templates, and ours.
  private static let names = [
    "issue.id": "{{step.id}}", "issue.identifier": "{{step.id}}", "issue.number": "{{step.id}}",
    "issue.title": "{{step.title}}", "issue.description": "{{step.title}}", "attempt": "{{attempt.number}}",
    "attempt.number": "{{attempt.number}}",
  ]

  /// The body with our names, and the line about the worker's word put right.
  private func translated(_ plan: inout ImportedPlan, keepsWords: Bool) -> String {
    var lines: [String] = []
    for line in file.body.split(separator: "\n", omittingEmptySubsequences: false) {
      guard line.contains(".verdict"), !keepsWords else {
        lines.append(translated(String(line), &plan))
        continue
      }
      // What it wrote there would become part of the result.
      let lead = line.prefix { $0.isWhitespace || $0.isNumber || "-*.)".contains($0) }
      lines.append(
        lead
          + "Write {\"result\":\"done\"}, or {\"result\":\"failed\",\"reason\":\"…\"} with why, "
          + "into the file that "
          + "$MIGRATE_RESULT_FILE names.")
    }
    let body = lines.joined(separator: "\n")
    if body.contains("{%") {
      plan.lost.append("conditions ({% … %}) of the prompt: they stand there as text")
    }
    return body
  }

  private func translated(_ line: String, _ plan: inout ImportedPlan) -> String {
    var (result, rest) = ("", line[...])
    while let open = rest.firstRange(of: "{{") {
      result += PlanText.prompt(String(rest[..<open.lowerBound]))
      guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
        return result + PlanText.prompt(String(rest[open.lowerBound...]))
      }
      let name = rest[open.upperBound..<close.lowerBound].split(separator: "|").first.map(\.trimmed) ?? ""
      if let known = Self.names[name] {
        result += known
      } else {
        result += "(\(PlanText.plain(name)))"
        plan.lost.append("the name '\(name)' of the prompt")
      }
      rest = rest[close.upperBound...]
    }
    return result + PlanText.prompt(String(rest))
  }
}
