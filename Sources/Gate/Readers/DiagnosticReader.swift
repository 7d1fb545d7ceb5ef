/// Diagnostics of compilers, linkers and linters: `file:line:col: error: text` and its relatives, and those
/// that come in blocks.
struct DiagnosticReader {
  /// Whether only lines that say `error` count; a linter's `file:line:col: text` counts otherwise.
  let isStrict: Bool
  private var placed: [GateFailure] = []
  private var unplaced: [GateFailure] = []
  /// Lines of a linter's form that say no error, where only errors count.
  private var loose: [GateFailure] = []
  /// A message of rustc whose place comes in one of the next lines.
  private var pending: String?
  /// Whether a `# package` line of go's compiler came before.
  private var isGoPackage = false
  private var isInTemplate = false
  private var blocks: [any DiagnosticBlocks] = [
    ESLintBlocks(), RuffBlocks(), ShellCheckBlocks(), CMakeBlocks(), SanitizerBlocks(), FaultBlocks(),
    TracebackBlocks(), ScriptErrorBlocks(), LinkerLines(), AnnotationLines(), PHPBlocks(), PHPStanBlocks(),
    BanditBlocks(), SQLFluffBlocks(), CodeSnifferBlocks(), ScalaLines(), TeamCityLines(),
    CheckstyleLines(), ValgrindBlocks(), CppUnitBlocks(), HookLines(), EnvironmentLines(), FormatterLines(),
  ]

  init(isStrict: Bool) { self.isStrict = isStrict }

  var isOpen: Bool { pending != nil || isGoPackage || blocks.contains { $0.isOpen } }

  mutating func read(_ line: Substring) {
    var isTaken = false
    for index in blocks.indices { if blocks[index].read(line) { isTaken = true } }
    if isTaken { return }
    if let pending {
      if let place = line.trimmed.dropping("--> ").flatMap(Self.place) {
        add(GateFailure(file: place.file, line: place.line, message: pending))
        self.pending = nil
        return
      }
      if line.trimmed.isEmpty || !line.hasPrefix(" ") {
        keep(pending)
        self.pending = nil
      }
    }
    // nextest's way of saying that nothing is wrong and nothing was run; rustc's of counting.
    if line.hasPrefix("[   LINE   ] ") || line == "error: no tests to run"
      || line.hasPrefix("error: test failed, to rerun pass")
      || line.hasPrefix("error: Exited with")
    {
      return
    }
    if line.hasPrefix("error[") || line.hasPrefix("error: ") || line.hasPrefix("Error: ")
      || line.hasPrefix("fatal: ") || line.hasPrefix("ERROR: ") || line.hasPrefix("error TS")
    {
      pending = String(line)
      return
    }
    if let failure = Self.diagnostic(line) ?? goDiagnostic(line) ?? syntaxError(line)
      ?? Self.shellFinding(line)
    {
      add(failure)
    } else if let failure = looseDiagnostic(line) {
      if !isStrict {
        add(failure)
      } else if loose.count < FailureList.most {
        loose.append(failure)
      }
    }
  }

  mutating func finish() {
    if let pending { keep(pending) }
    pending = nil
    for index in blocks.indices { blocks[index].finish() }
  }

  private mutating func add(_ failure: GateFailure) {
    if placed.count < FailureList.most { placed.append(failure) }
  }

  private mutating func keep(_ message: String) {
    if unplaced.count < 200 { unplaced.append(GateFailure(message: message)) }
  }

  /// The diagnostics that no runner has reported; those without a place only when there is nothing better.
  func diagnostics(besides known: [GateFailure], ranNothing: Bool) -> [GateFailure] {
    var places = Set<String>()
    for failure in known { if let file = failure.file { places.insert("\(file):\(failure.line ?? 0)") } }
    let told = placed + blocks.flatMap { $0.isOnlyElse ? [] : $0.failures }
    let fresh = told.filter {
      $0.file == nil ? known.isEmpty : !places.contains("\($0.file ?? ""):\($0.line ?? 0)")
    }
    if !fresh.isEmpty || !known.isEmpty { return fresh }
    // A traceback is what is left when nobody else understood the failure.
    let rest = blocks.flatMap { $0.isOnlyElse && !($0.isOfWrapper && ranNothing) ? $0.failures : [] }
    return rest.isEmpty
      ? unplaced.filter { !$0.message.hasPrefix("error: could not compile") || unplaced.count == 1 } : rest
  }

  /// What the lines of a linter would be, for a run in which nothing else was recognised.
  var looseDiagnostics: [GateFailure] { loose }

