/// PHP's last words: `PHP Fatal error:  Uncaught Error: text in /a.php:3`, the stack, and `thrown in`.
struct PHPBlocks: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var lines: [String] = []
  private var place: DiagnosticReader.Place?
  private var isInStack = false
  var isOpen: Bool { !lines.isEmpty }

  mutating func read(_ line: Substring) -> Bool {
    let plain = line.dropping("PHP ") ?? line
    if let rest = plain.dropping("Fatal error: ") {
      end()
      // What was not thrown is told in one line.
      if !rest.trimmed.hasPrefix("Uncaught "), let text = rest.before(" in "),
        let number = rest.after(" on line ")?.leadingNumber,
        let file = rest.after(" in ")?.before(" on line ")
      {
        place = DiagnosticReader.Place(file: String(file), line: number, hasColumn: false)
        lines = [String(text.trimmed)]
        end()
      } else {
        add(rest)
      }
      return true
    }
    guard isOpen else { return false }
    if line.hasPrefix("Stack trace:") {
      isInStack = true
    } else if let rest = line.dropping("Next ") {
      // The error that was thrown for another; what a library throws for one of the project says no more.
      isInStack = Self.isOfLibrary(rest) && place.map { !Self.isOfLibrary($0.file[...]) } == true
      if !isInStack {
        lines = []
        add(rest)
      }
    } else if let rest = line.trimmed.dropping("thrown in "), let file = rest.before(" on line ") {
      if let number = rest.after(" on line ")?.leadingNumber, place == nil || !Self.isOfLibrary(file) {
        place = DiagnosticReader.Place(file: String(file), line: number, hasColumn: false)
      }
      end()
    } else if !isInStack {
      add(line)
      if lines.count > 40 { end() }
    } else if !line.hasPrefix("#"), !line.isEmpty {
      end()
      return false
    }
    return true
  }

  /// Whether a place is none of the project.
  static func isOfLibrary(_ text: Substring) -> Bool {
    text.has("/vendor/") || text.has("/usr/share/php/") || text.has("phar://")
  }

  private mutating func add(_ line: Substring) {
    var text = line.trimmed
    text = text.dropping("Uncaught ") ?? text
    // `…, called in a.php on line 3 and defined in b.php:2`
    if let last = text.components(" in ").last, last.utf8.count < text.utf8.count,
      let number = last.after(":"), Int(number) != nil
    {
      place = DiagnosticReader.place(last)
      text = text.dropLast(last.count + 4)
    }
    lines.append(String(text))
  }

  private mutating func end() {
    if !lines.isEmpty, failures.count < FailureList.most {
      failures.append(
        GateFailure(file: place?.file, line: place?.line, message: lines.joined(separator: "\n")))
    }
    (lines, place, isInStack) = ([], nil, false)
  }

  mutating func finish() { end() }
}

/// PHPStan's table: `Line   src/Cart.php` between rules, then `12     text`.
struct PHPStanBlocks: DiagnosticBlocks {
  private var list = FailureList()
  private var file: String?
  var isOpen: Bool { file != nil }
  var failures: [GateFailure] { list.all }

  mutating func read(_ line: Substring) -> Bool {
    let text = line.trimmed
    if let rest = text.dropping("Line  "), line.hasPrefix("  ") {
      let path = rest.trimmed
      let name = path.before(" (in context of") ?? path
      file = DiagnosticReader.isPath(name) ? String(name) : nil
      return file != nil
    }
    guard let file else { return false }
    if text.isEmpty {
      list.end()
      self.file = nil
    } else if text.hasPrefix("------") {
      list.end()
    } else if let number = (text.dropping(":") ?? text).leadingNumber, line.indentation <= 3 {
      let message = (text.dropping(":") ?? text).drop { $0.isWholeNumber }
      list.begin(nil, file: file, line: number, String(message.trimmed))
    } else if text.utf8.first.map({ $0 < 0x80 }) == true {
      list.add(text)
    }
    return true
  }

  mutating func finish() { list.end() }
}

/// bandit: `>> Issue: [B105:name] text`, then `Location: ./a.py:3:11`.
struct BanditBlocks: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var message: String?
  var isOpen: Bool { message != nil }

  mutating func read(_ line: Substring) -> Bool {
    if let rest = line.dropping(">> Issue: ") {
      message = String(rest)
      return true
    }
    guard let told = message else { return false }
    if let place = line.trimmed.dropping("Location: ").flatMap({ DiagnosticReader.place($0) }) {
      message = nil
      failures.append(GateFailure(file: place.file, line: place.line, message: told))
    }
    return true
  }
}

