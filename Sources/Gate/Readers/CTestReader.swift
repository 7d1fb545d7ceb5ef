/// CMake's ctest: `N% tests passed, F tests failed out of T`, and lists of those that failed or did not run.
struct CTestReader: OutputReader {
  static let runner = "ctest"
  private(set) var failures: [GateFailure] = []
  private(set) var executed: Int?
  private(set) var failed: Int?
  private(set) var skipped: Int?
  private(set) var passed: [String] = []
  private var list = List.none
  /// What failing tests printed (`--output-on-failure`), by their names.
  private var outputs: [String: [String]] = [:]
  private var printing: String?
  /// What stood before the result of a test: the program that is missing, and with `-V` what tests print, by
  /// their numbers, as far as it matters to anybody.
  private var missing: String?
  private var numbered: [Int: [String]] = [:]

  private enum List { case none, failed, didNotRun }

  var isOpen: Bool { list != .none || printing != nil }

  mutating func read(_ line: Substring) {
    if line.has("% tests passed, "), let total = line.after(" out of ")?.leadingNumber {
      printing = nil
      executed.add(total)
      failed.add(line.number(before: "tests failed") ?? line.number(before: "test failed") ?? 0)
    } else if line.hasPrefix("Total Tests: "), executed == nil {
      // `ctest -N` only lists them.
      executed = 0
    } else if line == "No tests were found!!!" {
      executed.add(0)
    } else if line.hasPrefix("The following tests FAILED:") {
      list = .failed
    } else if line.hasPrefix("The following tests did not run:") {
      list = .didNotRun
    } else if list != .none {
      readEntry(line)
    } else if let result = Self.result(line) {
      readResult(result)
    } else if line.has("    Start "), line.trimmed.hasPrefix("Start ") {
      (printing, missing) = (nil, nil)
    } else if line.hasPrefix("Could not find executable ") || line.hasPrefix("Unable to find executable: ") {
      if missing == nil { missing = String(line) }
    } else if let number = line.dropping("test ").flatMap({ Int($0) }) {
      // Only `-V` says so.
      printing = nil
      numbered[number] = []
    } else if !numbered.isEmpty, let number = line.leadingNumber, let count = numbered[number]?.count,
      let text = line.after(": ")
    {
      if !Self.isAboutTest(text), count < 20 { numbered[number]?.append(String(text)) }
    } else if let printing, !line.trimmed.isEmpty, (outputs[printing]?.count ?? 0) < 20,
      !line.hasPrefix("]")
    {
      outputs[printing, default: []].append(String(line))
    }
  }

  private struct Result {
    var number: Int
    var name: String
    var text: Substring
  }

  /// `3/5 Test #3: bad ....***Failed  0.00 sec`: a name may have blanks, and what follows may go on in the
  /// next line.
  private static func result(_ line: Substring) -> Result? {
    guard line.has(" Test "), let rest = line.after("#"), line.trimmed.leadingNumber != nil,
      line.hasSuffix(" sec") || line.has("***"), let number = rest.leadingNumber, let name = rest.after(": ")
    else { return nil }
    let bare = name.before(" ..") ?? name.before(" ") ?? name
    return Result(number: number, name: String(bare.trimmed), text: name.dropFirst(bare.count))
  }

  private mutating func readResult(_ result: Result) {
    // What googletest says is told by its own reader.
    let told = numbered.removeValue(forKey: result.number).map { lines in
      lines.contains { $0.hasPrefix("[  FAILED  ] ") } ? [] : lines
    }
    printing = nil
    if result.text.has("   Passed ") {
      passed.append(result.name)
    } else if result.text.has("***Not Run") {
      if let missing { outputs[result.name] = [missing] }
    } else if let rest = result.text.after("***"), !rest.hasPrefix("Skipped") {
      // `***Failed  Required regular expression not found. Regex=[well`
      let reason = (rest.before(" Regex=[") ?? rest).after("  ")?.trimmed
      if let reason, reason.has("regular expression") { outputs[result.name] = [String(reason)] }
      if let told { outputs[result.name, default: []] += told } else { printing = result.name }
    }
    missing = nil
  }

  /// What ctest itself says of a test with `-V`.
  private static func isAboutTest(_ text: Substring) -> Bool {
    text.hasPrefix("Test command: ") || text.hasPrefix("Working Directory: ")
      || text.hasPrefix("Test timeout computed to be: ") || text.hasPrefix("Environment variables:")
  }

  /// `<tab>  2 - name (Failed)`
  private mutating func readEntry(_ line: Substring) {
    guard line.indentation > 0, line.trimmed.leadingNumber != nil, let entry = line.after(" - ") else {
      list = .none
      return
    }
    let open = entry.lastIndex(of: "(")
    let name = String(open.map { entry[..<$0].trimmed } ?? entry)
    if list == .didNotRun || entry.hasSuffix("(Not Run)") {
      executed = executed.map { max(0, $0 - 1) }
      if list == .didNotRun { skipped.add(1) }
    }
    if list == .failed {
      let how = open.map { String(entry[$0...]) } ?? ""
      let output = outputs[name] ?? []
      failures.append(GateFailure(test: name, message: ([how] + output).joined(separator: "\n")))
    }
  }
}
