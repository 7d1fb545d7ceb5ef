/// Something that understands one runner's output, line by line. A format is one of these and two files in
/// `Tests/GateTests/Logs`: what the tool printed, and what is to be made of it.
protocol OutputReader {
  /// The runner's name.
  static var runner: String { get }
  /// Takes the next line. Lines in which `LineFilter` sees nothing of interest come only while `isOpen`.
  mutating func read(_ line: Substring)
  /// Called once after the last line.
  mutating func finish()
  /// Whether the next lines matter whatever they are, because they belong to something that began.
  var isOpen: Bool { get }
  /// How many tests were executed, or `nil` when this runner was not there.
  var executed: Int? { get }
  /// How many were skipped, where the runner says so.
  var skipped: Int? { get }
  /// How many failed by the runner's own count.
  var failed: Int? { get }
  /// The names of tests that passed, where the runner tells them.
  var passed: [String] { get }
  /// The failing tests, in the order of the output.
  var failures: [GateFailure] { get }
}

extension OutputReader {
  mutating func finish() {}
  var isOpen: Bool { false }
  var skipped: Int? { nil }
  var failed: Int? { nil }
  var passed: [String] { [] }
}

extension Int? {
  /// Counts so many more: what nobody has counted yet begins at 0.
  mutating func add(_ number: Int) { self = (self ?? 0) + number }
}

/// Failures as they are found; a failure's message grows with the lines that belong to it.
struct FailureList {
  /// More than anybody reads; what comes after is counted by the runner's own summary.
  static let most = 20_000
  private(set) var all: [GateFailure] = []
  private var open: GateFailure?
  private var lines: [String] = []

  var isOpen: Bool { open != nil }
  var last: GateFailure? { open ?? all.last }

  mutating func begin(_ test: String?, file: String? = nil, line: Int? = nil, _ message: String = "") {
    end()
    open = GateFailure(test: test, file: file, line: line, message: "")
    lines = message.isEmpty ? [] : [message]
  }

  /// Another line of the open failure's message.
  mutating func add(_ line: some StringProtocol) {
    guard open != nil, lines.count < 60 else { return }
    lines.append(String(line))
  }

  mutating func place(_ place: DiagnosticReader.Place?) {
    guard let place, open?.file == nil else { return }
    open?.file = place.file
    open?.line = place.line
  }

  /// The place for one that is named by a file: the line, where the place is in that file.
  mutating func line(_ place: DiagnosticReader.Place) {
    if let file = open?.file, open?.line == nil, file == place.file || place.file.hasSuffix("/" + file) {
      open?.line = place.line
    }
  }

  mutating func rename(_ test: String) { open?.test = test }

  mutating func end() {
    guard let ended = open else { return }
    open = nil
    while lines.last.map({ $0[...].trimmed.isEmpty }) == true { lines.removeLast() }
    while lines.first.map({ $0[...].trimmed.isEmpty }) == true { lines.removeFirst() }
    append(
      GateFailure(
        test: ended.test, file: ended.file, line: ended.line, message: lines.joined(separator: "\n")))
  }

  /// Takes back what is open and what `test` has been blamed for.
  mutating func drop(of test: String?) {
    open = nil
    lines = []
    while let last = all.last, let test, last.test == test { all.removeLast() }
  }

  /// Gives those without a name at the end of the list theirs.
  mutating func name(_ test: String) {
    for index in all.indices.reversed() {
      guard all[index].test == nil else { break }
      all[index].test = test
    }
  }

  mutating func append(_ failure: GateFailure) {
    if all.count < FailureList.most { all.append(failure) }
  }
}

extension Substring {
  /// The place in brackets or at the start of a frame of JavaScript: `at f (file.js:3:5)`, `at file.js:3:5`.
  var framePlace: DiagnosticReader.Place? {
    guard let rest = trimmed.dropping("at ") else { return nil }
    var text = rest.after(" (") ?? rest
    if text.hasSuffix(")") { text = text.dropLast() }
    text = text.dropping("async ") ?? text
    text = text.dropping("file://") ?? text
    guard !text.hasPrefix("node:"), !text.has("node_modules"), !text.hasPrefix("internal/"),
      !text.has("usr/share/nodejs/")
    else { return nil }
    return DiagnosticReader.place(text)
  }

  /// The number before ` word`, as in `3 failed`.
  func number(before word: String) -> Int? {
    guard let front = before(" " + word) else { return nil }
    let digits = front.utf8.reversed().prefix { $0 >= 0x30 && $0 <= 0x39 }
    return Int(String(decoding: Array(digits.reversed()), as: UTF8.self))
  }
}

extension Substring {
  /// The failed test of a line of pytest's `-v`: `path::test FAILED [ 9%]`, `[gw0] [ 9%] ERROR path::test`.
  var verboseFailure: String? {
    for word in ["FAILED", "ERROR"] {
      if hasPrefix("[gw"), let name = after("] \(word) ") { return String(name.trimmed) }
      guard let name = before(" \(word)"), let rest = after(" \(word)")?.trimmed else { continue }
      let isAtEnd = rest.isEmpty && !name.has(" ") || rest.hasPrefix("[") && rest.hasSuffix("%]")
      if name.has("::"), isAtEnd { return String(name) }
    }
    return nil
  }
}
