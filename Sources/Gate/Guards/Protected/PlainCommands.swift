/// Which commands of a pipeline say nothing about which tests run, and which run all of them.
struct PlainCommands {
  /// Commands that stood in the protected files before.
  private var known: Set<String> = []
  /// The words of those of them that ran tests.
  private var knownWords: Set<String> = []
  /// Where the tests stand that the change moves.
  private let movedTests: [String]

  init(_ texts: [String], movedTests: [String] = [], renamed: [String: String] = [:]) {
    self.movedTests = movedTests
    for text in texts {
      for line in lines(of: text) {
        for command in ShellLine(PlainCommands.command(in: line)).commands {
          known.insert(PlainCommands.spelled(command))
          if ShellLine.runsTests(command) { knownWords.formUnion(command) }
        }
      }
    }
    // A file that was moved is named by its new place.
    for word in knownWords {
      if let new = renamed[String(word[...].dropping("./") ?? word[...])] {
        knownWords.insert((word.hasPrefix("./") ? "./" : "") + new)
      }
    }
  }

  /// The command of a line, without what the file's form puts around it: `- run: npm test`, `"test": "jest"`.
  static func command(in line: Substring) -> Substring {
    var text = line.trimmed
    if text.hasPrefix("- ") { text = text.dropFirst(2).trimmed }
    if text.hasPrefix("\""), let value = text.after("\": ")?.trimmed, value.hasPrefix("\"") {
      let inner = value.dropFirst()
      return (inner.droppingSuffix(",") ?? inner).trimmed.droppingSuffix("\"") ?? inner
    }
    for key in ["run", "script", "command", "cmd", "commands", "cmds", "before_script", "install"] {
      for sign in [": ", " = ", "="] {
        if let value = text.dropping(key + sign) { text = value.trimmed }
      }
    }
    while let first = text.first, "@+".contains(first) { text = text.dropFirst().trimmed }
    return text
  }

  /// Whether a program that ran before is only given more: another folder to look into.
  private func isExtended(_ command: [String]) -> Bool {
    guard let program = command.first, !["sh", "bash", "node", "python", "python3"].contains(program),
      !command.contains(where: { word in PlainCommands.relaxing.contains { word.hasPrefix($0) } })
    else { return false }
    return known.contains { text in
      let words = text.split(separator: "\u{0}").map(String.init)
      return words.first == program && Set(words).isSubset(of: command)
    }
  }

  private static func spelled(_ command: [String]) -> String { command.joined(separator: "\u{0}") }

  /// Whether a line runs nothing that keeps tests from running or from failing.
  func isPlain(_ text: Substring) -> Bool {
    var line = ShellLine(text)
    if line.commands.isEmpty { return true }
    var signs = PlainCommands.signs
    if let plain = line.withoutStatus {
      line = plain
      signs.removeAll { $0 == "exit" }
    }
    if signs.contains(where: { text.has($0) }) { return false }
    for (position, command) in line.commands.enumerated() {
      let isTest = ShellLine.runsTests(command)
      // `./tools/pytest` is no pytest.
      let isOwn = command.contains { word in
        word.hasPrefix("./") && !["./...", "./gradlew", "./mvnw"].contains(word)
          && !["./vendor/", "./node_modules/", "./.venv/"].contains { word.hasPrefix($0) }
      }
      if isOwn, !known.contains(PlainCommands.spelled(command)),
        !command.allSatisfy({
          !$0.hasPrefix("./") || knownWords.contains($0) || PlainCommands.places.contains($0)
        })
      {
        return false
      }
      if isTest {
        if let sign = position < line.operators.count ? line.operators[position] : nil, sign != "&&" {
          return false
        }
        guard isWholeRun(command) else { return false }
      } else {
        if forgives(line, position) { return false }
        let isAsked = position >= line.operators.count || line.operators[position] != "||"
        guard
          known.contains(PlainCommands.spelled(command)) || isHarmless(command)
            || isAsked && isExtended(command)
        else { return false }
        // `true || pytest`
        if position < line.operators.count, line.runsTests, line.operators[position] != "&&",
          line.operators[position] != ";"
        {
          return false
        }
      }
    }
    return true
  }

