import CanonicalJSON

/// `go test`, with and without `-v`, and with `-json`.
///
/// Without `-v` go only tells of packages, so each that passed counts as one test.
struct GoReader: OutputReader {
  static let runner = "go test"
  private var found: [GateFailure] = []
  private var isThere = false
  private var isVerbose = false
  private var tests = 0
  private var packages = 0
  private var skips = 0
  private var fails = 0
  private var own: [String] = []
  /// The output of the test that runs now (`-v` prints it before the result).
  private var running: (name: String, lines: [String])?
  private var outputs: [String: [String]] = [:]
  /// The failure that takes the indented lines that follow, and how deep its own line was.
  private var open: (failure: GateFailure, indentation: Int, isPanic: Bool)?
  private var events = GoEvents()
  /// The tests that began: what a test prints may look like the result of one that did not.
  private var started: Set<String> = []
  /// What was found before the package that is read now.
  private var before = (found: 0, fails: 0)
  /// The last failure, when it says nothing and a lone `FAIL` follows, which ends a program's results: where
  /// there are more, a test has printed both.
  private var printed: Int?
  /// What gotestsum has counted in the runs that ended.
  private var summed = (tests: 0, skips: 0, fails: 0)
  /// Within the list that gotestsum ends with.
  private var isSummed = false
  /// What a package prints that is no test's, and how many more lines of it are looked at.
  private var stray: [String] = []
  private var patience = 0

  var executed: Int? { events.isThere ? events.executed : isThere ? (isVerbose ? tests : packages) : nil }
  var skipped: Int? { events.isThere ? events.skipped : isThere && isVerbose ? skips : nil }
  var failed: Int? { events.isThere ? events.failed : isThere ? fails : nil }
  var passed: [String] { events.isThere ? events.passed : own }
  var isOpen: Bool { open != nil || running != nil || patience > 0 }

  /// A parent of failed sub-tests that has nothing of its own to say is none.
  var failures: [GateFailure] {
    let all = found + events.failures
    var told: Set<String> = []
    return all.filter { failure in
      guard let name = failure.test else { return true }
      if !told.insert("\(name)\u{0}\(failure.file ?? "")\u{0}\(failure.line ?? 0)").inserted { return false }
      guard failure.message.isEmpty else { return true }
      return !all.contains { other in
        other.test?.hasPrefix(name + "/") == true || other.test == name && !other.message.isEmpty
      }
    }
  }

