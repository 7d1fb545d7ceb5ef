/// pytest: sections between `=== TITLE ===` lines, a final summary line, short or long.
struct PytestReader: OutputReader {
  static let runner = "pytest"
  private(set) var failures: [GateFailure] = []
  private var earlier: Int?
  private var current: Int?
  private var section = Section.other
  private var block: (name: String, lines: [String], place: DiagnosticReader.Place?, isCaptured: Bool)?
  private var blockIndexes: [String: [Int]] = [:]

  private enum Section { case other, failures, short }

  var executed: Int? {
    guard earlier != nil || current != nil else { return nil }
    return (earlier ?? 0) + (current ?? 0)
  }

  mutating func read(_ line: Substring) {
    if line.hasPrefix("=") || line.utf8.first.map({ $0 >= 0x30 && $0 <= 0x39 }) == true
      || line.hasPrefix("no tests")
    {
      readRule(line)
    }
    switch section {
    case .failures: readBlock(line)
    case .short: readShort(line)
    case .other: break
    }
  }

  mutating func finish() { endBlock() }

  private mutating func readRule(_ line: Substring) {
    let title = Self.title(line)
    switch title {
    case "test session starts":
      // Each session has one summary, its last: what a test prints before that is not it.
      if let current { earlier = (earlier ?? 0) + current }
      current = nil
      section = .other
    case "FAILURES", "ERRORS":
      endBlock()
      section = .failures
    case "short test summary info":
      endBlock()
      section = .short
    case "warnings summary", "PASSES", "XFAILURES":
      endBlock()
      section = .other
    default:
      if let count = Self.summary(title ?? line) { current = count }
    }
  }

  private static func title(_ line: Substring) -> Substring? {
    guard line.hasPrefix("=="), line.hasSuffix("==") else { return nil }
    var text = line.utf8
    while text.first == UInt8(ascii: "=") { text = text.dropFirst() }
    while text.last == UInt8(ascii: "=") { text = text.dropLast() }
    return Substring(text).trimmed
  }

  /// `2 failed, 1 passed, 1 skipped in 1.36s`: the tests that were executed; `nil` for anything else.
  private static func summary(_ text: Substring) -> Int? {
    guard let counts = text.before(" in "), let time = text.after(" in "), time.leadingNumber != nil,
      time.has("s")
    else { return nil }
    if counts == "no tests ran" { return 0 }
    var executed = 0
    for part in counts.parts(",") {
      let words = part.parts(" ")
      guard words.count == 2, let number = Int(words[0]) else { return nil }
      switch words[1] {
      case "passed", "failed", "xfailed", "xpassed", "error", "errors": executed += number
      case "skipped", "deselected", "warning", "warnings", "rerun": break
      default: return nil
      }
    }
    return executed
  }

  private mutating func readBlock(_ line: Substring) {
    if line.hasPrefix("__"), line.hasSuffix("__") {
      endBlock()
      var name = line.utf8
      while name.first == UInt8(ascii: "_") { name = name.dropFirst() }
      while name.last == UInt8(ascii: "_") { name = name.dropLast() }
      let title = Substring(name).trimmed
      // `_ _ _ _` separates the frames of one failure.
      if title.has("_ _ _") || title.isEmpty { return }
      block = (String(title), [], nil, false)
    } else if line.hasPrefix("----"), line.has(" Captured ") {
      block?.isCaptured = true
    } else if block?.isCaptured == false {
      if let text = line.dropping("E  ") {
        block?.lines.append(String(text.dropping(" ") ?? text))
      } else if let front = line.before(": "), let place = DiagnosticReader.place(front), !line.hasPrefix(" ")
      {
        block?.place = place
      }
    }
  }

  private mutating func endBlock() {
    guard let block else { return }
    self.block = nil
    let name = Self.bareName(block.name)
    blockIndexes[name, default: []].append(failures.count)
    failures.append(
      GateFailure(
        test: name, file: block.place?.file, line: block.place?.line,
        message: block.lines.map { String(Substring($0).trimmed) }.joined(separator: "\n")))
  }

  private static func bareName(_ title: String) -> String {
    for start in ["ERROR at setup of ", "ERROR at teardown of ", "ERROR collecting "] {
      if let name = title[...].dropping(start) { return String(name) }
    }
    return title
  }

  /// `FAILED path::Class::test[1] - message`: the full name of a block, or a failure without one (`--tb=no`).
  private mutating func readShort(_ line: Substring) {
    guard let rest = line.dropping("FAILED ") ?? line.dropping("ERROR ") else { return }
    let id = rest.before(" - ") ?? rest
    let file = id.before("::") ?? id
    var names: [String] = []
    var tail: Substring? = id.after("::")
    while let text = tail {
      names.append(String(text.before("::") ?? text))
      tail = text.after("::")
    }
    let name = names.isEmpty ? String(id) : names.joined(separator: ".")
    if let index = blockIndexes[name]?.first {
      blockIndexes[name]?.removeFirst()
      failures[index].test = String(id)
    } else {
      failures.append(
        GateFailure(test: String(id), file: String(file), message: String(rest.after(" - ") ?? "")))
    }
  }
}

/// Python's unittest: blocks between `=====` and `-----`, then `Ran N tests in …` and `OK` or `FAILED`.
struct UnittestReader: OutputReader {
  static let runner = "unittest"
  private(set) var failures: [GateFailure] = []
  private(set) var executed: Int?
  private var ran: Int?
  private var isAfterRule = false
  private var block: (name: String, lines: [String], file: String?, line: Int?, isOpen: Bool)?

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
    } else if let rest = line.dropping("Ran "), rest.has(" test"), rest.has(" in ") {
      ran = rest.leadingNumber
    } else if let total = ran, line.hasPrefix("OK") || line.hasPrefix("FAILED") || line == "NO TESTS RAN" {
      // The verdict line after the count is what a test that prints `Ran 5 tests` would have to imitate too.
      executed = (executed ?? 0) + max(0, total - Self.skipped(line))
      ran = nil
    } else {
      readBlock(line)
    }
    isAfterRule = false
  }

  mutating func finish() {
    endBlock()
    if let ran { executed = (executed ?? 0) + ran }
  }

  private static func skipped(_ line: Substring) -> Int { line.after("skipped=")?.leadingNumber ?? 0 }

  private mutating func readBlock(_ line: Substring) {
    guard block?.isOpen == true else { return }
    if let place = line.dropping("  File \"") {
      block?.file = place.before("\"").map { String($0) }
      block?.line = place.after(", line ")?.leadingNumber
      // Only what follows the last frame is the message.
      block?.lines.removeAll()
    } else if !line.hasPrefix("    "), !line.hasPrefix("Traceback "), !line.isEmpty {
      block?.lines.append(String(line))
    }
  }

  private mutating func endBlock() {
    guard let block else { return }
    self.block = nil
    failures.append(
      GateFailure(
        test: block.name, file: block.file, line: block.line, message: block.lines.joined(separator: "\n")))
  }
}