/// sqlfluff: `== [a.sql] FAIL`, then `L:   1 | P:   9 | LT01 | text`, further lines without numbers.
struct SQLFluffBlocks: DiagnosticBlocks {
  private var list = FailureList()
  private var file: String?
  var isOpen: Bool { file != nil }
  var failures: [GateFailure] { list.all }

  mutating func read(_ line: Substring) -> Bool {
    if let rest = line.dropping("== ["), let name = rest.before("] ") {
      list.end()
      file = rest.hasSuffix("] FAIL") ? String(name) : nil
      return true
    }
    guard let file else { return false }
    if let rest = line.dropping("L:"), let number = rest.trimmed.leadingNumber, let text = rest.after("| P:")
    {
      list.begin(nil, file: file, line: number, String((text.after("| ") ?? text).trimmed))
    } else if let more = line.trimmed.dropping("| "), line.hasPrefix(" ") {
      list.add(more.trimmed)
    } else {
      list.end()
      self.file = nil
      return false
    }
    return true
  }

  mutating func finish() { list.end() }
}

/// Scala's compilers: `[error] a.scala:7:21: text` through sbt, `-- [E007] Type Mismatch Error: a.scala:7:1`.
struct ScalaLines: DiagnosticBlocks {
  private var list = FailureList()
  private var isNew = false
  var isOpen: Bool { list.isOpen }
  var failures: [GateFailure] { list.all }

  mutating func read(_ line: Substring) -> Bool {
    let isError = line.hasPrefix("[error] ")
    let text = line.dropping("[error] ") ?? line
    if isError || line.hasPrefix("[warn] "),
      let (place, message) = DiagnosticReader.split(line.after("] ") ?? line),
      place.file.hasSuffix(".scala") || place.file.hasSuffix(".java") || place.file.hasSuffix(".sbt")
    {
      list.end()
      isNew = false
      if isError { list.begin(nil, file: place.file, line: place.line, String(message)) }
      return true
    }
    if let rest = text.dropping("-- "), rest.hasSuffix("--"), let front = rest.before(": "),
      let place = rest.after(": ")?.parts(" ").first.flatMap({ DiagnosticReader.place($0) })
    {
      list.end()
      isNew = true
      if !front.hasSuffix("Warning") { list.begin(nil, file: place.file, line: place.line, String(front)) }
      return true
    }
    guard list.isOpen else { return isError && text.hasPrefix("(") }
    if text.hasPrefix("two errors found") || text.hasPrefix("one error found") || text.has(" errors found")
      || text.hasPrefix("(") || line.isEmpty || !isError && line.hasPrefix("[")
    {
      list.end()
    } else if isNew, let told = text.after("|")?.trimmed {
      // The source and its marks say nothing that the place does not.
      if !told.isEmpty, text.hasPrefix(" "), !told.hasPrefix("^"), !told.hasPrefix("longer explanation") {
        list.add(told)
      }
    } else if !isNew, text.hasPrefix(" found ") || text.hasPrefix(" required") {
      list.add(text.trimmed)
    }
    return true
  }

  mutating func finish() { list.end() }
}

/// Hooks of pre-commit that changed files: there is no other word for what is wrong.
struct HookLines: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var name: String?
  var isOpen: Bool { name != nil }

  mutating func read(_ line: Substring) -> Bool {
    if let front = line.droppingSuffix("...Failed") {
      name = String(front.prefix { $0 != "." }.trimmed)
    } else if let hook = name, line == "- files were modified by this hook" {
      failures.append(GateFailure(message: "hook '\(hook)': files were modified by this hook"))
      name = nil
    } else if !line.hasPrefix("- ") {
      name = nil
    }
    return false
  }
}

