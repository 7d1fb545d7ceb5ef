import Migration

/// A plan that was made of another tool's files, and what became of what they say.
public struct ImportedPlan: Equatable, Sendable {
  /// The plan file's text.
  public var text = ""
  /// What the plan has of it, a line each for people.
  public var kept: [String] = []
  /// What it has not, with what to do instead.
  public var lost: [String] = []
  /// What a person should look at.
  public var warnings: [String] = []

  /// Makes a plan of files of one tool. `tracked` are the files of the repository that it is for, as far as
  /// there is one, and `text` gives what one of them holds: its gate is what they ask for.
  public static func make(
    of files: [ForeignFile], tracked: [String], text: @escaping (String) -> String?
  ) throws(ImportFault) -> ImportedPlan {
    let known = files.compactMap { file in file.kind.map { (kind: $0, file: file) } }
    let systems = BuildSystems(files: tracked, text: text)
    let workflows = known.filter { $0.kind == .workflow }.map(\.file)
    let jobs = known.filter { $0.kind == .job }.map(\.file)
    let steps = known.filter { $0.kind == .steps }.map(\.file)
    let progress = known.filter { $0.kind == .progress }.map(\.file)
    if [!workflows.isEmpty, !jobs.isEmpty, !steps.isEmpty].count(where: { $0 }) > 1 {
      throw ImportFault(
        "these are files of several tools",
        hint: "import them one after the other, each into a plan of its own")
    }
    var plan: ImportedPlan
    if let workflow = workflows.first {
      guard workflows.count == 1 else {
        throw ImportFault("there are \(workflows.count) workflows", hint: "name the one that is meant")
      }
      plan = WorkflowImport(workflow, systems).plan()
    } else if !jobs.isEmpty {
      plan = JobImport(jobs, systems).plan()
    } else if let list = steps.first {
      guard steps.count == 1 else {
        throw ImportFault("there are \(steps.count) lists of steps", hint: "name the one that is meant")
      }
      plan = StepsImport(list, progress, systems).plan()
    } else {
      throw ImportFault(
        "no file here is known",
        hint: "known are workflows with a 'tracker:', jobs with an 'engine:', and lists of steps such as "
          + "'### S1 — Title'")
    }
    let left = files.filter { $0.kind == nil }.map(\.path)
    if !left.isEmpty { plan.lost.append("not read: \(left.prefix(5).joined(separator: ", "))") }
    return plan
  }
}

/// Why nothing can be imported.
public struct ImportFault: Error, Equatable, Sendable {
  /// What is wrong.
  public let message: String
  /// What to do.
  public let hint: String?

  init(_ message: String, hint: String? = nil) { (self.message, self.hint) = (message, hint) }
}

/// Writes a plan file, line by line.
struct PlanText {
  private(set) var lines: [String] = []

  mutating func line(_ text: String) { lines.append(text) }

  mutating func comment(_ text: String, indent: Int = 0) {
    lines.append(String(repeating: " ", count: indent) + "# " + PlanText.plain(text))
  }

  /// `key: value`, quoted where it must be.
  mutating func pair(_ key: String, _ value: String, indent: Int = 0) {
    lines.append(String(repeating: " ", count: indent) + "\(key): \(PlanText.scalar(value))")
  }

  /// A text of several lines.
  mutating func block(_ key: String, _ text: String, indent: Int) {
    let blanks = String(repeating: " ", count: indent)
    let all = text.split(separator: "\n", omittingEmptySubsequences: false)
    // What begins with a blank would say how deep the block is.
    let mark = all.first { !$0.isEmpty }?.first == " " ? "|2" : "|"
    lines.append("\(blanks)\(key): \(mark)")
    for line in all.reversed().drop(while: \.isEmpty).reversed() {
      lines.append(line.isEmpty ? "" : "\(blanks)  \(line)")
    }
  }

  /// The plan file.
  func file(body: String) -> String {
    let text = "---\n" + lines.joined(separator: "\n") + "\n---\n" + body
    return text.hasSuffix("\n") ? text : text + "\n"
  }

