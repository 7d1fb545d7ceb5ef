import Migration

/// Whether a change of a file that decides how tests run can keep any from running, or from failing.
///
/// Only what is known to be harmless is let by: newer versions, other machines, steps that run no tests, a
/// tool in place of another that runs as many of them. All else is a finding, as any change of such a file
/// is where the plan names the guard `protected`.
struct ProtectedJudge {
  let change: TreeChange
  let commands: PlainCommands
  /// Whether some pipeline, script or makefile of the change runs fewer tests, and no other runs more.
  private let losesRuns: Bool

  init(_ change: TreeChange) {
    self.change = change
    let paths = change.paths.filter { path in
      [path.oldPath, path.newPath].compactMap { $0 }.contains {
        ProtectedJudge.isOfCommands(ProtectedFileKind(TestPath($0)))
      }
    }
    let old = paths.compactMap { path in
      path.oldPath.flatMap { name in change.oldText(name).map { (name, ProtectedFiles.spread($0, name)) } }
    }
    let new = paths.compactMap { path in
      path.newPath.flatMap { name in change.newText(name).map { (name, ProtectedFiles.spread($0, name)) } }
    }
    commands = PlainCommands(
      old.map(\.1), movedTests: ProtectedJudge.movedTests(change),
      renamed: change.paths.reduce(into: [:]) { all, path in
        if case .renamed(let old) = path.kind { all[old] = path.path }
      })
    let after = new.flatMap { ProtectedJudge.runs($0.0, $0.1) }
    // A pipeline that was not changed may run what another ran that is gone.
    func isElsewhere(_ command: String) -> Bool {
      after.contains(command)
        || ProtectedJudge.pipelines.contains { name in
          !paths.contains { $0.path == name }
            && change.newText(name).map { PipelineJudge.tests(in: $0).contains(command) } == true
        }
    }
    let before = old.flatMap { name, text -> [String] in
      let all = ProtectedJudge.runs(name, text)
      let isGone = change.newText(name) == nil && ProtectedFileKind(TestPath(name)) == .pipeline
      return isGone ? all.filter { !isElsewhere($0) } : all
    }
    losesRuns = after.count < before.count
  }

  /// The new paths of the tests of a change, where all of them were moved.
  private static func movedTests(_ change: TreeChange) -> [String] {
    let tests = change.paths.filter { path in
      let name = TestPath(path.path)
      return path.newPath != path.oldPath && !TestFile.supportNames.contains(name.name)
        && name.name != "__init__.py" && TestLanguages.language(of: name)?.isTestPath(name) == true
    }
    let moved = tests.filter { if case .renamed = $0.kind { true } else { false } }
    return moved.count == tests.count ? moved.map(\.path) : []
  }

  private static let pipelines =
    [
      "ci", "test", "tests", "build", "main", "check", "checks", "python-package",
    ].flatMap { [".github/workflows/\($0).yml", ".github/workflows/\($0).yaml"] } + [".gitlab-ci.yml"]

  /// A job of a pipeline that checks something and is gone, with nothing that says what it said.
  private func lostCheck(_ path: String, _ text: String) -> String? {
    guard !text.isEmpty, let before = change.oldText(path) else { return nil }
    let (old, new) = (PipelineJudge.checks(in: before), PipelineJudge.checks(in: text))
    let others = change.paths.compactMap { other -> String? in
      guard let name = other.newPath, ProtectedFiles.scope(of: TestPath(name)) != nil else { return nil }
      return change.newText(name)
    }
    guard old.count > new.count else { return nil }
    return old.first { job in
      !new.contains { $0.name == job.name } && !job.commands.isEmpty
        && !job.commands.allSatisfy { command in others.contains { $0.contains(command) } }
    }?.name
  }

  /// Whether a pipeline comes in place of one that goes.
  var hasNewPipeline: Bool {
    change.paths.contains { path in
      path.newPath.map { ProtectedFileKind(TestPath($0)) == .pipeline } ?? false
    }
  }

  private static func isOfCommands(_ kind: ProtectedFileKind) -> Bool {
    [.pipeline, .make, .scripts, .python].contains(kind)
  }

