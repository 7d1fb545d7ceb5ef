/// A traceback of Python that no runner takes, and the syntax errors of `py_compile`.
struct TracebackBlocks: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var place: DiagnosticReader.Place?
  private var isIn = false
  /// The error that another was raised for, and how many lines there may be until that is said.
  private var cause: GateFailure?
  private var patience = 0
  /// Below the message of a group of exceptions.
  private var isInGroup = false
  /// The file that `compileall` cannot compile.
  private var compiled: Substring?
  var isOpen: Bool { isIn || place != nil || patience > 0 || isInGroup }
  var isOnlyElse: Bool { true }

  mutating func read(_ line: Substring) -> Bool {
    if patience > 0 { patience -= 1 }
    let bare = line.dropping("  | ") ?? line
    if isInGroup {
      readGroup(line)
    } else if line.hasPrefix("  + Exception Group Traceback ") {
      (isIn, place) = (true, nil)
    } else if let rest = line.dropping("*** Error compiling '") {
      compiled = rest.before("'")
    } else if let rest = line.dropping("Sorry: ") {
      readUnplaced(rest)
    } else if line.hasPrefix("The above exception was ") || line.hasPrefix("During handling of the above ") {
      if patience > 0, cause == nil { cause = failures.popLast() }
    } else if line.hasPrefix("Traceback (most recent call last)") {
      isIn = true
      place = nil
    } else if bare.hasPrefix("  File \""), let file = line.after("\"")?.before("\""),
      let number = line.after(", line ")?.leadingNumber
    {
      if place == nil || !DiagnosticReader.isOfPython(file) {
        place = DiagnosticReader.Place(file: String(file), line: number, hasColumn: false)
      }
    } else if place != nil, !bare.hasPrefix(" "), !bare.isEmpty {
      if line.hasPrefix("***") { return false }
      let name = bare.before(":") ?? bare
      if isIn || name.hasSuffix("Error") || name.hasSuffix("Exception"), failures.count < 1000 {
        let why = cause.map { "\ncaused by \($0.text)" } ?? ""
        failures.append(GateFailure(file: place?.file, line: place?.line, message: bare + why))
        (cause, patience) = (nil, 4)
        isInGroup = bare.startIndex != line.startIndex
      }
      (place, isIn) = (nil, false)
    }
    return false
  }

  /// The errors of a group are part of what is wrong.
  private mutating func readGroup(_ line: Substring) {
    guard line.hasPrefix(" ") else { return isInGroup = false }
    guard let told = line.trimmed.dropping("| "), !told.hasPrefix(" "), !told.hasPrefix("Traceback "),
      let last = failures.last, last.message.utf8.count < 2000
    else { return }
    failures[failures.count - 1].message += "\n\(told)"
  }

  /// `TabError: inconsistent use of tabs and spaces in indentation (a.py, line 3)`
  private mutating func readUnplaced(_ text: Substring) {
    place = nil
    guard text.hasSuffix(")"), let open = text.utf8.lastIndex(of: UInt8(ascii: "(")), failures.count < 1000,
      let file = text[open...].dropFirst().before(", line "),
      let number = text[open...].after(", line ")?.leadingNumber
    else { return }
    let path = compiled?.hasSuffix(String(file)) == true ? compiled : file
    failures.append(
      GateFailure(file: path.map { String($0) }, line: number, message: String(text[..<open].trimmed)))
  }

  mutating func finish() {
    if let cause { failures.append(cause) }
    cause = nil
  }
}

/// An interpreter of Python that died: the innermost frame that is not a library's is the place.
struct FaultBlocks: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var message: String?
  private var test: String?
  private var place: DiagnosticReader.Place?
  var isOpen: Bool { message != nil }

  mutating func read(_ line: Substring) -> Bool {
    if let told = line.after("Fatal Python error: ") {
      finish()
      message = "Fatal Python error: " + told
      return true
    }
    guard message != nil else { return false }
    if line.hasPrefix("  File \""), let file = line.after("\"")?.before("\"") {
      let isOwn = !DiagnosticReader.isOfPython(file) && !file.hasPrefix("<")
      if isOwn, place == nil, let number = line.after(", line ")?.leadingNumber {
        place = DiagnosticReader.Place(file: String(file), line: number, hasColumn: false)
      }
      if isOwn, test == nil, let name = line.after(" in "), name.hasPrefix("test") { test = String(name) }
      return true
    }
    if line.trimmed.isEmpty || line.hasSuffix("(most recent call first):") { return true }
    finish()
    return false
  }

  mutating func finish() {
    if let message {
      failures.append(GateFailure(test: test, file: place?.file, line: place?.line, message: message))
    }
    (message, test, place) = (nil, nil, nil)
  }
}
