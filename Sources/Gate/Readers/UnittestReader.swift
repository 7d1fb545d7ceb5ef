/// Python's unittest: blocks between `=====` and `-----`, then `Ran N tests in …` and `OK` or `FAILED`.
struct UnittestReader: OutputReader {
  static let runner = "unittest"
  private(set) var failures: [GateFailure] = []
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  private var ran: Int?
  private var isAfterRule = false
  private var block: (name: String, lines: [String], file: String?, line: Int?, isOpen: Bool)?

  var isOpen: Bool { block != nil || isAfterRule || ran != nil }

  mutating func read(_ line: Substring) {
    if line.isRule(of: "=", atLeast: 70) {
      endBlock()
      isAfterRule = true
      return
    }
    if line.isRule(of: "-", atLeast: 70) {
      if block?.isOpen == false { block?.isOpen = true } else { endBlock() }
    } else if isAfterRule, let name = line.dropping("FAIL: ") ?? line.dropping("ERROR: ") {
      block = (String(name), [], nil, nil, false)
    } else if isAfterRule, let name = line.dropping("UNEXPECTED SUCCESS: ") {
      failures.append(GateFailure(test: String(name), message: "unexpected success"))
    } else if let rest = line.dropping("Ran "), rest.has(" test"), rest.has(" in ") {
      endBlock()
      ran = rest.leadingNumber
    } else if let total = ran, line.hasPrefix("OK") || line.hasPrefix("FAILED") || line == "NO TESTS RAN" {
      // The verdict line after the count is what a test that prints `Ran 5 tests` would have to imitate too.
      let skips = Self.number(line, "skipped=")
      executed.add(max(0, total - skips))
      skipped.add(skips)
      failed =
        (failed ?? 0) + Self.number(line, "failures=") + Self.number(line, "errors=")
        + Self.number(line, "unexpected successes=")
      ran = nil
    } else if let name = line.droppingSuffix(" ... ok") {
      if passed.count < 200_000 { passed.append(String(name)) }
    } else if let name = line.droppingSuffix(" ... unexpected success") {
      failures.append(GateFailure(test: String(name), message: "unexpected success"))
    } else {
      readBlock(line)
    }
    isAfterRule = false
  }

  mutating func finish() {
    endBlock()
    if let ran { executed.add(ran) }
    // Only with `-v` they are named.
    if let failed, failed > failures.count, failures.isEmpty {
      failures.append(GateFailure(message: "\(failed) unexpected success\(failed == 1 ? "" : "es")"))
    }
  }

  private static func number(_ line: Substring, _ name: String) -> Int {
    line.after(name)?.leadingNumber ?? 0
  }

  private mutating func readBlock(_ line: Substring) {
    guard block?.isOpen == true else { return }
    // A group of exceptions is drawn with lines.
    if line.hasPrefix("  +") { return }
    if let inner = line.dropping("    | "), !inner.hasPrefix(" "), !inner.hasPrefix("Traceback ") {
      block?.lines.append(String(inner))
      return
    }
    let line = line.dropping("  | ") ?? line
    if let place = line.trimmed.dropping("File \""), line.hasPrefix("  File") {
      let file = place.before("\"").map { String($0) }
      // The frames of the library say nothing of the test.
      let isForeign = file.map { $0[...].has("/unittest/") || DiagnosticReader.isOfPython($0[...]) } ?? false
      if !isForeign || block?.file == nil {
        block?.file = file
        block?.line = place.after(", line ")?.leadingNumber
      }
      // Only what follows the last frame is the message.
      block?.lines.removeAll()
    } else if !line.hasPrefix("    "), !line.hasPrefix("Traceback "), !line.isEmpty {
      if line == "Stdout:" || line == "Stderr:" { block?.isOpen = false }
      block?.lines.append(String(line))
    }
  }

  private mutating func endBlock() {
    guard let block else { return }
    self.block = nil
    guard failures.count < FailureList.most else { return }
    failures.append(
      GateFailure(
        test: block.name, file: block.file, line: block.line,
        message: block.lines.prefix(60).joined(separator: "\n")))
  }
}
