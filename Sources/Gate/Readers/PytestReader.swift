/// pytest: sections between `=== TITLE ===` lines, a final summary line, short or long.
struct PytestReader: OutputReader {
  static let runner = "pytest"
  private(set) var failures: [GateFailure] = []
  private(set) var passed: [String] = []
  private var earlier: Counts?
  private var current: Counts?
  /// With `-q` nothing tells that a session begins: all tests that it has are done, and it is summed up.
  private var (isDone, isSummedUp) = (false, false)
  private var section = Section.other
  private var block: Block?
  private var blockIndexes: [String: [Int]] = [:]
  private var isUsage = false
  /// What `-v` says while the tests run; all that there is when nothing is summed up.
  private var told: [String] = []
  /// The last line of an error of pytest itself.
  private var fault: String?
  private var linePlaces: [(place: DiagnosticReader.Place, text: String)] = []

  private enum Section { case other, failures, short }

  private struct Counts {
    var executed = 0
    var skipped = 0
    var failed = 0
  }

  private struct Block {
    var name: String
    var lines: [String] = []
    var place: DiagnosticReader.Place?
    var isCaptured = false
    /// After a `File "…", line n` of a native traceback.
    var isNative = false
    /// What there is when no line is marked as the error's.
    var plain: [String] = []
    /// Whether only sub-tests failed in it: they are told by themselves.
    var isOfSubtests = false
  }

  /// Tests that only failed by their sub-tests.
  private var parents: Set<String> = []

  var isOpen: Bool { section != .other || isUsage }
  var executed: Int? { sum(\.executed) }
  var skipped: Int? { sum(\.skipped) }
  var failed: Int? { sum(\.failed) }

  private func sum(_ count: (Counts) -> Int) -> Int? {
    guard earlier != nil || current != nil else { return nil }
    return (earlier.map(count) ?? 0) + (current.map(count) ?? 0)
  }

  mutating func read(_ line: Substring) {
    if line.hasPrefix("=") || line.utf8.first.map({ $0 >= 0x30 && $0 <= 0x39 }) == true
      || line.hasPrefix("no tests")
    {
      readRule(line)
    }
    if line.hasSuffix("%]"), block?.isCaptured != true { readProgress(line) }
    switch section {
    case .failures: readBlock(line)
    case .short: readShort(line)
    case .other: readOther(line)
    }
  }

  mutating func finish() {
    endBlock()
    guard failures.isEmpty else { return }
    if told.isEmpty, let fault { failures = [GateFailure(message: "pytest: " + fault)] }
    failures += told.map { name in
      GateFailure(test: name, file: name[...].before("::").map(String.init), message: "failed")
    }
  }

  private mutating func readOther(_ line: Substring) {
    if isUsage {
      if let reason = line.dropping("pytest: error: ") ?? line.after(": error: ") {
        failures.append(GateFailure(message: "pytest: " + reason))
      }
      isUsage = false
    } else if line.hasPrefix("ERROR: usage: ") {
      isUsage = true
    } else if let reason = line.dropping("ERROR: ") ?? line.dropping("INTERNALERROR> "),
      reason.has("not found:") || reason.has("no match")
        || line.hasPrefix("INTERNAL") && reason.has("Error: ")
    {
      failures.append(GateFailure(message: "pytest: " + reason))
    } else if let rest = line.dropping("INTERNALERROR> "), let kind = rest.before(": "), !kind.has(" ") {
      fault = String(rest)
    } else if line.has("::"), let name = Self.verbosePass(line) {
      if passed.count < 200_000 { passed.append(name) }
    } else if line.has("::"), let name = line.verboseFailure, told.count < FailureList.most {
      told.append(name)
    }
  }

  /// `path::test PASSED [ 9%]`, `[gw0] [ 9%] PASSED path::test`
  private static func verbosePass(_ line: Substring) -> String? {
    if let name = line.before(" PASSED"), name.has("::"), !name.hasPrefix("[") { return String(name.trimmed) }
    if line.hasPrefix("[gw"), let name = line.after(" PASSED ") { return String(name.trimmed) }
    if let name = line.dropping("PASSED "), name.has("::") { return String(name.trimmed) }
    return nil
  }

