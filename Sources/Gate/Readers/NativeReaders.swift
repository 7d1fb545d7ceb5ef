/// googletest: `[ RUN ]`, failures with their places, `[  FAILED  ]`, and the count of tests that ran.
struct GTestReader: OutputReader {
  static let runner = "googletest"
  private var list = FailureList()
  private var running: String?
  private var pending: [GateFailure] = []
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  var failures: [GateFailure] { list.all }
  var isOpen: Bool { list.isOpen }

  mutating func read(_ line: Substring) {
    // `ctest -V` puts the number of its test before each line.
    let digits = line.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }.count
    let line = digits > 0 ? line.dropFirst(digits).dropping(": ") ?? line : line
    if let name = line.dropping("[ RUN      ] ") {
      list.end()
      running = String(name.trimmed)
    } else if let rest = line.dropping("[       OK ] ") {
      // What a test that passed has printed is no failure, whatever it reads like.
      list.drop(of: running)
      if let running { passed.append(running) } else { passed.append(String(rest.before(" (") ?? rest)) }
      running = nil
    } else if let rest = line.dropping("[  FAILED  ] ") {
      let name = String((rest.before(", where") ?? rest).before(" (") ?? rest.before(", where") ?? rest)
      if let running, running != name {
        list.add(line)
        return
      }
      list.end()
      // `--gtest_brief` tells the name only here.
      if running == nil, rest.hasSuffix(" ms)") { list.name(name) }
      // The list at the end repeats them.
      if running != nil, list.last?.test != running {
        list.append(GateFailure(test: name, message: "failed"))
      }
      running = nil
    } else if let name = line.dropping("[  ERROR   ] "), name == running?[...] {
      // cmocka, of a test whose set-up fails.
      list.end()
      list.append(GateFailure(test: String(name), message: "could not be run"))
      running = nil
    } else if line.hasPrefix("[  SKIPPED ] ") {
      list.end()
      if running != nil { skipped.add(1) }
      running = nil
    } else if let text = line.dropping("[  ERROR   ] --- ") {
      // cmocka
      list.begin(running, String(text))
    } else if let rest = line.dropping("[   LINE   ] --- "), let place = rest.before(": error: ") {
      list.place(DiagnosticReader.place(place))
    } else if let rest = line.dropping("[==========] "), rest.has(" ran.") || rest.hasSuffix(" run.") {
      list.end()
      executed.add(rest.leadingNumber ?? 0)
    } else if let rest = line.dropping("[  PASSED  ] "), rest.leadingNumber != nil {
      list.end()
    } else if line.has(" FAILED TEST"), let number = line.trimmed.leadingNumber {
      failed.add(number)
    } else if let front = line.droppingSuffix(": Failure") {
      list.begin(running)
      list.place(DiagnosticReader.place(front))
    } else if line.hasPrefix("["), line.hasPrefix("[---") {
      list.end()
    } else {
      list.add(line)
    }
  }

  mutating func finish() {
    list.end()
    if let count = executed, let skipped { executed = max(0, count - skipped) }
    // What runs when the program dies has not failed by its own word.
    if let running, executed == nil {
      list.append(GateFailure(test: running, message: "was running when the program ended"));
      executed = passed.count + list.all.count
    }
  }
}

