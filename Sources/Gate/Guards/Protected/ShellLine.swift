/// A line that a shell runs, as far as it says which tests run and whether their failure counts.
struct ShellLine {
  /// The commands, each cut into words.
  private(set) var commands: [[String]] = []
  /// What stands between them and after the last one: `&&`, `||`, `;`, `|`, `&`.
  private(set) var operators: [String] = []

  init(_ line: some StringProtocol) {
    var words: [String] = []
    var word = ""
    var hasWord = false
    var quote: Character?
    var rest = Substring(line)
    func ends(_ operators: inout [String], _ sign: String) {
      operators.append(sign)
    }
    while let next = rest.first {
      rest = rest.dropFirst()
      // `CC=${{ matrix.cc }}`
      if next == "$", rest.hasPrefix("{{"), let inner = rest.dropFirst(2).before("}}") {
        word.append("${\(inner.trimmed)}")
        rest = rest.after("}}") ?? ""
        continue
      }
      if let open = quote {
        if next == open { quote = nil } else { word.append(next) }
      } else if next == "'" || next == "\"" {
        quote = next
        hasWord = true
      } else if next == " " || next == "\t" {
        if hasWord || !word.isEmpty { words.append(word) }
        (word, hasWord) = ("", false)
      } else if next == ";" || next == "|" || next == "&", !word.hasSuffix(">") {
        var sign = String(next)
        if let second = rest.first, second == next, next != ";" {
          sign.append(second)
          rest = rest.dropFirst()
        }
        if hasWord || !word.isEmpty { words.append(word) }
        (word, hasWord) = ("", false)
        if !words.isEmpty { commands.append(words) }
        words = []
        operators.append(sign)
      } else {
        word.append(next)
      }
    }
    if hasWord || !word.isEmpty { words.append(word) }
    if !words.isEmpty { commands.append(words) }
  }

  /// `npm test; status=$?; docker compose down; exit $status` without what only keeps the outcome, which is
  /// that of `npm test`. `nil` for other lines.
  var withoutStatus: ShellLine? {
    guard let last = commands.last, last.count == 2, last[0] == "exit",
      let keeps = commands.firstIndex(where: { $0.count == 1 && ShellLine.keepsStatus($0[0]) }), keeps > 0,
      operators.count == commands.count - 1, operators[(keeps - 1)...].allSatisfy({ $0 == ";" }),
      operators[..<(keeps - 1)].allSatisfy({ $0 == "&&" }), let name = commands[keeps][0][...].before("="),
      last[1].filter({ !"${}".contains($0) }) == name, last[1].hasPrefix("$")
    else { return nil }
    let others = commands[..<keeps] + commands[(keeps + 1)...].dropLast()
    let isTouched = others.contains { words in
      words.contains { $0 == "exit" || $0.hasPrefix(name + "=") } || words.first == "read"
    }
    guard !isTouched else { return nil }
    var plain = self
    plain.commands = Array(others)
    plain.operators = others.dropFirst().map { _ in "&&" }
    return plain
  }

  private static func keepsStatus(_ word: String) -> Bool {
    isAssignment(word) && ["$?", "$$?"].contains(word[...].after("=") ?? "")
  }

  private static let wrappers: Set = [
    "env", "sudo", "time", "nice", "npx", "bunx", "uvx", "cross-env", "c8", "nyc", "xvfb-run", "command",
    "exec",
    "dotenv",
  ]
  private static let npxOptions: Set = ["-y", "--yes", "--no-install", "--no", "-q", "--quiet"]
  private static let runners: [String: Set<String>] = [
    "uv": ["run"], "poetry": ["run"], "pipenv": ["run"], "hatch": ["run"], "rye": ["run"], "pdm": ["run"],
    "bundle": ["exec"], "pnpm": ["exec", "dlx"], "npm": ["exec"], "yarn": ["exec", "dlx"],
    "coverage": ["run"],
  ]

