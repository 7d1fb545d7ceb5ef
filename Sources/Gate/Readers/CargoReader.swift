/// `cargo test`: one section per binary and for the doc-tests, each with `running N tests` and a result line.
struct CargoReader: OutputReader {
  static let runner = "cargo test"
  private var names: [String] = []
  private var panics = PanicCollector()
  private var earlier: Int?
  private var current: Int?
  private var block: (name: String, lines: [String])?
  private var blocks: [String: String] = [:]
  private var skips = 0
  private var fails = 0
  private(set) var passed: [String] = []

  var executed: Int? {
    guard earlier != nil || current != nil else { return nil }
    return (earlier ?? 0) + (current ?? 0)
  }
  var skipped: Int? { executed == nil ? nil : skips }
  var failed: Int? { executed == nil ? nil : fails }
  var isOpen: Bool { block != nil || isListing || panics.isOpen }

  /// Where the names of this section begin, and what its last list names.
  private var sectionStart = 0
  private var listed: [String] = []
  private var isListing = false

  /// What ended the whole program, and whether its result line is still to come.
  private var crashes: [GateFailure] = []
  private var isRunning = false

  var failures: [GateFailure] { panics.failures(of: names, otherwise: blocks) + crashes }

  mutating func read(_ line: Substring) {
    panics.read(line)
    if let rest = line.dropping("running "), rest.hasSuffix(" tests") || rest.hasSuffix(" test") {
      // One result line ends each section, the last one: a test may print another before it.
      if let current { earlier = (earlier ?? 0) + current }
      current = nil
      isRunning = true
      if block == nil { sectionStart = names.count }
    } else if let rest = line.dropping("thread '"), line.hasSuffix(" has overflowed its stack"), isRunning,
      let name = rest.before("'")
    {
      crash(GateFailure(test: String(name), message: "has overflowed its stack"))
    } else if line.trimmed.hasPrefix("process didn't exit successfully: "),
      let signal = line.after("` (signal: "),
      isRunning
    {
      crash(
        GateFailure(
          test: "a test program of cargo", message: "was ended by signal \(signal.before(")") ?? signal)"))
    } else if line.trimmed.hasPrefix("process didn't exit successfully: "), isRunning,
      let code = line.after("` (exit status: ")?.leadingNumber
    {
      crash(GateFailure(test: "a test program of cargo", message: "ended itself with \(code)"))
    } else if let rest = line.dropping("test result: "), rest.has(" measured;") {
      endBlock()
      isRunning = false
      current = Self.count(rest)
      skips += rest.number(before: "ignored") ?? 0
      endSection(failed: rest.number(before: "failed") ?? 0)
    } else if block != nil, line.hasPrefix("test ") {
      // All results come before what the tests have printed.
      block?.lines.append(String(line))
    } else if let rest = line.dropping("test "), let name = rest.droppingSuffix(" ... FAILED") {
      names.append(String(name.droppingSuffix(" - should panic") ?? name))
    } else if let rest = line.dropping("test "), let name = rest.droppingSuffix(" ... ok") {
      if passed.count < 200_000 { passed.append(String(name)) }
    } else if let name = line.dropping("---- ")?.droppingSuffix(" stdout ----") {
      endBlock()
      block = (String(name), [])
      if !names.contains(String(name)) { names.append(String(name)) }
    } else if line == "failures:" {
      endBlock()
      (listed, isListing) = ([], true)
    } else if isListing, line.hasPrefix("    "), listed.count < FailureList.most {
      listed.append(String(line.trimmed))
    } else if !line.isEmpty {
      // What else a test has printed below that word is not waited for.
      isListing = false
      block?.lines.append(String(line))
    }
  }

  mutating func finish() {
    endBlock()
    panics.finish()
  }

  private mutating func crash(_ failure: GateFailure) {
    isRunning = false
    crashes.append(failure)
    fails += 1
    earlier = (earlier ?? 0) + passed.count + 1
  }

  /// The list before the result names them all, and nothing else: also where a test's output stands between
  /// its name and how it ended.
  private mutating func endSection(failed count: Int) {
    fails += count
    if count > 0, listed.count == count {
      let known = Set(names[sectionStart...])
      let all = Set(listed)
      names[sectionStart...].removeAll { !all.contains($0) }
      names += listed.filter { !known.contains($0) }
    }
    sectionStart = names.count
    (listed, isListing) = ([], false)
  }

  private mutating func endBlock() {
    isListing = false
    if let block { blocks[block.name] = block.lines.joined(separator: "\n") }
    block = nil
  }

  private static func count(_ rest: Substring) -> Int {
    var total = 0
    for part in (rest.after(". ") ?? rest).parts(";") {
      let words = part.parts(" ")
      guard words.count >= 2, let number = Int(words[0]) else { continue }
      if words[1] == "passed" || words[1] == "failed" || words[1] == "measured" { total += number }
    }
    return total
  }
}

