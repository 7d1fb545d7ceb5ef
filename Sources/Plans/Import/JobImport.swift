import Migration

/// Jobs of a queue of folders: each is a step.
struct JobImport: Importing {
  let files: [ForeignFile]
  let systems: BuildSystems

  init(_ files: [ForeignFile], _ systems: BuildSystems) {
    self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    self.systems = systems
  }

  func plan() -> ImportedPlan {
    var plan = ImportedPlan()
    var text = PlanText()
    text.comment("Made by 'git migrate import' of \(Count.of(files.count, "job")).")
    text.pair("migration", migrationName(files.count == 1 ? files[0].stem : folder))
    let engines = eachOnce(files.map(engine))
    writeAgents(engines, &text, &plan)
    let retries = files.compactMap { $0.header?["retry"]?["max"]?.string }.compactMap(Int.init).max()
    if let retries {
      text.line("attempts: \(max(1, min(retries + 1, 100)))")
      plan.kept.append("retry.max → attempts")
    }
    let (common, own) = shared(
      files.map { file in (file.header?["verify"]?.string).map { [$0] } ?? JobText(file.body).checks })
    writeGate(common, to: &text, &plan)
    tellOwn(own, &plan)
    let headings = eachOnce(files.flatMap { JobText($0.body).headings })
    if !headings.isEmpty {
      text.line("closing: [\(headings.map(PlanText.scalar).joined(separator: ", "))]")
      plan.kept.append("the headings of the final output → closing")
    }
    text.line("steps:")
    let ids = stepIDs()
    for (index, file) in files.enumerated() {
      write(file, ids[index], engines, ids, &text, &plan)
      writeOwn(own[index], to: &text)
    }
    tellLost(&plan)
    plan.kept.append("\(Count.of(files.count, "job")) → steps")
    let body = "You are working on {{step.id}}: {{step.title}}.\n" + PlanText.retries
    plan.text = text.file(body: body)
    return plan
  }

  private var folder: String {
    let parts = files[0].path.split(separator: "/").dropLast()
    let names = ["inbox", "building", "review", "testing", "shipped", "failed", "."]
    return parts.reversed().first { !names.contains(String($0)) }.map(String.init) ?? "jobs"
  }

  private func stepIDs() -> [String] {
    var counts: [String: Int] = [:]
    return files.map { file in
      let id = Slug.id(Slug.piece(file.stem), raw: file.path)
      let count = (counts[id.lowercased()] ?? 0) + 1
      counts[id.lowercased()] = count
      return count == 1 ? id : Slug.id("\(id)-\(count)", raw: file.path)
    }
  }

  private func engine(_ file: ForeignFile) -> String {
    if let engine = file.header?["engine"]?.string ?? file.header?["prefers-engine"]?.strings.first {
      return engine
    }
    return file.header?["engine-class"]?.string == "chat-coder" ? "copilot" : "claude"
  }

  private func writeAgents(_ engines: [String], _ text: inout PlanText, _ plan: inout ImportedPlan) {
    guard engines.count > 1 else {
      text.line("agent: \(agent(engines.first ?? "claude", limits: [], &plan))")
      plan.kept.append("engine → agent")
      return
    }
    text.line("agents:")
    for engine in engines { text.line("  \(name(of: engine)): \(agent(engine, limits: [], &plan))") }
    plan.kept.append("engine → agents")
  }

  private func name(of engine: String) -> String { Slug.id(Slug.piece(engine.lowercased()), raw: engine) }

  private func write(
    _ file: ForeignFile, _ id: String, _ engines: [String], _ ids: [String], _ text: inout PlanText,
    _ plan: inout ImportedPlan
  ) {
    let job = JobText(file.body)
    text.line("  - id: \(id)")
    text.pair("title", String((job.title ?? file.stem).prefix(Bounds.title)), indent: 4)
    if engines.count > 1 { text.line("    agent: \(name(of: engine(file)))") }
    let needs = file.header?["deps"]?.strings.map { Slug.id(Slug.piece(stem($0)), raw: $0) } ?? []
    let known = needs.filter(ids.contains)
    if !known.isEmpty { text.line("    needs: [\(known.joined(separator: ", "))]") }
    for need in needs where !ids.contains(need) {
      plan.lost.append("the need '\(need)' of '\(id)': no such job")
    }
    if let lock = file.header?["lock"]?.string {
      text.line("    lock: \(Slug.id(Slug.piece(lock), raw: lock))")
    }
    if let timeout = file.header?["timeout"]?.string {
      if Self.isDuration(timeout) {
        text.line("    timeout: \(timeout)")
      } else {
        plan.lost.append("timeout: \(timeout)")
      }
    }
    if file.path.split(separator: "/").dropLast().last == "shipped" {
      text.pair("skip", "shipped before it was imported", indent: 4)
      plan.kept.append("shipped before → skipped: \(id)")
    }
    let priorities = ["critical": 30, "high": 20, "medium": 10, "low": 0]
    if let word = file.header?["priority"]?.string, let priority = priorities[word], priority > 0 {
      text.line("    priority: \(priority)")
    }
    let failures = PlanText.retries.split(separator: "\n", omittingEmptySubsequences: false).joined(
      separator: "\n")
    text.block("prompt", PlanText.prompt(file.body.trimmed) + "\n" + failures, indent: 4)
  }