  /// Whether a program of the tree's own may fail now: `./test_ini || true`.
  private func forgives(_ line: ShellLine, _ position: Int) -> Bool {
    guard position < line.operators.count, ["||", ";"].contains(line.operators[position]),
      let program = line.commands[position].first(where: { !PlainCommands.keywords.contains($0) }),
      position + 1 < line.commands.count
    else { return false }
    // Of a loop only the last outcome counts.
    if line.operators[position] == ";" {
      return line.commands[position].first == "do" && line.commands[position + 1].first == "done"
        && program.hasPrefix("./")
    }
    let isOwn = program.hasPrefix("./") || program.hasPrefix("$(") || program.hasPrefix("build/")
    return isOwn && [":", "true", "echo", "printf"].contains(line.commands[position + 1].first ?? "")
  }

  private static let keywords: Set = ["do", "then", "else", "if", "while", "!", "{", "("]

  private static let signs = [
    "set +e", "exit", "+o pipefail", "trap ", "--ignore", "--exclude", "--deselect", "PATH=", "alias ",
    "$(shell", "BASH_ENV", "eval ", "|| :",
  ]

  // MARK: Tests

  private static let switches: Set = [
    "-q", "-qq", "-v", "-vv", "-vvv", "-ra", "-rA", "-rs", "-s", "-x", "-n", "-race", "-cover", "-B", "-T",
    "-ntp", "-V", "-f", "-fd", "-i", "-w", "-j", "-R", "-U",
  ]
  private static let options = [
    "--verbose", "--quiet", "--color", "--colors", "--no-color", "--ci", "--coverage", "--cov", "--race",
    "-count=1", "-covermode", "-coverprofile", "-timeout", "--timeout", "--release", "--all-features",
    "--all-targets", "--workspace", "--all", "--locked", "--frozen", "--offline", "--no-fail-fast",
    "--fail-fast", "--parallel", "--output-on-failure", "--batch-mode", "--no-transfer-progress",
    "--strict-markers", "--strict-config", "--strict", "--tb", "--durations", "--junitxml", "--junit-xml",
    "--import-mode", "--recursive", "--exit", "--import", "--require", "--loader", "--reporter",
    "--reporters",
    "--format", "--logger", "--configuration", "--no-build", "--no-restore", "--enable-test-discovery",
    "--enable-code-coverage", "--sanitize", "--run", "--runInBand", "--maxWorkers", "--max-workers",
    "--stacktrace", "--info", "--no-daemon", "--warning-mode", "--test", "--test-reporter", "--experimental",
    "--typecheck", "--silent", "--numprocesses", "--order", "--random-order", "--no-audit", "--group",
    "--extra", "--with", "--asyncio-mode", "--testTimeout", "--detectOpenHandles", "--forceExit", "--prefix",
    "--bail", "--profile", "--no-coverage", "--display-deprecations", "--fail-on", "--testdox",
    "-shuffle", "-parallel", "-trimpath", "-json", "--maxfail", "--continue", "--rerun-tasks", "--scan",
    "--configuration-cache", "--console", "--nologo", "--settings", "--collect", "--blame", "--no-header",
    "--report-formatter", "--formatter", "--output", "--output-junit", "--print-output-on-failure",
    "--show-output-of-passing-tests", "--timing", "--tap", "--pretty", "--log-junit", "--outputFile",
    "--disallow-test-output", "--strict-coverage", "--check-leaks", "--trace-warnings", "--show-output",
  ]
  private static let families = ["--cov-", "--experimental-", "--fail-on-", "--display-", "--log-cli"]
  private static let places: Set = [
    "test", "tests", "spec", "specs", "src", "./...", ".", "./test", "./tests", "./src", "unit", "verify",
    "check", "clean", "package", "auto", "run", "test", "nextest", "ci", "lib", "discover", "default",
    "build", "all",
  ]

  /// Whether a command runs all the tests that it finds.
  private func isWholeRun(_ command: [String]) -> Bool {
    for word in command where ShellLine.isAssignment(word) && !isHarmlessVariable(word) { return false }
    let words = ShellLine.bare(command).dropFirst()
    // For these it is no stop at the first failure.
    let isOfGradle = ShellLine.bare(command).first.map { $0.hasPrefix("gradle") } ?? false
    if isOfGradle, words.contains(where: { ["-x", "-a"].contains($0) }) { return false }
    return words.allSatisfy { word in
      if knownWords.contains(word) { return true }
      if word.contains("./") && word.contains("=") || word.contains("!") { return false }
      if ShellLine.isAssignment(word) { return true }
      if word.hasPrefix("-") {
        return PlainCommands.switches.contains(word) || word == "-t" && command.contains("unittest")
          || PlainCommands.options.contains { word == $0 || word.hasPrefix($0 + "=") }
          || PlainCommands.families.contains { word.hasPrefix($0) }
      }
      if PlainCommands.places.contains(word) || word.contains("*") || word.hasPrefix("{posargs") {
        return true
      }
      if word.hasPrefix("$@") || word.hasPrefix("$(") || word.hasPrefix("${") || Int(word) != nil {
        return true
      }
      if word.hasSuffix("/") || PlainCommands.goalsOf(word) || isNewPlace(word) { return true }
      return PlainCommands.modules.contains(word)
    }
  }

