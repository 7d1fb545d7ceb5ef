/// Maven's Surefire and Failsafe: totals per module after `Results:`, with lists of failures and errors.
struct SurefireReader: OutputReader {
  static let runner = "surefire"
  private(set) var failures: [GateFailure] = []
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private var list = List.none
  /// The places of failures in the text of each class: `\tat shop.ShopTest.bad(ShopTest.java:7)`.
  private var places: [String: DiagnosticReader.Place] = [:]

  private enum List { case none, failures, flakes }

  var isOpen: Bool { list != .none }

  mutating func read(_ line: Substring) {
    let text = Self.message(line)
    if text.hasPrefix("Tests run: "), text.has(", Failures: "), text.has(", Skipped: ") {
      list = .none
      // Lines with a time are about one class; the module's total has none.
      guard !text.has("Time elapsed"), let run = text.after("Tests run: ")?.leadingNumber,
        let skips = text.after("Skipped: ")?.leadingNumber
      else { return }
      executed.add(max(0, run - skips))
      skipped.add(skips)
      failed =
        (failed ?? 0) + (text.after("Failures: ")?.leadingNumber ?? 0)
        + (text.after("Errors: ")?.leadingNumber ?? 0)
    } else if text == "No tests to run." || text.hasPrefix("No tests were executed")
      || text == "Tests are skipped."
    {
      executed.add(0)
    } else if text.trimmed == "Flakes:" {
      list = .flakes
    } else if text.trimmed == "Failures:" || text.trimmed == "Errors:",
      line.hasPrefix("[ERROR]") || list != .none || line == "Failed tests:"
    {
      list = .failures
    } else if text.hasPrefix("Failed tests:") || text.hasPrefix("Tests in error:") {
      list = .failures
      if let first = text.after("tests:")?.trimmed, !first.isEmpty { readEntry(first) }
    } else if list == .failures {
      readList(line, text)
    } else if list == .flakes {
      if line.hasPrefix("[INFO]") { list = .none }
    } else if let frame = line.trimmed.dropping("at "), let inside = frame.after("(")?.before(")"),
      let place = DiagnosticReader.place(inside), let method = frame.before("(")
    {
      let parts = method.parts(".")
      if parts.count >= 2 { places["\(parts[parts.count - 2]).\(parts[parts.count - 1])"] = place }
    }
  }

  private mutating func readList(_ line: Substring, _ text: Substring) {
    // node's dot reporter has a list of that name, too.
    if line.hasPrefix("[INFO]") || line.hasPrefix("[WARNING] Tests run") || line.hasPrefix("✖ ") {
      list = .none
    } else if line.hasPrefix("[ERROR]   ")
      || (!line.hasPrefix("[") && line.hasPrefix("  ") && !line.hasPrefix("   ") && line.has("."))
    {
      readEntry(text.trimmed)
    } else if !text.trimmed.isEmpty, text.startIndex == line.startIndex, !line.hasPrefix("[INFO]"),
      !line.hasPrefix("[ERROR]"), let last = failures.last
    {
      failures[failures.count - 1] = GateFailure(
        test: last.test, file: last.file, line: last.line, message: "\(last.message)\n\(text.trimmed)")
    }
  }

  /// `AppTest.testFoo:15 expected:<1> but was:<2>`, `AppTest.testBar:9->helper:20 » NullPointer`
  private mutating func readEntry(_ entry: Substring) {
    if entry.isEmpty { return }
    let head = entry.before(" ") ?? entry
    let first = head.before("->") ?? head
    let name = first.before(":") ?? first
    // The last one called is where it failed: a method of the same class, or of one that is named.
    let last = head.components("->").last ?? first
    let called = last.before(":") ?? last
    let line = last.after(":")?.leadingNumber
    let owner = called.before(".") ?? name.before(".")
    let file = line == nil ? nil : owner.map { "\($0.before("$") ?? $0).java" }
    failures.append(
      GateFailure(
        test: String(name), file: file, line: line, message: String((entry.after(" ") ?? "").trimmed)))
  }

  private static func message(_ line: Substring) -> Substring {
    for level in ["[INFO] ", "[ERROR] ", "[WARNING] "] {
      if let rest = line.dropping(level) { return rest }
    }
    return line
  }

