/// Perl's prove: what its tests say of failures in comments, and its summary.
struct ProveReader: OutputReader {
  static let runner = "prove"
  private var list = FailureList()
  private var total: Int?
  private var failing = 0
  /// Whether the tests' own lines are printed, too: then TAP is counted there.
  private var hasTAP = false
  /// The programs that the summary names, each with what it says of them.
  private var programs: [(file: String, lines: [String])] = []
  private var isInSummary = false

  var isOpen: Bool { list.isOpen || isInSummary }
  /// The tests of the runs whose own lines were not printed.
  private var counted: (total: Int?, failing: Int) = (nil, 0)
  var executed: Int? { counted.total }
  var failed: Int? { counted.total == nil ? nil : counted.failing }
  var failures: [GateFailure] {
    guard total != nil else { return [] }
    let named = counted.total == nil ? [] : list.all
    let files = Set(named.compactMap(\.file))
    // One that died says so only in the summary.
    let others = programs.filter { program in
      !files.contains(program.file)
        && !(counted.total == nil && program.lines.contains { $0[...].hasPrefix("Failed test") })
    }
    return named + others.map { GateFailure(test: $0.file, message: $0.lines.joined(separator: "\n")) }
  }

  mutating func read(_ line: Substring) {
    if line.hasPrefix("ok ") || line.hasPrefix("not ok ") {
      hasTAP = true
    } else if let rest = line.dropping("#   Failed test '"), let name = rest.droppingSuffix("'") {
      list.begin(String(name))
    } else if let rest = line.dropping("#   Failed test at "), let file = rest.before(" line "),
      let number = rest.after(" line ")?.leadingNumber
    {
      list.begin(String(file), file: String(file), line: number, "a test without a name failed")
    } else if list.isOpen, let note = line.dropping("# ") {
      let text = note.trimmed
      if let place = text.dropping("at "), let file = place.before(" line "),
        let number = place.after(" line ")?.leadingNumber
      {
        list.place(DiagnosticReader.Place(file: String(file), line: number, hasColumn: false))
      } else if text.hasPrefix("Looks like you ") {
        list.end()
      } else {
        list.add(text)
      }
    } else if line.hasPrefix("Files="), let count = line.after(", Tests=")?.leadingNumber {
      list.end()
      isInSummary = false
      total = (total ?? 0) + count
      if !hasTAP { counted = ((counted.total ?? 0) + count, counted.failing + failing) }
      // Another run may be told without its tests' lines.
      (hasTAP, failing) = (false, 0)
    } else if line == "Test Summary Report" {
      list.end()
      isInSummary = true
    } else if let count = line.after(" Failed: ")?.leadingNumber, let file = line.before(" (Wstat: ") {
      failing += max(count, 1)
      programs.append((String(file), []))
    } else if isInSummary, line.hasPrefix("  "), let last = programs.indices.last {
      if programs[last].lines.count < 8 { programs[last].lines.append(String(line.trimmed)) }
    } else if line.hasPrefix("Result: NOTESTS") {
      total = total ?? 0
      counted.total = counted.total ?? 0
    } else {
      list.end()
    }
  }

  mutating func finish() { list.end() }
}
