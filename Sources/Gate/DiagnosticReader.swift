/// Diagnostics of compilers and linters: `file:line:col: error: text` and its relatives.
struct DiagnosticReader {
  /// Whether only lines that say `error` count; a linter's `file:line:col: text` counts otherwise.
  let isStrict: Bool
  private var placed: [GateFailure] = []
  private var unplaced: [GateFailure] = []
  /// A message of rustc whose place comes in one of the next lines.
  private var pending: String?
  /// Whether a `# package` line of go's compiler came before.
  private var isGoPackage = false

  init(isStrict: Bool) { self.isStrict = isStrict }

  mutating func read(_ line: Substring) {
    if let pending {
      if let place = line.trimmed.dropping("--> ").flatMap(Self.place) {
        placed.append(GateFailure(file: place.file, line: place.line, message: pending))
        self.pending = nil
        return
      }
      if line.trimmed.isEmpty || !line.hasPrefix(" ") {
        unplaced.append(GateFailure(message: pending))
        self.pending = nil
      }
    }
    // nextest's way of saying that nothing is wrong and nothing was run.
    if line == "error: no tests to run" { return }
    if line.hasPrefix("error[") || line.hasPrefix("error: ") || line.hasPrefix("Error: ")
      || line.hasPrefix("fatal: ") || line.hasPrefix("ERROR: ")
    {
      pending = String(line)
      return
    }
    if let failure = Self.diagnostic(line) ?? goDiagnostic(line) ?? looseDiagnostic(line) {
      placed.append(failure)
    }
  }

  /// The diagnostics that no runner has reported; those without a place only when there is nothing better.
  func diagnostics(besides known: [GateFailure]) -> [GateFailure] {
    var places = Set<String>()
    for failure in known { if let file = failure.file { places.insert("\(file):\(failure.line ?? 0)") } }
    let fresh = placed.filter { !places.contains("\($0.file ?? ""):\($0.line ?? 0)") }
    if !fresh.isEmpty || !known.isEmpty { return fresh }
    return unplaced + (pending.map { [GateFailure(message: $0)] } ?? [])
  }

  private mutating func goDiagnostic(_ line: Substring) -> GateFailure? {
    if line.hasPrefix("# ") {
      isGoPackage = line.parts(" ").count <= 3
      return nil
    }
    guard isGoPackage else { return nil }
    guard let (place, text) = Self.split(line.dropping("vet: ") ?? line), place.file.hasSuffix(".go") else {
      isGoPackage = line.hasPrefix("\t")
      return nil
    }
    return GateFailure(file: place.file, line: place.line, message: String(text))
  }

  private func looseDiagnostic(_ line: Substring) -> GateFailure? {
    guard !isStrict, let (place, text) = Self.split(line), place.hasColumn else { return nil }
    if text.hasPrefix("warning") || text.hasPrefix("note") || text.hasPrefix("info") { return nil }
    return GateFailure(file: place.file, line: place.line, message: String(text))
  }

  /// A line that names a place and says that it is an error.
  private static func diagnostic(_ line: Substring) -> GateFailure? {
    // Nearly no line says so; the rest is spared the searches below.
    if !line.has("rror") && !line.hasPrefix("[ERROR] ") { return nil }
    for word in [": error: ", ": fatal error: ", ": Fatal error: ", ": error[", " - error ", ": error "]
    where line.has(word) {
      guard let before = line.before(word), let place = place(before), let text = line.after(word) else {
        continue
      }
      return GateFailure(file: place.file, line: place.line, message: String(text.trimmed))
    }
    // Maven: `[ERROR] /path/App.java:[5,10] cannot find symbol`
    if let rest = line.dropping("[ERROR] "), let file = rest.before(":["), let text = rest.after("] "),
      let number = rest.after(":[")?.leadingNumber, file.hasPrefix("/")
    {
      return GateFailure(file: String(file), line: number, message: String(text))
    }
    return nil
  }

  struct Place {
    var file: String
    var line: Int
    var hasColumn: Bool
  }

  /// `file:line`, `file:line:col` or `file(line,col)`, and nothing after it.
  static func place(_ text: Substring) -> Place? {
    if text.hasSuffix(")"), let open = text.lastIndex(of: "("), open > text.startIndex {
      guard let line = text[text.index(after: open)...].leadingNumber else { return nil }
      return Place(file: String(text[..<open]), line: line, hasColumn: true)
    }
    guard let (front, last) = splitNumber(text) else { return nil }
    if let (file, line) = splitNumber(front), !file.isEmpty {
      return isPath(file) ? Place(file: String(file), line: line, hasColumn: true) : nil
    }
    return isPath(front) ? Place(file: String(front), line: last, hasColumn: false) : nil
  }

  /// The place that a line starts with and the text after its `: `.
  private static func split(_ line: Substring) -> (Place, Substring)? {
    guard let before = line.before(": "), let place = place(before), let text = line.after(": ") else {
      return nil
    }
    return (place, text)
  }

  private static func splitNumber(_ text: Substring) -> (Substring, Int)? {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let digits = text[text.utf8.index(after: colon)...]
    guard !digits.isEmpty, let number = Int(digits) else { return nil }
    return (text[..<colon], number)
  }

  private static func isPath(_ text: Substring) -> Bool {
    // A name needs a dot or a slash, or every `12:34: ` of a log would be a place.
    !text.isEmpty && text.utf8.count < 1024 && !text.hasPrefix(" ")
      && text.utf8.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
  }
}