/// `cargo nextest run`: a line per test and `Summary [ 0.005s] 4 tests run: …` at the end.
struct NextestReader: OutputReader {
  static let runner = "cargo nextest"
  private(set) var executed: Int?
  private var names: [String] = []
  private var seen: Set<String> = []
  private var panics = PanicCollector()
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []

  var isOpen: Bool { panics.isOpen }
  /// How a test ended that told nothing.
  private var ends: [String: String] = [:]
  var failures: [GateFailure] { panics.failures(of: names, otherwise: ends) }

  mutating func read(_ line: Substring) {
    panics.read(line)
    let text = line.trimmed
    if text.hasPrefix("Summary ["), let rest = text.after("] "), rest.has(" run:") {
      executed.add(rest.leadingNumber ?? 0)
      skipped.add(rest.number(before: "skipped") ?? 0)
      failed.add(rest.number(before: "failed") ?? 0)
    } else if text == "error: no tests to run" {
      executed.add(0)
    } else if line.indentation >= 2, text.has(" ["), text.has("s] ") {
      let word = text.before(" [") ?? ""
      if word == "PASS", let name = text.after("s] ") { passed.append(String(name.trimmed)) }
      guard
        word == "FAIL" || word.hasPrefix("SIG") || word == "TIMEOUT"
          || word.hasPrefix("TRY") && text.has("FAIL"),
        let name = text.after("s] ").map({ $0.trimmed }), seen.insert(String(name)).inserted
      else { return }
      names.append(String(name))
      if word.hasPrefix("SIG") { ends[String(name)] = "ended by \(word)" }
      if word == "TIMEOUT" { ends[String(name)] = "timed out" }
    }
  }

  mutating func finish() { panics.finish() }
}

/// Collects what Rust's panic handler prints, by the name of the thread, which is the test's.
struct PanicCollector {
  private var found: [String: GateFailure] = [:]
  private var current: (name: String, place: DiagnosticReader.Place?, lines: [String])?
  var isOpen: Bool { current != nil }

  /// How deep the runner indents what a test prints.
  private var indentation = 0

  mutating func read(_ line: Substring) {
    if let rest = line.trimmed.dropping("thread '"), let name = rest.before("'"), rest.has(" panicked at ") {
      finish()
      indentation = line.indentation
      let tail = rest.after(" panicked at ") ?? ""
      if let place = tail.droppingSuffix(":").flatMap(DiagnosticReader.place) {
        current = (String(name), place, [])
      } else {
        // Before Rust 1.73: panicked at 'message', src/lib.rs:6:111
        let place = tail.parts(" ").last.flatMap(DiagnosticReader.place)
        current = (String(name), place, [String(tail)])
      }
    } else if let started = current {
      let text = line.trimmed
      // A test that should panic tells of another panic below the word for it.
      let isNote =
        text.hasPrefix("note: ") && !text.has("expected string") && !text.has("expected panic with")
      let isOver = isNote || text.hasPrefix("stack backtrace:") || text.hasPrefix("---- ")
      if isOver || (text.isEmpty && !started.lines.isEmpty) {
        finish()
      } else {
        current?.lines.append(String(line.dropFirst(min(indentation, line.indentation))))
      }
    }
  }

  mutating func finish() {
    guard let ended = current else { return }
    current = nil
    if found[ended.name] != nil { return }
    found[ended.name] = GateFailure(
      test: ended.name, file: ended.place?.file, line: ended.place?.line,
      message: ended.lines.joined(separator: "\n"))
  }

  /// One failure per failed test; a name that a runner prints with its binary before it ends in the thread's.
  func failures(of names: [String], otherwise blocks: [String: String]) -> [GateFailure] {
    names.map { name in
      if var failure = found[name] ?? name[...].parts(" ").last.flatMap({ found[String($0)] }) {
        failure.test = name
        return failure
      }
      let block = lines(of: blocks[name] ?? "")
      let message = block.prefix { !$0.trimmed.hasPrefix("stack backtrace:") }.map { String($0) }.joined(
        separator: "\n")
      // A doc-test is named by its place: `src/lib.rs - add (line 1)`.
      if let file = name[...].before(" - "), DiagnosticReader.isPath(file),
        let line = name[...].after("(line ")?.leadingNumber
      {
        return GateFailure(test: name, file: String(file), line: line, message: message)
      }
      return GateFailure(test: name, message: message)
    }
  }
}