  mutating func finish() {
    for index in failures.indices {
      guard let name = failures[index].test, let place = places[name] else { continue }
      if failures[index].file != nil, failures[index].line == place.line || failures[index].line == nil {
        failures[index].file = place.file
      }
      if failures[index].file == nil {
        (failures[index].file, failures[index].line) = (place.file, place.line)
      }
    }
  }
}

/// JUnit's own text (`JUnitCore`, Bazel): a numbered list after `There were 3 failures:`.
struct JUnitTextReader: OutputReader {
  static let runner = "junit"
  private var list = FailureList()
  private var isInList = false
  private var isThere = false
  private(set) var executed: Int?
  private(set) var failed: Int?
  var failures: [GateFailure] { list.all }
  var isOpen: Bool { isInList }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if line.hasPrefix("JUnit version ") {
      isThere = true
    } else if !isThere {
      return
    } else if line.hasPrefix("There w"), text.hasSuffix(":"), text.has(" failure") {
      isInList = true
    } else if line.hasPrefix("Tests run: "), let total = line.after("Tests run: ")?.leadingNumber,
      let count = line.after("Failures: ")?.leadingNumber
    {
      list.end()
      isInList = false
      executed.add(total)
      failed.add(count)
    } else if let rest = line.dropping("OK ("), let total = rest.leadingNumber {
      executed.add(total)
    } else if isInList {
      if let number = line.before(") "), Int(number) != nil {
        list.begin(String((line.after(") ") ?? "").trimmed))
      } else if let frame = text.dropping("at ") {
        if !JavaFrames.isOfLibrary(frame), let inside = frame.after("(")?.before(")") {
          list.place(DiagnosticReader.place(inside))
        }
      } else {
        list.add(text)
      }
    }
  }

  mutating func finish() { list.end() }
}

/// Gradle: `ShopTest > bad() FAILED` with its error below, and `3 tests completed, 1 failed`.
struct GradleReader: OutputReader {
  static let runner = "gradle"
  private var list = FailureList()
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  private var isTestTask = false
  private var told = 0
  var failures: [GateFailure] { list.all }
  var isOpen: Bool { list.isOpen }

  mutating func read(_ line: Substring) {
    if let task = line.dropping("> Task ") {
      list.end()
      let name = task.before(" ") ?? task
      let isTest = name.hasSuffix("est") || name.hasSuffix("Test") || name.hasSuffix("UnitTest")
      isTestTask = isTest
      if isTest, task.hasSuffix("NO-SOURCE") || task.hasSuffix("SKIPPED") { executed.add(0) }
    } else if line.has(" > "), let name = line.droppingSuffix(" FAILED"), !line.hasPrefix(">") {
      list.begin(String(name))
      told += 1
      failed.add(1)
    } else if line.has(" > "), let name = line.droppingSuffix(" PASSED") {
      list.end()
      told += 1
      passed.append(String(name))
      executed.add(0)
    } else if line.has(" > "), line.hasSuffix(" SKIPPED") {
      list.end()
      skipped.add(1)
    } else if line.has(" tests completed") || line.has(" test completed"), let total = line.leadingNumber {
      list.end()
      let skips = line.number(before: "skipped") ?? 0
      executed.add(max(0, total - skips))
      told = 0
      if let count = line.number(before: "failed") { failed = max(failed ?? 0, count) }
    } else if line.hasPrefix("FAILURE: ") || line.hasPrefix("BUILD ") {
      list.end()
    } else if list.isOpen {
      let text = line.trimmed
      if let frame = text.dropping("at ") {
        let place = (frame.after("(")?.before(")") ?? frame.after("at ")).flatMap {
          DiagnosticReader.place($0)
        }
        if let place, !JavaFrames.isOfLibrary(frame) {
          list.place(place)
        }
      } else if text.isEmpty {
        if list.last?.message.isEmpty == false { list.end() }
      } else {
        // `java.lang.AssertionError at ShopTest.java:7`
        if let at = text.after(" at "), text.has(".java:") || text.has(".kt:") || text.has(".groovy:"),
          let place = DiagnosticReader.place(at)
        {
          list.place(place)
          list.add(text.before(" at ") ?? text)
        } else {
          list.add(text)
        }
      }
    }
  }