  mutating func read(_ line: Substring) {
    if line.hasPrefix("{\""), line.has("\"Action\":\""), events.read(line) { return }
    let text = line.trimmed
    if text.hasPrefix("=== PAUSE ") {
      switchTest(nil)
    } else if let rest = text.dropping("=== RUN ") ?? text.dropping("=== CONT ") ?? text.dropping("=== NAME ")
    {
      isVerbose = true
      if started.count < 200_000 { started.insert(String(rest.trimmed)) }
      switchTest(String(rest.trimmed))
    } else if text.hasPrefix("=== FAIL: "), text.hasSuffix("s)"), let rest = text.dropping("=== FAIL: "),
      let name = rest.after(" ")?.before(" (")
    {
      // gotestsum tells the failures once more, at its end.
      switchTest(nil)
      close()
      isSummed = true
      open = (GateFailure(test: String(name), message: ""), -1, false)
    } else if text == "=== Failed" || text == "=== Skipped" || text == "=== Errors" {
      switchTest(nil)
      close()
    } else if isSummed, text.hasPrefix("--- ") || text.hasPrefix("=== ") {
      if text.hasPrefix("=== ") && !text.hasPrefix("=== RUN") { close() }
      return
    } else if text.hasPrefix("DONE "), text.has(" test"), let total = text.dropping("DONE ")?.leadingNumber,
      text.has(" in ")
    {
      close()
      isThere = true
      isVerbose = true
      let left = text.number(before: "skipped") ?? 0
      tests = summed.tests + total - left
      skips = summed.skips + left
      let bad = text.number(before: "failures") ?? text.number(before: "failure")
      fails = bad.map { summed.fails + $0 } ?? fails
      summed = (tests, skips, fails)
      isSummed = false
    } else if text.hasPrefix("--- "), readResult(text, indentation: line.indentation) {
      return
    } else if !isVerbose, line.indentation == 0, !text.hasPrefix("--- "), text.hasSuffix("s)"),
      let rest = text.after("--- FAIL: "), readResult(Substring("--- FAIL: " + rest), indentation: 0)
    {
      // The test has printed half a line.
      return
    } else if readPackage(line) {
      close()
      switchTest(nil)
    } else if text.hasPrefix("panic: "), line.indentation == 0 {
      let failure = open?.failure
      if failure == nil || failure?.message.isEmpty == false { close() }
      let test = failure?.message.isEmpty == true ? failure?.test : running?.name
      if test != nil, failure == nil { fails += 1 }
      open = (GateFailure(test: test, message: String(text)), 0, true)
    } else if open?.isPanic == true {
      readPanic(line, text)
    } else if let open, line.indentation > open.indentation || open.failure.test?.hasPrefix("Example") == true
    {
      append(text)
    } else if running != nil {
      running?.lines.append(String(text))
    } else if patience > 0 {
      patience -= 1
      if !text.isEmpty, !line.hasPrefix("# "), !text.hasPrefix("coverage: ") {
        stray = (stray + [String(text)]).suffix(10)
      }
    }
  }

  mutating func finish() {
    close()
    events.finish()
  }

  /// `running tests:` names those that a time-out cut off; the first frame that is not go's own is the place.
  private mutating func readPanic(_ line: Substring, _ text: Substring) {
    if text.hasPrefix("Test"), line.hasPrefix("\t"), text.has(" ("), open?.failure.test == nil {
      open?.failure.test = String(text.before(" (") ?? text)
    } else if line.indentation == 0, open?.failure.test == nil,
      open?.failure.message.contains("timed out") == true,
      let call = text.before("("), let name = call.split(separator: ".").last, name.hasPrefix("Test"),
      call.has("."),
      !call.hasPrefix("testing.")
    {
      // Older ones name it in its stack only.
      open?.failure.test = String(name)
    } else if line.hasPrefix("\t"), let front = text.before(" +0x") ?? (text.has(".go:") ? text : nil),
      let place = DiagnosticReader.place(front), open?.failure.file == nil,
      open?.failure.message.contains("timed out") != true || open?.failure.test != nil,
      !place.file.hasPrefix("_testmain"), !place.file.contains("/src/testing/"),
      !place.file.contains("/src/runtime/"),
      !place.file.contains("/usr/local/go/"), !place.file.contains("/lib/go")
    {
      open?.failure.file = place.file
      open?.failure.line = place.line
    }
  }

  /// `--- FAIL: TestX/sub (0.00s)`
  private mutating func readResult(_ text: Substring, indentation: Int) -> Bool {
    guard let rest = text.dropping("--- "), let colon = rest.before(": "), rest.hasSuffix("s)"),
      let name = rest.after(": ")?.before(" ("), GoReader.isResult(rest, of: name)
    else { return false }
    if isVerbose, started.count < 200_000, !started.isEmpty, colon != "BENCH",
      !started.contains(String(name))
    {
      return false
    }
    switchTest(nil)
    if let printed, found.indices.contains(printed), printed == found.count - 1 {
      found.removeLast()
      (tests, fails) = (tests - 1, fails - 1)
    }
    printed = nil
    switch colon {
    case "PASS", "BENCH":
      close()
      tests += 1
      if own.count < 200_000 { own.append(String(name)) }
    case "SKIP":
      close()
      skips += 1
    case "FAIL":
      close()
      tests += 1
      fails += 1
      open = (GateFailure(test: String(name), message: ""), indentation, false)
      for line in outputs.removeValue(forKey: String(name)) ?? [] { append(line[...]) }
    default: return false
    }
    return true
  }