  /// The commands of a file that run tests.
  private static func runs(_ name: String, _ text: String) -> [String] {
    let kind = ProtectedFileKind(TestPath(name))
    if kind == .pipeline { return PipelineJudge.tests(in: text) }
    return lines(of: text).filter { line in
      switch kind {
      case .make: line.hasPrefix("\t")
      case .scripts: line.trimmed.hasPrefix("\"") && !line.has("\": [")
      case .python: line.has("commands")
      case .pipeline, .javascript, .setup, .lint, .markup, .ruby, .rspec, .gradle, .cmake, .swiftPackage,
        .cargo,
        .settingsOfMocha, .other:
        false
      }
    }.map { PlainCommands.command(in: $0) }.filter { ShellLine($0).runsTests }.map(String.init)
  }

  /// The lines that count on both sides of a file that decides, each with its number.
  typealias Lines = [(number: Int, text: String)]

  /// The first line that may do harm, or the one that is missed; `nil` when there is none.
  func harm(_ path: String, old: Lines, new: Lines) -> (number: Int?, text: String)? {
    let kind = ProtectedFileKind(TestPath(path))
    let (old, new) = withNamesake(path, old, new)
    let (came, gone) = ProtectedJudge.differences(kind, old, new)
    guard kind != .other else {
      if let found = settings(path, came, gone) { return found.first }
      return came.first.map { ($0.number, $0.text) } ?? gone.first.map { (nil, $0.text) }
    }
    if losesRuns, ProtectedJudge.isOfCommands(kind) {
      if let line = gone.first(where: { ShellLine(PlainCommands.command(in: $0.text[...])).runsTests }) {
        return (nil, line.text)
      }
    }
    let text = change.newText(path) ?? ""
    let lines = LineJudge(
      kind: kind, path: TestPath(path), judge: self, old: old.map(\.text), new: new.map(\.text),
      gone: gone.map(\.text), came: came.map(\.text))
    if kind == .pipeline {
      let choosesBranches = change.oldText(path).map { $0.contains("branches:") } ?? true
      let judge = PipelineJudge(commands: commands, choosesBranches: choosesBranches)
      if let harm = judge.harm(in: text, new: Set(came.map(\.number))) { return harm }
      if let job = lostCheck(path, text) { return (nil, job) }
    } else if !text.isEmpty, let harm = came.first(where: { !lines.isHarmless($0.text[...]) }) {
      return harm
    }
    if text.isEmpty, lines.isReplaced() { return nil }
    return gone.first { !lines.isDispensable($0.text[...]) }.map { (nil, $0.text) }
  }

  /// Whether a line of a compiler's settings only keeps tests out of what is built, where they do not run
  /// from there, or takes in more.
  private func isOfBuild(_ line: Substring, _ came: Lines, _ gone: Lines) -> Bool {
    func words(_ text: Substring) -> [Substring] {
      (text.after("[") ?? "").split { " ,[]\"'".contains($0) }
    }
    if line.hasPrefix("\"include\"") {
      let before = gone.first { $0.text.hasPrefix("\"include\"") }.map { words($0.text[...]) } ?? []
      return !before.isEmpty && Set(before).isSubset(of: words(line))
    }
    guard line.hasPrefix("\"exclude\"") else { return false }
    let script = change.newText("package.json").map { text in
      lines(of: text).first { $0.trimmed.hasPrefix("\"test\"") } ?? ""
    }
    guard let script, !script.has("tsc"), !script.has("dist"), !script.has("build") else { return false }
    let folders: Set<Substring> = ["node_modules", "dist", "build", "coverage", "out", "__tests__", "tests"]
    return words(line).allSatisfy { word in
      word.has(".spec.") || word.has(".test.") || !folders.isDisjoint(with: word.split(separator: "/"))
    }
  }

