/// jest: `● suite › test` blocks per file, `FAIL path`, `PASS path`, and `Tests: …` at the end.
struct JestReader: OutputReader {
  static let runner = "jest"
  private var list = FailureList()
  private var file: String?
  private var isThere = false
  private var isSummary = false
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  var failures: [GateFailure] {
    // With `--verbose`, and with several files, everything is told twice.
    var seen: Set<String> = []
    return list.all.filter { seen.insert("\($0.test ?? "")\u{0}\($0.file ?? "")").inserted }
  }
  var isOpen: Bool { list.isOpen }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if line.hasPrefix("FAIL ") || line.hasPrefix("PASS "), !line.hasPrefix("PASS:") {
      list.end()
      let name = line.dropFirst(5).trimmed
      guard name.has(".") || name.has("/") else { return }
      isThere = true
      file = String(Self.path(name))
    } else if line.hasPrefix("Summary of all failing tests") {
      list.end()
      isSummary = true
    } else if text.hasPrefix("● "), isThere, line.indentation <= 2 {
      list.end()
      if isSummary { return }
      let name = text.dropFirst(2).trimmed
      if name.hasPrefix("Console") { return }
      if name == "Test suite failed to run" { list.begin(file, file: file) } else { list.begin(String(name)) }
    } else if let rest = line.dropping("Tests:"), rest.has(" total") {
      list.end()
      let total = rest.number(before: "total") ?? 0
      let skips = (rest.number(before: "skipped") ?? 0) + (rest.number(before: "todo") ?? 0)
      failed.add(rest.number(before: "failed") ?? 0)
      skipped.add(skips)
      executed.add(max(0, total - skips))
    } else if let rest = line.dropping("Test Suites:"), rest.has(" total") {
      list.end()
      if let suites = rest.number(before: "failed"), suites > 0, failed == nil { failed = suites }
    } else if line.hasPrefix("No tests found, exiting") {
      executed.add(0)
    } else if list.isOpen {
      if text.hasPrefix("at ") {
        if let place = text.framePlace {
          list.line(place)
          list.place(place)
        }
      } else if text.hasPrefix("SyntaxError"), text.hasSuffix(")"), let file = list.last?.file,
        let open = text.utf8.lastIndex(of: UInt8(ascii: "(")),
        let number = text[open...].dropFirst().leadingNumber
      {
        // `SyntaxError: /home/ada/a.test.js: Unexpected token (2:26)`
        list.line(DiagnosticReader.Place(file: file, line: number, hasColumn: true))
        list.add(text)
      } else if !Self.isSource(text) || text.has("SyntaxError") {
        list.add(text)
      }
    } else if text.hasPrefix("✓ ") || text.hasPrefix("√ "), isThere {
      passed.append(String((text.dropFirst(2).trimmed.before(" (") ?? text.dropFirst(2)).trimmed))
    }
  }

  /// `unit src/my cart.test.js (5.2 s)`: without the project's name and the time.
  private static func path(_ text: Substring) -> Substring {
    var path = text
    if path.hasSuffix(" s)"), let open = path.utf8.lastIndex(of: UInt8(ascii: "(")) {
      path = path[..<open].trimmed
    }
    while let word = path.before(" "), !word.has("/"), !word.has(".") {
      path = path.dropFirst(word.count).trimmed
    }
    return path
  }

  /// `> 9 |   expect(…)`, and the mark below.
  private static func isSource(_ text: Substring) -> Bool {
    if text.has(" | ") || text.hasPrefix("| ") { return true }
    let number = (text.dropping("> ") ?? text).droppingSuffix("|")?.trimmed
    return number.map { $0.isEmpty || Int($0) != nil } ?? false
  }

  mutating func finish() {
    list.end()
    // A suite that does not load runs no test, and fails all the same.
    if executed == 0, let failed, failed > 0 { executed = 0 }
  }
}