  private mutating func readRule(_ line: Substring) {
    let title = Self.title(line)
    switch title {
    case "test session starts":
      // Each session has one summary, its last: what a test prints before that is not it.
      beginSession()
      section = .other
      blockIndexes = [:]
    case "FAILURES", "ERRORS":
      endBlock()
      section = .failures
    case "short test summary info":
      endBlock()
      section = .short
    case "warnings summary", "PASSES", "XFAILURES", "XPASSES", "slowest durations":
      endBlock()
      section = .other
    default:
      if block?.isCaptured == true, title == nil { return }
      if let counts = Self.summary(title ?? line) {
        current = counts
        isSummedUp = isDone
        isDone = false
        if title != nil || section == .short { endSection() }
      }
    }
  }

  private mutating func beginSession() {
    if let current {
      earlier = Counts(
        executed: (earlier?.executed ?? 0) + current.executed,
        skipped: (earlier?.skipped ?? 0) + current.skipped, failed: (earlier?.failed ?? 0) + current.failed)
    }
    current = nil
    (isDone, isSummedUp) = (false, false)
  }

  /// `..F.s   [ 57%]`: how far a session is.
  private mutating func readProgress(_ line: Substring) {
    guard line.hasSuffix("%]"), let signs = line.before(" "), !signs.isEmpty,
      signs.utf8.allSatisfy({ PytestReader.signs.contains($0) }),
      let percent = line.after("[")?.trimmed.leadingNumber
    else { return }
    if isSummedUp { beginSession() }
    if percent == 100 { isDone = true }
  }

  private static let signs = Set(".FEsxXpPR".utf8)

  private mutating func endSection() {
    guard block?.isCaptured != true else { return }
    endBlock()
    section = .other
  }

  private static func title(_ line: Substring) -> Substring? {
    guard line.hasPrefix("==") && line.hasSuffix("==") || line.hasPrefix("= ") && line.hasSuffix(" =") else {
      return nil
    }
    var text = line.utf8
    while text.first == UInt8(ascii: "=") { text = text.dropFirst() }
    while text.last == UInt8(ascii: "=") { text = text.dropLast() }
    return Substring(text).trimmed
  }

  /// `2 failed, 1 passed, 1 skipped in 1.36s`: `nil` for anything else.
  private static func summary(_ text: Substring) -> Counts? {
    guard let counts = text.before(" in "), let time = text.after(" in "), time.leadingNumber != nil,
      time.has("s")
    else { return nil }
    var found = Counts()
    if counts == "no tests ran" || counts.has(" tests collected") || counts.has(" test collected")
      || counts.hasPrefix("no tests collected")
    {
      return found
    }
    for part in counts.parts(",") {
      let words = part.parts(" ")
      guard words.count >= 2, let number = Int(words[0]) else { return nil }
      switch words[1] {
      case "passed", "xfailed", "xpassed", "subtests": found.executed += words[1] == "subtests" ? 0 : number
      case "failed", "error", "errors":
        found.executed += number
        found.failed += number
      case "skipped": found.skipped += number
      case "deselected", "warning", "warnings", "rerun": break
      default: return nil
      }
    }
    return found
  }