  /// Whether a result is as go writes them, and not what a test has printed: the name of a function that go
  /// takes for a test, and a time with two decimals.
  private static func isResult(_ rest: Substring, of name: Substring) -> Bool {
    let kinds = ["Test", "Fuzz", "Example", "Benchmark"]
    guard let kind = kinds.first(where: { name.hasPrefix($0) }), !name.contains(" "),
      name.dropFirst(kind.count).first?.isLowercase != true, let open = rest.lastIndex(of: "(")
    else { return false }
    let time = rest[rest.index(after: open)...].dropLast(2).utf8
    let parts = time.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 2 && parts[1].count == 2
      && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { byte in (0x30...0x39).contains(byte) } }
  }

  private mutating func readPackage(_ line: Substring) -> Bool {
    if let rest = line.dropping("ok  \t") {
      isThere = true
      if !rest.has("[no tests to run]") { packages += 1 }
      // What looked like a failure in a package that passed was printed by its tests.
      close()
      if found.count > before.found { found.removeSubrange(before.found...) }
      fails = min(fails, before.fails)
      endPackage()
    } else if line.hasPrefix("?   \t") && line.has("[no test files]") {
      isThere = true
    } else if let rest = line.dropping("FAIL\t") {
      isThere = true
      fails += fails == 0 ? 1 : 0
      let isBuilt = !rest.has("[build failed]") && !rest.has("[setup failed]")
      if isBuilt { packages += 1 }
      close()
      if isBuilt, !isSummed, found.count == before.found { failPackage(rest.before("\t") ?? rest) }
      endPackage()
    } else if line == "FAIL" {
      close()
      if let last = found.last, last.message.isEmpty, !isVerbose { printed = found.count - 1 }
    } else {
      return line == "PASS" || line.hasPrefix("exit status ")
    }
    return true
  }

  /// A package that fails though none of its tests does ends itself, as a `TestMain` can.
  private mutating func failPackage(_ name: Substring) {
    let told = running?.lines ?? stray
    guard found.count < FailureList.most else { return }
    found.append(
      GateFailure(
        test: running?.name ?? String(name),
        message: told.isEmpty ? "ended without a failing test" : told.suffix(10).joined(separator: "\n")))
  }

  private mutating func endPackage() {
    (stray, patience) = ([], 50)
    before = (found.count, fails)
    started = []
    printed = nil
  }

  private mutating func append(_ text: Substring) {
    guard var failure = open?.failure else { return }
    // `file_test.go:12: message`; the first one is the test's place.
    if failure.file == nil, let place = text.before(": ").flatMap(DiagnosticReader.place) {
      failure.file = place.file
      failure.line = place.line
      failure.message = String(text.after(": ") ?? "")
    } else if failure.message.utf8.count < 8000 {
      failure.message += (failure.message.isEmpty ? "" : "\n") + text
    }
    open?.failure = failure
  }

  private mutating func switchTest(_ name: String?) {
    if let running, !running.lines.isEmpty { outputs[running.name, default: []] += running.lines.prefix(200) }
    running = name.map { ($0, []) }
    if name != nil { close() }
  }

  private mutating func close() {
    guard let (failure, _, _) = open else { return }
    open = nil
    guard found.count < FailureList.most else { return }
    found.append(
      GateFailure(
        test: failure.test, file: failure.file, line: failure.line, message: GoReader.trimmed(failure.message)
      ))
  }

  private static func trimmed(_ text: String) -> String {
    var text = text
    while text.hasSuffix("\n") { text.removeLast() }
    return text
  }
}

