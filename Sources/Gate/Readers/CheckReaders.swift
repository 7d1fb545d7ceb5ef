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
      executed = (executed ?? 0) + count
      failed = failed ?? 0
    } else if line.hasPrefix("Failed "), let count = line.number(before: "test case"), line.has("assertion") {
      (executed, failed) = (max(executed ?? 0, count), (failed ?? 0) + count)
    } else if line == "No tests ran" || line.hasPrefix("No test cases matched") {
      executed = executed ?? 0
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
    executed = (executed ?? 0) + (plain.leadingNumber ?? 0) - left
    failed = (failed ?? 0) + (plain.number(before: "failed") ?? 0)
    if left > 0 { skipped = (skipped ?? 0) + left }
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
      executed = (executed ?? 0) + (rest.trimmed.leadingNumber ?? 0)
      failed = (failed ?? 0) + (rest.number(before: "failed") ?? 0)
      if let left = rest.number(before: "skipped"), left > 0 { skipped = (skipped ?? 0) + left }
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
