/// `bun test`: what is wrong stands above `(fail) name`, and the counts above `Ran 3 tests across 1 file`.
struct BunReader: OutputReader {
  static let runner = "bun test"
  private var list = FailureList()
  private var isThere = false
  private var counts: [String: Int] = [:]
  private var file: String?
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  var failures: [GateFailure] { isThere ? list.all.filter { $0.test != nil } : [] }
  var isOpen: Bool { isThere }

  mutating func read(_ line: Substring) {
    if line.hasPrefix("bun test v") {
      isThere = true
    } else if !isThere {
      return
    } else if let rest = line.dropping("Ran "), rest.has(" across "), let total = rest.leadingNumber {
      end(total)
    } else if let name = line.dropping("(fail) ") ?? line.dropping("✗ ") {
      let name = String(BunReader.untimed(name))
      if list.isOpen { list.rename(name) } else { list.begin(name, file: file, "failed") }
      list.end()
    } else if let name = line.dropping("(pass) ") ?? line.dropping("✓ ") {
      // What a test that passed has printed is no failure.
      list.drop(of: nil)
      passed.append(String(BunReader.untimed(name)))
    } else if let text = line.dropping("error: ") {
      list.begin(nil, file: nil, String(text))
    } else if let place = line.framePlace {
      list.place(place)
    } else if let name = line.droppingSuffix(":"), line.has("."), DiagnosticReader.isFile(name) {
      file = String(name)
    } else if line.hasPrefix(" "), let number = line.trimmed.leadingNumber,
      let word = line.trimmed.parts(" ").dropFirst().first
    {
      counts[String(word)] = number
    } else if !line.trimmed.isEmpty {
      list.add(line)
    }
  }

  private mutating func end(_ total: Int) {
    list.drop(of: nil)
    let (good, bad) = (
      counts["pass"] ?? 0, (counts["fail"] ?? 0) + (counts["error"] ?? counts["errors"] ?? 0)
    )
    let left = (counts["skip"] ?? 0) + (counts["todo"] ?? 0)
    executed.add(counts.isEmpty ? total : good + (counts["fail"] ?? 0))
    failed.add(bad)
    if left > 0 { skipped.add(left) }
    counts = [:]
    file = nil
  }

  /// `adds [0.05ms]`
  private static func untimed(_ name: Substring) -> Substring {
    guard name.hasSuffix("s]"), let open = name.lastIndex(of: "[") else { return name.trimmed }
    return name[..<open].trimmed
  }
}

/// `deno test`: `name ... FAILED (2ms)`, what is wrong behind ` ERRORS `, and `FAILED | 1 passed | 1 failed`.
struct DenoReader: OutputReader {
  static let runner = "deno test"
  private var list = FailureList()
  private var isRunning = false
  private var isInErrors = false
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  var failures: [GateFailure] { executed == nil ? [] : list.all }
  var isOpen: Bool { isRunning }

  mutating func read(_ line: Substring) {
    if let rest = line.dropping("running "), rest.leadingNumber != nil, rest.has(" from ") {
      isRunning = true
    } else if !isRunning {
      return
    } else if let rest = line.dropping("ok | ") ?? line.dropping("FAILED | "), rest.has(" passed") {
      list.end()
      (isRunning, isInErrors) = (false, false)
      let bad = rest.number(before: "failed") ?? 0
      executed.add((rest.leadingNumber ?? 0) + bad)
      failed.add(bad)
      if let left = rest.number(before: "ignored") { skipped.add(left) }
    } else if line == " ERRORS " || line.trimmed == "ERRORS" {
      isInErrors = true
    } else if line.trimmed == "FAILURES" {
      list.end()
      isInErrors = false
    } else if isInErrors, let name = line.before(" => "), let place = line.after(" => ") {
      list.begin(String(name))
      list.place(DiagnosticReader.place(place.dropping("./") ?? place))
    } else if isInErrors {
      let text = line.trimmed
      if text.isEmpty || text == "^" || text.hasPrefix("at ") || text.hasPrefix("throw new ") { return }
      list.add(line.dropping("error: ") ?? line)
    } else if let name = line.before(" ... ok ("), line.indentation == 0 {
      passed.append(String(name))
    }
  }

  mutating func finish() { list.end() }
}

/// Catch2's own XML, tag by tag in lines of their own.
struct CatchXMLReader: OutputReader {
  static let runner = "catch2"
  private var list = FailureList()
  private var name: String?
  private var isGroup = false
  private(set) var isOpen = false
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  var failures: [GateFailure] { executed == nil ? [] : list.all }

  mutating func read(_ line: Substring) {
    let tag = line.trimmed
    if tag.hasPrefix("<Catch2TestRun") || tag.hasPrefix("<Catch name=") {
      isOpen = true
    } else if !isOpen {
      return
    } else if tag.hasPrefix("</Catch") {
      list.end()
      isOpen = false
    } else if tag.hasPrefix("<Group") || tag.hasPrefix("</Group") {
      isGroup = !tag.hasPrefix("</")
    } else if tag.hasPrefix("<TestCase ") {
      name = JUnitReader.attribute("name", tag)
    } else if tag.hasPrefix("<OverallResult ") {
      list.end()
      if tag.has("success=\"true\""), let name { passed.append(name) }
    } else if tag.hasPrefix("<OverallResultsCases "), !isGroup {
      func number(_ key: String) -> Int { JUnitReader.attribute(key, tag).flatMap { Int($0) } ?? 0 }
      executed.add(number("successes") + number("failures") + number("expectedFailures"))
      failed.add(number("failures"))
      if number("skips") > 0 { skipped.add(number("skips")) }
    } else if CatchXMLReader.faults.contains(where: { tag.hasPrefix($0) }) {
      list.begin(
        name, file: JUnitReader.attribute("filename", tag),
        line: JUnitReader.attribute("line", tag).flatMap { Int($0) })
      if let type = JUnitReader.attribute("type", tag) { list.add(type) }
    } else if list.isOpen, !tag.hasPrefix("<"), !tag.isEmpty {
      list.add(JUnitReader.unescaped(String(tag)))
    } else if tag.hasPrefix("</Expression") || tag.hasPrefix("</Exception") || tag.hasPrefix("</Failure") {
      list.end()
    }
  }

  private static let faults = [
    "<Expression success=\"false\"", "<Exception ", "<Failure ", "<FatalErrorCondition ",
  ]

  mutating func finish() { list.end() }
}
