/// The console launcher of JUnit: a tree of tests, a list of failures, and counts in brackets.
struct JUnitConsoleReader: OutputReader {
  static let runner = "junit"
  private var list = FailureList()
  private var isInList = false
  private var names: [(depth: Int, name: String, isPassed: Bool)] = []
  private(set) var passed: [String] = []
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  var failures: [GateFailure] { list.all }
  var isOpen: Bool { isInList }

  mutating func read(_ line: Substring) {
    if line.hasPrefix("Failures ("), line.hasSuffix("):") {
      isInList = true
    } else if line.hasPrefix("Test run finished after ") {
      list.end()
      isInList = false
      node(nil)
    } else if line.hasPrefix("["), line.hasSuffix("]"), line.has(" tests ") {
      count(line.dropFirst().trimmed)
    } else if isInList {
      entry(line)
    } else if line.has("─ ") {
      node(line)
    }
  }

  /// `         7 tests failed          ]`
  private mutating func count(_ text: Substring) {
    guard let number = text.leadingNumber else { return }
    if text.has(" tests started ") {
      executed.add(number)
    } else if text.has(" tests skipped ") {
      skipped.add(number)
    } else if text.has(" tests aborted ") {
      // Their assumptions do not hold.
      executed = (executed ?? number) - number
      skipped.add(number)
    } else if text.has(" tests failed ") {
      failed.add(number)
    }
  }

  private mutating func entry(_ line: Substring) {
    let text = line.trimmed
    if line.indentation == 2, line.hasPrefix("  ") {
      list.begin(String(text.after("JUnit Jupiter:") ?? text.after("JUnit Vintage:") ?? text))
    } else if line.indentation == 4, text.hasPrefix("MethodSource ") || text.hasPrefix("ClassSource ") {
      return
    } else if let message = text.dropping("=> ") {
      list.add(message)
    } else if text.hasSuffix(")"), let inside = text.after("(")?.before(")"),
      text.before("(")?.has(" ") != true
    {
      if !JavaFrames.isOfLibrary(text) { list.place(DiagnosticReader.place(inside)) }
    } else if !text.isEmpty, text != "[...]" {
      list.add(text)
    }
  }

  /// `│  ├─ fine() ✔`: one with something below it is no test.
  private mutating func node(_ line: Substring?) {
    let depth = line.flatMap { $0.before("─ ")?.utf8.count } ?? 0
    // Engines and classes have none above them.
    if let last = names.last, last.isPassed, depth <= last.depth, names.count > 2, passed.count < 200_000 {
      passed.append(names.dropFirst().map(\.name).joined(separator: ":"))
    }
    while let last = names.last, last.depth >= depth { names.removeLast() }
    guard let line, let text = line.after("─ ") else { return }
    let mark = ["✔", "✘", "■", "↷"].first { text.has(" " + $0) }
    let name = mark.flatMap { text.before(" " + $0) } ?? text
    names.append((depth, String(name.trimmed), mark == "✔"))
  }

  mutating func finish() {
    list.end()
    node(nil)
    if executed == nil { passed = [] }
  }
}

/// TestNG: `FAILED: name` with its stack below, and `Total tests run: 5, Failures: 2, Skips: 1`.
struct TestNGReader: OutputReader {
  static let runner = "testng"
  private var list = FailureList()
  private var names: [String] = []
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  var passed: [String] { executed == nil ? [] : names }
  var failures: [GateFailure] { executed == nil ? [] : list.all }
  var isOpen: Bool { list.isOpen }

  mutating func read(_ line: Substring) {
    if let name = line.dropping("PASSED: ") {
      list.end()
      names.append(String(name))
    } else if let name = line.dropping("FAILED: ") ?? line.dropping("FAILED CONFIGURATION: ") {
      list.begin(String(name))
    } else if line.hasPrefix("SKIPPED: ") {
      list.end()
    } else if let rest = line.trimmed.dropping("Total tests run: "), let total = rest.leadingNumber {
      list.end()
      let skips = rest.after("Skips: ")?.leadingNumber ?? 0
      executed.add(max(0, total - skips))
      skipped.add(skips)
      failed.add(rest.after("Failures: ")?.leadingNumber ?? 0)
    } else if list.isOpen {
      if line.isEmpty || line.hasPrefix("=====") {
        list.end()
      } else if let frame = line.trimmed.dropping("at ") {
        if !JavaFrames.isOfLibrary(frame), let inside = frame.after("(")?.before(")") {
          list.place(DiagnosticReader.place(inside))
        }
      } else {
        list.add(line.trimmed)
      }
    }
  }

