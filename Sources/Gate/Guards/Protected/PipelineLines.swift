/// The lines of a YAML file, each with the keys that it stands below.
struct PipelineLines {
  struct Line {
    var number: Int
    var text: Substring
    /// The keys from outside, its own the last; an item of a list counts as `-`.
    var keys: [String]
    /// The blocks that it stands in, by number; the innermost the last.
    var blocks: [Int]
    /// What follows its key, or the whole line where it has none.
    var value: Substring
  }

  private(set) var lines: [Line] = []
  /// The jobs of a file of GitLab's, which stand outside of everything.
  private var jobs: Set<String> = []

  init(_ text: String) {
    var stack: [(indent: Int, key: String, block: Int)] = []
    var count = 0
    /// The indentation of the key whose value is a text of several lines.
    var literal: Int?
    for (index, raw) in Gate.lines(of: text).enumerated() {
      let plain = raw.trimmed
      if plain.isEmpty { continue }
      var indent = raw.indentation
      if let outer = literal {
        if indent > outer {
          lines.append(
            Line(
              number: index + 1, text: plain, keys: stack.map(\.key), blocks: stack.map(\.block), value: plain
            ))
          continue
        }
        literal = nil
      }
      if plain.hasPrefix("#") { continue }
      while let last = stack.last, last.indent >= indent { stack.removeLast() }
      var rest = plain
      while rest.hasPrefix("- ") || rest == "-" {
        count += 1
        stack.append((indent, "-", count))
        let inner = rest.dropFirst().trimmed
        indent += rest.utf8.count - inner.utf8.count
        rest = inner
      }
      var value = rest
      if let (key, after) = PipelineLines.entry(rest) {
        count += 1
        stack.append((indent, key, count))
        value = after
        if after.hasPrefix("|") || after.hasPrefix(">") { literal = indent }
      }
      lines.append(
        Line(
          number: index + 1, text: plain, keys: stack.map(\.key), blocks: stack.map(\.block), value: value))
    }
    let inJobs = lines.filter { $0.keys.count == 2 && PipelineLines.signsOfJobs.contains($0.keys[1]) }
    jobs = Set(inJobs.map { $0.keys[0] })
  }

  /// Keys whose keys are called as somebody likes.
  private static let holdersOfNames: Set = ["jobs", "tasks", "steps", "pipeline", "workflows"]
  /// What says that a key of a file of GitLab's is a job.
  private static let signsOfJobs: Set = ["script", "trigger", "extends", "stage"]

  /// The keys of a line without the names of jobs, tasks and steps, which may read like a key that says
  /// something: `types`, `go`.
  func unnamed(_ keys: [String]) -> [String] {
    var keys = keys
    if let first = keys.first, jobs.contains(first) { keys[0] = "-" }
    if keys.count > 1, PipelineLines.holdersOfNames.contains(keys[0]), keys[1] != "version" { keys[1] = "-" }
    // `workflows: build: jobs: - go: filters:`
    if keys.count > 4, keys[0] == "workflows", keys[2] == "jobs", keys[3] == "-" { keys[4] = "-" }
    return keys
  }

  private static func entry(_ text: Substring) -> (String, Substring)? {
    guard !text.hasPrefix("{"), !text.hasPrefix("["), let key = text.before(":") else { return nil }
    let after = text.after(":") ?? ""
    guard after.isEmpty || after.hasPrefix(" "), !key.isEmpty, key.utf8.count < 60 else { return nil }
    let bare = key.filter { $0 != "\"" && $0 != "'" }
    guard bare.allSatisfy({ $0.isLetter || $0.isNumber || "_-./ $@{}".contains($0) }), !bare.contains("  ")
    else { return nil }
    return (bare, after.trimmed)
  }
}

/// Whether what is new in a pipeline still runs all the tests whenever it ran them, and fails when they do.
struct PipelineJudge {
  let commands: PlainCommands
  /// Whether it is new, or said before where it is pushed to.
  var choosesBranches = false

  private static let commandKeys: Set = [
    "run", "script", "before_script", "after_script", "install", "commands", "command", "cmds", "cmd",
    "before_install", "bash", "sh", "pwsh",
  ]
  /// Keys below which anything may stand.
  private static let free: Set = [
    "with", "matrix", "permissions", "services", "concurrency", "cache", "image", "runs-on", "name", "uses",
    "id", "timeout-minutes", "stages", "stage", "artifacts", "needs", "tags", "interruptible", "description",
    "version", "language", "python", "node_js", "go", "rust", "jdk", "php", "rvm", "swift", "os", "dist",
    "arch", "orbs", "docker", "resource_class", "parallelism", "container", "fail-fast", "max-parallel",
    "environment_name", "pool", "vmImage", "displayName", "desc", "silent", "summary", "aliases", "inputs",
    "coverage", "retry_delay", "timeout", "addons", "apt", "packages", "workflow", "checkout", "deps",
    "runner",
    "author", "secrets", "sources", "generates", "requires", "key", "path", "paths_to_cache",
    "variables_file",
    "task", "includes", "pages", "url", "environment", "labels", "resources", "executor", "xcode", "macos",
    "machine",
  ]
  /// Keys of what only holds other keys.
  private static let holders: Set = [
    "jobs", "steps", "strategy", "on", "push", "pull_request", "workflow_dispatch", "defaults", "default",
    "tasks", "-", "env", "variables", "workflows", "stage", "schedule", "cron", "merge_group", "release",
  ]
  private static let conditions: Set = [
    "if", "when", "rules", "only", "except", "unless", "condition", "changes",
  ]
  private static let stops: Set = [
    "continue-on-error", "allow_failure", "allow_failures", "continueOnError", "ignore_error", "paths-ignore",
    "paths", "branches-ignore", "branches", "types", "exclude", "working-directory", "skip", "filters",
    "fast_finish", "ignore", "tags-ignore", "retry", "ignore_errors", "failfast", "shell",
  ]

