import CanonicalJSON

/// Reports in JSON: SARIF, and the JSON reporters of jest, vitest, mocha, RSpec, ESLint, ruff, shellcheck,
/// gcc, mypy, cargo, pyright, googletest and PHPStan,
/// as one line, as lines, or as a document of several lines.
struct DocumentReader: OutputReader {
  static let runner = "json report"
  private(set) var failures: [GateFailure] = []
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  /// The lines of a document that is not complete yet.
  private var lines: [Substring] = []
  private var size = 0
  private var depth = 0
  private static let limit = 8 << 20

  var isOpen: Bool { !lines.isEmpty }

  mutating func read(_ line: Substring) {
    if lines.isEmpty {
      guard let first = line.utf8.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
        return
      }
      let second = line.utf8.dropFirst().first
      let isBegun =
        second == nil || second == 0x22 || second == 0x7B || second == 0x5B || second == 0x20
        || second == 0x5D || second == 0x7D
      guard isBegun, !line.hasPrefix("[ ") else { return }
      (size, depth) = (0, 0)
    }
    lines.append(line)
    size += line.utf8.count + 1
    depth += DocumentReader.depth(line)
    if size > DocumentReader.limit { return lines = [] }
    guard depth <= 0 else { return }
    let text = lines.joined(separator: "\n")
    lines = []
    if let value = StreamValue.parse(Array(text.utf8), mostValues: .max) { take(value) }
  }

  /// How many brackets stay open, outside of strings.
  private static func depth(_ line: Substring) -> Int {
    var (depth, isText, isEscaped) = (0, false, false)
    for byte in line.utf8 {
      if isText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == 0x22 {
          isText = false
        }
      } else if byte == 0x22 {
        isText = true
      } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
        depth += 1
      } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
        depth -= 1
      }
    }
    return depth
  }

  private mutating func add(_ test: String?, _ file: String?, _ line: Int?, _ message: String) {
    guard failures.count < FailureList.most else { return }
    failures.append(GateFailure(test: test, file: file?.withoutScheme, line: line, message: message))
  }

  private mutating func count(_ run: Int, skipped skips: Int = 0, failed fails: Int) {
    executed.add(run)
    skipped.add(skips)
    failed.add(fails)
  }

  private mutating func take(_ value: StreamValue) {
    if value["runs"] != nil, value["version"] != nil || value["$schema"] != nil { return sarif(value) }
    if value["numTotalTests"] != nil { return jest(value) }
    if value["stats"]?["passes"] != nil { return mocha(value) }
    if value["examples"] != nil, value["summary"] != nil { return rspec(value) }
    if value["testsuites"] != nil, value["tests"] != nil { return googletest(value) }
    if value["generalDiagnostics"] != nil {
      for item in value["generalDiagnostics"]?.elements ?? [] where item["severity"]?.text == "error" {
        add(
          nil, item["file"]?.text, (item["range"]?["start"]?["line"]?.integer).map { $0 + 1 },
          item["message"]?.text ?? "")
      }
      return
    }
    if value["comments"] != nil { return value["comments"]?.elements.forEach { finding($0) } ?? () }
    if case .object = value { return finding(value) }
    for item in value.elements { finding(item) }
  }

  /// One diagnostic of a list, or of a line.
  private mutating func finding(_ item: StreamValue) {
    if let file = item["filePath"]?.text {
      // ESLint: messages by file.
      for message in item["messages"]?.elements ?? []
      where message["severity"]?.integer == 2 || message["fatal"]?.isTrue == true {
        add(
          nil, file, message["line"]?.integer,
          ([message["message"]?.text, message["ruleId"]?.text].compactMap { $0 }).joined(separator: "  "))
      }
    } else if item["reason"]?.text == "compiler-message", let message = item["message"] {
      guard message["level"]?.text == "error" else { return }
      let span = message["spans"]?.elements.first { $0["is_primary"]?.isTrue == true }
      if span == nil, message["message"]?.text?.hasPrefix("aborting due to") == true { return }
      let code = message["code"]?["code"]?.text.map { "error[\($0)]" } ?? "error"
      add(
        nil, span?["file_name"]?.text, span?["line_start"]?.integer,
        "\(code): \(message["message"]?.text ?? "")")
    } else if let file = item["filename"]?.text ?? item["file"]?.text, let message = item["message"]?.text {
      // ruff, mypy, shellcheck.
      let line = item["location"]?["row"]?.integer ?? item["line"]?.integer
      if ["note", "info", "style"].contains(item["severity"]?.text ?? item["level"]?.text ?? ""),
        item["code"]?.integer == nil
      {
        return
      }
      let code = item["code"]?.text ?? item["code"]?.integer.map { "SC\($0)" }
      add(nil, file, line, ([code, message].compactMap { $0 }).joined(separator: " "))
    } else if let place = item["location"], let path = place["path"]?.text,
      let message = item["description"]?.text
    {
      // The report on the quality of code that GitLab and Code Climate read.
      if item["severity"]?.text == "info" { return }
      let line = place["lines"]?["begin"]?.integer ?? place["positions"]?["begin"]?["line"]?.integer
      let code = item["check_name"]?.text
      add(nil, path, line, ([code, message].compactMap { $0 }).joined(separator: " "))
    } else if let kind = item["kind"]?.text, let message = item["message"]?.text,
      let caret = item["locations"]?.elements.first?["caret"]
    {
      // gcc's `-fdiagnostics-format=json`.
      guard kind == "error" || kind == "fatal error" else { return }
      add(nil, caret["file"]?.text, caret["line"]?.integer, message)
    }
  }

  private mutating func sarif(_ value: StreamValue) {
    for run in value["runs"]?.elements ?? [] {
      for result in run["results"]?.elements ?? [] {
        if ["note", "none"].contains(result["level"]?.text ?? "")
          || !(result["suppressions"]?.elements ?? []).isEmpty
        {
          continue
        }
        let place = result["locations"]?.elements.first?["physicalLocation"]
        let message = ([result["ruleId"]?.text, result["message"]?["text"]?.text].compactMap { $0 }).joined(
          separator: " ")
        add(nil, place?["artifactLocation"]?["uri"]?.text, place?["region"]?["startLine"]?.integer, message)
      }
    }
  }

  private mutating func jest(_ value: StreamValue) {
    let skips = (value["numPendingTests"]?.integer ?? 0) + (value["numTodoTests"]?.integer ?? 0)
    count(
      max(0, (value["numTotalTests"]?.integer ?? 0) - skips), skipped: skips,
      failed: max(value["numFailedTests"]?.integer ?? 0, value["numFailedTestSuites"]?.integer ?? 0))
    for suite in value["testResults"]?.elements ?? [] {
      let file = suite["name"]?.text
      let tests = suite["assertionResults"]?.elements ?? []
      for test in tests {
        let name = ((test["ancestorTitles"]?.elements ?? []).compactMap(\.text) + [test["title"]?.text ?? ""])
          .joined(separator: " › ")
        if test["status"]?.text == "passed" { passed.append(name) }
        guard test["status"]?.text == "failed" else { continue }
        let message = (test["failureMessages"]?.elements ?? []).compactMap(\.text).joined(separator: "\n")
        let place = Gate.lines(of: message).lazy.compactMap(\.framePlace).first
        add(
          name, place?.file ?? file, place?.line ?? test["location"]?["line"]?.integer,
          DocumentReader.withoutFrames(message))
      }
      if tests.isEmpty, suite["status"]?.text == "failed" {
        add(nil, file, nil, DocumentReader.withoutFrames(suite["message"]?.text ?? "does not load"))
      }
    }
  }

  private mutating func mocha(_ value: StreamValue) {
    let stats = value["stats"]
    count(
      (stats?["passes"]?.integer ?? 0) + (stats?["failures"]?.integer ?? 0),
      skipped: stats?["pending"]?.integer ?? 0,
      failed: stats?["failures"]?.integer ?? 0)
    for test in value["failures"]?.elements ?? [] {
      let stack = test["err"]?["stack"]?.text ?? ""
      let place = Gate.lines(of: stack).lazy.compactMap(\.framePlace).first
      add(
        test["fullTitle"]?.text, place?.file ?? test["file"]?.text, place?.line,
        test["err"]?["message"]?.text ?? "")
    }
    passed += (value["passes"]?.elements ?? []).compactMap { $0["fullTitle"]?.text }
  }

  private mutating func rspec(_ value: StreamValue) {
    let summary = value["summary"]
    let pending = summary?["pending_count"]?.integer ?? 0
    count(
      max(0, (summary?["example_count"]?.integer ?? 0) - pending), skipped: pending,
      failed: (summary?["failure_count"]?.integer ?? 0)
        + (summary?["errors_outside_of_examples_count"]?.integer ?? 0)
    )
    for example in value["examples"]?.elements ?? [] {
      let name = example["full_description"]?.text
      if example["status"]?.text == "passed" { passed.append(name ?? "") }
      guard example["status"]?.text == "failed" else { continue }
      add(
        name, example["file_path"]?.text.map { String($0[...].dropping("./") ?? $0[...]) },
        example["line_number"]?.integer, (example["exception"]?["message"]?.text ?? "")[...].trimmedLines)
    }
  }

  private mutating func googletest(_ value: StreamValue) {
    let skips = value["disabled"]?.integer ?? 0
    count(
      max(0, (value["tests"]?.integer ?? 0) - skips), skipped: skips, failed: value["failures"]?.integer ?? 0)
    for suite in value["testsuites"]?.elements ?? [] {
      for test in suite["testsuite"]?.elements ?? [] {
        let name = "\(suite["name"]?.text ?? "").\(test["name"]?.text ?? "")"
        let list = test["failures"]?.elements ?? []
        if list.isEmpty { passed.append(name) }
        for failure in list {
          let text = failure["failure"]?.text ?? ""
          let first = Gate.lines(of: text).first ?? ""
          let place = DiagnosticReader.place(first)
          add(
            name, place?.file ?? test["file"]?.text, place?.line ?? test["line"]?.integer,
            place == nil ? text : String(text.dropFirst(first.count + 1)))
        }
      }
    }
  }

  private static func withoutFrames(_ text: String) -> String {
    let kept = Gate.lines(of: text).filter { !$0.trimmed.hasPrefix("at ") && !$0.trimmed.isEmpty }.prefix(40)
    // Colours that were written into the document.
    return kept.map { line in
      var (plain, isEscape) = ("", false)
      for scalar in line.unicodeScalars {
        if scalar.value == 0x1B {
          isEscape = true
        } else if isEscape {
          isEscape = !(scalar.properties.isAlphabetic)
        } else {
          plain.unicodeScalars.append(scalar)
        }
      }
      return plain
    }.joined(separator: "\n")
  }
}

extension String {
  fileprivate var withoutScheme: String { String(self[...].dropping("file://") ?? self[...]) }
}

extension Substring {
  fileprivate var trimmedLines: String {
    lines(of: String(self)).filter { !$0.trimmed.isEmpty }.map { String($0.trimmed) }.joined(separator: "\n")
  }
}
