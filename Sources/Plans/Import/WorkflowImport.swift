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
    writeGate([], to: &text, &plan)
    text.line("steps:")
    text.comment("The board's issues are not in the file. One step as an example:", indent: 2)
    text.line("  - id: issue-1")
    text.line("    title: \"The first issue: write here what it asks for\"")
    text.comment("A step for each issue, of a command that prints one line for each:", indent: 2)
    for line in example(tracker?["kind"]?.string) { text.comment(line, indent: 2) }
    plan.lost.append("the issues of the board: they become steps by 'for: { lines: … }', see the plan")
    tellBoard(tracker, &plan)
    let body = translated(&plan)
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

  private func tellBoard(_ tracker: Node?, _ plan: inout ImportedPlan) {
    let states = ["status_field", "active_states", "terminal_states", "required_labels", "provider", "kind"]
    let there = states.filter { tracker?[$0] != nil }
    if !there.isEmpty {
      plan.lost.append(
        "tracker.\(there.joined(separator: ", tracker.")): the ledger says what is done, not the board")
    }
    if tracker?["verdict_map"] != nil {
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
  private func translated(_ plan: inout ImportedPlan) -> String {
    var lines: [String] = []
    for line in file.body.split(separator: "\n", omittingEmptySubsequences: false) {
      guard line.contains(".verdict") else {
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