  /// A command without what only sets it up: variables, `npx`, `uv run`, `python -m`.
  static func bare(_ command: [String]) -> [String] {
    var words = command[...]
    while let first = words.first {
      let name = program(first)
      if isAssignment(first) || wrappers.contains(name) || first == "--" {
        words = words.dropFirst()
        while ["npx", "bunx"].contains(name), let next = words.first, npxOptions.contains(next) {
          words = words.dropFirst()
        }
      } else if let verbs = runners[name], let verb = words.dropFirst().first, verbs.contains(verb) {
        words = words.dropFirst(2)
      } else if isInterpreter(first), words.dropFirst().first == "-m" {
        words = words.dropFirst(2)
      } else if name == "-m" {
        words = words.dropFirst()
      } else {
        break
      }
    }
    guard let first = words.first else { return [] }
    return [program(first)] + words.dropFirst()
  }

  static func isAssignment(_ word: String) -> Bool {
    guard let name = word[...].before("="), !name.isEmpty else { return false }
    return name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
  }

  /// `.venv/bin/pytest` is `pytest`.
  static func program(_ word: String) -> String {
    let last = word.split(separator: "/").last.map(String.init) ?? word
    return last.hasPrefix("@") ? String(last.dropFirst()) : last
  }

  private static func isInterpreter(_ word: String) -> Bool {
    let name = program(word).filter { !$0.isNumber && $0 != "." }
    return name == "python" || word.hasPrefix("$")
  }

  private static let testPrograms: Set = [
    "pytest", "py.test", "unittest", "nose2", "tox", "nox", "mocha", "jest", "vitest", "ava", "tap",
    "jasmine", "karma", "cypress", "playwright", "ctest", "rspec", "phpunit", "pest", "trial", "bats",
    "minitest", "behave",
  ]
  private static let goals: Set = ["test", "tests", "check", "verify", "ci", "t", "spec", "tst", "all"]

  /// Whether a command runs tests.
  static func runsTests(_ command: [String]) -> Bool {
    let words = bare(command)
    guard let name = words.first else { return false }
    let rest = words.dropFirst()
    if testPrograms.contains(name) { return rest.first != "install" }
    func hasGoal() -> Bool {
      rest.contains { word in
        let parts = word.split { ":-/".contains($0) }.map(String.init)
        return !word.hasPrefix("-") && parts.contains { goals.contains($0.lowercased()) }
      }
    }
    // `npm ci` only installs.
    if ["npm", "pnpm", "yarn", "bun"].contains(name), rest.first == "ci" || rest.first == "install" {
      return false
    }
    switch name {
    case "node":
      return rest.contains("--test")
        || rest.contains { word in
          word.hasPrefix("node_modules/")
            && word.split { "/.".contains($0) }.contains { part in
              testPrograms.contains(String(part))
            }
        }
    case "cargo": return rest.contains("test") || rest.contains("nextest")
    case "go", "swift", "dotnet", "deno", "bazel", "meson", "flutter", "dart", "mix", "zig":
      return rest.first == "test" || rest.first == "vstest"
    case "npm", "pnpm", "yarn", "bun", "composer", "make", "gmake", "just", "task", "mvn", "mvnw", "gradle",
      "gradlew", "sbt", "ninja", "ant", "nx", "turbo", "lerna", "hatch", "bazelisk":
      return hasGoal()
    case "rake": return rest.isEmpty || hasGoal() || rest.contains("default")
    case "sh", "bash": return rest.first.map { isTestScript($0) } ?? false
    case let name where name.hasPrefix("$") || name.hasSuffix(")"): return hasGoal()
    default: return isTestScript(command.first { !isAssignment($0) } ?? name)
    }
  }

  private static func isTestScript(_ name: String) -> Bool {
    let base = program(name)
    if base.hasSuffix(".sh"), TestPath(name).isBelowTests { return true }
    return base.hasSuffix(".sh") && ["test", "check", "verify", "ci"].contains { base.contains($0) }
  }

  var runsTests: Bool { commands.contains(where: ShellLine.runsTests) }
}
