/// Maven's Surefire and Failsafe: totals per module after `Results:`, with lists of failures and errors.
struct SurefireReader: OutputReader {
  static let runner = "surefire"
  private(set) var failures: [GateFailure] = []
  private(set) var executed: Int?
  private var isInList = false

  mutating func read(_ line: Substring) {
    let text = Self.message(line)
    if text.hasPrefix("Tests run: "), text.has(", Failures: "), text.has(", Skipped: ") {
      isInList = false
      // Lines with a time are about one class; the module's total has none.
      guard !text.has("Time elapsed"), let run = text.after("Tests run: ")?.leadingNumber,
        let skipped = text.after("Skipped: ")?.leadingNumber
      else { return }
      executed = (executed ?? 0) + max(0, run - skipped)
    } else if text == "No tests to run." || text.hasPrefix("No tests were executed") {
      executed = executed ?? 0
    } else if text.trimmed == "Failures:" || text.trimmed == "Errors:" || text.hasPrefix("Failed tests:")
      || text.hasPrefix("Tests in error:")
    {
      isInList = true
      if let first = text.after("tests:")?.trimmed, !first.isEmpty { readEntry(first) }
    } else if isInList {
      if line.hasPrefix("[INFO]") {
        isInList = false
      } else if line.hasPrefix("[ERROR]   ") || (!line.hasPrefix("[") && line.hasPrefix("  ")) {
        readEntry(text.trimmed)
      } else if !text.trimmed.isEmpty, !line.hasPrefix("["), let last = failures.last {
        failures[failures.count - 1] = GateFailure(
          test: last.test, file: last.file, line: last.line, message: "\(last.message)\n\(text.trimmed)")
      }
    }
  }

  /// `AppTest.testFoo:15 expected:<1> but was:<2>`, `AppTest.testBar:9->helper:20 » NullPointer`
  private mutating func readEntry(_ entry: Substring) {
    if entry.isEmpty { return }
    let head = entry.before(" ") ?? entry
    let first = head.before("->") ?? head
    let name = first.before(":") ?? first
    failures.append(
      GateFailure(
        test: String(name), line: first.after(":")?.leadingNumber,
        message: String((entry.after(" ") ?? "").trimmed)))
  }

  private static func message(_ line: Substring) -> Substring {
    for level in ["[INFO] ", "[ERROR] ", "[WARNING] "] {
      if let rest = line.dropping(level) { return rest }
    }
    return line
  }
}

/// CMake's ctest: `N% tests passed, F tests failed out of T`, and lists of those that failed or did not run.
struct CTestReader: OutputReader {
  static let runner = "ctest"
  private(set) var failures: [GateFailure] = []
  private(set) var executed: Int?
  private var list = List.none

  private enum List { case none, failed, didNotRun }

  mutating func read(_ line: Substring) {
    if line.has("% tests passed, "), let total = line.after(" out of ")?.leadingNumber {
      executed = (executed ?? 0) + total
    } else if line == "No tests were found!!!" {
      executed = executed ?? 0
    } else if line.hasPrefix("The following tests FAILED:") {
      list = .failed
    } else if line.hasPrefix("The following tests did not run:") {
      list = .didNotRun
    } else if list != .none {
      readEntry(line)
    }
  }

  /// `<tab>  2 - name (Failed)`
  private mutating func readEntry(_ line: Substring) {
    guard line.indentation > 0, line.trimmed.leadingNumber != nil, let entry = line.after(" - ") else {
      list = .none
      return
    }
    let open = entry.lastIndex(of: "(")
    let name = open.map { entry[..<$0].trimmed } ?? entry
    if list == .didNotRun || entry.hasSuffix("(Not Run)") { executed = executed.map { max(0, $0 - 1) } }
    if list == .failed {
      failures.append(GateFailure(test: String(name), message: open.map { String(entry[$0...]) } ?? ""))
    }
  }
}
