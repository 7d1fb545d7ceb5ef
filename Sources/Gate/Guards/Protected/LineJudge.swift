/// What the lines of one protected file mean, one by one.
struct LineJudge {
  let kind: ProtectedFileKind
  let path: TestPath
  let judge: ProtectedJudge
  /// All lines that count, before and after, and those on one side only.
  let old: [String]
  let new: [String]
  let gone: [String]
  let came: [String]

  /// Whether a new line keeps no test from running or from failing.
  func isHarmless(_ line: Substring) -> Bool {
    let lower = line.lowercased()
    switch kind {
    case .pipeline, .other: return false
    case .make: return isHarmlessRule(line)
    case .scripts: return isHarmlessScript(line)
    case .python: return isHarmlessSection(line)
    case .settingsOfMocha: return isHarmlessMocha(line)
    case .javascript: return isHarmlessMember(line)
    case .setup: return isHarmlessSetUp(line)
    case .lint:
      if line.has("tests: false") || line.has("exit-zero") || line.has("exit_zero") { return false }
      return old.isEmpty || !LineJudge.relaxing.contains { lower[...].has($0) }
    case .markup: return isHarmlessTag(line)
    case .ruby:
      return LineJudge.rake.contains { line.hasPrefix($0) } && !line.has("{") || findsAllOfRake(line)
    case .rspec:
      if line == "-I lib" { return true }
      return [
        "--require spec_helper", "--require rails_helper", "--format", "--color", "--colour",
        "--order",
      ]
      .contains { line.hasPrefix($0) }
    case .gradle: return isHarmlessGradle(line)
    case .cmake: return isHarmlessTarget(line)
    case .swiftPackage:
      if line.has("exclude: ["), !line.has(".swift"), !line.has("path:"),
        (line.after("exclude: [")?.before("]") ?? "").split(separator: ",").allSatisfy({ $0.has(".") })
      {
        return true
      }
      return !["exclude", "path:", " sources:", "unsafeFlags", "define("].contains { line.has($0) }
    case .cargo: return isHarmlessManifest(line)
    }
  }

  /// Whether nothing is lost with a line that is gone.
  func isDispensable(_ line: Substring) -> Bool {
    switch kind {
    case .pipeline:
      // What it ran is asked for by itself.
      if judge.change.newText(path.path) == nil, judge.hasNewPipeline { return true }
      if line.has("pipefail") || line.has("set -e") { return false }
      let triggers = ["push", "pull_request", "merge_request"]
      guard line.hasPrefix("on:") || triggers.contains(where: { line.hasPrefix($0) }) else { return true }
      return new.contains { text in triggers.contains { text[...].has($0) } }
    case .make: return isDispensableRule(line)
    case .scripts:
      // The tool of a member may be gone with it.
      return !line.has("failOn") && !line.has("hreshold")
    case .python:
      let lower = line.lowercased()
      if lower.hasPrefix("commands") {
        return !ShellLine(PlainCommands.command(in: line)).runsTests || !judge.change.paths.isEmpty
      }
      return !["strict", "fail", "error", "testpaths", "python_files", "python_classes", "python_functions"]
        .contains { lower[...].has($0) } || isPattern(line)
        || MovedSettings(judge.change).isKept(line, of: path)
    case .settingsOfMocha, .javascript:
      return !["fail", "forbid", "hreshold", "bail", "allowUncaught"].contains { line.has($0) }
    case .setup: return !["throw", "fail", "rror"].contains { line.has($0) }
    case .lint: return came.isEmpty && new.isEmpty || !line.has("error")
    case .markup:
      return !["failOn", "beStrict", "stopOn", "<directory", "<testsuite", "requireCoverage", "enforce"]
        .contains { line.has($0) } || isPattern(line)
    case .ruby: return new.contains { $0.contains("RakeTask") || $0.contains("TestTask") }
    case .rspec: return true
    case .gradle:
      return line.has("useJUnit")
        ? new.contains { $0.contains("useJUnit") || $0.contains("useTestNG") } : !line.has("fail")
    case .cmake: return isKeptTarget(line)
    case .swiftPackage:
      func targets(_ lines: [String]) -> Int { lines.count { $0.contains(".testTarget(") } }
      return targets(new) >= targets(old)
    case .cargo: return !["[[test", "[test", "harness", "forbid", "deny"].contains { line.has($0) }
    case .other: return false
    }
  }