  /// The first new line that may keep tests from running or from failing.
  func harm(in text: String, new: Set<Int>) -> (number: Int, text: String)? {
    let pipeline = PipelineLines(text)
    let all = pipeline.lines.map { line in
      var line = line
      line.keys = pipeline.unnamed(line.keys)
      return line
    }
    for line in all where new.contains(line.number) && !isHarmless(line, all) {
      return (line.number, String(line.text))
    }
    return nil
  }

  private func isHarmless(_ line: PipelineLines.Line, _ all: [PipelineLines.Line]) -> Bool {
    let keys = line.keys
    // Below `with` a name means what the action makes of it.
    if let free = keys.firstIndex(where: { PipelineJudge.free.contains($0) }),
      !keys[..<free].contains(where: PipelineJudge.isTelling), !["if", "when"].contains(keys.last ?? "")
    {
      return !line.text.has("continue-on-error") && !keys[free...].contains("exclude")
    }
    if let key = keys.first(where: { PipelineJudge.stops.contains($0) }) {
      if line.value == "false" { return true }
      if key == "shell" { return ["bash", "sh", "pwsh", "bash -e {0}"].contains(String(line.value)) }
      if key == "branches", choosesBranches, keys.contains("on"), !line.value.has("!") { return true }
      // What asks to be merged is tested wherever it is pushed to.
      let asks = ["pull_request", "merge_request", "merge_requests"]
      if key == "branches", keys.contains("push"), all.contains(where: { asks.contains($0.keys.last ?? "") }),
        !all.contains(where: { $0.keys.contains("pull_request") && $0.keys.last == "paths" })
      {
        return true
      }
      // Where it is pushed to may be narrowed for what runs no tests only.
      return !["shell", "working-directory"].contains(key)
        && ["paths", "branches", "types", "tags-ignore"].contains(key) && !runsTests(all[...])
    }
    if let place = keys.firstIndex(where: { PipelineJudge.conditions.contains($0) }) {
      guard place > 0 else { return false }
      let owner = line.blocks[place - 1]
      return !runsTests(all.filter { $0.blocks.contains(owner) }[...])
    }
    if keys.contains(where: { PipelineJudge.commandKeys.contains($0) }) || keys.last == "-" {
      if keys.contains("on") || keys.first == "stages" { return true }
      if line.value.isEmpty || line.value == "|" || line.value.hasPrefix(">") { return true }
      return commands.isPlain(PlainCommands.command(in: line.value))
    }
    if keys.contains("env") || keys.contains("variables") || keys.contains("environment") {
      return line.value.isEmpty || commands.isHarmlessVariable((keys.last ?? "") + "=" + line.value)
    }
    // A task in short: `lint: golangci-lint run`.
    if keys.first == "tasks", keys.count == 2, !line.value.isEmpty { return commands.isPlain(line.value) }
    // A job or a task may have any name.
    if line.value.isEmpty { return true }
    return keys.allSatisfy(PipelineJudge.holders.contains) && !line.value.has("{")
  }

  private static func isTelling(_ key: String) -> Bool {
    stops.contains(key) || conditions.contains(key) || commandKeys.contains(key)
  }

  private func runsTests(_ lines: ArraySlice<PipelineLines.Line>) -> Bool {
    lines.contains { ShellLine(PlainCommands.command(in: $0.value)).runsTests }
  }

  private static let checkWords: Set = [
    "test", "tests", "check", "checks", "verify", "validate", "unit", "integration", "e2e", "qa", "smoke",
  ]

  /// The jobs of a pipeline that check something by their names or stages, with what they run.
  static func checks(in text: String) -> [(name: String, commands: [String])] {
    let lines = PipelineLines(text).lines
    let isOfGitHub = lines.contains { $0.keys.first == "jobs" }
    let place = isOfGitHub ? 1 : 0
    var (order, told) = ([String](), Set<String>())
    var commands: [String: [String]] = [:]
    func checks(_ word: Substring) -> Bool {
      word.lowercased().split { !$0.isLetter && !$0.isNumber }.contains { checkWords.contains(String($0)) }
    }
    for line in lines where line.keys.count > place && (!isOfGitHub || line.keys[0] == "jobs") {
      let name = line.keys[place]
      if commands[name] == nil {
        order.append(name)
        commands[name] = []
        if checks(name[...]) { told.insert(name) }
      }
      if line.keys.count == place + 2, line.keys[place + 1] == "stage", checks(line.value) {
        told.insert(name)
      }
      let isCommand = line.keys.dropFirst(place + 1).contains { commandKeys.contains($0) }
      if isCommand, !line.value.isEmpty, line.value != "|" {
        commands[name]?.append(String(PlainCommands.command(in: line.value)))
      }
    }
    return order.filter { told.contains($0) && !commandKeys.contains($0) }.map { ($0, commands[$0] ?? []) }
  }

  /// The commands of a pipeline that run tests.
  static func tests(in text: String) -> [String] {
    PipelineLines(text).lines.filter { line in
      !line.keys.contains("name") && !line.keys.contains("with")
    }.map { PlainCommands.command(in: $0.value) }.filter { ShellLine($0).runsTests }.map(String.init)
  }
}
