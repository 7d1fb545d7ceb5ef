/// `swift test`: XCTest and Swift Testing, one after the other in the same output.
struct SwiftTestReader: OutputReader {
  static let runner = "swift test"
  private(set) var failures: [GateFailure] = []
  private var classic: Int?
  private var modern: Int?
  private var modernRun: Int?
  private var modernSkips = 0
  private var parallel = 0
  private var isRootSuite = false
  private var acceptsComment = false
  private(set) var passed: [String] = []
  private var classicSkips = 0
  private var fails: Set<String> = []
  /// A test that began and did not end.
  private var running: String?
  private var crash: GateFailure?
  private var isInMessage = false

  /// Where a pipe brings the last words of the tests behind those of their runner.
  mutating func finish() {
    if let running, let crash {
      failures.append(GateFailure(test: running, file: crash.file, line: crash.line, message: crash.message))
    }
    (running, crash) = (nil, nil)
  }

  var skipped: Int? { executed == nil ? nil : modernSkips + classicSkips }
  var failed: Int? { executed == nil ? nil : fails.count }
  var isOpen: Bool { acceptsComment || isRootSuite || isInMessage }

  var executed: Int? {
    let now = modernRun.map { max(0, $0 - modernSkips) }
    guard classic != nil || modern != nil || now != nil || parallel > 0 else { return nil }
    // With `--parallel` the classic summary only covers the failing tests.
    return max(classic ?? 0, parallel) + (modern ?? 0) + (now ?? 0)
  }

  mutating func read(_ line: Substring) {
    defer {
      isRootSuite = line.hasPrefix("Test Suite 'All tests' ") || line.hasPrefix("Test Suite 'Selected")
    }
    if isRootSuite, let rest = line.trimmed.dropping("Executed "), let total = rest.leadingNumber {
      let left = rest.before(" skipped")?.after(", with ")?.leadingNumber ?? 0
      classic = (classic ?? 0) + max(0, total - left)
      classicSkips += left
      return
    }
    if acceptsComment, let comment = line.dropping("↳ ") {
      failures[failures.count - 1].message += "\n\(comment)"
      return
    }
    acceptsComment = false
    if isInMessage {
      // A value of several lines goes on until the runner speaks again.
      isInMessage =
        !line.hasPrefix("Test Case '") && !line.hasPrefix("Test Suite '") && !line.has(": error: ")
        && line.utf8.first.map { $0 < 0x80 } ?? true && !line.hasPrefix("[")
      if isInMessage, let last = failures.last, last.message.utf8.count < 2000 {
        failures[failures.count - 1].message += "\n\(line)"
        return
      }
    }
    if let name = line.dropping("Test Case '")?.before("' ") {
      if line.has("' started") { running = String(name) } else { running = nil }
      if line.has("' passed (") { passed.append(String(name)) }
      if line.has("' failed (") { fails.insert(String(name)) }
    } else if let front = line.before(": Fatal error: ") ?? line.before(": Fatal error"),
      let place = DiagnosticReader.place(front)
    {
      // Swift's own library is no place of the project.
      let isOwn = !place.file.hasPrefix("Swift/")
      crash = GateFailure(
        file: isOwn ? place.file : nil, line: isOwn ? place.line : nil,
        message: "Fatal error" + (line.after(": Fatal error").map { String($0) } ?? ""))
    } else if line.hasPrefix("error: Exited with unexpected signal code ")
      || line.hasPrefix("error: Exited with signal code ")
    {
      let message = crash?.message ?? String(line.dropFirst(7))
      failures.append(GateFailure(test: running, file: crash?.file, line: crash?.line, message: message))
      (crash, running) = (nil, nil)
    }
    if line.hasPrefix("["), let rest = line.after("] Testing "), rest.has("/"), line.before("/") != nil {
      parallel += 1
    } else if line.has(" error: "), readClassicFailure(line) {
      return
    } else if let event = Self.event(line) {
      readModern(event)
    }
  }

  /// What follows the symbol that Swift Testing puts before each of its lines.
  private static func event(_ line: Substring) -> Substring? {
    guard let first = line.utf8.first, first >= 0x80, let blank = line.utf8.firstIndex(of: 0x20) else {
      return nil
    }
    return line[blank...].trimmed
  }

  private mutating func readModern(_ event: Substring) {
    if event == "Test run started." {
      modern = executedModern
      modernRun = nil
      modernSkips = 0
    } else if let rest = event.dropping("Test run with ") {
      // A run ends with one such line; tests can only print theirs before it.
      if rest.has(" passed after ") || rest.has(" failed after ") { modernRun = rest.leadingNumber }
    } else if let rest = event.dropping("Test "), let name = rest.before(" passed after ") {
      if !rest.hasPrefix("run with "), !rest.hasPrefix("case ") { passed.append(String(name)) }
      running = nil
    } else if let rest = event.dropping("Test "), let name = rest.before(" failed after ") {
      if !rest.hasPrefix("run with "), !rest.hasPrefix("case ") { fails.insert(String(name)) }
      running = nil
    } else if let rest = event.dropping("Test "), let name = rest.droppingSuffix(" started."),
      !rest.hasPrefix("run"), !rest.hasPrefix("case")
    {
      running = String(name)
    } else if event.hasPrefix("Test "), event.hasSuffix(" skipped.") || event.has(" skipped: ") {
      modernSkips += 1
    } else if let rest = event.dropping("Test "), rest.has(" recorded an issue") {
      readIssue(rest)
    }
  }

  private var executedModern: Int? {
    guard let modernRun else { return modern }
    return (modern ?? 0) + max(0, modernRun - modernSkips)
  }

  /// `NAME recorded an issue [with …] at FILE:LINE:COL: MESSAGE`
  private mutating func readIssue(_ rest: Substring) {
    guard let name = rest.before(" recorded an issue"), let tail = rest.after(" recorded an issue") else {
      return
    }
    let arguments = tail.dropping(" with ")?.before(" at ")
    var test = String(name)
    if let arguments { test += " with \(arguments)" }
    guard let located = tail.after(" at "), let place = located.before(": ").flatMap(DiagnosticReader.place)
    else {
      failures.append(GateFailure(test: test, message: String(tail.after(": ") ?? tail)))
      return acceptsComment = true
    }
    failures.append(
      GateFailure(test: test, file: place.file, line: place.line, message: String(located.after(": ") ?? "")))
    acceptsComment = true
  }

  /// `/path/x.swift:5: error: Class.test : message`
  private mutating func readClassicFailure(_ line: Substring) -> Bool {
    let front = line.before(": error: ") ?? ""
    let place = DiagnosticReader.place(front)
    guard place != nil || front.hasPrefix("<EXPR>"),
      let rest = line.after(": error: "), let name = rest.before(" : "),
      !name.has(" ") || name.hasPrefix("-["),
      name.has(".") || name.hasPrefix("-["), let message = rest.after(" : ")
    else { return false }
    failures.append(
      GateFailure(test: String(name), file: place?.file, line: place?.line, message: String(message)))
    isInMessage = true
    return true
  }
}