  mutating func finish() {
    list.end()
    if executed != nil || failed != nil { executed.add(told) }
  }
}

/// `dotnet test`: `  Failed Name [3 ms]` with message and stack, and `Failed!  - Failed: 1, Passed: 2, …`.
struct DotnetReader: OutputReader {
  static let runner = "dotnet test"
  private var list = FailureList()
  private var part = Part.none
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  private var isBlock = false

  private enum Part { case none, message, stack, output }

  var failures: [GateFailure] { list.all }
  var isOpen: Bool { list.isOpen || isBlock }

  mutating func read(_ line: Substring) {
    let text = line.trimmed
    if line.hasPrefix("  Failed "), text.hasSuffix("]"), let name = text.dropping("Failed ")?.before(" [") {
      list.begin(String(name))
      part = .none
    } else if line.hasPrefix("  Passed "), text.hasSuffix("]"),
      let name = text.dropping("Passed ")?.before(" [")
    {
      list.end()
      passed.append(String(name))
    } else if text.hasPrefix("Failed!") || text.hasPrefix("Passed!") || text.hasPrefix("Skipped!"),
      text.has("Total:")
    {
      list.end()
      func count(_ name: String) -> Int { (text.after(name)?.trimmed.leadingNumber) ?? 0 }
      let (fails, skips, total) = (count("Failed:"), count("Skipped:"), count("Total:"))
      executed.add(max(0, total - skips))
      skipped.add(skips)
      failed.add(fails)
    } else if line.hasPrefix("Total tests: "), let total = line.after(": ")?.leadingNumber {
      list.end()
      isBlock = true
      executed.add(total)
    } else if isBlock, text.hasPrefix("Failed: ") || text.hasPrefix("Skipped: ") || text.hasPrefix("Passed: ")
    {
      let number = text.after(": ")?.trimmed.leadingNumber ?? 0
      if text.hasPrefix("Failed") { failed.add(number) }
      if text.hasPrefix("Skipped") {
        skipped.add(number)
        executed = executed.map { max(0, $0 - number) }
      }
    } else if text.hasPrefix("No test is available in ")
      || text.hasPrefix("No test matches the given testcase filter")
    {
      executed.add(0)
    } else if text.hasPrefix("Test summary: total: "), let total = text.after("total: ")?.leadingNumber {
      let skips = text.after("skipped: ")?.leadingNumber ?? 0
      executed.add(max(0, total - skips))
      skipped.add(skips)
      failed.add(text.after("failed: ")?.leadingNumber ?? 0)
    } else if list.isOpen {
      switch text {
      case "Error Message:": part = .message
      case "Stack Trace:": part = .stack
      case "Standard Output Messages:", "Standard Error Messages:": part = .output
      default:
        if part == .message { list.add(text) }
        if part == .stack, let rest = text.after(" in "), let file = rest.before(":line "),
          let number = rest.after(":line ")?.leadingNumber
        {
          list.place(DiagnosticReader.Place(file: String(file), line: number, hasColumn: false))
        }
      }
    } else {
      isBlock = isBlock && line.hasPrefix(" ")
    }
  }

  mutating func finish() { list.end() }
}

/// The lines of a stack trace of the JVM.
enum JavaFrames {
  private static let libraries = [
    "org.junit.", "junit.", "org.opentest4j.", "java.", "javax.", "jdk.", "sun.", "kotlin.", "kotlinx.",
    "groovy.", "scala.", "org.gradle.", "org.assertj.", "org.hamcrest.", "org.mockito.", "org.testng.",
    "io.kotest.", "org.spockframework.", "com.google.common.truth.", "org.apache.maven.",
  ]

  /// Whether a frame, as it stands behind `at`, is none of the project: `app//org.junit.…`,
  /// `java.base/java.…`.
  static func isOfLibrary(_ frame: Substring) -> Bool {
    let method = frame.before("(") ?? frame
    let name = method.utf8.lastIndex(of: UInt8(ascii: "/")).map { method[method.utf8.index(after: $0)...] }
    return libraries.contains { (name ?? method).hasPrefix($0) }
  }
}
