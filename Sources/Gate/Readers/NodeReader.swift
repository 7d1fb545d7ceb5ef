/// `node --test` with its TAP and its spec reporter, and any other producer of TAP.
struct NodeReader: OutputReader {
  static let runner = "node --test"
  private var tap = TapFailures()
  private var spec = SpecFailures()
  private var totals: [String: Int] = [:]
  private var summary: Int?
  private var skips: Int?
  private var fails: Int?
  private var dots: Int?
  private var script = ScriptErrors()

  var executed: Int? { summary ?? tap.executed ?? dots }
  var skipped: Int? { skips ?? (tap.executed == nil ? nil : tap.skipped) }
  var failed: Int? { fails ?? (tap.executed == nil ? spec.isDot ? spec.failures.count : nil : tap.failed) }
  var passed: [String] { tap.executed == nil ? (summary == nil ? [] : spec.passed) : tap.passed }
  var isOpen: Bool { tap.isOpen || spec.isOpen || script.isOpen }

  /// The spec reporter repeats its failures with their places; TAP has them in one piece.
  var failures: [GateFailure] {
    // A test that prints like TAP is none.
    let isTAP = tap.executed != nil || spec.failures.isEmpty
    let all = isTAP && !tap.failures.isEmpty ? tap.failures : spec.failures
    // A file that does not load says why before it is told as a failed test.
    let told = all.map { failure -> GateFailure in
      guard
        failure.message == "test failed" || failure.message == "'test failed'" || failure.message == "failed"
          || failure.message.isEmpty,
        let error = script.error(of: failure)
      else { return failure }
      return GateFailure(
        test: failure.test, file: error.file ?? failure.file, line: error.line ?? failure.line,
        message: error.message)
    }
    return told.isEmpty && executed == nil ? script.uncaught : told
  }

  mutating func read(_ line: Substring) {
    tap.read(line)
    spec.read(line)
    script.read(line)
    if line.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "X") }), line.utf8.count >= 3 {
      dots.add(line.utf8.count)
    }
    guard let rest = line.dropping("# ") ?? line.dropping("ℹ ") else { return }
    let words = rest.parts(" ")
    guard words.count == 2, let number = Int(words[1]) else { return }
    switch words[0] {
    case "tests": totals = ["tests": number]
    case "pass", "fail", "cancelled", "skipped", "todo": totals[String(words[0])] = number
    default: return
    }
    // Each complete block is that of a run.
    if totals.count == 6 {
      let ran = (totals["pass"] ?? 0) + (totals["fail"] ?? 0) + (totals["cancelled"] ?? 0)
      // Tests that are all still to do prove nothing.
      summary.add(ran == 0 ? 0 : (totals["tests"] ?? 0) - (totals["skipped"] ?? 0))
      skips.add(totals["skipped"] ?? 0)
      fails.add((totals["fail"] ?? 0) + (totals["cancelled"] ?? 0))
      // A suite's own line fails with its tests and is no test.
      totals = [:]
    }
  }

  mutating func finish() {
    tap.finish()
    spec.finish()
    script.finish()
    if !spec.isDot { dots = nil }
  }
}

/// What node prints of an error that nobody catches: `file:line`, the line, and the error with its frames.
private struct ScriptErrors {
  private(set) var found: [GateFailure] = []
  private var place: DiagnosticReader.Place?
  private var lines: [String] = []
  private var isInError = false
  private var hasVersion = false
  private var isOfMocha = false
  /// The file that asked for a module that is not there, when no frame says where.
  private var asking: String?
  /// How many lines may stand between a place and its error.
  private var patience = 0

  var isOpen: Bool { isInError || patience > 0 }

  /// Errors of a whole program, which ends by telling its version, or of one that mocha loads.
  var uncaught: [GateFailure] { hasVersion || isOfMocha ? found : [] }

  func error(of failure: GateFailure) -> GateFailure? {
    guard let test = failure.test else { return nil }
    // A module's own error names the file that asked for it, and has no frame in it.
    return found.first { error in
      error.message.hasSuffix("imported from " + test)
        || error.file.map { test.hasSuffix($0) || $0.hasSuffix(test) } ?? false
    }
      ?? (found.count == 1 ? found[0] : nil)
  }

