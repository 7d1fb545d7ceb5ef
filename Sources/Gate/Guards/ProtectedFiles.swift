import Migration

extension TreeChange {
  /// Changes of files that decide how the verifiers run: runners' configuration, build and CI files. Of files
  /// that hold much else only the parts that matter; of added globs any change.
  ///
  /// `isStrict` is any change of those, else one that can keep a test from running or from failing.
  public func protectedFindings(globs: [String]? = nil, isStrict: Bool = true) -> [GuardFinding] {
    let own = (globs ?? []).compactMap(PathGlob.init)
    let judge = isStrict ? nil : ProtectedJudge(self)
    return paths.flatMap { change -> [GuardFinding] in
      let names = Set([change.oldPath, change.newPath].compactMap { $0 }).sorted()
      return names.compactMap { path in
        let isOwn = own.contains { $0.matches(path) }
        guard isOwn || ProtectedFiles.scope(of: TestPath(path)) != nil else { return nil }
        let before = change.oldPath == path ? old(path) : .missing
        let after = change.newPath == path ? new(path) : .missing
        return protectedFinding(path, before, after, isOwn, judge)
      }
    }
  }

  /// Whether a file is one more pipeline beside those that are there: it keeps none of them from running.
  private func isNewPipeline(_ path: String) -> Bool {
    let folder = ".github/workflows/"
    return path.hasPrefix(folder)
      && !paths.contains { other in
        other.oldPath?.hasPrefix(folder) == true && other.oldPath != other.newPath
          || other.kind == .deleted && [".travis.yml", ".circleci/config.yml"].contains(other.path)
      }
  }

  private func protectedFinding(
    _ path: String, _ before: FileContent, _ after: FileContent, _ isOwn: Bool, _ judge: ProtectedJudge?
  ) -> GuardFinding? {
    func finding(_ line: Int?, _ message: String) -> GuardFinding {
      GuardFinding(guardName: .protected, kind: .protectedFile, path: path, line: line, message: message)
    }
    guard let scope = ProtectedFiles.scope(of: TestPath(path)), !isOwn else {
      if let one = before.text, one == after.text { return nil }
      return finding(nil, "is protected by the plan")
    }
    if let one = before.text, let other = after.text, MakeRules.onlyNewTargets(path, one, other) {
      return nil
    }
    if judge != nil, case .missing = before, isNewPipeline(path) { return nil }
    func lines(_ text: String?) -> [(number: Int, text: String)] {
      ProtectedFiles.lines(of: ProtectedFiles.spread(text ?? "", path), scope)
    }
    let parts = (lines(before.text), lines(after.text))
    func isTold(_ text: String) -> String {
      "decides how tests run, and was changed: '\(Secret.redacted(text.shortened(to: 60)[...]))'"
    }
    let texts = (parts.0.map(\.text), parts.1.map(\.text))
    if before.text != nil, ProtectedFiles.onlyNewScripts(path, texts.0, texts.1, in: after.text ?? ""),
      Set(texts.0).isSubset(of: texts.1)
    {
      return nil
    }
    let isReadable = before.text != nil || after.text != nil
    if let judge, isReadable {
      guard let harm = judge.harm(path, old: parts.0, new: parts.1) else { return nil }
      if case .missing = after { return finding(nil, "decides how tests run, and was deleted") }
      return finding(harm.number, isTold(harm.text))
    }
    if case .missing = after {
      return parts.0.isEmpty ? nil : finding(nil, "decides how tests run, and was deleted")
    }
    var counts: [String: Int] = [:]
    for line in parts.0 { counts[line.text, default: 0] += 1 }
    var first: (number: Int, text: String)?
    for line in parts.1 {
      if let count = counts[line.text], count > 0 {
        counts[line.text] = count - 1
      } else if first == nil {
        first = line
      }
    }
    let gone = parts.0.first { (counts[$0.text] ?? 0) > 0 }
    guard first != nil || gone != nil else { return nil }
    return finding(first?.number, isTold(first?.text ?? gone?.text ?? ""))
  }
}

/// Which files decide how verifiers run, and which of their lines.
enum ProtectedFiles {
  /// The part of a file that counts.
  enum Scope {
    case whole
    /// Sections of an INI or TOML file, by the start of their names.
    case sections([String])
    /// Members of a JSON file's outermost object.
    case members([String])
    /// The same, and of all other sections the lines that begin with one of these words.
    case sectionsAndWords([String], [String])
    /// Members of a JSON file's outermost object, and of all others the lines with one of these words.
    case membersAndWords([String], [String])
    /// Lines with one of these words.
    case words([String])
  }