/// RSpec: a numbered list after `Failures:`, and `6 examples, 3 failures, 2 pending`.
struct RSpecReader: OutputReader {
  static let runner = "rspec"
  private var list = FailureList()
  private var isInList = false
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  var failures: [GateFailure] { list.all }
  var isOpen: Bool { isInList }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if line == "Failures:" || text.hasPrefix("An error occurred while loading ") {
      list.end()
      isInList = true
      if let path = text.dropping("An error occurred while loading ") {
        list.begin(String(path.dropping("./") ?? path).trimmingDot)
      }
    } else if text.hasPrefix("An error occurred in "), text.hasSuffix(" hook.") || text.hasSuffix(" hook") {
      list.end()
      isInList = true
      list.begin(String((text.after("in an ") ?? text.after("in a ") ?? text)).trimmingDot)
    } else if text.has(" example"), let number = text.leadingNumber, text.has(" failure") {
      list.end()
      isInList = false
      let pending = text.number(before: "pending") ?? 0
      let broken = text.number(before: "error occurred") ?? text.number(before: "errors occurred") ?? 0
      executed.add(max(0, number - pending))
      skipped.add(pending)
      failed.add((text.number(before: "failures") ?? text.number(before: "failure") ?? 0) + broken)
    } else if isInList {
      if line.hasPrefix("Finished in ") || line.hasPrefix("Failed examples:") || line.hasPrefix("Pending:") {
        list.end()
        isInList = false
      } else if line.indentation == 2, let number = text.before(") "), Int(number) != nil {
        list.begin(String((text.after(") ") ?? "").trimmed))
      } else if let name = list.last?.test, list.isOpen, let number = text.before(") "),
        let dot = number.before("."), Int(dot) != nil, Int(number.after(".") ?? "") != nil
      {
        // `4.1) …`, one of several in the example above.
        if list.last?.message.isEmpty == true, number.hasSuffix(".1") { list.drop(of: nil) }
        list.begin(name)
        if let told = text.after(") "), !told.hasPrefix("Failure/Error:") { list.add(told.trimmed) }
      } else if let place = text.dropping("# ") {
        // A whole backtrace (`-b`) begins in the libraries.
        if !DiagnosticReader.isOfRuby(place) {
          list.place(DiagnosticReader.place(Self.place(place)))
        }
      } else if !text.hasPrefix("Failure/Error:") || list.last == nil {
        list.add(text)
      }
    }
  }

  private static func place(_ text: Substring) -> Substring {
    let front = text.before(":in ") ?? text
    return front.dropping("./") ?? front
  }

  mutating func finish() { list.end() }
}

extension String {
  fileprivate var trimmingDot: String { hasSuffix(".") ? String(dropLast()) : self }
}

/// minitest and test-unit.
struct MinitestReader: OutputReader {
  static let runner = "minitest"
  private var list = FailureList()
  private var isAfterRule = false
  private var isNumbered = false
  private var isReported = false
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  var failures: [GateFailure] { list.all }
  var isOpen: Bool { list.isOpen || isNumbered || isAfterRule }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if line.isRule(of: "=", atLeast: 60) {
      list.end()
      isAfterRule = true
      return
    }
    defer { isAfterRule = false }
    if readReported(line, text) { return }
    if line.has(" runs, ") || line.has(" tests, "), line.has(" assertions, "), let total = text.leadingNumber
    {
      list.end()
      isNumbered = false
      let skips =
        (line.number(before: "skips") ?? 0) + (line.number(before: "omissions") ?? 0)
        + (line.number(before: "pendings") ?? 0)
      executed.add(max(0, total - skips))
      skipped.add(skips)
      failed.add((line.number(before: "failures") ?? 0) + (line.number(before: "errors") ?? 0))
    } else if line.hasPrefix("  "),
      text.hasSuffix(") Failure:") || text.hasSuffix(") Error:") || text.hasSuffix(") Skipped:")
    {
      list.end()
      isNumbered = !text.hasSuffix("Skipped:")
    } else if isNumbered {
      // `ShopTest#test_bad [shop_test.rb:4]:`
      isNumbered = false
      let name = text.before(" [") ?? text.droppingSuffix(":") ?? text
      list.begin(String(name))
      if let place = text.after(" [")?.before("]") { list.place(DiagnosticReader.place(place)) }
    } else if isAfterRule, let rest = text.dropping("Failure: ") ?? text.dropping("Error: ") {
      // `Failure: test_bad(CartTest)`
      let name = rest.before("): ").map { String($0) + ")" } ?? String(rest)
      list.begin(name, (rest.after("): ")).map(String.init) ?? "")
    } else if list.isOpen {
      if let front = text.before(":in "), let place = DiagnosticReader.place(front) {
        if !DiagnosticReader.isOfRuby(front) { list.place(place) }
      } else if !text.hasPrefix("=> ") && !Self.isSource(text) {
        list.add(text)
      }
    } else if line.hasSuffix(" s = ."), let name = line.before(" = ") {
      passed.append(String(name))
    }
  }

  /// minitest-reporters: `  test_full   FAIL (0.00s)`, what is wrong below, and a blank line.
  private mutating func readReported(_ line: Substring, _ text: Substring) -> Bool {
    if isReported, text.isEmpty {
      list.end()
      isReported = false
      return true
    }
    guard line.hasPrefix("  "), text.hasSuffix("s)"), let name = text.before(" "), text.has(" (") else {
      return false
    }
    let rest = text.dropFirst(name.utf8.count).trimmed
    switch rest.before(" (") {
    case "PASS"?:
      list.end()
      isReported = false
      passed.append(String(name))
    case "FAIL"?, "ERROR"?:
      list.end()
      isReported = true
      list.begin(String(name))
    case "SKIP"?: list.end()
    case _: return false
    }
    return true
  }

  /// `12:   def test_bad …`, which test-unit prints around the place.
  private static func isSource(_ text: Substring) -> Bool {
    guard let colon = text.before(":") else { return false }
    return Int(colon) != nil && (text.after(":")?.hasPrefix(" ") ?? false)
  }

  mutating func finish() { list.end() }
}