  /// Whether a folder is the one that the tests were moved to.
  private func isNewPlace(_ folder: String) -> Bool {
    folder.contains("/") && !movedTests.isEmpty && movedTests.allSatisfy { $0.hasPrefix(folder + "/") }
  }

  private static func goalsOf(_ word: String) -> Bool {
    ["test:", "test-", "check-", "unit", "jacoco", "site"].contains { word.hasPrefix($0) }
  }

  /// What `--import`, `--require` and `--reporter` are given that comes from elsewhere.
  private static let modules: Set = [
    "tsx", "ts-node/register", "spec", "dot", "list", "verbose", "default", "junit", "tap", "documentation",
    "progress", "doc", "basic", "esbuild-register", "@swc-node/register", "@babel/register", "short", "long",
    "Release", "Debug", "trx", "github-actions", "importlib",
  ]

  private static let plainFlags = [
    "--experimental-", "--max-old-space-size", "--no-warnings", "--enable-source-maps", "--trace-",
    "--openssl-legacy-provider", "--unhandled-rejections", "--no-deprecation", "-W", "-O", "-g", "-std=",
    "-f", "-march", "-mod=", "-I", "-isystem", "-pedantic", "-pthread", "-L", "-l", "-D",
    "warnings", "-Xmx", "-XX:", "-Dorg.gradle", "-Dfile.",
  ]

  /// Whether what a runtime or a compiler is told by a variable says nothing about tests.
  private func isOfRuntime(_ name: String, _ value: Substring) -> Bool {
    guard ["OPTIONS", "FLAGS", "OPTS"].contains(where: { name.hasSuffix($0) }), !name.hasPrefix("PYTEST")
    else {
      return false
    }
    let words = value.split { " \"'".contains($0) }
    return !words.isEmpty
      && words.allSatisfy { word in
        // `-DNDEBUG` takes assertions out.
        PlainCommands.plainFlags.contains { word.hasPrefix($0) }
          && (word == "-D" || !word.hasPrefix("-D")
            || word.hasPrefix("-Dorg.gradle") || word.hasPrefix("-Dfile."))
      }
  }

  func isHarmlessVariable(_ word: String) -> Bool {
    let name = String(word[...].before("=") ?? word[...]).uppercased()
    if isOfRuntime(name, word[...].after("=") ?? "") { return true }
    let parts = Set(name.split(separator: "_").map(String.init))
    return PlainCommands.tellingNames.isDisjoint(with: parts)
      && !PlainCommands.endings.contains { name.hasSuffix($0) }
  }

  private static let tellingNames: Set = [
    "PATH", "SHELL", "ENV", "PYTEST", "TEST", "TESTS", "SKIP", "FILTER", "IGNORE", "ONLY", "GREP", "EXCLUDE",
    "INCLUDE", "PYTHONPATH", "PRELOAD", "SELECT", "PATTERN",
  ]
  private static let endings = ["OPTS", "OPTIONS", "FLAGS", "ARGS", "ADDOPTS"]

  // MARK: All else