  private mutating func readBlock(_ line: Substring) {
    if line.hasPrefix("__"), line.hasSuffix("__") {
      var name = line.utf8
      while name.first == UInt8(ascii: "_") { name = name.dropFirst() }
      while name.last == UInt8(ascii: "_") { name = name.dropLast() }
      let title = Substring(name).trimmed
      // `_ _ _ _` separates the frames of one failure.
      if title.has("_ _ _") || title.isEmpty { return }
      endBlock()
      block = Block(name: String(title))
    } else if line.hasPrefix("----"), line.has(" Captured ") || line.has(" generated ") {
      block?.isCaptured = true
    } else if block == nil {
      // `--tb=line`: a place and what is wrong, without a name.
      if let (place, text) = DiagnosticReader.split(line), !line.hasPrefix(" "), linePlaces.count < 10_000 {
        linePlaces.append((place, String(text)))
      }
    } else if block?.isCaptured == false, block?.name.hasPrefix("[doctest]") == true {
      if let front = line.before(": "), let place = DiagnosticReader.place(front) {
        block?.place = place
      } else if line.utf8.first.map({ $0 >= 0x30 && $0 <= 0x39 }) != true, !line.isEmpty {
        block?.lines.append(String(line))
      }
    } else if block?.isCaptured == false {
      readMessage(line.dropping("  | ") ?? line)
    }
  }

  /// A line of the report of one failure, or of a group of exceptions without what it is drawn with.
  private mutating func readMessage(_ line: Substring) {
    if let text = line.dropping("E  ") {
      block?.lines.append(String(text.dropping(" ") ?? text))
      block?.isNative = false
      // What cannot be parsed is named by the error.
      if let place = text.trimmed.dropping("File \""), let file = place.before("\""),
        let number = place.after(", line ")?.leadingNumber
      {
        block?.place = DiagnosticReader.Place(file: String(file), line: number, hasColumn: false)
      }
    } else if line.hasPrefix("  File \""), let file = line.after("\"")?.before("\""),
      let number = line.after(", line ")?.leadingNumber
    {
      if Self.isOwn(file) {
        block?.place = DiagnosticReader.Place(file: String(file), line: number, hasColumn: false)
      }
      block?.isNative = true
      block?.lines.removeAll()
    } else if let front = line.before(": "), let place = DiagnosticReader.place(front), !line.hasPrefix(" ") {
      if Self.isOwn(place.file[...]) { block?.place = place }
    } else if let front = line.droppingSuffix(":"), let place = DiagnosticReader.place(front),
      !line.hasPrefix(" "), Self.isOwn(front), !front.has("::")
    {
      // The frames of a long traceback.
      if block?.place == nil { block?.place = place }
    } else if let rest = line.dropping("file "), let file = rest.before(", line "), block?.place == nil,
      let number = rest.after(", line ").flatMap({ Int($0) })
    {
      // A fixture that is not there.
      block?.place = DiagnosticReader.Place(file: String(file), line: number, hasColumn: false)
    } else if block?.isNative == true, !line.hasPrefix("    "), !line.hasPrefix("Traceback "),
      !line.hasPrefix("  +-"), !line.isEmpty
    {
      block?.lines.append(String(line))
    } else if block?.isNative == true, let inner = line.dropping("    | "), !inner.hasPrefix(" "),
      !inner.hasPrefix("Traceback ")
    {
      block?.lines.append(String(inner))
    } else if line.hasPrefix("["), line.has("XPASS") {
      block?.lines.append(String(line.trimmed))
    } else if line.hasPrefix("contains "),
      line.hasSuffix(" failed subtests") || line.hasSuffix(" failed subtest")
    {
      block?.isOfSubtests = true
    } else if let count = block?.plain.count, count < 20 {
      block?.plain.append(String(line))
    }
  }

  private static func isOwn(_ file: Substring) -> Bool { !DiagnosticReader.isOfPython(file) }

  private mutating func endBlock() {
    guard let block else { return }
    self.block = nil
    let name = Self.bareName(block.name)
    if block.isOfSubtests, block.lines.isEmpty {
      parents.insert(name)
      return
    }
    // Only what cannot be collected is told without marks.
    let isPlain = block.lines.isEmpty && block.name.hasPrefix("ERROR collecting ")
    blockIndexes[name, default: []].append(failures.count)
    guard failures.count < FailureList.most else { return }
    failures.append(
      GateFailure(
        test: name, file: block.place?.file, line: block.place?.line,
        message: (isPlain ? block.plain : block.lines).prefix(60).map { String(Substring($0).trimmed) }
          .joined(separator: "\n")))
  }

