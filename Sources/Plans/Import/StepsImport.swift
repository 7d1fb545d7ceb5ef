import Migration

/// A migration that was kept in Markdown: numbered steps with prompts and checks, a graph, and a table of how
/// far they are.
struct StepsImport: Importing {
  let file: ForeignFile
  let progress: [ForeignFile]
  let systems: BuildSystems

  init(_ file: ForeignFile, _ progress: [ForeignFile], _ systems: BuildSystems) {
    (self.file, self.progress, self.systems) = (file, progress, systems)
  }

  func plan() -> ImportedPlan {
    var plan = ImportedPlan()
    var text = PlanText()
    var steps = StepsText(file.body).steps
    let states = progress.reduce(into: [:]) { found, file in
      found.merge(ProgressTable(file.body).rows) { $1 }
    }
    text.comment("Made by 'git migrate import' of \(file.path).")
    let suffixes = ["-implementation-steps", "-steps"]
    let stem =
      suffixes.first { file.stem.hasSuffix($0) }.map { String(file.stem.dropLast($0.count)) } ?? file.stem
    text.pair("migration", migrationName(stem))
    text.line("agent: { adapter: claude }")
    plan.warnings.append("the folder names no engine: 'adapter: claude' is a guess")
    let (common, own) = shared(steps.map { $0.checks.flatMap { $0.components(separatedBy: " && ") } })
    for index in steps.indices { steps[index].checks = own[index] }
    writeGate(common, to: &text, &plan)
    tellOwn(own, &plan)
    text.line("steps:")
    for step in steps { write(step, states[step.id], Set(steps.map(\.id)), &text, &plan) }
    plan.kept.append("\(Count.of(steps.count, "step")), their needs and their prompts → steps")
    let done = steps.filter { states[$0.id]?.isDone == true }.map(\.id)
    if !done.isEmpty { plan.kept.append("done before → skipped: \(done.joined(separator: ", "))") }
    if !progress.isEmpty {
      plan.lost.append("attempts, branches and commits of the progress table: the ledger begins anew")
    }
    plan.text = text.file(
      body: "You are working on {{step.id}}: {{step.title}}.\n" + PlanText.retries)
    return plan
  }

  private func write(
    _ step: StepsText.Item, _ state: ProgressTable.Row?, _ known: Set<String>, _ text: inout PlanText,
    _ plan: inout ImportedPlan
  ) {
    text.line("  - id: \(step.id)")
    text.pair("title", String((step.title.isEmpty ? step.id : step.title).prefix(Bounds.title)), indent: 4)
    let needs = step.needs.filter { known.contains($0) && $0 != step.id }
    if !needs.isEmpty { text.line("    needs: [\(needs.joined(separator: ", "))]") }
    if let lock = step.lock { text.line("    lock: \(Slug.id(Slug.piece(lock), raw: lock))") }
    if state?.isDone == true { text.pair("skip", "done before it was imported", indent: 4) }
    if let note = state?.note, note.contains("GATED") || note.contains("HUMAN") {
      plan.lost.append(
        "'\(note)' of \(step.id): pause before it with 'git migrate pause', or give it to a person")
    }
    var prompt = step.goal.map { "Goal: \($0)\n\n" } ?? ""
    prompt += step.prompt
    if !step.checks.isEmpty {
      prompt = prompt.trimmed + "\n\nThis must hold in the end:\n" + step.checks.map { "- \($0)\n" }.joined()
    }
    writeOwn(step.checks, to: &text)
    if prompt.trimmed.isEmpty { return }
    text.block("prompt", PlanText.prompt(prompt.trimmed) + "\n" + PlanText.retries, indent: 4)
  }
}

/// The steps of such a file.
struct StepsText {
  /// One of them.
  struct Item: Equatable {
    var id: String
    var title: String
    var lock: String?
    var needs: [String] = []
    var goal: String?
    var prompt = ""
    var checks: [String] = []
  }

  private(set) var steps: [Item] = []