  private static let harmless: Set = [
    "pip", "pip3", "uv", "poetry", "pipenv", "apt-get", "apt", "brew", "apk", "rustup", "corepack", "mkdir",
    "echo", "printf", "ls", "cd", "tar", "unzip", "docker", "shellcheck", "ruff", "black", "isort", "mypy",
    "pyright", "flake8", "eslint", "prettier", "tsc", "golangci-lint", "staticcheck", "gofmt",
    "clang-format", "clang-tidy", "rubocop", "phpstan", "php-cs-fixer", "cmake", "meson", "ninja",
    "pre-commit", "codecov", "twine", "build", "venv", "grep", "awk", "rsync", "hadolint", "protoc", "buf",
    "webpack", "vite", "rollup", "esbuild", "gem", "tput", "true", "swiftlint", "swift-format", "ktlint",
    "detekt", "vet", "nvm", "asdf", "mise", "sleep", "which", "date", "ln", "mvnw", "standard", "biome",
    "pipx", "markdownlint", "markdownlint-cli2", "yamllint", "lychee", "stylelint", "htmlhint", "hugo",
    "kubeconform", "kubectl", "helm", "terraform", "ansible-lint", "actionlint", "typos", "codespell",
    "commitlint", "cspell", "taplo", "dprint", "ccache", "conan", "vcpkg", "jq", "playwright",
    "docker-compose",
    "addlicense", "gosec", "govulncheck", "oxlint", "knip", "lint-staged", "husky", "sphinx-build", "mkdocs",
    "gitleaks", "trufflehog", "detect-secrets", "trivy", "semgrep", "checkov", "tflint", "sqlfluff", "vale",
    "reuse", "kubeval", "pyupgrade", "djlint", "cargo-deny", "cargo-audit", "pip-audit", "safety", "sort",
    "deptry", "bandit", "vulture", "pydocstyle", "cppcheck", "include-what-you-use", "ruff-format",
  ]
  private static let verbs: [String: Set<String>] = [
    "make": [
      "lint", "fmt", "format", "build", "deps", "setup", "install", "docs", "doc", "generate", "clean",
    ],
    "npm": ["ci", "install", "i", "run", "audit"], "pnpm": ["install", "i", "run", "build", "lint"],
    "yarn": ["install", "build", "lint", "run", "--frozen-lockfile", "--immutable"],
    "bun": ["install", "run"], "bundle": ["install", "config", "update"],
    "composer": ["install", "validate", "update", "run"],
    "cargo": ["build", "fmt", "clippy", "doc", "check", "install", "audit", "deny", "publish", "fetch"],
    "go": ["vet", "build", "mod", "install", "generate", "get", "fmt", "version", "tool", "work"],
    "swift": ["build", "package", "format", "--version"],
    "git": ["fetch", "submodule", "lfs", "describe", "log", "diff", "rev-parse", "tag"],
    "dotnet": ["restore", "build", "format", "publish", "tool", "pack"],
    "mvn": ["install", "package", "compile", "deploy", "site", "javadoc:javadoc"],
    "gradle": [
      "assemble", "build", "publish", "javadoc", "dokkaHtml", "spotlessCheck", "ktlintCheck", "detekt",
    ],
    "gradlew": [
      "assemble", "build", "publish", "javadoc", "dokkaHtml", "spotlessCheck", "ktlintCheck", "detekt",
    ], "hatch": ["build"], "rake": ["build", "rubocop"],
  ]

  /// What makes a linter content with more.
  private static let relaxing = [
    "--quiet", "--max-warnings", "--exit-", "--no-error", "--disable", "--skip", "--warn",
  ]

  private func isHarmless(_ command: [String]) -> Bool {
    for word in command where ShellLine.isAssignment(word) && !isHarmlessVariable(word) { return false }
    let words = ShellLine.bare(command)
    guard let name = words.first else { return true }
    // `go run honnef.co/go/tools/cmd/staticcheck@v0.6.0 ./...`
    if name == "go", words.count > 2, words[1] == "run" {
      return words[2].contains("@") && words[2].split(separator: "/").first?.contains(".") == true
    }
    // What is installed from the tree may bear the name of what runs the tests.
    if words.dropFirst().contains(where: {
      $0.hasPrefix("./") || $0.hasPrefix("file:") || $0.contains("@ file")
    }) {
      return false
    }
    if words.contains(">"), words.contains(where: { $0.contains("test") || $0.contains("conftest") }) {
      return false
    }
    if words.contains(where: { word in PlainCommands.relaxing.contains { word.hasPrefix($0) } }) {
      return false
    }
    // `cp .env.example .env`
    if name == "cp", let from = words.dropFirst().first(where: { !$0.hasPrefix("-") }) {
      let isPattern = [".example", ".sample", ".dist", ".template"].contains { from.contains($0) }
      return isPattern && !words.contains { $0.contains("test") || $0.contains("phpunit") }
    }
    if let verbs = PlainCommands.verbs[name] {
      return words.dropFirst().first.map { verbs.contains($0) } ?? true
    }
    return PlainCommands.harmless.contains(name)
  }
}