  /// A value as YAML takes it for text.
  static func scalar(_ text: String) -> String {
    let plain = PlanText.plain(text)
    let isSafe =
      !plain.isEmpty
      && plain.utf8.allSatisfy {
        $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x41 && $0 <= 0x5A || $0 >= 0x61 && $0 <= 0x7A
          || " ./_-".utf8.contains($0)
      }
    if isSafe, let first = plain.first, first.isLetter || first.isNumber, plain.last != " " { return plain }
    return "\"" + plain.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  /// On one line, with nothing that YAML refuses.
  static func plain(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.value == 0x09 || scalar.value == 0x0A || scalar.value == 0x0D {
        result += " "
      } else if !isUnprintable(scalar) {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A prompt: the lines as they are, no braces that a template would read, nothing that YAML refuses.
  static func prompt(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.value == 0x0A {
        result.unicodeScalars.append(scalar)
      } else if scalar.value == 0x09 {
        result += "  "
      } else if !isUnprintable(scalar) {
        result.unicodeScalars.append(scalar)
      }
    }
    return result.replacing("{{", with: "{{braces.open}}")
  }

  /// What agents are told of the attempts before, at the end of a prompt.
  static let retries = """

    {{#attempt.failures}}
    The last attempt failed: {{.}}
    {{/attempt.failures}}
    {{#lessons}}
    Others learnt: {{.}}
    {{/lessons}}

    """
}

/// What the three readers do alike.
protocol Importing {
  var systems: BuildSystems { get }
}

extension Importing {
  /// The gate: the commands that the files name, else what the build files of the repository ask for.
  func writeGate(_ commands: [String], to text: inout PlanText, _ plan: inout ImportedPlan) {
    let used = eachOnce(commands.map(\.trimmed).filter { !$0.isEmpty })
    if !used.isEmpty {
      text.line("gate:")
      writeVerifiers(used, indent: 2, to: &text)
      text.line("  guards: [tests, secrets]")
      plan.kept.append("\(Count.of(used.count, "check")) → gate")
      return
    }
    guard !systems.verifiers.isEmpty else {
      text.comment("Nothing says what a result must pass: name the commands under 'verifiers'.")
      text.line("gate: none")
      plan.warnings.append("nothing says what a result must pass, so 'gate: none' merges whatever is made")
      return
    }
    var gate = Plan.Gate(verifiers: systems.verifiers, guards: [.tests, .secrets], keep: systems.keep)
    gate.setup = systems.setup
    text.comment("The files name no checks; these are what the build files of the repository ask for.")
    for line in BuildSystems.planText(gate).split(separator: "\n") { text.line(String(line)) }
    plan.kept.append("the checks of the build files → gate")
  }

  /// Commands that a result must pass, as verifiers.
  func writeVerifiers(_ commands: [String], indent: Int, to text: inout PlanText) {
    let blanks = String(repeating: " ", count: indent)
    text.line("\(blanks)verifiers:")
    var names: [String: Int] = [:]
    for command in commands {
      let kind = Self.kind(of: command)
      let words = command.split(separator: " ").filter { !$0.hasPrefix("-") }
      var name = Slug.piece(words.prefix(3).joined(separator: " ")).lowercased()
      name = Slug.id(String(name.prefix(30)), raw: command)
      let count = (names[name] ?? 0) + 1
      names[name] = count
      if count > 1 { name += "-\(count)" }
      let suffix = kind == "test" ? "" : " kind: \(kind),"
      text.line("\(blanks)  - { name: \(name),\(suffix) run: \(PlanText.scalar(command)) }")
    }
  }

  /// What all check that check anything, and what each checks beside it, in their order.
  func shared(_ checks: [[String]]) -> (common: [String], own: [[String]]) {
    let lists = checks.map { eachOnce($0.map(\.trimmed).filter { !$0.isEmpty }) }
    let checked = lists.filter { !$0.isEmpty }
    let common = (checked.first ?? []).filter { command in checked.allSatisfy { $0.contains(command) } }
    return (common, lists.map { list in list.filter { !common.contains($0) } })
  }

  /// A step's own checks, which its result must pass beside the gate.
  func writeOwn(_ checks: [String], to text: inout PlanText) {
    if !checks.isEmpty { writeVerifiers(checks, indent: 4, to: &text) }
  }

  /// Says how many steps have checks of their own.
  func tellOwn(_ checks: [[String]], _ plan: inout ImportedPlan) {
    let count = checks.count { !$0.isEmpty }
    if count > 0 { plan.kept.append("the checks of \(Count.of(count, "step")) alone → their verifiers") }
  }

  /// What a command checks: only what says that it tests is judged by how many tests ran.
  private static func kind(of command: String) -> String {
    let words = command.lowercased()
    if ["lint", "ruff", "eslint", "clippy", "vet"].contains(where: words.contains) { return "lint" }
    if ["fmt", "format", "prettier"].contains(where: words.contains) { return "format" }
    if ["test", "spec", "check"].contains(where: words.contains) { return "test" }
    return "build"
  }

  /// An agent by the name of its engine; what is not known becomes a command.
  func agent(_ engine: String, limits: [String], _ plan: inout ImportedPlan) -> String {
    let name = engine.lowercased().split(whereSeparator: { $0 == " " }).first.map(String.init) ?? "claude"
    var parts: [String]
    switch name.split(separator: "/").last.map(String.init) ?? name {
    case "claude", "claude-code": parts = ["adapter: claude"]
    case "codex": parts = ["adapter: codex"]
    default:
      parts = ["command: \(PlanText.scalar(engine))"]
      plan.warnings.append(
        "'\(engine)' is started as a command: it must take the prompt on standard input")
    }
    parts += limits
    return "{ \(parts.joined(separator: ", ")) }"
  }

  /// A migration's name out of a file's or folder's.
  func migrationName(_ text: String) -> String {
    let name = Slug.piece(text.lowercased()).drop { !$0.isLetter && !$0.isNumber }
    let short = String(name.prefix(60))
    return Identifier.migrationFault(short) == nil ? short : "imported"
  }

  func eachOnce(_ list: [String]) -> [String] {
    var seen: Set<String> = []
    return list.filter { seen.insert($0).inserted }
  }
}
