/// Cucumber and behave: a list of failing scenarios, what is wrong above it, and counts.
struct CucumberReader: OutputReader {
  static let runner = "cucumber"
  private var list = FailureList()
  private var isInList = false
  /// What is wrong with the scenario that begins at a line of a feature file.
  private var details: [String: [String]] = [:]
  private var scenario: String?
  private var pending: [String] = []
  private var isInMessage = false
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  var failures: [GateFailure] { executed == nil ? [] : list.all }
  var isOpen: Bool { isInList || scenario != nil }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if line.hasPrefix("Failing Scenarios:") || line.hasPrefix("Failing scenarios:")
      || line.hasPrefix("Errored scenarios:")
    {
      isInList = true
      scenario = nil
    } else if isInList, let rest = text.dropping("cucumber ") ?? text.dropping("rerun ") {
      failing(rest.before(" # ") ?? rest, rest.after(" # ") ?? "")
    } else if isInList, line.hasPrefix("  "), text.has(".feature:") {
      failing(text.before("  ") ?? text, text.after("  ") ?? "")
    } else if let number = text.leadingNumber, text.hasPrefix("\(number) scenario") {
      isInList = false
      count(text, number)
    } else if text.hasPrefix("Scenario"), let place = text.after("# "), text.has(":"), !isInList {
      scenario = String(place.before(":in ") ?? place)
      isInMessage = false
    } else if !isInList, let name = scenario, !text.isEmpty {
      detail(text, name)
    } else if !text.isEmpty {
      isInList = false
    }
  }

  /// Steps have a place behind them; what has none is what is wrong with the one above.
  private mutating func detail(_ text: Substring, _ name: String) {
    if let inside = text.before(":in `"), let place = DiagnosticReader.place(inside) {
      // A row of an outline is named by its own place.
      let row = "\(place.file):\(place.line)"
      if place.file.hasSuffix(".feature"), details[row] == nil { details[row] = pending }
    } else if text.has(" # ") || text.hasPrefix("|") || text.hasPrefix("Examples:") {
      pending = []
    } else {
      pending = (pending + [String(text)]).suffix(20)
      details[name] = pending
    }
  }

  private mutating func failing(_ place: Substring, _ title: Substring) {
    let found = DiagnosticReader.place(place)
    let name = title.dropping("Scenario: ") ?? title.dropping("Scenario Outline: ") ?? title
    let told = details[String(place)]?.joined(separator: "\n")
    list.append(
      GateFailure(
        test: name.isEmpty ? String(place) : String(name.trimmed), file: found?.file, line: found?.line,
        message: told ?? "failed"))
  }

  /// `5 scenarios (2 failed, 1 undefined, 2 passed)`, `2 scenarios passed, 2 failed, 1 error, 0 skipped`
  private mutating func count(_ text: Substring, _ number: Int) {
    let isBehave = text.has(" passed, ") && !text.has("(")
    let bad = (text.number(before: "failed") ?? 0) + (text.number(before: "error") ?? 0)
    let left = ["skipped", "undefined", "pending"].compactMap { text.number(before: $0) }.reduce(0, +)
    executed.add(isBehave ? number + bad : number - left)
    skipped.add(left)
    failed.add(bad)
  }
}

/// Jasmine: `Failures:`, numbered, each with `Message:` and `Stack:`; Karma's lines that end with `FAILED`.
struct JasmineReader: OutputReader {
  static let runner = "jasmine"
  private var list = FailureList()
  private var isInList = false
  private var isInStack = false
  private var isKarma = false
  /// What each browser of each run said at its end, which is said again when another goes on.
  private var karma: Set<String> = []
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  var failures: [GateFailure] { executed == nil ? [] : list.all }
  var isOpen: Bool { isInList || list.isOpen }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if line == "Failures:" || line == "Pending:" {
      list.end()
      isInList = line == "Failures:"
    } else if text.has(" spec"), let total = text.leadingNumber, text.has(" failure") {
      list.end()
      isInList = false
      let left = text.number(before: "pending spec") ?? 0
      executed.add(total - left)
      skipped.add(left)
      failed.add(text.number(before: "failure") ?? 0)
    } else if line.has("Executed "), let rest = line.after(": Executed "), let count = rest.leadingNumber,
      let total = rest.after(" of ")?.leadingNumber, count == total
    {
      list.end()
      guard karma.insert(String(line)).inserted else { return }
      isKarma = true
      let isGood = rest.has(") SUCCESS") || rest.has(" SUCCESS")
      executed.add(total - (rest.number(before: "skipped") ?? 0))
      failed.add(isGood ? 0 : rest.after("(")?.leadingNumber ?? 0)
    } else if let name = line.droppingSuffix(" FAILED"), line.has(") ") {
      list.begin(String((name.after(") ") ?? name).trimmed))
    } else if isInList, let number = line.before(") "), Int(number) != nil {
      list.begin(String((line.after(") ") ?? "").trimmed))
      isInStack = false
    } else if list.isOpen {
      if text == "Message:" || text == "Stack:" {
        isInStack = text == "Stack:"
      } else if let place = line.framePlace {
        list.place(place)
      } else if !isInStack, !text.hasPrefix("at "), !text.isEmpty {
        if isInList || line.hasPrefix("\t") || line.hasPrefix(" ") { list.add(text) } else { list.end() }
      }
    }
  }

  mutating func finish() { list.end() }
}

/// Playwright: `1) [chromium] › a.spec.ts:9:5 › Cart › adds ────`, and what is wrong below.
struct PlaywrightReader: OutputReader {
  static let runner = "playwright"
  private var list = FailureList()
  private var isThere = false
  private var total = 0
  private var skips = 0
  private var fails = 0
  private(set) var passed: [String] = []
  var executed: Int? { isThere ? total : nil }
  var skipped: Int? { isThere ? skips : nil }
  var failed: Int? { isThere ? fails : nil }
  var failures: [GateFailure] { isThere ? list.all : [] }
  var isOpen: Bool { list.isOpen }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if line.hasPrefix("Running "), line.has(" test"), line.has(" using "), line.has(" worker") {
      isThere = true
    } else if !isThere {
      return
    } else if line.hasPrefix("  "), text.hasPrefix("✓ "), text.has(" › ") {
      list.end()
      passed.append(PlaywrightReader.name(text.drop { !$0.isNumber }.drop { $0.isNumber }.trimmed))
    } else if line.hasPrefix("  "), let number = text.before(") "), Int(number) != nil, text.has(" › ") {
      list.begin(PlaywrightReader.name(text.after(") ") ?? ""))
    } else if line.hasPrefix("  "), !line.hasPrefix("    "), let count = text.leadingNumber {
      let rest = text.after(" ") ?? ""
      switch rest.before(" (") ?? rest {
      case "passed":
        list.end()
        total += count
      case "failed", "flaky", "interrupted":
        list.end()
        total += count
        if !rest.hasPrefix("flaky") { fails += count }
      case "skipped", "did not run": skips += count
      case _: break
      }
    } else if list.isOpen {
      if let place = line.framePlace {
        list.place(place)
      } else if !text.hasPrefix("at "), !text.has(" | "), !text.isEmpty {
        list.add(text)
      }
    }
  }

  /// Without the time and the rule that may follow.
  private static func name(_ text: Substring) -> String {
    var name = text.before(" ──") ?? text
    if name.hasSuffix("s)"), let open = name.utf8.lastIndex(of: UInt8(ascii: "(")) { name = name[..<open] }
    return String(name.trimmed)
  }

  mutating func finish() { list.end() }
}