  /// What is left of the lines of settings that hold much else; `nil` for other files.
  private func settings(_ path: String, _ came: Lines, _ gone: Lines) -> [(number: Int?, text: String)]? {
    let name = TestPath(path).name
    if name.hasPrefix("tsconfig") {
      // A compiler that says more.
      func key(_ text: String) -> Substring? { text[...].before(":") }
      let stricter = came.filter {
        $0.text[...].after("\"strict")?.after("\":")?.trimmed.hasPrefix("true") == true
      }
      let left = came.filter { line in
        !stricter.contains { $0.number == line.number } && !isOfBuild(line.text[...], came, gone)
      }
      let lost = gone.filter { line in !stricter.contains { key($0.text) == key(line.text) } }
      return left.map { ($0.number, $0.text) } + lost.map { (nil, $0.text) }
    }
    if name == "setup.py" {
      // What setuptools calls for tests, no other runner asks for.
      return came.filter { !$0.text.contains("test_suite") || $0.text.contains("cmdclass") }.map {
        ($0.number, $0.text)
      }
    }
    if name == "gradle.properties" {
      let words = ["test", "skip", "ignore", "jvmargs", "exclude", "init", "include", "systemprop"]
      return came.filter { line in words.contains { line.text.lowercased()[...].has($0) } }.map {
        ($0.number, $0.text)
      } + gone.filter { $0.text.lowercased()[...].has("test") }.map { (nil, $0.text) }
    }
    return nil
  }

  /// The lines of both sides, where a file only changed its ending: `jest.config.js`, `jest.config.ts`.
  private func withNamesake(_ path: String, _ old: Lines, _ new: Lines) -> (Lines, Lines) {
    guard ProtectedFileKind(TestPath(path)) != .other else { return (old, new) }
    func isNamesake(_ other: ChangedPath) -> Bool {
      let isOfGradle =
        ProtectedFileKind(TestPath(path)) == .gradle
        && TestPath(other.path).name.split(separator: ".").first
          == TestPath(path).name.split(separator: ".").first
      return other.path != path && (isOfGradle || TestPath(other.path).stem == TestPath(path).stem)
        && TestPath(other.path).folders == TestPath(path).folders
        && ProtectedFileKind(TestPath(other.path)) == ProtectedFileKind(TestPath(path))
    }
    func lines(_ text: String?) -> Lines {
      text.map { ProtectedFiles.lines(of: $0, .whole) } ?? []
    }
    if old.isEmpty, let other = change.paths.first(where: { $0.kind == .deleted && isNamesake($0) }) {
      return (lines(change.oldText(other.path)), new)
    }
    if new.isEmpty, let other = change.paths.first(where: { $0.kind == .added && isNamesake($0) }) {
      return (old, lines(change.newText(other.path)))
    }
    return (old, new)
  }

  /// What is on one side only: versions and digests count as equal.
  private static func differences(_ kind: ProtectedFileKind, _ old: Lines, _ new: Lines) -> (Lines, Lines) {
    func parts(_ lines: Lines) -> Lines {
      guard kind == .markup else { return lines }
      // Each attribute of a tag by itself.
      return lines.flatMap { line -> Lines in
        guard line.text.contains("=\""), line.text.hasPrefix("<") || !line.text.contains("<") else {
          return [line]
        }
        // A tag may go over several lines.
        let isTag = line.text.hasPrefix("<")
        return attributes(isTag ? line.text : "< " + line.text).dropFirst(isTag ? 0 : 1).map {
          (line.number, $0)
        }
      }
    }
    func plain(_ text: String) -> String {
      kind == .other ? String(text[...].droppingSuffix(",") ?? text[...]) : levelled(text)
    }
    var counts: [String: Int] = [:]
    let (before, after) = (parts(old), parts(new))
    for line in before { counts[plain(line.text), default: 0] += 1 }
    var came: Lines = []
    for line in after {
      let key = plain(line.text)
      if let count = counts[key], count > 0 { counts[key] = count - 1 } else { came.append(line) }
    }
    var gone: Lines = []
    for line in before.reversed() {
      let key = plain(line.text)
      guard let count = counts[key], count > 0 else { continue }
      counts[key] = count - 1
      gone.insert(line, at: 0)
    }
    return (came, gone)
  }

