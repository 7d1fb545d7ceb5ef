/// A tool whose diagnostics stand in several lines, or have a form of their own.
protocol DiagnosticBlocks {
  /// Takes a line; whether it belongs to this tool.
  mutating func read(_ line: Substring) -> Bool
  mutating func finish()
  var isOpen: Bool { get }
  /// Whether they only count when nothing else was understood.
  var isOnlyElse: Bool { get }
  /// Whether they say no more than that something ran and failed: nothing beside a runner that ran no test.
  var isOfWrapper: Bool { get }
  var failures: [GateFailure] { get }
}

extension DiagnosticBlocks {
  mutating func finish() {}
  var isOpen: Bool { false }
  var isOnlyElse: Bool { false }
  var isOfWrapper: Bool { false }
}

/// ESLint's own format, ruff's grouped one: a file's name, then its findings below, indented.
struct ESLintBlocks: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var file: String?
  var isOpen: Bool { file != nil }

  mutating func read(_ line: Substring) -> Bool {
    if let file, line.hasPrefix("  "), let place = line.trimmed.parts(" ").first,
      let front = place.before(":"), let number = Int(front), let column = place.after(":"),
      Int(column) != nil
    {
      let rest = line.trimmed.dropFirst(place.count).trimmed
      if rest.hasPrefix("warning ") { return true }
      // stylelint's signs.
      if rest.hasPrefix("⚠ ") || rest.hasPrefix("ℹ ") { return true }
      let text = (rest.dropping("error ") ?? rest.dropping("✖ ") ?? rest).trimmed
      failures.append(GateFailure(file: file, line: number, message: ESLintBlocks.spaced(text)))
      return true
    }
    let name = line.droppingSuffix(":") ?? line
    // A path alone in its line.
    file =
      DiagnosticReader.isPath(name) && (DiagnosticReader.isFile(name) || isWhole(name)) && !name.has(": ")
        && DiagnosticReader.place(name) == nil && name.has(".") ? String(name) : nil
    return false
  }

  /// Whether a path begins at a root: then a blank in it ends nothing.
  private func isWhole(_ name: Substring) -> Bool {
    name.hasPrefix("/") || name.dropFirst().hasPrefix(":\\") || name.dropFirst().hasPrefix(":/")
  }

  private static func spaced(_ text: Substring) -> String { text.parts(" ").joined(separator: " ") }
}

/// ruff's full format: `F401 [*] message`, then ` --> file:line:col`; its formatter's, too.
struct RuffBlocks: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var message: String?
  var isOpen: Bool { message != nil }

  mutating func read(_ line: Substring) -> Bool {
    if let told = message {
      message = nil
      if let place = line.trimmed.dropping("--> ").flatMap(DiagnosticReader.place), line.hasPrefix(" ") {
        failures.append(GateFailure(file: place.file, line: place.line, message: told))
        return true
      }
    }
    guard let code = line.before(" "),
      RuffBlocks.isCode(code) || code == "invalid-syntax:" || code == "unformatted:"
    else { return false }
    message = String(line)
    return false
  }

  private static func isCode(_ code: Substring) -> Bool {
    let letters = code.utf8.prefix { $0 >= 0x41 && $0 <= 0x5A }.count
    let digits = code.utf8.dropFirst(letters)
    return letters >= 1 && letters <= 5 && digits.count >= 3 && digits.count <= 4
      && digits.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
  }
}

/// shellcheck: `In a.sh line 2:`, the line, and `^-- SC2086 (info): message`.
struct ShellCheckBlocks: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var place: (file: String, line: Int)?
  var isOpen: Bool { place != nil }

  mutating func read(_ line: Substring) -> Bool {
    if let rest = line.dropping("In "), rest.hasSuffix(":"), let file = rest.before(" line "),
      let number = rest.after(" line ")?.leadingNumber
    {
      place = (String(file), number)
      return true
    }
    guard let place else { return false }
    if line.hasPrefix("For more information:") || line.hasPrefix("Did you mean:") { return true }
    if line.has("^"), let rest = line.after(" SC"), rest.leadingNumber != nil, rest.has("): ") {
      failures.append(GateFailure(file: place.file, line: place.line, message: "SC" + rest))
      return true
    }
    return false
  }
}