  private static let wholeNames: Set = [
    "pytest.ini", ".pytest.ini", "tox.ini", "noxfile.py", ".coveragerc", "Makefile", "GNUmakefile",
    "makefile", "justfile", "Justfile", ".justfile", "Taskfile.yml", "Taskfile.yaml",
    ".mocharc.js", ".mocharc.cjs", ".mocharc.json", ".mocharc.yml", ".mocharc.yaml", ".mocharc.jsonc",
    ".npmrc", ".yarnrc", ".yarnrc.yml", ".nycrc", ".taprc", ".rspec", ".simplecov", "Rakefile", "phpunit.xml",
    "phpunit.xml.dist", "phpunit.dist.xml", ".travis.yml", ".gitlab-ci.yml", "Jenkinsfile",
    "azure-pipelines.yml", "appveyor.yml", ".appveyor.yml", "bitbucket-pipelines.yml", ".drone.yml",
    ".cirrus.yml", "build.rs",
    "nextest.toml", ".nextest.toml", "testng.xml", "junit-platform.properties", "maven.config", "jvm.config",
    "gradle.properties", "xunit.runner.json", ".runsettings", "CTestTestfile.cmake",
    "CTestCustom.cmake",
    "CTestConfig.cmake", "mypy.ini", ".pre-commit-config.yaml", "lefthook.yml", "magefile.go", "run-tests.sh",
    "test.sh", "run_tests.sh", "runtests.sh", "ci.sh", "check.sh", "runtests.py",
    "run_tests.py", "codecov.yml",
    "pyrightconfig.json", ".flake8", ".pylintrc", "pylintrc", "ruff.toml", ".ruff.toml", ".eslintrc",
    ".eslintrc.js", ".eslintrc.json", ".eslintrc.yml", ".eslintignore", "clippy.toml", ".golangci.yml",
    ".golangci.yaml", "rustfmt.toml",
    ".rubocop.yml", "phpstan.neon", ".clang-tidy", "bunfig.toml", ".swcrc", "pest.php",
    "sonar-project.properties", ".bazelrc", "BUILD.bazel", "WORKSPACE", "go.work",
    "CMakePresets.json",
    "allure.properties", ".testcaferc.json", "wallaby.js", "pytest.toml", ".pytest.toml", "circle.yml",
    "config.toml", "insta.yaml", "insta.yml",
  ]

  private static let wholeStarts = [
    "jest.config.", "jest.setup.", "vitest.config.", "vitest.workspace.", "vitest.setup.", "karma.conf.",
    "playwright.config.", "cypress.config.", "ava.config.", "protractor.conf.", "wdio.conf.",
    "eslint.config.", "setupTests.", "jest-", "setup-jest.", "nightwatch.conf", "web-test-runner.config.",
    "gulpfile.",
    "Gruntfile.",
  ]

  private static let wholeFolders = [
    ".github/workflows", ".circleci", ".buildkite", ".gitlab", ".mvn", ".cargo",
    ".azure-pipelines", ".woodpecker", "META-INF/services", ".github/actions", ".jenkins", ".tekton",
    ".husky", ".ci", "ci",
  ]

  /// Tools that a package may bring under a name of theirs.
  private static let testTools = [
    "vitest", "jest", "mocha", "ava", "tap", "chai", "@jest/globals", "jasmine", "typescript", "eslint", "c8",
    "nyc",
    "sinon", "@playwright/test", "cypress", "tsx", "ts-node", "ts-jest", "node-test",
  ]

  private static let projectWords = [
    "Test", "Remove=", "Exclude=", "<Compile ", "xunit", "nunit", "DefineConstants", "EnableDefault",
    "VSTest", "<Target ", "<Exec ",
  ]