  mutating func finish() { list.end() }
}

/// ScalaTest and MUnit, by themselves or through sbt.
struct ScalaReader: OutputReader {
  static let runner = "scala"
  private var list = FailureList()
  private var suite: String?
  private var scope: String?
  private var names: [String] = []
  private var depth = 0
  /// How many counts of ScalaTest's own sbt has still to repeat.
  private var repeats = 0
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  var passed: [String] { executed == nil ? [] : names }
  var failures: [GateFailure] { executed == nil ? [] : list.all }
  var isOpen: Bool { list.isOpen }

  mutating func read(_ whole: Substring) {
    let line = whole.dropping("[info] ") ?? whole.dropping("[error] ") ?? whole
    let text = line.trimmed
    if let rest = text.dropping("Tests: succeeded "), let good = rest.leadingNumber {
      list.end()
      let bad = rest.after("failed ")?.leadingNumber ?? 0
      let skips = ["canceled ", "ignored ", "pending "].compactMap { rest.after($0)?.leadingNumber }.reduce(
        0, +)
      executed.add(good + bad)
      failed.add(bad)
      skipped.add(skips)
      repeats += 1
    } else if let rest = text.dropping("Failed: Total ") ?? text.dropping("Passed: Total "),
      let total = rest.leadingNumber
    {
      // sbt's own count, for runners that have none.
      list.end()
      if repeats > 0 {
        repeats -= 1
        return
      }
      let skips = ["Ignored ", "Skipped ", "Canceled "].compactMap { rest.after($0)?.leadingNumber }.reduce(
        0, +)
      executed.add(total)
      skipped.add(skips)
      failed.add((rest.after("Failed ")?.leadingNumber ?? 0) + (rest.after("Errors ")?.leadingNumber ?? 0))
    } else if let rest = text.dropping("==> X ") {
      munit(rest)
    } else if let name = text.dropping("- ") {
      test(name, line.indentation)
    } else if list.isOpen {
      more(line, text)
    } else if let name = text.droppingSuffix(":"), !name.has(" "), line.indentation == 0, !name.isEmpty {
      (suite, scope) = (String(name), nil)
    } else if suite != nil, !text.isEmpty, line.indentation == 0, !text.has(":") {
      scope = String(text)
    }
  }

  private mutating func test(_ title: Substring, _ indentation: Int) {
    list.end()
    depth = indentation
    if let name = title.droppingSuffix(" *** FAILED ***") {
      list.begin(full(name.before(" (") ?? name))
    } else if !title.has("!!! ") && !title.hasSuffix(" (pending)") {
      names.append(full(title))
    }
  }

  private func full(_ name: Substring) -> String {
    [suite.map { $0 + ":" }, scope, String(name.trimmed)].compactMap(\.self).joined(separator: " ")
  }

  /// `CartSuite.adds prices  0.043s munit.ComparisonFailException: /a/CartSuite.scala:4`
  private mutating func munit(_ rest: Substring) {
    let name = rest.before("  ") ?? rest
    list.begin(String(name.trimmed))
    let tail = rest.after("s munit.") ?? rest.after("  ")?.after(" ") ?? ""
    if let place = tail.parts(" ").last.flatMap({ DiagnosticReader.place($0) }) {
      list.place(place)
    } else {
      list.add(tail.trimmed)
    }
    depth = -1
  }

  private mutating func more(_ line: Substring, _ text: Substring) {
    if depth >= 0, line.indentation <= depth, !text.isEmpty {
      list.end()
      if let name = text.droppingSuffix(":"), !name.has(" ") { (suite, scope) = (String(name), nil) }
    } else if let frame = text.dropping("at ") {
      if !JavaFrames.isOfLibrary(frame), let inside = frame.after("(")?.before(")"), frame.has(".scala:"),
        !frame.hasPrefix("munit."), !frame.hasPrefix("org.scalatest.")
      {
        list.place(DiagnosticReader.place(inside))
      }
    } else if text.hasPrefix("+ ") {
      list.end()
    } else if text.hasSuffix(")"), let inside = text.lastParenthesis,
      let place = DiagnosticReader.place(inside)
    {
      list.place(place)
      list.add(text.before(" (" + inside) ?? text)
    } else if text != "..." {
      list.add(text)
    }
  }

  mutating func finish() { list.end() }
}

extension Substring {
  /// What stands in the last brackets.
  fileprivate var lastParenthesis: Substring? {
    guard let open = utf8.lastIndex(of: UInt8(ascii: "(")) else { return nil }
    return self[utf8.index(after: open)...].droppingSuffix(")")
  }
}
