/// Catch2: a test's name between two rules, then `file:3: FAILED:` and what was expanded.
struct CatchReader: OutputReader {
  static let runner = "catch2"
  private var list = FailureList()
  private var header: [String]?
  private var name: String?
  private(set) var executed: Int?
  private(set) var failed: Int?
  private(set) var skipped: Int?
  var failures: [GateFailure] { executed == nil ? [] : list.all }
  var isOpen: Bool { list.isOpen || header != nil }

  mutating func read(_ line: Substring) {
    if line.isRule(of: "-", atLeast: 79) {
      list.end()
      if let lines = header, !lines.isEmpty {
        name = lines.joined(separator: "/")
        header = nil
      } else {
        header = []
      }
    } else if let lines = header {
      if lines.count < 8, !line.trimmed.isEmpty {
        header = lines + [String(line.trimmed)]
      } else {
        header = nil
      }
    } else if let front = line.droppingSuffix(": FAILED:"), let place = DiagnosticReader.place(front) {
      list.begin(name)
      list.place(place)
    } else if line.has(": failed: "), let place = line.before(": failed: ").flatMap(DiagnosticReader.place) {
      list.begin(nil, file: place.file, line: place.line, String(line.after(": failed: ") ?? ""))
      list.end()
    } else if let rest = line.dropping("test cases: ") {
      list.end()
      count(rest)
    } else if let rest = line.dropping("All tests passed ("), let count = rest.number(before: "test case") {
      list.end()
      executed.add(count)
      failed.add(0)
    } else if line.hasPrefix("Failed "), let count = line.number(before: "test case"), line.has("assertion") {
      (executed, failed) = (max(executed ?? 0, count), (failed ?? 0) + count)
    } else if line == "No tests ran" || line.hasPrefix("No test cases matched") {
      executed.add(0)
    } else if list.isOpen {
      if line.isRule(of: "=", atLeast: 60) || line.isRule(of: ".", atLeast: 60) {
        list.end()
      } else {
        list.add(line)
      }
    }
  }

  /// ` 3 | 1 passed | 2 failed`
  private mutating func count(_ text: Substring) {
    let plain = text.trimmed
    let left = plain.number(before: "skipped") ?? 0
    executed.add((plain.leadingNumber ?? 0) - left)
    failed.add(plain.number(before: "failed") ?? 0)
    if left > 0 { skipped.add(left) }
  }

  mutating func finish() { list.end() }
}

/// doctest of C++: `TEST CASE:  name`, then `file:3: ERROR: …`.
struct DoctestCppReader: OutputReader {
  static let runner = "doctest (C++)"
  private var list = FailureList()
  private var name: String?
  private var isInHeader = false
  private(set) var executed: Int?
  private(set) var failed: Int?
  private(set) var skipped: Int?
  var failures: [GateFailure] { executed == nil ? [] : list.all }
  var isOpen: Bool { list.isOpen || isInHeader }

  mutating func read(_ line: Substring) {
    if let rest = line.dropping("[doctest] test cases: ") {
      list.end()
      executed.add(rest.trimmed.leadingNumber ?? 0)
      failed.add(rest.number(before: "failed") ?? 0)
      if let left = rest.number(before: "skipped"), left > 0 { skipped.add(left) }
    } else if let rest = line.dropping("TEST CASE:") {
      list.end()
      name = String(rest.trimmed)
      isInHeader = true
    } else if isInHeader {
      if line.trimmed.isEmpty { isInHeader = false } else { name = (name ?? "") + "/" + line.trimmed }
    } else if let word = [": ERROR: ", ": FATAL ERROR: "].first(where: line.has),
      let place = line.before(word).flatMap(DiagnosticReader.place)
    {
      list.begin(name, file: place.file, line: place.line, String(line.after(word) ?? ""))
    } else if list.isOpen {
      if line.isRule(of: "=", atLeast: 60) { list.end() } else { list.add(line) }
    }
  }

  mutating func finish() { list.end() }
}

/// node's word for an error that nobody caught: a place alone in its line, the source, and `SyntaxError: …`.
struct ScriptErrorBlocks: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var place: DiagnosticReader.Place?
  private var left = 0
  var isOpen: Bool { place != nil }
  var isOnlyElse: Bool { true }

  mutating func read(_ line: Substring) -> Bool {
    if line.hasPrefix("/") || line.hasPrefix("file:") || line.hasPrefix("node:")
      || line.dropFirst().hasPrefix(":\\"),
      let found = DiagnosticReader.place(line), !found.hasColumn
    {
      place = found
      left = 12
      return false
    }
    guard let found = place else { return false }
    left -= 1
    if let name = line.before(": "), name.before(" [")?.hasSuffix("Error") ?? name.hasSuffix("Error") {
      // The places of node itself are none of the project.
      let isOwn = !found.file.hasPrefix("node:")
      failures.append(
        GateFailure(
          file: isOwn ? found.file : nil, line: isOwn ? found.line : nil, message: String(line)))
      place = nil
      if failures.count > 1000 { failures.removeLast() }
    } else if left == 0 {
      place = nil
    }
    return false
  }
}

/// Python's doctest: blocks between lines of `*`, each with a place.
struct DoctestReader: OutputReader {
  static let runner = "doctest"
  private var list = FailureList()
  private var isAfterRule = false
  private(set) var failed: Int?
  var executed: Int? { failed }
  var failures: [GateFailure] { list.all }
  var isOpen: Bool { list.isOpen || isAfterRule }

  mutating func read(_ line: Substring) {
    if line.isRule(of: "*", atLeast: 60) {
      list.end()
      isAfterRule = true
      return
    }
    defer { isAfterRule = false }
    if isAfterRule, let rest = line.dropping("File \""), let file = rest.before("\""),
      let number = rest.after(", line ")?.leadingNumber, let name = rest.after(", in ")
    {
      list.begin(String(name), file: String(file), line: number)
    } else if line.hasPrefix("***Test Failed***") {
      list.end()
      failed.add(line.number(before: "failures") ?? line.number(before: "failure") ?? 0)
    } else if list.isOpen {
      list.add(line)
    }
  }

  mutating func finish() { list.end() }
}