  private static func attributes(_ line: String) -> [String] {
    var found: [String] = []
    var current = ""
    var isQuoted = false
    for character in line {
      if character == "\"" { isQuoted.toggle() }
      if character == " ", !isQuoted {
        found.append(current)
        current = ""
      } else {
        current.append(character)
      }
    }
    found.append(current)
    let tag = found.first ?? ""
    return [tag]
      + found.dropFirst().map {
        String(($0[...].droppingSuffix(">") ?? $0[...]).droppingSuffix("/") ?? $0[...])
      }
      .filter { !$0.isEmpty && $0 != ">" && $0 != "/>" }
  }

  private static let counting = [
    "exit", "return", "retr", "rerun", "fail", "threshold", "max", "min", "limit", "shard", "bail", "code",
    "count", "if ", "if:", "jobs", "seq", "head", "tail", "lines", "branches", "functions", "statements",
    "level", "repeat", "slow", "invert",
  ]

  /// A line whose versions do not count, where a number says nothing else.
  private static func levelled(_ text: String) -> String {
    let lower = text.lowercased()
    if counting.contains(where: { lower[...].has($0) }) { return text }
    var result = ""
    var isNumber = false
    let digest = text[...].before("@sha256:") ?? text[...].before(" # v") ?? text[...]
    for character in digest {
      if character.isNumber || isNumber && (character == "." || character == "-" || character.isLetter) {
        if !isNumber { result.append("#") }
        isNumber = true
      } else {
        isNumber = false
        result.append(character)
      }
    }
    // `uses: actions/checkout@v4`, and the same by a digest.
    if result[...].has("uses:"), let action = result[...].before("@") { return String(action) }
    return result
  }
}

/// The kinds of protected files that are read line by line.
enum ProtectedFileKind {
  case pipeline, make, scripts, python, javascript, setup, lint, markup, ruby, rspec, gradle, cmake,
    swiftPackage,
    cargo
  case settingsOfMocha, other

  init(_ path: TestPath) {
    let name = path.name
    let folders = path.folders.joined(separator: "/")
    switch name {
    case ".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".drone.yml",
      ".cirrus.yml", "circle.yml", "appveyor.yml", ".appveyor.yml", "Taskfile.yml", "Taskfile.yaml":
      self = .pipeline
    case "Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", ".justfile": self = .make
    case "package.json", "composer.json": self = .scripts
    case "pytest.ini", ".pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini": self = .python
    case ".mocharc.yml", ".mocharc.yaml", ".mocharc.json", ".mocharc.jsonc": self = .settingsOfMocha
    case "phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml", "pom.xml": self = .markup
    case "Rakefile": self = .ruby
    case ".rspec": self = .rspec
    case "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts": self = .gradle
    case "CMakeLists.txt": self = .cmake
    case "Package.swift": self = .swiftPackage
    case "Cargo.toml": self = .cargo
    case ".pre-commit-config.yaml", ".flake8", ".pylintrc", "pylintrc", "ruff.toml", ".ruff.toml",
      ".eslintrc", ".eslintrc.js", ".eslintrc.json", ".eslintrc.yml", ".golangci.yml", ".golangci.yaml",
      "rustfmt.toml", ".rubocop.yml", "phpstan.neon", "clippy.toml", "mypy.ini", "pyrightconfig.json",
      ".clang-tidy", "codecov.yml", "lefthook.yml":
      self = .lint
    default:
      let isWorkflow =
        [".github/workflows", ".circleci", ".github/actions", ".woodpecker", ".gitlab"].contains {
          folders == $0 || folders.hasPrefix($0 + "/")
        } && ["yml", "yaml"].contains(path.ending)
      if isWorkflow {
        self = .pipeline
      } else if name.hasPrefix("eslint.config.") {
        self = .lint
      } else if ["setupTests.", "jest.setup.", "vitest.setup.", "setup-jest.", "jest-setup."].contains(
        where: {
          name.hasPrefix($0)
        })
      {
        self = .setup
      } else if ["jest.config.", "vitest.config.", "vite.config."].contains(where: { name.hasPrefix($0) }) {
        self = .javascript
      } else if ["csproj", "fsproj", "vbproj"].contains(path.ending) {
        self = .markup
      } else {
        self = .other
      }
    }
  }
}