  /// Whether a file that is gone has no use any more, or what it said stands elsewhere.
  func isReplaced() -> Bool {
    let tools: [(String, String)] = [
      (".mocharc", "mocha"), ("jest.config", "jest"), (".nycrc", "nyc"), ("ava.config", "ava"),
      (".eslintrc", "eslintrc"), ("karma.conf", "karma"), (".rspec", "rspec"), ("phpunit", "phpunit"),
    ]
    guard let tool = tools.first(where: { path.name.hasPrefix($0.0) })?.1 else { return false }
    let manifests = ["package.json", "composer.json", "Gemfile"]
    return manifests.contains { judge.change.oldText($0)?.contains("\"\(tool)") == true }
      && !manifests.contains { judge.change.newText($0)?.contains("\"\(tool)") == true }
  }

  /// Words that make a linter content with more.
  private static let relaxing = [
    "ignore", "exclude", "disable", "off", "skip", "false", "allow", "warn", "per-file", "except",
    "exit-zero",
    "max-", "threshold", "informational", ": 0",
  ]

  /// What a Rakefile says when it only names the tasks of a framework.
  private static let rake = [
    "require \"", "require '", "RSpec::Core::RakeTask.new", "task default: :", "task :default => :",
    "Rake::TestTask.new", "Minitest::TestTask.create", "namespace :", "desc ", "t.libs <<", "t.verbose",
    "t.warning", "RuboCop::RakeTask.new", "end", "Bundler",
  ]

  // MARK: Makefiles and scripts

  private func isHarmlessRule(_ line: Substring) -> Bool {
    if let goal = LineJudge.goal([String(line)]) {
      // What `make` alone makes is the same as before.
      return goal == judge.change.oldText(path.path).flatMap { MakeRules($0).rules.first?.target }
    }
    if line.hasPrefix(".PHONY") || line.hasPrefix("#") || line.hasPrefix("export ") && !line.has("=") {
      return true
    }
    // Outer blanks are gone, so a rule's head is told by its form.
    if let head = line.before(":"), !head.isEmpty, !head.has(" "), !line.has(":="), !line.has("?="),
      head.allSatisfy({ $0.isLetter || $0.isNumber || "-_./$()".contains($0) }),
      line.after(":")?.hasPrefix("=") != true
    {
      // `.IGNORE: test`
      if head.hasPrefix(".") { return false }
      func rules(_ lines: [String]) -> Int {
        lines.count { $0.hasPrefix(head + ":") && !$0.hasPrefix(head + ":=") }
      }
      if rules(new) > max(1, rules(old)) || isFirst(head) { return false }
      let rest = (line.after(":") ?? "").before("##") ?? line.after(":") ?? ""
      func needs(_ text: Substring) -> Set<Substring> { Set(text.split(separator: " ")) }
      let before = old.first { $0.hasPrefix(head + ":") }.map {
        needs($0[...].after(":")?.before("##") ?? $0[...].after(":") ?? "")
      }
      if rest.has(";") || rest.has("=") { return false }
      guard let before else {
        // Nobody asked for what was not there.
        return !MakeRules.hooks.contains(String(head))
          || !["test", "all", "default"].contains(head) && !old.contains { $0.contains(head) }
      }
      let lost = before.subtracting(needs(rest)).filter(runsTests)
      if lost.isEmpty || MakeRules.hooks.contains(String(head)) || !head.has("/") { return lost.isEmpty }
      // Another file is made of it now.
      let others = new.filter { !$0.hasPrefix(head + ":") && !$0.hasPrefix(".") && $0.contains(":") }.map {
        needs($0[...].after(":") ?? "")
      }
      return lost.allSatisfy { name in others.contains { $0.contains(name) } }
    }
    if let all = line.before("=")?.trimmed, !all.isEmpty, case let name = all.dropping("override ") ?? all,
      ShellLine.isAssignment(name.filter { !"?:+ ".contains($0) } + "=")
    {
      return isHarmlessVariable(line, name)
    }
    if line.hasPrefix("-") {
      // What had to succeed may fail now.
      let bare = line.dropFirst().trimmed
      if old.contains(where: { $0[...].trimmed == bare || $0[...].dropping("@")?.trimmed == bare }) {
        return false
      }
      return !ShellLine(line.dropFirst()).runsTests && judge.commands.isPlain(line.dropFirst())
    }
    if line.hasPrefix("$"), !ShellLine(line).runsTests, line.has("(MAKE)") { return false }
    if let text = judge.change.newText(path.path), MakeRules(text).isAside(line) { return true }
    // A program that the makefile makes.
    if let made = line.split(separator: " ").first?.dropping("./"),
      new.contains(where: { $0.hasPrefix(made + ":") }), !line.contains(where: { "|&;".contains($0) })
    {
      return true
    }
    let command = PlainCommands.command(in: line)
    if isCompiled(line) { return true }
    let lines = expanded(command)
    // `NPM = true`
    let runsTests = ShellLine(command).runsTests
    return !lines.isEmpty
      && lines.allSatisfy { judge.commands.isPlain($0) && (!runsTests || ShellLine($0).runsTests) }
  }