  /// Files that hold much else.
  private static let partial: [String: Scope] = {
    var table: [String: Scope] = [:]
    for name in ["pyproject.toml", "setup.cfg"] {
      table[name] = .sections([
        "tool.pytest", "tool:pytest", "pytest", "tool.coverage", "coverage", "tool.tox", "tool.nox",
        "tool.hatch.env", "tool.poe", "tool.pdm.scripts", "tool.taskipy", "testenv", "tool.ruff", "tool.mypy",
        "mypy", "flake8", "tool.pyright", "tool.pylint", "project.entry-points.pytest",
        "project.entry-points.\"pytest", "aliases", "tool.uv.", "options.entry_points",
      ])
    }
    table["package.json"] = .membersAndWords(
      [
        "scripts", "jest", "mocha", "ava", "nyc", "c8", "tap", "vitest", "jasmine", "karma", "overrides",
        "resolutions", "wireit", "eslintConfig", "pnpm", "imports",
      ], testTools.flatMap { tool in ["file:", "link:", "npm:", "portal:"].map { "\"\(tool)\": \"\($0)" } })
    for ending in ["ts", "js", "mts", "mjs"] {
      table["vite.config." + ending] = .words(["test", "exclude", "include", "setupFiles"])
    }
    table["composer.json"] = .members(["scripts", "autoload-dev", "autoload"])
    for name in ["deno.json", "deno.jsonc"] {
      table[name] = .members(["test", "tasks"])
    }
    table["Cargo.toml"] = .sectionsAndWords(
      [
        "lib", "[test", "test", "[bin", "bin", "features", "profile", "patch", "replace", "workspace]",
        "[bench", "lints",
      ],
      ["autotests", "autobins", "autobenches", "autoexamples", "harness", "doctest"])
    table["pom.xml"] = .words([
      "skip", "Skip", "surefire", "failure.ignore", "maven.test", "failsafe", "exclude", "include",
      "testFailureIgnore", "<test", "groups",
      "testSource", "argLine", "failIfNoTests", "<profile", "<activ", "rerun", "<phase>none",
      "trimStackTrace",
      "enableAssertions",
    ])
    table["Package.swift"] = .words(["testTarget", "exclude", "path:", "sources", "unsafeFlags", "define("])
    table["CMakeLists.txt"] = .words([
      "test", "TEST", "NDEBUG", "WILL_FAIL", "gtest", "DISABLED", "CMAKE_CXX_FLAGS", "CMAKE_C_FLAGS",
      "add_definitions", "compile_definitions", "catch_discover",
    ])
    table["build.sbt"] = .words(["testOptions", "Test /", "Tests.", "skip", "exclude", "testFrameworks"])
    table["meson.build"] = .words(["test", "should_fail", "benchmark"])
    for name in ["settings.gradle", "settings.gradle.kts", "build.gradle", "build.gradle.kts"] {
      table[name] = .words([
        "test", "Test", "enabled", "exclude", "ignoreFailures", "onlyIf", "filter", "include", "useJUnit",
        "finalizedBy", "sourceSets", "srcDir", "check", "maxRetries", "failOnPassedAfterRetry",
        "enableAssertions",
      ])
    }
    for name in ["Directory.Build.props", "Directory.Build.targets"] {
      table[name] = .words(projectWords)
    }
    table["setup.py"] = .words(["test_suite", "cmdclass", "pytest11"])
    table["tsconfig.json"] = .words(["exclude", "include", "strict", "skipLib"])
    table["go.mod"] = .words(["replace", "exclude"])
    table["Gemfile"] = .words(["path:", "git:"])
    table[".gitattributes"] = .words(["test", "spec", "filter", "merge", "working-tree-encoding"])
    return table
  }()

  static func scope(of path: TestPath) -> Scope? {
    let name = path.name
    if name == "config.toml", path.folders.last != ".cargo" { return nil }
    if wholeNames.contains(name) || wholeStarts.contains(where: { name.hasPrefix($0) }) || path.ending == "mk"
      || path.ending == "rake" || path.ending == "runsettings"
    {
      return .whole
    }
    let folders = path.folders.joined(separator: "/")
    if wholeFolders.contains(where: {
      folders == $0 || folders.hasPrefix($0 + "/") || folders.hasSuffix("/" + $0)
    }) {
      return .whole
    }
    if (path.folders.first == "scripts" || path.folders.first == "bin" || path.folders.isEmpty
      || path.folders.first == "tools"), ["sh", "bash", "ps1", "bat", "cmd"].contains(path.ending),
      ["test", "check", "ci", "verify", "lint"].contains(where: { path.stem.lowercased().contains($0) })
    {
      return .whole
    }
    if let part = partial[name] { return part }
    if ["csproj", "fsproj", "vbproj", "sln"].contains(path.ending) {
      return .words(projectWords)
    }
    if ["cmake", "bzl", "gradle"].contains(path.ending) { return .words(["test", "TEST", "Test"]) }
    return nil
  }

  /// A file whose lines are what is judged: a manifest whose scripts stand in one line, with a line for each,
  /// and a `CMakeLists.txt` with each call in its first line.
  static func spread(_ text: String, _ path: String) -> String {
    if TestPath(path).name == "CMakeLists.txt" { return withWholeCalls(text) }
    guard ["package.json", "composer.json"].contains(TestPath(path).name),
      Gate.lines(of: text).contains(where: {
        $0.has("\"scripts\"") && $0.after("\"scripts\"")?.has("}") == true
      })
    else { return text }
    var spread: [UInt8] = []
    var (isQuoted, isEscaped) = (false, false)
    for byte in text.utf8 {
      if byte == 0x22, !isEscaped { isQuoted.toggle() }
      isEscaped = byte == 0x5C && !isEscaped
      if !isQuoted, byte == 0x7D { spread.append(0x0A) }
      spread.append(byte)
      if !isQuoted, byte == 0x7B || byte == 0x2C { spread.append(0x0A) }
    }
    return String(decoding: spread, as: UTF8.self)
  }