/// vitest: ` FAIL  file > suite > test`, then the error and ` ❯ file:line:col`, and at the end
/// `Tests  1 failed | 2 passed (3)`.
struct VitestReader: OutputReader {
  static let runner = "vitest"
  private var list = FailureList()
  private var isThere = false
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private var hasFailedFile = false
  private var file: Substring?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  var failures: [GateFailure] { list.all }
  var isOpen: Bool { list.isOpen }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if let rest = text.dropping("FAIL "),
      line.hasPrefix(" FAIL ") || line.hasPrefix("FAIL ") && rest.has(" > ")
    {
      list.end()
      guard rest.has(" > ") || rest.has("[ ") else { return }
      isThere = true
      let name = rest.trimmed
      let file = name.before(" > ") ?? name.before(" [") ?? name
      list.begin(String(name.after(" > ") ?? name), file: nil)
      self.file = file
      if !name.has(" > ") { list.place(DiagnosticReader.place(file)) }
    } else if text.hasPrefix("Test Files "), text.hasSuffix(")") {
      list.end()
      isThere = true
      // A file that does not load fails without a test of its own.
      hasFailedFile = text.number(before: "failed").map { $0 > 0 } ?? false
      if hasFailedFile { failed.add(1) }
      executed.add(0)
    } else if let rest = text.dropping("Tests "), rest.hasSuffix(")"), isThere {
      list.end()
      let fails = rest.number(before: "failed") ?? 0
      let skips = (rest.number(before: "skipped") ?? 0) + (rest.number(before: "todo") ?? 0)
      failed.add(hasFailedFile && fails > 0 ? fails - 1 : fails)
      hasFailedFile = false
      skipped.add(skips)
      executed.add(fails + (rest.number(before: "passed") ?? 0))
    } else if text.hasPrefix("No test files found") {
      executed.add(0)
    } else if list.isOpen {
      if let rest = text.dropping("❯ ") {
        // `❯ add src/cart.ts:3:5`; a test's own file may have a blank in its name.
        let isWhole = file.map { rest.hasPrefix(String($0)) } ?? false
        let place = (isWhole ? rest : rest.parts(" ").last).flatMap { DiagnosticReader.place($0) }
        if let place, !place.file.contains("node_modules") { list.place(place) }
      } else if text.hasPrefix("⎯⎯") {
        list.end()
      } else if !text.has("| "), !text.hasPrefix("|"), Int(text.droppingSuffix("|") ?? "") == nil {
        list.add(text)
      }
    } else if text.hasPrefix("✓ "), line.hasPrefix(" ") {
      let name = text.dropFirst(2).trimmed
      passed.append(
        String(
          (name.droppingSuffix("ms").flatMap { front in front.lastIndex(of: " ").map { front[..<$0] } }
            ?? name).trimmed))
    }
  }

  mutating func finish() { list.end() }
}

/// mocha: `3 passing`, `2 failing` and a numbered list; its TAP and JSON are read by others.
struct MochaReader: OutputReader {
  static let runner = "mocha"
  private var list = FailureList()
  private var isInList = false
  private var names: [String] = []
  private var isNaming = false
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  var failures: [GateFailure] { list.all }
  var isOpen: Bool { list.isOpen || isInList }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    let words = text.parts(" ")
    if line.hasPrefix("  "), words.count >= 2, words.count <= 3, let number = Int(words[0]),
      ["passing", "failing", "pending"].contains(words[1])
    {
      switch words[1] {
      case "passing": executed.add(number)
      case "pending": skipped.add(number)
      default:
        executed.add(number)
        failed.add(number)
        isInList = true
      }
    } else if isInList, line.indentation == 2, let close = text.before(") "), Int(close) != nil {
      list.end()
      names = [String((text.after(") ") ?? "").trimmed)]
      isNaming = names.last?.hasSuffix(":") == false
      list.begin(names.joined(separator: " "))
      if names.last?.hasSuffix(":") == true { closeName() }
    } else if list.isOpen, isNaming {
      guard !text.isEmpty else { return isNaming = false }
      names.append(String(text))
      if text.hasSuffix(":") { closeName() }
    } else if list.isOpen {
      if text.hasPrefix("at ") {
        if let place = text.framePlace { list.place(place) }
      } else {
        list.add(text)
      }
    } else if text.hasPrefix("✓ ") || text.hasPrefix("✔ "), executed == nil, line.hasPrefix("    ") {
      passed.append(String((text.dropFirst(2).trimmed.before(" (") ?? text.dropFirst(2)).trimmed))
    }
  }

  private mutating func closeName() {
    isNaming = false
    list.rename(String(names.joined(separator: " ").dropLast()))
  }

  mutating func finish() {
    list.end()
    if executed == nil { passed = [] }
  }
}