  /// A line with the programs in place of the new variables that name them, one for each value that they are
  /// given: `$(COMPOSE) up`. Empty when there are too many.
  private func expanded(_ line: Substring) -> [Substring] {
    var rest = line
    var results = [""]
    while let head = rest.before("$("), let tail = rest.after("$("), let name = tail.before(")") {
      let isProgram = (results[0] + head)[...].trimmed.last.map { ";&|".contains($0) } ?? true
      let values = (isProgram ? came : []).compactMap { text -> Substring? in
        guard let sign = text[...].before("=")?.trimmed, sign.filter({ !"?: ".contains($0) }) == name else {
          return nil
        }
        return text[...].after("=")?.trimmed
      }
      results = results.flatMap { begun in
        (values.isEmpty ? ["$(\(name))"] : values).map { begun + head + $0 }
      }
      if results.count > 16 { return [] }
      rest = tail.after(")") ?? ""
    }
    return results.map { ($0 + rest)[...] }
  }

  /// `$(CC) $(CFLAGS) -c -o $@ src/patterns.c` only makes an object.
  private func isCompiled(_ line: Substring) -> Bool {
    let words = (line.dropping("@") ?? line).split(separator: " ")
    guard ["$(CC)", "$(CXX)", "cc", "gcc", "g++", "clang", "clang++"].contains(words.first ?? "") else {
      return false
    }
    return words.contains("-c")
      && words.allSatisfy { word in
        !word.hasPrefix("-D") && !word.contains { "|&;<>`".contains($0) || $0 == "!" }
      }
      && !line.has("$<(")
  }

  /// Whether what a rule needed may be missed: it checked something, or nobody knows what it did.
  private func runsTests(_ need: Substring) -> Bool {
    guard let text = judge.change.oldText(path.path),
      let rule = MakeRules(text).rules.first(where: { $0.target == need })
    else { return true }
    let recipe = rule.text.split(separator: "\n").dropFirst()
    return recipe.isEmpty || MakeRules.hooks.contains { need.hasPrefix($0) && $0 != "lint" }
      || recipe.contains { ShellLine(PlainCommands.command(in: $0)).runsTests }
  }

  /// `all` of `.DEFAULT_GOAL := all`.
  private static func goal(_ lines: [String]) -> String? {
    lines.last { $0.hasPrefix(".DEFAULT_GOAL") }?[...].after("=").map { String($0.trimmed) }
  }

  /// Whether `make` alone makes another target now that is new.
  private func isFirst(_ head: Substring) -> Bool {
    if LineJudge.goal(new) != nil { return false }
    func first(_ name: String, _ text: (String) -> String?) -> String? {
      text(name).flatMap { MakeRules($0).rules.first?.target }
    }
    guard let before = first(path.path, judge.change.oldText) else { return false }
    return first(path.path, judge.change.newText) == String(head) && before != head
      && MakeRules.hooks.contains(before)
  }