  private mutating func goDiagnostic(_ line: Substring) -> GateFailure? {
    if line.hasPrefix("# ") {
      isGoPackage = line.parts(" ").count <= 3
      return nil
    }
    guard isGoPackage || Self.isOfModules(line) else { return nil }
    guard let (place, text) = Self.split(line.dropping("vet: ") ?? line), place.file.hasSuffix(".go") else {
      isGoPackage = line.hasPrefix("\t")
      return nil
    }
    return GateFailure(
      file: String(place.file[...].dropping("./") ?? place.file[...]), line: place.line, message: String(text)
    )
  }

  /// What go says of a package that is nowhere, without the line above that names the one that asks for it.
  private static func isOfModules(_ line: Substring) -> Bool {
    line.has(".go:")
      && (line.has(" module providing package ") || line.has(" is not in std")
        || line.has(" is not in GOROOT"))
  }

  /// ShellCheck's lines for compilers: it fails for a note as for an error.
  private static func shellFinding(_ line: Substring) -> GateFailure? {
    guard line.hasSuffix("]"), line.has(" [SC"), let (place, text) = split(line), place.hasColumn,
      let told = text.dropping("warning: ") ?? text.dropping("note: ")
    else { return nil }
    return GateFailure(file: place.file, line: place.line, message: String(told))
  }

  private func looseDiagnostic(_ line: Substring) -> GateFailure? {
    guard let (place, text) = Self.split(line), place.hasColumn || text.hasPrefix("[") && text.has("] ")
    else { return nil }
    if text.hasPrefix("warning") || text.hasPrefix("note") || text.hasPrefix("info")
      || text.has("required from") || text.hasSuffix("[Warning]") || text.has(" [Warning/")
    {
      return nil
    }
    return GateFailure(file: place.file, line: place.line, message: String(text))
  }

  /// php -l, ruby -c, and what shells do not understand.
  private func syntaxError(_ line: Substring) -> GateFailure? {
    guard line.has("yntax error") || line.has("arse error") || line.has(": unexpected EOF ") else {
      return nil
    }
    if line.hasPrefix("PHP ") || line.hasPrefix("Parse error"), let rest = line.after(" in "),
      let file = rest.before(" on line "), let number = rest.after(" on line ")?.leadingNumber
    {
      return GateFailure(
        file: String(file), line: number,
        message: String((line.dropping("PHP ") ?? line).before(" in ") ?? line))
    }
    if let file = line.before(": line "), let rest = line.after(": line "), let number = rest.leadingNumber,
      let text = rest.after(": ")
    {
      return GateFailure(file: String(file), line: number, message: String(text))
    }
    if let (place, text) = Self.split(line), text.hasPrefix("syntax error") || text.hasPrefix("parse error") {
      return GateFailure(file: place.file, line: place.line, message: String(text))
    }
    // ksh: `a.sh: syntax error at line 3: …`; perl: `syntax error at a.pl line 3, near …`
    if let file = line.before(": syntax error at line "), let number = line.after(" at line ")?.leadingNumber
    {
      return GateFailure(file: String(file), line: number, message: String(line.after(": ") ?? line))
    }
    if let rest = line.dropping("syntax error at "), let file = rest.before(" line "),
      let number = rest.after(" line ")?.leadingNumber
    {
      return GateFailure(file: String(file), line: number, message: String(line))
    }
    // dash: `a.sh: 3: Syntax error: …`
    if let file = line.before(": "), let rest = line.after(": "), let number = rest.leadingNumber,
      let text = rest.after(": "), text.hasPrefix("Syntax error")
    {
      return GateFailure(file: String(file), line: number, message: String(text))
    }
    return nil
  }