/// Environments of tox, sessions of nox and hooks of pre-commit that failed, where nothing inside them said
/// why.
struct EnvironmentLines: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  var isOnlyElse: Bool { true }
  var isOfWrapper: Bool { true }

  mutating func read(_ line: Substring) -> Bool {
    if line.hasPrefix("  "), let name = line.trimmed.before(": FAIL code "), !name.has(" "),
      let code = line.after(": FAIL code ")?.leadingNumber
    {
      failures.append(GateFailure(message: "tox environment '\(name)' exited with \(code)"))
    } else if let name = line.dropping("ERROR:   ")?.before(": commands failed") {
      failures.append(GateFailure(message: "tox environment '\(name)': commands failed"))
    } else if let rest = line.dropping("nox > * "), let name = rest.before(": "),
      rest.hasSuffix(": failed") || rest.hasSuffix(": aborted")
    {
      failures.append(GateFailure(message: "nox session '\(name)' \(rest.after(": ") ?? "failed")"))
    } else if let front = line.droppingSuffix("...Failed") {
      failures.append(GateFailure(message: "hook '\(front.prefix { $0 != "." }.trimmed)' failed"))
    }
    return false
  }
}

/// valgrind: `==123== Invalid write of size 1`, then frames.
struct ValgrindBlocks: DiagnosticBlocks {
  private var list = FailureList()
  var isOpen: Bool { list.isOpen }
  var failures: [GateFailure] { list.all }
  private static let starts = [
    "Invalid read", "Invalid write", "Invalid free", "Conditional jump", "Use of uninitialised",
    "Syscall param",
    "Mismatched free", "Source and destination overlap", "Jump to the invalid", "Possible data race",
    "Argument '",
  ]

  mutating func read(_ line: Substring) -> Bool {
    guard let rest = line.dropping("=="), let number = rest.before("== ") ?? rest.droppingSuffix("=="),
      Int(number) != nil
    else {
      list.end()
      return false
    }
    let text = rest.after("== ") ?? ""
    if Self.starts.contains(where: text.hasPrefix) || text.has(" definitely lost in loss record ") {
      list.begin(nil, String(text.before(" in loss record ") ?? text))
    } else if let frame = text.dropping("   at ") ?? text.dropping("   by ") {
      if let inside = frame.after(" (")?.before(")"), !inside.hasPrefix("vg_"), !inside.hasPrefix("in "),
        !frame.has(": malloc "), !frame.has(" (below main)")
      {
        list.place(DiagnosticReader.place(inside))
      }
    } else {
      list.end()
    }
    return true
  }

  mutating func finish() { list.end() }
}

/// CppUnit's output for compilers: `a.cpp:7:Assertion`, then `Test name: Cart::adds` and what is wrong.
struct CppUnitBlocks: DiagnosticBlocks {
  private var list = FailureList()
  private var start: Substring?
  var isOpen: Bool { start != nil || list.isOpen }
  var failures: [GateFailure] { list.all }

  mutating func read(_ line: Substring) -> Bool {
    if line.hasSuffix(":Assertion") || line.hasSuffix(":Error") || line.hasSuffix(" : Error") {
      list.end()
      start = line
    } else if let head = start {
      start = nil
      guard let name = line.dropping("Test name: ") else { return false }
      list.begin(String(name))
      list.place(DiagnosticReader.place(head.before(":Assertion") ?? head.before(":Error") ?? head))
    } else if list.isOpen {
      if line.isEmpty { list.end() } else { list.add(line) }
      return true
    }
    return false
  }

  mutating func finish() { list.end() }
}

/// PHP_CodeSniffer: `FILE: /a.php`, then ` 2 | ERROR | [x] text`, further lines without a number.
struct CodeSnifferBlocks: DiagnosticBlocks {
  private var list = FailureList()
  private var file: String?
  var isOpen: Bool { file != nil }
  var failures: [GateFailure] { list.all }

  mutating func read(_ line: Substring) -> Bool {
    if let path = line.dropping("FILE: ") {
      list.end()
      file = String(path.trimmed)
      return true
    }
    guard let file else { return false }
    let parts = line.components(" | ")
    if parts.count >= 3, let front = parts.first?.trimmed, front.isEmpty || Int(front) != nil {
      let text = parts.dropFirst(2).joined(separator: " | ")[...].trimmed
      if let number = Int(front) {
        list.end()
        if parts[1].trimmed == "ERROR" { list.begin(nil, file: file, line: number, String(text)) }
      } else {
        list.add(text)
      }
    } else if line.isEmpty || line.hasPrefix("Time: ") {
      list.end()
      if !list.all.isEmpty { self.file = nil }
    }
    return true
  }

  mutating func finish() { list.end() }
}