/// CMake: `CMake Error at CMakeLists.txt:3 (find_package):` and indented lines below.
struct CMakeBlocks: DiagnosticBlocks {
  private var list = FailureList()
  var isOpen: Bool { list.isOpen }
  var failures: [GateFailure] { list.all }

  mutating func read(_ line: Substring) -> Bool {
    if let rest = line.dropping("CMake Error at ") {
      let front = rest.before(" (") ?? rest.droppingSuffix(":") ?? rest
      list.begin(nil)
      list.place(DiagnosticReader.place(front))
      return true
    }
    if let rest = line.dropping("CMake Error: ") {
      list.begin(nil, String(rest))
      list.end()
      return true
    }
    guard list.isOpen else { return false }
    if line.hasPrefix("  ") {
      list.add(line.trimmed)
      return true
    }
    if !line.isEmpty { list.end() }
    return false
  }

  mutating func finish() { list.end() }
}

/// AddressSanitizer and its kin: a first line, frames, and a summary.
struct SanitizerBlocks: DiagnosticBlocks {
  private var list = FailureList()
  var isOpen: Bool { list.isOpen }
  var failures: [GateFailure] { list.all }

  mutating func read(_ line: Substring) -> Bool {
    if line.has("ERROR: ") || line.has("WARNING: "),
      let rest = line.after("ERROR: ") ?? line.after("WARNING: "), rest.has("Sanitizer: ")
    {
      list.begin(nil, String(rest))
      return true
    }
    guard list.isOpen else { return false }
    if line.hasPrefix("SUMMARY: ") {
      list.end()
      return true
    }
    if line.hasPrefix("Direct leak of "), let text = line.before(" allocated from:") { list.add(text) }
    if line.trimmed.hasPrefix("#"), let place = Self.place(line),
      !place.file.contains("/libsanitizer/"),
      !place.file.contains("compiler-rt"), !place.file.hasPrefix("../")
    {
      list.place(place)
    }
    return true
  }

  /// `#1 0x55d in main /home/ada/my cart/a.c:3:5`
  private static func place(_ line: Substring) -> DiagnosticReader.Place? {
    if let rest = line.after(" /"), let place = DiagnosticReader.place(rest) {
      return DiagnosticReader.Place(file: "/" + place.file, line: place.line, hasColumn: place.hasColumn)
    }
    return line.trimmed.parts(" ").reversed().lazy.compactMap { DiagnosticReader.place($0) }.first
  }

  mutating func finish() { list.end() }
}

/// What linkers say about symbols.
struct LinkerLines: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var symbol: String?
  var isOpen: Bool { symbol != nil }

  mutating func read(_ line: Substring) -> Bool {
    if let told = symbol {
      symbol = nil
      if let rest = line.dropping(">>> referenced by ") {
        let place = DiagnosticReader.place(rest.before(" ") ?? rest)
        failures.append(
          GateFailure(file: place?.file ?? String(rest.before(":") ?? rest), line: place?.line, message: told)
        )
        return true
      }
      failures.append(GateFailure(message: told))
    }
    if let rest = line.after("undefined reference to ") {
      let front = (line.before("undefined reference to ") ?? "").trimmed.droppingSuffix(":") ?? ""
      // `/usr/bin/ld: a.o: in function …`, `a.c:(.text+0x5)`, `a.c:3`
      let named = front.dropping("/usr/bin/ld: ") ?? front
      let file = named.before(":(") ?? named
      let place = DiagnosticReader.place(file)
      let name = place?.file ?? (file.isEmpty ? nil : String(file))
      failures.append(GateFailure(file: name, line: place?.line, message: "undefined reference to " + rest))
      return true
    }
    if let rest = line.after("): multiple definition of ") ?? line.after(": multiple definition of "),
      let front = line.before(": multiple definition of ")
    {
      let file = (front.dropping("/usr/bin/ld: ") ?? front).before(":(")
      failures.append(
        GateFailure(
          file: file.map(String.init), message: "multiple definition of " + (rest.before(";") ?? rest)))
      return true
    }
    if let rest = line.after("ld.lld: error: ") ?? line.after("ld64.lld: error: ")
      ?? line.after("mold: error: ")
    {
      symbol = String(rest)
      return true
    }
    if line.hasPrefix("/usr/bin/ld: ") || line.hasPrefix("ld: "),
      line.has("cannot find -l") || line.has("multiple definition of") || line.has("library not found")
        || line.has("symbol(s) not found")
    {
      failures.append(GateFailure(message: String(line.after("ld: ") ?? line)))
      return true
    }
    return line.hasPrefix("collect2: error: ") || line.hasPrefix("clang: error: linker command failed")
      || line.hasPrefix("clang++: error: linker command failed") || line.has("error: ld returned ")
  }

  mutating func finish() {
    if let symbol { failures.append(GateFailure(message: symbol)) }
  }
}