  private func isHarmlessVariable(_ line: Substring, _ name: Substring) -> Bool {
    let plain = name.filter { !"?:+ ".contains($0) }
    let value = (line.after("=") ?? "").trimmed
    func words(_ text: Substring) -> [String] { ShellLine.bare(text.split(separator: " ").map(String.init)) }
    func family(_ text: Substring) -> String {
      (words(text).first ?? "").filter { !$0.isNumber && $0 != "." }
    }
    let before = old.first { text in
      text[...].before("=").map { $0.filter { !"?:+ ".contains($0) } == plain } ?? false
    }
    guard let before, let was = before[...].after("=")?.trimmed else {
      // Names of files run nothing.
      let told = String(value).replacing("$(wildcard ", with: "")[...]
      return judge.commands.isHarmlessVariable(plain + "=") && !told.has("$(") && !told.has("||")
    }
    // More programs, or more files, than before.
    if Set(words(was)).isSubset(of: words(value)), !ShellLine(was).runsTests, !ShellLine(value).runsTests,
      value.split(separator: " ").allSatisfy({ !$0.hasPrefix("-") && !$0.hasPrefix("$") && !$0.has("|") }),
      was.split(separator: " ").contains(where: { $0.has("test") || $0.has("/") })
    {
      return true
    }
    // `python3 -O` asserts nothing.
    let known = Set(words(was))
    if family(value) == family(was), words(value).dropFirst().allSatisfy(known.contains) { return true }
    // Options of a compiler.
    if plain.hasSuffix("FLAGS"), judge.commands.isHarmlessVariable(plain + "=" + value) { return true }
    // A tool in place of another that runs no tests.
    return !ShellLine(was).runsTests && !ShellLine(value).runsTests && !was.has("python") && !value.has("$(")
      && judge.commands.isPlain(value) && !value.isEmpty && judge.commands.isPlain(was)
  }

  private func isDispensableRule(_ line: Substring) -> Bool {
    if line.has("pipefail") || line.has("SHELLFLAGS") { return false }
    guard let head = line.before(":"), !head.has(" "), !head.isEmpty, MakeRules.hooks.contains(String(head))
    else { return true }
    return new.contains { $0.hasPrefix(head + ":") } || new.isEmpty
  }

  private func isHarmlessScript(_ line: Substring) -> Bool {
    if path.name == "composer.json", !line.has("\": \"") || line.has("\\\\\"") {
      let isOfTests =
        line.lowercased()[...].before("\\")?.has("test") == true || line.has("est\\") || line.has("ests\\")
      return !line.has("||") && !line.has("files") && !line.has("exclude")
        && (isOfTests || !line.has("test") || line.has("-dev"))
    }
    guard line.hasPrefix("\""), let key = line.dropFirst().before("\"") else {
      return isHarmlessMember(line)
    }
    if ["jest", "vitest", "mocha"].contains(String(key)), line.has("{") { return isHarmlessMember(line) }
    if key == "scripts", line.has("{") {
      // All of them in one line.
      let inner = line.after("{")?.before("}") ?? ""
      return inner.utf8.split(separator: 0x2C).allSatisfy { part in
        let text = Substring(part).trimmed
        return text.isEmpty || text.hasPrefix("\"") && isPlainEntry(text) || !text.hasPrefix("\"")
      }
    }
    // A setting of a runner and no script.
    let settings: Set = [
      "testEnvironment", "preset", "verbose", "transform", "coverageProvider", "clearMocks",
      "collectCoverage",
      "testRunner", "cacheDirectory", "displayName",
    ]
    if settings.contains(String(key)) { return isHarmlessMember(line) }
    if line.has("\": \"") { return isPlainEntry(line) || isNewScript(String(key)) }
    return isHarmlessMember(line)
  }

  /// Whether a script comes beside those that are there, and nothing that is protected names it.
  private func isNewScript(_ key: String) -> Bool {
    guard key.contains(":"), !key.hasPrefix("pre"), !key.hasPrefix("post"),
      old.contains(where: { $0.contains("\"scripts\"") }),
      !old.contains(where: { $0.contains(key) }), new.count(where: { $0.contains(key) }) == 1
    else { return false }
    return judge.change.paths.allSatisfy { other in
      guard other.path != path.path, let name = other.newPath, ProtectedFiles.scope(of: TestPath(name)) != nil
      else { return true }
      return judge.change.newText(name)?.contains(key) != true
    }
  }

  private func isPlainEntry(_ line: Substring) -> Bool {
    let text = PlainCommands.command(in: line)
    if ["file:", "link:", "npm:", "portal:"].contains(where: { text.hasPrefix($0) }) { return false }
    if old.contains(where: { $0[...].before("\": ") == line.before("\": ") }), !ShellLine(text).runsTests,
      old.contains(where: {
        $0[...].before("\": ") == line.before("\": ")
          && ShellLine(PlainCommands.command(in: $0[...])).runsTests
      })
    {
      return false
    }
    return judge.commands.isPlain(text)
  }
}