/// PHPUnit: numbered lists after `There was 1 failure:`, and `Tests: 7, Assertions: 4, …` or
/// `OK (3 tests, …)`.
struct PHPUnitReader: OutputReader {
  static let runner = "phpunit"
  private var list = FailureList()
  private var isInList = false
  private var isPlain = false
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private var hasList = false
  private var hasEntry = false
  private var isThere = false
  var failures: [GateFailure] { list.all }
  var isOpen: Bool { isInList || list.isOpen }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if line.hasPrefix("PHPUnit ") {
      isThere = true
    } else if !isThere {
      return
    } else if line.hasPrefix("There w"), text.hasSuffix(":") {
      list.end()
      hasList = true
      isInList = text.has(" failure") || text.has(" error")
    } else if let rest = line.dropping("Tests: "), rest.has("Assertions: "), let total = rest.leadingNumber {
      list.end()
      isInList = false
      func count(_ name: String) -> Int { rest.after(name + ": ")?.leadingNumber ?? 0 }
      let skips = count("Skipped") + count("Incomplete")
      executed.add(max(0, total - skips))
      skipped.add(skips)
      failed.add(count("Failures") + count("Errors"))
    } else if let rest = line.dropping("OK ("), rest.has(" test"), let total = rest.leadingNumber {
      list.end()
      executed.add(total)
    } else if line.hasPrefix("No tests executed!") {
      executed.add(0)
    } else if isInList, hasEntry || !line.hasPrefix(" ✘ ") && !line.hasPrefix(" ✔ ") {
      if text == "--" {
        list.end()
      } else if let number = line.before(") "), Int(number) != nil {
        hasEntry = true
        list.begin(String((line.after(") ") ?? "").trimmed))
      } else if let place = DiagnosticReader.place(text), list.isOpen {
        if !PHPBlocks.isOfLibrary(text) { list.place(place) }
      } else {
        list.add(text)
      }
    } else if line.hasPrefix(" ✘ ") {
      // `--testdox`; a test has printed the head of a list without entries.
      if !hasEntry { (isInList, hasList) = (false, false) }
      if !hasList { list.begin(String(text.dropFirst(1).trimmed)) }
    } else if list.isOpen {
      if let rest = text.dropping("│") {
        let inner = rest.trimmed
        if let place = DiagnosticReader.place(inner) {
          if !PHPBlocks.isOfLibrary(inner) { list.place(place) }
        } else {
          list.add(inner)
        }
      } else if line.hasPrefix(" ✔ ") || line.hasPrefix(" ↩ ") || line.hasPrefix("Time:") {
        list.end()
      }
    }
  }

  mutating func finish() { list.end() }
}
