/// `go test`, with and without `-v`.
///
/// Without `-v` go only tells of packages, so each that passed counts as one test.
struct GoReader: OutputReader {
  static let runner = "go test"
  private(set) var failures: [GateFailure] = []
  private var isThere = false
  private var isVerbose = false
  private var tests = 0
  private var packages = 0
  /// The output of the test that runs now (`-v` prints it before the result).
  private var running: (name: String, lines: [String])?
  private var outputs: [String: [String]] = [:]
  /// The failure that takes the indented lines that follow, and how deep its own line was.
  private var open: (failure: GateFailure, indentation: Int)?

  var executed: Int? { isThere ? (isVerbose ? tests : packages) : nil }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if let rest = text.dropping("=== RUN ") ?? text.dropping("=== CONT ") ?? text.dropping("=== NAME ") {
      isVerbose = true
      switchTest(String(rest.trimmed))
    } else if text.hasPrefix("--- "), readResult(text, indentation: line.indentation) {
      return
    } else if readPackage(line) {
      close()
      switchTest(nil)
    } else if text.hasPrefix("panic: "), line.indentation == 0 {
      close()
      failures.append(GateFailure(test: running?.name, message: String(text)))
    } else if let open, line.indentation > open.indentation {
      append(text)
    } else if running != nil {
      running?.lines.append(String(text))
    }
  }

  mutating func finish() { close() }

  /// `--- FAIL: TestX/sub (0.00s)`
  private mutating func readResult(_ text: Substring, indentation: Int) -> Bool {
    guard let rest = text.dropping("--- "), let colon = rest.before(": "), rest.hasSuffix("s)"),
      let name = rest.after(": ")?.before(" (")
    else { return false }
    switchTest(nil)
    switch colon {
    case "PASS", "BENCH":
      close()
      tests += 1
    case "SKIP": close()
    case "FAIL":
      close()
      tests += 1
      open = (GateFailure(test: String(name), message: ""), indentation)
      for line in outputs.removeValue(forKey: String(name)) ?? [] { append(line[...]) }
    default: return false
    }
    return true
  }

  private mutating func readPackage(_ line: Substring) -> Bool {
    if let rest = line.dropping("ok  \t") {
      isThere = true
      if !rest.has("[no tests to run]") { packages += 1 }
    } else if line.hasPrefix("?   \t") && line.has("[no test files]") {
      isThere = true
    } else if let rest = line.dropping("FAIL\t") {
      isThere = true
      if !rest.has("[build failed]") && !rest.has("[setup failed]") { packages += 1 }
    } else {
      return line == "FAIL" || line == "PASS"
    }
    return true
  }

  private mutating func append(_ text: Substring) {
    guard var failure = open?.failure else { return }
    // `file_test.go:12: message`; the first one is the test's place.
    if failure.file == nil, let place = text.before(": ").flatMap(DiagnosticReader.place) {
      failure.file = place.file
      failure.line = place.line
      failure.message = String(text.after(": ") ?? "")
    } else {
      failure.message += (failure.message.isEmpty ? "" : "\n") + text
    }
    open?.failure = failure
  }

  private mutating func switchTest(_ name: String?) {
    if let running, !running.lines.isEmpty { outputs[running.name, default: []] += running.lines }
    running = name.map { ($0, []) }
    if name != nil { close() }
  }

  private mutating func close() {
    guard let (failure, _) = open else { return }
    open = nil
    failures.append(
      GateFailure(test: failure.test, file: failure.file, line: failure.line, message: failure.message))
  }
}