  mutating func read(_ line: Substring) {
    let text = line.dropping("# ") ?? line.dropping("ℹ ") ?? line
    // What is thrown when its test is over fails the file.
    if let rest = text.dropping("Error: Test "), text.has("asynchronous activity after the test ended"),
      let told = rest.after("created the error ")?.before(" and would"),
      let place = rest.after(" at ")?.before(" generated").flatMap(DiagnosticReader.place)
    {
      found.append(GateFailure(file: place.file, line: place.line, message: String(told)))
      return
    }
    if isInError {
      if let frame = text.framePlace {
        if place == nil { place = frame }
      } else if text.trimmed.hasPrefix("at ") {
        if text.has("/mocha/lib/cli/") { isOfMocha = true }
      } else if let rest = text.dropping("- ") {
        if asking == nil { asking = String(rest) }
      } else if text.trimmed.isEmpty || text.hasPrefix("Node.js v") || text.hasPrefix("}")
        || text.hasPrefix("Subtest:") || text.hasPrefix("✖")
      {
        close()
      } else if lines.count < 20, !text.hasPrefix("Require stack"), !text.hasPrefix("  ") {
        lines.append(String(text))
      }
      if text.hasPrefix("Node.js v") { hasVersion = true }
    } else if Self.isError(text) {
      isInError = true
      patience = 0
      lines = [String(text)]
    } else if text.has(":"), !text.hasPrefix(" "), let start = DiagnosticReader.place(text), !start.hasColumn
    {
      place = start.file.hasPrefix("node:") ? nil : start
      patience = 6
    } else if text.hasPrefix("node:internal") {
      place = nil
      patience = 6
    } else if text.hasPrefix("Node.js v") {
      hasVersion = true
    } else if patience > 0 {
      patience -= 1
    }
  }

  private static func isError(_ text: Substring) -> Bool {
    guard let name = text.before(":") ?? (text.hasPrefix("Uncaught ") ? text : nil), !text.hasPrefix(" "),
      name.utf8.count < 60
    else { return false }
    let bare = name.before(" [") ?? name
    return bare.hasSuffix("Error") && bare.utf8.allSatisfy { Secret.isWord($0) }
  }

  private mutating func close() {
    isInError = false
    if place == nil, let asking {
      place = DiagnosticReader.Place(file: asking, line: 1, hasColumn: false)
    }
    asking = nil
    if found.count < 200 {
      found.append(GateFailure(file: place?.file, line: place?.line, message: lines.joined(separator: "\n")))
    }
    place = nil
  }

  mutating func finish() { if isInError { close() } }
}

/// `not ok` lines and their YAML blocks.
private struct TapFailures {
  private(set) var failures: [GateFailure] = []
  private var current: (name: String, file: String?, line: Int?, message: [String], isGroup: Bool)?
  private var isInError = false
  private var errorIndentation = 0
  private var count = 0
  private(set) var skipped = 0
  private(set) var failed = 0
  private(set) var passed: [String] = []
  private var hasYAML = false
  private var hasPlan = false
  /// How deep `stack:` stands whose frames come: the first one of the project is where it failed, and the
  /// location only where the test begins.
  private var stack: (indentation: Int, isPlaced: Bool)?

  var isOpen: Bool { current != nil }