  init(_ body: String) {
    var fence: Substring?
    var graph: [String] = []
    for line in body.split(separator: "\n", omittingEmptySubsequences: false) {
      let words = line.drop { $0 == " " }
      if let open = fence {
        if words.hasPrefix(open), words.trimmed.count == open.count {
          fence = nil
        } else if !steps.isEmpty {
          steps[steps.count - 1].prompt += line + "\n"
        }
        continue
      }
      if words.hasPrefix("```") || words.hasPrefix("~~~") {
        fence = words.prefix { $0 == "`" || $0 == "~" }
      } else if let heading = StepHeading(line) {
        steps.append(Item(id: heading.id, title: heading.title, lock: heading.lock))
      } else if words.contains("→") || words.contains("->") {
        graph.append(String(words))
      } else if !steps.isEmpty {
        take(words)
      }
    }
    for line in graph { take(graph: line) }
  }

  /// `**Depends on:** S2, S4` and the like.
  private mutating func take(_ line: Substring) {
    let plain = line.replacing("**", with: "")
    guard let colon = plain.firstIndex(of: ":") else { return }
    let value = plain[plain.index(after: colon)...].trimmed
    switch plain[..<colon].lowercased() {
    case "goal": steps[steps.count - 1].goal = value
    case "depends on", "needs": steps[steps.count - 1].needs += StepsText.ids(value)
    case "verify": steps[steps.count - 1].checks += StepsText.commands(value)
    default: return
    }
  }

  /// `S1 → {S2, S3} ; S3 → S4[C] ; {S2,S4} → S5`.
  private mutating func take(graph line: String) {
    for part in line.split(separator: ";") {
      let sides = part.replacing("->", with: "→").split(separator: "→").map { StepsText.ids($0) }
      for (left, right) in zip(sides, sides.dropFirst()) {
        for index in steps.indices where right.contains(steps[index].id) {
          for need in left where !steps[index].needs.contains(need) { steps[index].needs.append(need) }
        }
      }
    }
  }

  private static func ids(_ text: some StringProtocol) -> [String] {
    text.split { !$0.isLetter && !$0.isNumber }.compactMap { word in
      guard let first = word.first, first == "S" || first == "s", word.count > 1,
        word.dropFirst().allSatisfy(\.isNumber)
      else { return nil }
      return "S" + word.dropFirst()
    }
  }

  /// What stands between backticks, or all of it.
  private static func commands(_ text: String) -> [String] {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    guard parts.count > 2 else { return text.isEmpty || text.lowercased() == "none" ? [] : [text] }
    return stride(from: 1, to: parts.count, by: 2).map { String(parts[$0]).trimmed }.filter { !$0.isEmpty }
  }
}

/// How far the steps of such a folder are.
struct ProgressTable {
  /// One step.
  struct Row: Equatable {
    var status: String
    var note: String

    /// Whether nothing is left to do.
    var isDone: Bool { ["passed", "done", "merged", "skipped", "shipped"].contains(status) }
  }

  private(set) var rows: [String: Row] = [:]

  init(_ body: String) {
    var columns: [String] = []
    for line in body.split(separator: "\n") where line.contains("|") {
      var cells = line.split(separator: "|", omittingEmptySubsequences: false).map(\.trimmed)
      if cells.first?.isEmpty == true { cells.removeFirst() }
      if cells.last?.isEmpty == true { cells.removeLast() }
      if columns.isEmpty || cells.first?.lowercased() == "step" {
        columns = cells.map { $0.lowercased() }
        continue
      }
      func cell(_ name: String) -> String {
        columns.firstIndex(of: name).flatMap { cells.indices.contains($0) ? cells[$0] : nil } ?? ""
      }
      let id = cell("step").prefix { $0.isLetter || $0.isNumber }
      guard !id.isEmpty, id != "step" else { continue }
      rows[id.uppercased()] = Row(status: cell("status").lowercased(), note: cell("note"))
    }
  }
}

extension String {
  fileprivate func components(separatedBy separator: String) -> [String] {
    var (parts, rest) = ([String](), self[...])
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]).trimmed)
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest).trimmed]
  }
}
