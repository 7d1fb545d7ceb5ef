/// Meson: `2/7 name   FAIL   0.08s   exit status 3`, and its counts below.
struct MesonReader: OutputReader {
  static let runner = "meson test"
  private var results: [(name: String, status: String, detail: String, lines: [String])] = []
  private var known: Set<String> = []
  private var isPrinting = false
  private var isThere = false

  var isOpen: Bool { isPrinting }
  var executed: Int? { isThere ? results.count - (skipped ?? 0) : nil }
  var skipped: Int? { isThere ? results.filter { $0.status == "SKIP" }.count : nil }
  var failed: Int? { isThere ? results.filter(Self.isBad).count : nil }
  var passed: [String] {
    isThere ? results.filter { $0.status == "OK" || $0.status == "EXPECTEDFAIL" }.map(\.name) : []
  }

  var failures: [GateFailure] {
    guard isThere else { return [] }
    return results.filter(Self.isBad).map { result in
      let head = [result.status.lowercased(), result.detail].filter { !$0.isEmpty }.joined(separator: ": ")
      return GateFailure(test: result.name, message: ([head] + result.lines).joined(separator: "\n"))
    }
  }

  private static func isBad(
    _ result: (name: String, status: String, detail: String, lines: [String])
  ) -> Bool { !["OK", "SKIP", "EXPECTEDFAIL"].contains(result.status) }

  private static let words: Set<String> = [
    "OK", "FAIL", "ERROR", "TIMEOUT", "SKIP", "EXPECTEDFAIL", "UNEXPECTEDPASS", "INTERRUPT",
  ]

  mutating func read(_ line: Substring) {
    if line.has("✀") {
      isPrinting = !results.isEmpty
    } else if isPrinting {
      if line.hasPrefix("―――") {
        isPrinting = false
      } else if let last = results.indices.last, results[last].lines.count < 40 {
        results[last].lines.append(String(line))
      }
    } else if line.hasPrefix("Ok: "), line.after(":")?.trimmed.leadingNumber != nil, !results.isEmpty {
      isThere = true
      // Another run may follow, with the same names.
      known = []
    } else if line.hasPrefix("No tests defined.") || line.hasPrefix("No suitable tests defined.") {
      isThere = true
    } else {
      result(line)
    }
  }

  private mutating func result(_ line: Substring) {
    guard let number = line.trimmed.before("/"), Int(number) != nil, let rest = line.trimmed.after("/"),
      let total = rest.before(" "), Int(total) != nil
    else { return }
    // Columns are two blanks apart at least, but for a long name.
    let parts = rest.dropFirst(total.utf8.count).parts(" ")
    guard
      let index = parts.indices.dropFirst().last(where: { index in
        Self.words.contains(String(parts[index])) && index + 1 < parts.count
          && parts[index + 1].hasSuffix("s") && parts[index + 1].has(".")
          && parts[index + 1].leadingNumber != nil
      }), results.count < FailureList.most
    else { return }
    let name = parts[..<index].joined(separator: " ")
    guard known.insert("\(number) \(name)").inserted else { return }
    results.append(
      (name, String(parts[index]), parts[(index + 2)...].joined(separator: " "), []))
  }
}

/// Boost.Test: `a.cpp(4): error: in "suite/test": text`, and how many failures there were.
struct BoostReader: OutputReader {
  static let runner = "boost.test"
  private var list = FailureList()
  private var total: Int?
  private var suites: [String] = []
  private(set) var passed: [String] = []
  private var isAtEnd = false

  var executed: Int? { isAtEnd || !list.all.isEmpty || !passed.isEmpty ? total : nil }
  var failed: Int? { executed == nil ? nil : Set(failures.compactMap(\.test)).count }
  var failures: [GateFailure] { total == nil ? [] : list.all }
  var isOpen: Bool { list.isOpen }

  mutating func read(_ line: Substring) {
    if let rest = line.dropping("Running "), let count = rest.leadingNumber, rest.has(" test case") {
      total = (total ?? 0) + count
    } else if total == nil {
      return
    } else if let word = [": error: in \"", ": fatal error: in \""].first(where: line.has),
      let front = line.before(word), let rest = line.after(word), let name = rest.before("\": ")
    {
      list.begin(String(name), String(rest.after("\": ") ?? ""))
      if !front.hasPrefix("unknown location") { list.place(DiagnosticReader.place(front)) }
    } else if let front = line.before(": last checkpoint: ") {
      list.place(DiagnosticReader.place(front))
    } else if let name = line.after(": Entering test suite \"")?.before("\"") {
      suites.append(String(name))
    } else if line.has(": Leaving test suite \"") {
      list.end()
      _ = suites.popLast()
    } else if let name = line.after(": Leaving test case \"")?.before("\"") {
      list.end()
      let full = (suites + [String(name)]).joined(separator: "/")
      if !list.all.contains(where: { $0.test == full }) { passed.append(full) }
    } else if line.hasPrefix("*** "), line.has(" detected") {
      list.end()
      isAtEnd = true
    } else if list.isOpen {
      if line.hasPrefix(" ") || line.hasPrefix("Failure occurred in ") {
        list.add(line.trimmed)
      } else {
        list.end()
      }
    }
  }

  mutating func finish() { list.end() }
}