  var executed: Int? { hasPlan ? count : nil }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if line.hasPrefix("1.."), line.dropping("1..")?.leadingNumber != nil { hasPlan = true }
    if text.hasPrefix("ok ") || text.hasPrefix("not ok ") {
      finish()
      let isSkipped = text.has("# SKIP") || text.has("# skip")
      if line.indentation == 0 {
        if isSkipped { skipped += 1 } else { count += 1 }
        if text.hasPrefix("not ok "), !isSkipped, !text.has("# TODO") { failed += 1 }
        if text.hasPrefix("ok "), !isSkipped, passed.count < 200_000 {
          let name = text.after(" - ") ?? text.dropFirst(3).drop { $0.isNumber }.trimmed
          passed.append(String(name.before(" # ") ?? name))
        }
      }
      hasYAML = false
      guard let rest = text.dropping("not ok "), !isSkipped, !text.has("# TODO") else { return }
      let name = rest.after("- ") ?? rest.drop { $0.isNumber }.trimmed
      current = (String(name), nil, nil, [], false)
    } else if current != nil {
      readBlock(line, text)
    }
  }

  mutating func finish() {
    guard let ended = current else { return }
    current = nil
    isInError = false
    stack = nil
    if ended.isGroup { return }
    failures.append(
      GateFailure(
        test: ended.name, file: ended.file, line: ended.line,
        message: ended.message.filter { !$0.isEmpty }.joined(separator: "\n")))
  }

  private mutating func readBlock(_ line: Substring, _ text: Substring) {
    if isInError {
      if line.indentation > errorIndentation || text.isEmpty {
        current?.message.append(String(text))
        return
      }
      isInError = false
    }
    if let (depth, isPlaced) = stack {
      if line.indentation > depth || text.isEmpty {
        if !isPlaced, let place = Substring("at \(text)").framePlace {
          current?.file = place.file
          current?.line = place.line
          stack?.isPlaced = true
        }
        return
      }
      stack = nil
    }
    if text == "---" {
      hasYAML = true
    } else if !hasYAML, line.hasPrefix("  "), !text.hasPrefix("# Subtest") {
      // Other producers print the error as it is.
      if text.hasPrefix("at ") {
        if current?.file == nil, let place = text.framePlace {
          current?.file = place.file
          current?.line = place.line
        }
      } else if (current?.message.count ?? 0) < 40 {
        current?.message.append(String(text))
      }
    } else if text == "..." {
      finish()
    } else if let value = text.dropping("location: ") {
      let place = DiagnosticReader.place(Self.unquoted(value))
      current?.file = place?.file
      current?.line = place?.line
    } else if text.hasPrefix("stack: |") || text.hasPrefix("stack: >") {
      stack = (line.indentation, false)
    } else if text.hasPrefix("failureType:"), text.has("subtestsFailed") {
      current?.isGroup = true
    } else if let value = text.dropping("error: ") ?? text.dropping("message: ") {
      if value.hasPrefix("|") || value.hasPrefix(">") {
        isInError = true
        errorIndentation = line.indentation
      } else {
        current?.message.append(String(Self.unquoted(value)))
      }
    } else if text.hasPrefix("# Subtest: ") || text.hasPrefix("1..") {
      finish()
    } else if !hasYAML, let note = text.dropping("# ") {
      readNote(note.trimmed)
    }
  }

  /// What producers without YAML say of a failure in comments.
  private mutating func readNote(_ note: Substring) {
    // The summary of node's own reporter.
    if ["tests ", "suites ", "pass ", "fail ", "cancelled ", "skipped ", "todo ", "duration_ms "]
      .contains(where: { note.hasPrefix($0) })
    {
      return
    }
    // `(in test file a.bats, line 2)`, `at t/a.t line 1.`
    let place =
      note.after("in test file ").flatMap { rest in rest.before(", line ").map { ($0, rest.after(", line ")) }
      }
      ?? note.dropping("at ").flatMap { rest in rest.before(" line ").map { ($0, rest.after(" line ")) } }
    if let place, let line = place.1?.leadingNumber {
      if current?.file == nil {
        current?.file = String(place.0)
        current?.line = line
      }
    } else if (current?.message.count ?? 0) < 40, !note.hasPrefix("Failed test") {
      current?.message.append(String(note))
    }
  }

  private static func unquoted(_ text: Substring) -> Substring {
    guard text.utf8.count >= 2, let first = text.first, first == text.last, first == "'" || first == "\""
    else {
      return text
    }
    return text.dropFirst().dropLast()
  }
}

/// The list that the spec reporter prints under `✖ failing tests:`.
private struct SpecFailures {
  private(set) var failures: [GateFailure] = []
  private var isInList = false
  private var place: DiagnosticReader.Place?
  private var current: GateFailure?
  private var isInStack = false
  /// Whether the place is that of a frame already.
  private var hasFrame = false
  private(set) var isDot = false
  private(set) var passed: [String] = []

  var isOpen: Bool { isInList }

  mutating func read(_ line: Substring) {
    if !isInList, let name = line.dropping("✔ "), name.hasSuffix("ms)"), passed.count < 200_000 {
      passed.append(String((name.before(" (") ?? name).trimmed))
    }
    if line == "✖ failing tests:" || line == "Failed tests:" {
      isInList = true
      isDot = line == "Failed tests:"
      failures = []
    } else if isInList, let location = line.dropping("test at ") {
      finish()
      place = DiagnosticReader.place(location)
    } else if isInList, let name = line.dropping("✖ ") {
      finish()
      // One to do may fail.
      if name.has("ms) # ") { return }
      let bare = name.droppingSuffix("ms)").flatMap { text in text.lastIndex(of: "(").map { text[..<$0] } }
      current = GateFailure(
        test: String((bare ?? name).trimmed), file: place?.file, line: place?.line, message: "")
      (isInStack, hasFrame) = (false, false)
    } else if current != nil {
      let text = line.trimmed
      if text.hasPrefix("at ") || isInStack {
        isInStack = true
        // The test's own place is where it begins; the first frame says where it failed.
        if !hasFrame, let place = text.framePlace {
          hasFrame = true
          let declared = current?.file
          current?.file = declared.flatMap { place.file.hasSuffix("/" + $0) ? $0 : nil } ?? place.file
          current?.line = place.line
        }
      } else if !text.isEmpty {
        let separator = current?.message.isEmpty == false ? "\n" : ""
        current?.message += separator + text
      }
    }
  }

  mutating func finish() {
    guard let ended = current else { return }
    current = nil
    place = nil
    if ended.test?.hasSuffix("# TODO") == true
      || ended.message.hasPrefix("'") && ended.message.hasSuffix("failed'")
        && ended.message.contains("subtest")
    {
      return
    }
    failures.append(
      GateFailure(test: ended.test, file: ended.file, line: ended.line, message: ended.message))
  }
}
