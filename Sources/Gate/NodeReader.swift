/// `node --test` with its TAP and its spec reporter, and any other producer of TAP.
struct NodeReader: OutputReader {
  static let runner = "node --test"
  private var tap = TapFailures()
  private var spec = SpecFailures()
  private var totals: [String: Int] = [:]
  private var summary: Int?

  var executed: Int? { summary ?? tap.executed }

  /// The spec reporter repeats its failures with their places; TAP has them in one piece.
  var failures: [GateFailure] { tap.failures.isEmpty ? spec.failures : tap.failures }

  mutating func read(_ line: Substring) {
    tap.read(line)
    spec.read(line)
    guard let rest = line.dropping("# ") ?? line.dropping("ℹ ") else { return }
    let words = rest.parts(" ")
    guard words.count == 2, let number = Int(words[1]) else { return }
    switch words[0] {
    case "tests": totals = ["tests": number]
    case "pass", "fail", "cancelled", "skipped", "todo": totals[String(words[0])] = number
    default: return
    }
    // The last complete block is the runner's own.
    if totals.count == 6 {
      summary = (totals["tests"] ?? 0) - (totals["skipped"] ?? 0)
      // A suite's own line fails with its tests and is no test.
      totals = [:]
    }
  }

  mutating func finish() {
    tap.finish()
    spec.finish()
  }
}

/// `not ok` lines and their YAML blocks.
private struct TapFailures {
  private(set) var failures: [GateFailure] = []
  private var current: (name: String, file: String?, line: Int?, message: [String], isGroup: Bool)?
  private var isInError = false
  private var errorIndentation = 0
  private var count = 0
  private var hasPlan = false

  var executed: Int? { hasPlan ? count : nil }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if line.hasPrefix("1.."), line.dropping("1..")?.leadingNumber != nil { hasPlan = true }
    if text.hasPrefix("ok ") || text.hasPrefix("not ok ") {
      finish()
      let isSkipped = text.has("# SKIP") || text.has("# skip")
      if line.indentation == 0 && !isSkipped { count += 1 }
      guard let rest = text.dropping("not ok "), !isSkipped, !text.has("# TODO") else { return }
      let name = rest.after("- ") ?? rest
      current = (String(name), nil, nil, [], false)
    } else if current != nil {
      readBlock(line, text)
    }
  }

  mutating func finish() {
    guard let ended = current else { return }
    current = nil
    isInError = false
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
    if text == "..." {
      finish()
    } else if let value = text.dropping("location: ") {
      let place = DiagnosticReader.place(Self.unquoted(value))
      current?.file = place?.file
      current?.line = place?.line
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

  mutating func read(_ line: Substring) {
    if line == "✖ failing tests:" {
      isInList = true
      failures = []
    } else if isInList, let location = line.dropping("test at ") {
      finish()
      place = DiagnosticReader.place(location)
    } else if isInList, let name = line.dropping("✖ ") {
      finish()
      let bare = name.droppingSuffix("ms)").flatMap { text in text.lastIndex(of: "(").map { text[..<$0] } }
      current = GateFailure(
        test: String((bare ?? name).trimmed), file: place?.file, line: place?.line, message: "")
      isInStack = false
    } else if current != nil {
      let text = line.trimmed
      if text.hasPrefix("at ") || isInStack {
        isInStack = true
      } else if !text.isEmpty {
        let separator = current?.message.isEmpty == false ? "\n" : ""
        current?.message += separator + text
      }
    }
  }

  mutating func finish() {
    guard let ended = current else { return }
    current = nil
    failures.append(
      GateFailure(test: ended.test, file: ended.file, line: ended.line, message: ended.message))
  }
}