/// `go test -json`: an event a line.
private struct GoEvents {
  private(set) var isThere = false
  private(set) var executed = 0
  private(set) var skipped = 0
  private(set) var failed = 0
  private(set) var failures: [GateFailure] = []
  private(set) var passed: [String] = []
  private var outputs: [String: [String]] = [:]
  /// The tests that run now: what one prints may be taken for the result of another.
  private var running: Set<String> = []
  /// The packages of which something is told.
  private var broken: Set<String> = []

  mutating func read(_ line: Substring) -> Bool {
    guard let event = StreamValue.parse(Array(line.utf8)), let action = event["Action"]?.text else {
      return false
    }
    let package = event["Package"]?.text ?? event["ImportPath"]?.text ?? ""
    let test = event["Test"]?.text
    let key = package + "\u{0}" + (test ?? "")
    isThere = true
    if test != nil {
      if action == "run" { running.insert(key) }
      if ["pass", "fail", "skip"].contains(action), running.remove(key) == nil { return true }
    }
    switch action {
    case "output", "build-output":
      let text = event["Output"]?.text ?? ""
      if (outputs[key]?.count ?? 0) < 200 { outputs[key, default: []].append(text) }
    case "pass":
      if let test {
        executed += 1
        if passed.count < 200_000 { passed.append(test) }
      }
      outputs[key] = nil
    case "skip":
      if test != nil { skipped += 1 }
      outputs[key] = nil
    case "fail", "build-fail":
      if let test {
        executed += 1
        failed += 1
        broken.insert(package)
        failures += GoEvents.failures(outputs[key] ?? [], test)
      } else {
        if failed == 0 { failed = 1 }
        let found = GoEvents.diagnostics(outputs[key] ?? [])
        failures += found
        let hasFailed = event["FailedBuild"] != nil || broken.remove(package) != nil
        if action == "build-fail" || !found.isEmpty { broken.insert(package) }
        if action == "fail", found.isEmpty, !hasFailed {
          failures += GoEvents.ended(package, outputs[key] ?? [])
        }
      }
      outputs[key] = nil
    default: break
    }
    return true
  }

  mutating func finish() {}

  /// The output of one test, read as the text would be.
  private static func failures(_ output: [String], _ test: String) -> [GateFailure] {
    var reader = GoReader()
    var hasResult = false
    // The test's own lines come before its result.
    var ordered = output.filter { !$0[...].trimmed.hasPrefix("--- ") && !$0[...].trimmed.hasPrefix("=== ") }
    let result = "--- FAIL: \(test) (0.00s)\n"
    ordered.insert(result, at: 0)
    for line in lines(of: ordered.joined()) {
      if line.hasPrefix("--- FAIL") { hasResult = true }
      reader.read(
        hasResult && !line.hasPrefix("--- ") && !line.hasPrefix("panic: ") && !line.hasPrefix("\t")
          ? "    " + line : line)
    }
    reader.finish()
    let found = reader.failures
    return found.isEmpty ? [GateFailure(test: test, message: "")] : Array(found.prefix(1))
  }

  /// A package of which no test failed.
  private static func ended(_ package: String, _ output: [String]) -> [GateFailure] {
    let lines = lines(of: output.joined()).filter {
      !$0.isEmpty && $0 != "FAIL" && $0 != "PASS" && !$0.hasPrefix("FAIL\t") && !$0.hasPrefix("exit status ")
        && !$0.hasPrefix("coverage: ") && !$0.hasPrefix("# ")
    }
    if output.contains(where: { $0.hasPrefix("FAIL\t") && $0.hasSuffix(" failed]\n") }) { return [] }
    let told = lines.suffix(10).joined(separator: "\n")
    return [GateFailure(test: package, message: told.isEmpty ? "ended without a failing test" : told)]
  }

  private static func diagnostics(_ output: [String]) -> [GateFailure] {
    var reader = DiagnosticReader(isStrict: true)
    for line in lines(of: output.joined()) { reader.read(line) }
    reader.finish()
    return reader.diagnostics(besides: [], ranNothing: false)
  }
}