  private static func withWholeCalls(_ text: String) -> String {
    var (joined, waiting, depth) = ("", 0, 0)
    for line in Gate.lines(of: text) {
      var isQuoted = false
      let code = line.trimmed.hasPrefix("#") ? "" : line.before(" #") ?? line
      if depth > 0 {
        if !joined.hasSuffix("("), !code.trimmed.hasPrefix(")") { joined += " " }
        joined += code.trimmed
        waiting += 1
      } else {
        joined += line
      }
      for byte in code.utf8 {
        if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
        if isQuoted { continue }
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")") { depth = max(0, depth - 1) }
      }
      guard depth == 0 else { continue }
      // So each call keeps the number of its line.
      joined += String(repeating: "\n", count: waiting + 1)
      waiting = 0
    }
    return joined
  }

  /// The lines of a text that count, without comments and outer blanks.
  static func lines(of text: String, _ scope: Scope) -> [(number: Int, text: String)] {
    var kept: [(Int, String)] = []
    var isIn = false
    var depth = 0
    for (index, line) in Gate.lines(of: text).enumerated() {
      let plain = line.trimmed
      if plain.isEmpty || plain.hasPrefix("# ") || plain == "#" || plain.hasPrefix("//")
        || plain.hasPrefix("; ") || plain.hasPrefix("<!--") && plain.hasSuffix("-->")
      {
        continue
      }
      switch scope {
      case .whole: kept.append((index + 1, spaced(plain)))
      case .words(let words):
        // `latest` is no test.
        let told = plain.has("latest") ? String(plain).replacing("latest", with: "")[...] : plain
        if words.contains(where: told.has) { kept.append((index + 1, spaced(plain))) }
      case .sections(let names), .sectionsAndWords(let names, _):
        if plain.hasPrefix("["), plain.hasSuffix("]"), line.indentation == 0, !plain.has("=") {
          let name = plain.dropFirst().trimmed
          isIn = names.contains { name.hasPrefix($0) }
        }
        var isWord = false
        if case .sectionsAndWords(_, let words) = scope {
          isWord = words.contains(where: { plain.hasPrefix($0) })
        }
        if isIn || isWord { kept.append((index + 1, spaced(plain))) }
      case .members(let names), .membersAndWords(let names, _):
        if case .membersAndWords(_, let words) = scope, !isIn, words.contains(where: plain.has) {
          kept.append((index + 1, String(spaced(plain).trimmingComma)))
        }
        if depth == 1, plain.hasPrefix("\"") {
          let name = plain.dropFirst().before("\"") ?? ""
          isIn = names.contains { name == $0 }
        }
        if isIn, depth >= 1 { kept.append((index + 1, String(spaced(plain).trimmingComma))) }
        for byte in plain.utf8 {
          if byte == 0x7B || byte == 0x5B { depth += 1 }
          if byte == 0x7D || byte == 0x5D { depth -= 1 }
        }
        if depth <= 1 { isIn = false }
      }
    }
    return kept
  }

  /// Whether all that is new are scripts of `package.json` that nothing can have run before, and that no
  /// other script brings along.
  static func onlyNewScripts(
    _ path: String, _ before: [String], _ after: [String], in text: String
  ) -> Bool {
    guard TestPath(path).name == "package.json" else { return false }
    let scripts = Set(lines(of: text, .members(["scripts"])).map(\.text))
    func name(_ line: String) -> String? { line[...].dropping("\"")?.before("\"").map(String.init) }
    let known = Set(before.compactMap(name))
    let hooks = ["pre", "post", "test", "prepare", "install", "check", "lint", "ci", "depend"]
    return after.filter { !before.contains($0) }.allSatisfy { line in
      guard scripts.contains(line), let name = name(line), line.contains("\": \""), !known.contains(name)
      else { return false }
      return !hooks.contains { name.hasPrefix($0) }
    }
  }

  /// With single blanks, so that a realigned line stays the same.
  private static func spaced(_ text: Substring) -> String {
    text.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
  }
}

extension String {
  fileprivate var trimmingComma: Substring { hasSuffix(",") ? dropLast() : self[...] }
}