  private func stem(_ name: String) -> String { name.hasSuffix(".md") ? String(name.dropLast(3)) : name }

  private static func isDuration(_ text: String) -> Bool {
    guard let unit = text.last, "smhd".contains(unit), let number = Int(text.dropLast()), number > 0 else {
      return false
    }
    let seconds = number.multipliedReportingOverflow(
      by: ["s": 1, "m": 60, "h": 3600][String(unit)] ?? 86_400)
    return !seconds.overflow && Bounds.timeout.contains(seconds.partialValue)
  }

  private func tellLost(_ plan: inout ImportedPlan) {
    let instead = [
      ("yolo", "say 'permissions' of the agent"), ("cwd", "steps are done in worktrees of their own"),
      ("capabilities", "who may do a step is not asked"), ("profile", "write it into the prompt"),
      ("idempotency-key", "a step is done once"), ("deps-mode", "a need is merged first"),
      ("budget", "say 'budget' in the plan"), ("review-policy", "say 'workflow' in the plan"),
      ("artifacts", "the result of a step is a commit"), ("tracker-item", "the ledger is the record"),
      ("prefers", "name the agent in the step"), ("allowed-scope", "say 'paths' in the step"),
    ]
    for (key, words) in instead where files.contains(where: { $0.header?[key] != nil }) {
      plan.lost.append("\(key): \(words)")
    }
    for (key, place) in [
      ("lock", "lock"), ("timeout", "timeout"), ("priority", "priority"), ("deps", "needs"),
    ]
    where files.contains(where: { $0.header?[key] != nil }) {
      plan.kept.append("\(key) → \(place) of the step")
    }
  }
}

/// What a job's text tells by its form.
struct JobText {
  /// What it is about.
  private(set) var title: String?
  /// The commands that must pass.
  private(set) var checks: [String] = []
  /// The headings that its report must have.
  private(set) var headings: [String] = []

  init(_ body: String) {
    enum Part { case text, checks, output }
    var part = Part.text
    for line in body.split(separator: "\n", omittingEmptySubsequences: false) {
      let words = line.trimmed
      if words.hasPrefix("### "), part == .output {
        headings.append(String(words.dropFirst(4)))
        continue
      }
      if let label = JobText.label(words) {
        part =
          label.contains("VERIFY")
          ? .checks : label.contains("OUTPUT") || label.contains("REPORT") ? .output : .text
      }
      if title == nil, let found = JobText.title(words) { title = found }
      if part == .checks, let command = JobText.item(words) { checks.append(command) }
    }
  }

  /// `VERIFY GATE (must pass):`, or the same as a heading.
  private static func label(_ line: String) -> String? {
    let text = line.drop { "# *".contains($0) }
    guard
      let colon = text.firstIndex(where: { $0 == ":" || $0 == "(" })
        ?? (line.hasPrefix("#") ? text.endIndex : nil)
    else {
      let isLoud = text.count > 3 && text.allSatisfy { $0.isUppercase || $0 == " " || $0 == "/" }
      return isLoud ? String(text) : nil
    }
    let name = text[..<colon]
    guard name.count > 2, line.hasPrefix("#") || name.allSatisfy({ $0.isUppercase || " /&-".contains($0) })
    else {
      return nil
    }
    return name.uppercased()
  }

  /// The last sentence of the role, or a heading.
  private static func title(_ line: String) -> String? {
    if line.hasPrefix("# ") { return String(line.dropFirst(2)) }
    for label in ["ROLE:", "TASK:", "GOAL:"] where line.hasPrefix(label) {
      let sentences = line.dropFirst(label.count).split(separator: ". ").map(\.trimmed)
      guard var last = sentences.last(where: { !$0.isEmpty }) else { continue }
      while last.last == "." { last.removeLast() }
      return last
    }
    return nil
  }

  private static func item(_ line: String) -> String? {
    guard line.hasPrefix("- ") || line.hasPrefix("* ") else { return nil }
    let text = line.dropFirst(2).trimmed
    let command = text.hasPrefix("`") ? String(text.dropFirst().prefix { $0 != "`" }) : text
    return command.isEmpty ? nil : command
  }
}