  private static func bareName(_ title: String) -> String {
    for start in ["ERROR at setup of ", "ERROR at teardown of ", "ERROR collecting "] {
      if let name = title[...].dropping(start) { return String(name) }
    }
    return title
  }

  /// The test's name and what is wrong. A parameter may hold the sign that stands between the two.
  private func split(_ text: Substring) -> (Substring, String) {
    guard let first = text.before(" - "), first.has("[") else {
      return (text.before(" - ") ?? text, String(text.after(" - ") ?? ""))
    }
    var end = first.endIndex
    while true {
      let id = text[..<end]
      // A name ends with its parameters.
      if id.hasSuffix("]") || !id.has("[") { return (id, String(text[end...].dropFirst(3))) }
      guard let next = text[end...].dropFirst(3).before(" - ") else { break }
      end = next.endIndex
    }
    return text.hasSuffix("]") ? (text, "") : (first, String(text.after(" - ") ?? ""))
  }

  /// `SUBFAILED[message] (i=1) path::test - …`: what names the sub-test, and what follows it.
  private static func subtest(_ line: Substring) -> (name: String, rest: Substring)? {
    guard let text = line.dropping("SUBFAILED") else { return nil }
    guard let separator = text.before("::")?.utf8.lastIndex(of: 0x20) else { return nil }
    let name = text[..<separator].trimmed
    return (name.isEmpty ? "" : " \(name)", text[separator...].dropFirst())
  }

  /// `FAILED path::Class::test[1] - message`: the full name of a block, or a failure without one (`--tb=no`).
  private mutating func readShort(_ line: Substring) {
    if let name = Self.verbosePass(line), line.hasPrefix("PASSED") {
      passed.append(name)
      return
    }
    guard
      let rest = line.dropping("FAILED ") ?? line.dropping("ERROR ") ?? line.dropping("SUBFAIL ")
        ?? Self.subtest(line)?.rest
    else { return }
    let (id, reason) = split(rest)
    let subtest = Self.subtest(line)?.name ?? ""
    let file = id.before("::") ?? id
    var names: [String] = []
    // Parameters may hold the sign, too.
    let parameters = id.before("[").map { id.dropFirst($0.count) } ?? ""
    var tail: Substring? = (id.before("[") ?? id).after("::")
    while let text = tail {
      names.append(String(text.before("::") ?? text))
      tail = text.after("::")
    }
    if let last = names.last { names[names.count - 1] = last + parameters }
    let name = (names.isEmpty ? String(id) : names.joined(separator: ".")) + subtest
    if subtest.isEmpty, parents.contains(name) || reason.hasPrefix("contains "),
      reason[...].has(" failed subtest")
    {
      return
    }
    // A doctest's block is named by its module.
    let key = blockIndexes[name]?.isEmpty == false ? name : "[doctest] " + (names.last ?? name)
    if let index = blockIndexes[key]?.first, index < failures.count {
      blockIndexes[key]?.removeFirst()
      failures[index].test = id + subtest
      if failures[index].file == nil { failures[index].file = String(file) }
      if failures[index].message.isEmpty { failures[index].message = reason }
    } else if failures.count < FailureList.most {
      let message = reason
      var failure = GateFailure(test: id + subtest, file: String(file), message: message)
      if let index = linePlaces.firstIndex(where: {
        $0.text == message || $0.text.hasPrefix(message) && !message.isEmpty
          || message.hasSuffix("...") && $0.text.hasPrefix(message.dropLast(3))
      }) {
        let place = linePlaces[index].place
        if place.file != file, !place.file.hasSuffix("/\(file)") { failure.file = place.file }
        failure.line = place.line
        failure.message = linePlaces[index].text
        linePlaces.remove(at: index)
      }
      // Errors of fixtures have blocks all the same, with another name.
      failures.append(failure)
    }
  }
}