/// Formatters that only name what they would change.
struct FormatterLines: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var isDiff = false
  private var names: Set<String> = []
  /// Between prettier's first and last line, where older ones name files without a sign.
  private var isChecking = false
  /// Whether it is still to come why the last file cannot be parsed.
  private var isUnexplained = false
  var isOpen: Bool { isChecking }

  mutating func read(_ line: Substring) -> Bool {
    if let path = line.dropping("would reformat ") ?? line.dropping("Would reformat: ") {
      return take(path, nil)
    }
    // rustfmt: `Diff in /a/src/lib.rs:3:` or `Diff in /a/src/lib.rs at line 3:`
    if let rest = line.dropping("Diff in ") {
      if let path = rest.before(" at line ") { return take(path, rest.after(" at line ")?.leadingNumber) }
      if let place = DiagnosticReader.place(rest.droppingSuffix(":") ?? rest) {
        return take(place.file[...], place.line)
      }
    }
    if line.hasPrefix("Checking formatting...") { isChecking = true }
    if line.hasPrefix("Code style issues found") || line.hasPrefix("All matched files ") {
      isChecking = false
    }
    if let path = line.dropping("[warn] "), isFile(path) { return take(path, nil) }
    if isChecking, isFile(line), !line.hasPrefix("["), !line.has(" ") { return take(line, nil) }
    if let rest = line.dropping("[error] "), let file = rest.before(": "), isFile(file),
      let text = rest.after(": "), text.before(": ")?.hasSuffix("Error") == true
    {
      let number = text.after(" (")?.leadingNumber
      failures.append(GateFailure(file: String(file), line: number, message: String(text)))
      return true
    }
    if let path = line.dropping("unformatted ") ?? line.dropping("not formatted: ") { return take(path, nil) }
    if let rest = line.dropping("error: cannot parse: ") ?? line.dropping("error: cannot format ") {
      let front = rest.before(": ") ?? rest
      let place = DiagnosticReader.place(front)
      failures.append(
        GateFailure(
          file: place?.file ?? String(front), line: place?.line,
          message: String(rest.after(": ") ?? "cannot parse")))
      isUnexplained = !rest.has(": ")
      return true
    }
    // Below a file that cannot be parsed, and the line of it.
    if isUnexplained, line.hasPrefix("TokenError: ") || line.hasPrefix("ParseError: ") {
      isUnexplained = false
      failures[failures.count - 1].message += ": \(line)"
      return true
    }
    // `gofmt -d`, `ruff format --diff`, `black --diff`: the header of a unified diff.
    if line.hasPrefix("--- "), line.has("."), !line.has(" ---") {
      isDiff = true
    } else if isDiff, let rest = line.dropping("+++ ") {
      isDiff = false
      let path = (rest.before("\t") ?? rest).before(" 2") ?? rest
      return take((path.before("\t") ?? path).trimmed, nil)
    } else if !line.hasPrefix("+++ ") {
      isDiff = false
    }
    return false
  }

  private func isFile(_ path: Substring) -> Bool { DiagnosticReader.isFile(path) }

  private mutating func take(_ path: Substring, _ line: Int?) -> Bool {
    guard DiagnosticReader.isPath(path), isFile(path) else { return false }
    if names.insert("\(path):\(line ?? 0)").inserted {
      failures.append(GateFailure(file: String(path), line: line, message: "would be reformatted"))
    }
    return true
  }
}
