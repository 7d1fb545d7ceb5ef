/// Perl's prove: what its tests say of failures in comments, and its summary.
struct ProveReader: OutputReader {
  static let runner = "prove"
  private var list = FailureList()
  private var total: Int?
  private var failing = 0
  /// Whether the tests' own lines are printed, too: then TAP is counted there.
  private var hasTAP = false

  var isOpen: Bool { list.isOpen }
  var executed: Int? { hasTAP ? nil : total }
  var failed: Int? { hasTAP || total == nil ? nil : failing }
  var failures: [GateFailure] { hasTAP || total == nil ? [] : list.all }

  mutating func read(_ line: Substring) {
    if line.hasPrefix("ok ") || line.hasPrefix("not ok ") {
      hasTAP = true
    } else if let rest = line.dropping("#   Failed test '"), let name = rest.droppingSuffix("'") {
      list.begin(String(name))
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
      total = (total ?? 0) + count
    } else if line.has(" Failed: "), let count = line.after(" Failed: ")?.leadingNumber {
      failing += count
    } else if line.hasPrefix("Result: NOTESTS") {
      total = total ?? 0
    } else {
      list.end()
    }
  }

  mutating func finish() { list.end() }
}