  /// A line that names a place and says that it is an error.
  private static func diagnostic(_ line: Substring) -> GateFailure? {
    // Nearly no line says so; the rest is spared the searches below.
    if !line.has("rror") && !line.hasPrefix("[ERROR] ") && !line.hasPrefix("e: ") { return nil }
    // Kotlin: `e: file:///a.kt:2:18 Type mismatch`, `e: /a.kt: (2, 18): Type mismatch`
    if let rest = line.dropping("e: ") {
      let path = rest.dropping("file://") ?? rest
      if let front = path.before(" "), let place = place(front) {
        return GateFailure(file: place.file, line: place.line, message: String(path.after(" ") ?? ""))
      }
      if let file = path.before(": ("), let inside = path.after(": ("), let number = inside.leadingNumber {
        return GateFailure(file: String(file), line: number, message: String(inside.after("): ") ?? ""))
      }
      return nil
    }
    for word in [
      ": error: ", ": fatal error: ", ": Fatal error: ", ": error[", " - error ", " - error: ", ": error ",
      ": runtime error: ", ": internal compiler error: ",
    ]
    where line.has(word) {
      guard let before = line.before(word)?.trimmed, let place = place(before), let text = line.after(word)
      else {
        continue
      }
      // Swift's own library is no place of the project.
      if place.file.hasPrefix("Swift/") { return GateFailure(message: "Fatal error: \(text.trimmed)") }
      // rustc's short form has the code in brackets.
      let message = word == ": error[" ? "error[" + text : text
      return GateFailure(file: place.file, line: place.line, message: String(message.trimmed))
    }
    if let failure = toolError(line) { return failure }
    // ESLint's compact and unix formats.
    if let file = line.before(": line "), let rest = line.after(": line "), let number = rest.leadingNumber,
      let text = rest.after(", Error - ")
    {
      return GateFailure(file: String(file), line: number, message: String(text))
    }
    if line.hasSuffix("]"), line.has(" [Error/"), let (place, text) = split(line) {
      return GateFailure(file: place.file, line: place.line, message: String(text))
    }
    // Maven: `[ERROR] /path/App.java:[5,10] cannot find symbol`
    if let rest = line.dropping("[ERROR] "), let file = rest.before(":["), let text = rest.after("] "),
      let number = rest.after(":[")?.leadingNumber, file.hasPrefix("/")
    {
      return GateFailure(file: String(file), line: number, message: String(text))
    }
    return nil
  }

  /// MSBuild's form for what has no line: `shape.obj : error LNK2019: …`, `CSC : error CS5001: …`.
  private static func toolError(_ line: Substring) -> GateFailure? {
    for word in [" : error ", " : fatal error "] where line.has(word) {
      guard let origin = line.before(word)?.trimmed, let text = line.after(word), let code = text.before(":"),
        !origin.isEmpty, code.utf8.count <= 12,
        code.utf8.first.map({ $0 >= 0x41 && $0 <= 0x5A }) == true,
        code.utf8.last.map({ $0 >= 0x30 && $0 <= 0x39 }) == true
      else { continue }
      // The tool's own name says no place.
      return isPath(origin)
        ? GateFailure(file: String(origin), message: String(text))
        : GateFailure(message: "\(origin): \(text)")
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
      guard let line = text[text.index(after: open)...].leadingNumber, isPath(text[..<open]) else {
        return nil
      }
      return Place(file: String(text[..<open]), line: line, hasColumn: true)
    }
    guard let (front, last) = splitNumber(text) else { return nil }
    if let (file, line) = splitNumber(front), !file.isEmpty {
      return isPath(file) ? Place(file: String(file), line: line, hasColumn: true) : nil
    }
    return isPath(front) ? Place(file: String(front), line: last, hasColumn: false) : nil
  }

  /// The place that a line starts with and the text after its `: `.
  static func split(_ line: Substring) -> (Place, Substring)? {
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

  /// Whether a frame is none of the project: Python's own, or of a package.
  static func isOfPython(_ file: Substring) -> Bool {
    file.has("-packages/") || file.has("/lib/python") || file.hasPrefix("<frozen ")
  }

  /// The same of Ruby; a project may have a folder `gems`.
  static func isOfRuby(_ file: Substring) -> Bool {
    file.has("/lib/ruby/") || file.hasPrefix("<internal:")
      || file.hasPrefix("/usr/") && !file.hasPrefix("/usr/src/")
      || file.has("/gems/") && ["/ruby/", "/.gem/", "/bundle/", "/lib/gems/"].contains(where: file.has)
  }

  /// Whether a text may be the name of a file: one with blanks needs an ending, or a sentence would be one.
  static func isFile(_ path: Substring) -> Bool {
    if !path.has(" ") { return path.has(".") || path.has("/") }
    let ending = path.utf8.reversed().prefix { $0 != UInt8(ascii: ".") }
    return !path.has(": ") && !path.has(". ") && (1...6).contains(ending.count)
      && ending.count < path.utf8.count && ending.allSatisfy { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A }
  }

  static func isPath(_ text: Substring) -> Bool {
    // A name needs a dot or a slash, or every `12:34: ` of a log would be a place.
    !text.isEmpty && text.utf8.count < 1024 && !text.hasPrefix(" ") && !text.hasPrefix("\t")
      && text.utf8.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
  }
}
