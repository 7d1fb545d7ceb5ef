import func Glibc.memchr

/// Tells in a few nanoseconds whether a line may matter to any reader: nearly none of a long log does.
enum LineFilter {
  /// What lines that matter begin with, behind blanks; the first three bytes count.
  private static let starts = [
    "===", "---", "___", "***", "FAIL", "ERROR", "Error", "error", "Ran ", "OK", "NO TESTS", "no tests",
    "No tests", "No test", "Test ", "Tests ", "test ", "ok ", "not ok", "TAP ", "1..", "# ", "## ",
    "running ", "Summary", "failures:", "failed", "Failed", "Failures", "failing",
    "Starting", "thread '", "PASS", "SKIP", "exit status", "FAIL\t", "ok  \t", "?   \t", "panic:", "=== RUN",
    "[ERROR]", "[INFO]", "[WARN", "[  FAILED", "[  PASSED", "[ RUN", "[       OK", "[==", "[--", "[  SKIPPED",
    "{\"T", "{\"A", "{\"a", "{\"r", "{\"f", "{\"n", "{\"v", "{\"$", "{\"s", "{\"t", "{\"m", "{\"p", "{\"c",
    "{\"I",
    "{\"l",
    "[{", "{", "[\"", "<?x", "<te", "<fa", "<er", "</t", "</f", "</e", "<sk", "<pr", "<sy", "warning",
    "fatal", "Fatal", "FATAL", "note:", "In file", "CMake", "collect2", "ld:", "/usr/bin/ld", "undefined",
    "Undefined", "ninja:", "make:", "make[", "Traceback", "File \"", "SyntaxError", "Reformat", "would",
    "Would", "Diff in", "Oh no",
    "> Task", "> Compil", "e: ", "w: ", "Executing", "BUILD", "Passed!", "Failed!", "Total tests", "Skipped!",
    "Could not", "There w", "There were", "Tests:", "Finished in", "Finished", "runs,", "examples",
    "Failure:", "Error:", "rspec ", "PHP ", "PHPUnit", "Parse error", "Fatal error", "In ", "Found ",
    "Checking", "Success", "Test Suite", "Executed", "Testing", "✔", "✖", "SUMMARY:", "AddressSan", "==",
    "#0", "#1",
    "Results", "collected", "Nothing", "Running", "Note:", "Note ", "at ", "INTERNALERROR", "pytest",
    "usage:", "Segmentation", "Aborted", "Bus error", "Killed", "*** ", "Time:", "OK (", "WARNINGS",
    "ERRORS!", "FAILURES!", "No tests executed", "Omission", "Pending", "Tests run", "Test run",
    "The following", "Errors", "Errors while", "✗", "Expected", "Inconclusive",
    "Test Files", "Snapshots", "Test Suites", "node:internal", "Uncaught", "Assertion", "assertion",
    "Unhandled", "Process ", "terminate", "libc++", "Exception", "Caused by", "lint", "1 error", "Exiting",
    "Lint", "files would", "--> ", "-->", "help:", "LLVM", "clang", "gcc", "cc1", "mold", "ld.lld", "rustc",
    "swift", "Fatal", "malloc", "double free", "free()", "munmap", "TEST", "No such", "cannot", "Cannot",
    "can't", "module", "OK ", "unknown file", "invalid-syntax:", "unformatted", "not formatted", "[warn]",
    "Files=", "Result:", "+++", "Test Summary", ">> Issue", "Location:", "Line  ", "::error", "##vso", "PHP",
    "thrown in",
    "Next ", "Stack trace", "Ok: ", "L: ", "- files", "- hook", "nox >", "==> X", "PASSED:", "FAILED:",
    "SKIPPED:",
    "Total tests", "Test run", "No suitable", "[info]", "[error]", "[warn]", "Could not run", "MethodSource",
    "=> ", "##team", "FILE: ", "<check", "<file", "==", "Message:", "Stack:", "Scenario", "✓", "<EXPR>",
    "Loaded suite", "+ Exception Group",
    "SIG", "TIMEOUT", "TRY ", "JUnit version", "e: file",
    "e: /", "All tests", "[doctest]", "DONE ", "process didn't", "bun test", "<Catch", "(pass)", "=== FAIL",
  ]

  private static let bloom: [Bool] = {
    var table = [Bool](repeating: false, count: 1 << 16)
    for text in starts {
      let bytes = Array(text.utf8)
      if bytes.count >= 3 { table[hash(bytes[0], bytes[1], bytes[2])] = true }
    }
    return table
  }()

  private static func hash(_ one: UInt8, _ two: UInt8, _ three: UInt8) -> Int {
    (Int(one) << 8 ^ Int(two) << 4 ^ Int(three) &* 167) & 0xFFFF
  }

  static func matters(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    let count = line.count
    if count < 3 {
      return count == 2 && line[0] == UInt8(ascii: "O")
        || count == 1 && (line[0] == UInt8(ascii: "{") || line[0] == UInt8(ascii: "["))
    }
    var start = 0
    while start < count, line[start] == 0x20 || line[start] == 0x09 { start += 1 }
    guard start + 2 < count else { return false }
    let first = line[start]
    if first >= 0x80 { return true }
    let second = line[start + 1]
    // `/home/ada/a.js:3`, alone in its line.
    if start == 0, line[count - 1] >= 0x30 && line[count - 1] <= 0x39, isPath(line),
      line.suffix(7).contains(UInt8(ascii: ":"))
    {
      return true
    }
    // `# package`; the dots of a progress.
    if first == UInt8(ascii: "#") && second == 0x20
      || first == UInt8(ascii: "=") && second == UInt8(ascii: "=")
    {
      return true
    }
    if (first == UInt8(ascii: ".") || first == UInt8(ascii: "X"))
      && (second == UInt8(ascii: ".") || second == UInt8(ascii: "X"))
    {
      return true
    }
    // `[3/9] Testing …`, `[  3/900] Building …`
    if first == UInt8(ascii: "["), second >= 0x30 && second <= 0x39 || second == 0x20, start == 0 {
      var index = 1
      while index < count, line[index] == 0x20 { index += 1 }
      while index < count, line[index] >= 0x30 && line[index] <= 0x39 { index += 1 }
      if index < count, line[index] == UInt8(ascii: "/") {
        // What a build says of a file that is wrong has the place of it.
        guard isProgress(line, index), let base = line.baseAddress else { return true }
        return memchr(base + index, 0x3A, count - index) != nil && hasMark(line, index)
      }
    }
    if first >= 0x41 && first <= 0x5A && isCode(line, start) { return true }
    if first >= 0x30 && first <= 0x39 { return numbered(line, start) || hasMark(line, start) }
    if bloom.withUnsafeBufferPointer({ $0[hash(first, line[start + 1], line[start + 2])] }) { return true }
    // `..F [ 57%]`, of pytest.
    if line[count - 1] == UInt8(ascii: "]"), line[count - 2] == UInt8(ascii: "%") { return true }
    // `CartTest#test_ok = 0.00 s = .`, of minitest.
    if line[count - 1] == UInt8(ascii: "."), line[count - 2] == 0x20, line[count - 3] == UInt8(ascii: "=") {
      return true
    }
    return hasMark(line, start)
  }

  /// What a build does between two numbers and a file, by the first four bytes of the word.
  private static let doings: [(UInt8, UInt8, UInt8, UInt8)] = [
    "Buil", "Comp", "Link", "Emit", "Copy", "Gene", "Scan", "Writ", "Wrap",
  ].map { word in
    let bytes = Array(word.utf8)
    return (bytes[0], bytes[1], bytes[2], bytes[3])
  }

  /// `[12/900] Building C object …`: `slash` is where the slash stands.
  private static func isProgress(_ line: UnsafeBufferPointer<UInt8>, _ slash: Int) -> Bool {
    var index = slash + 1
    while index < line.count, line[index] >= 0x30 && line[index] <= 0x39 { index += 1 }
    guard index + 5 < line.count, line[index] == UInt8(ascii: "]"), line[index + 1] == 0x20 else {
      return false
    }
    let word = (line[index + 2], line[index + 3], line[index + 4], line[index + 5])
    return doings.contains { $0 == word }
  }

  /// Whether a line may be a whole path, which is of interest above findings that are indented.
  static func isPath(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    line.count >= 3 && line.count < 1024
      && (line[0] == UInt8(ascii: "/") || isDrive(line) || isWord(line) || hasEnding(line))
  }

  /// `old/mail box.py`, `old/mail box.py:`: where there are blanks, the ending of a file's name.
  private static func hasEnding(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    let end = line.count - (line[line.count - 1] == UInt8(ascii: ":") ? 2 : 1)
    var index = end
    while index > 0, end - index < 6, line[index] | 0x20 >= 0x61 && line[index] | 0x20 <= 0x7A { index -= 1 }
    return index > 0 && index < end && line[index] == UInt8(ascii: ".") && line[index - 1] > 0x20
      && line[0] > 0x20
  }

  /// `./a/b.yaml`, `src/a.css`: no blank, and a dot.
  private static func isWord(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    var hasDot = false
    for byte in line {
      if byte <= 0x20 { return false }
      if byte == UInt8(ascii: ".") { hasDot = true }
    }
    return hasDot
  }

  /// `C:\src\cart.ts`
  private static func isDrive(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    line[1] == UInt8(ascii: ":") && (line[2] == UInt8(ascii: "\\") || line[2] == UInt8(ascii: "/"))
      && line[0] | 0x20 >= 0x61 && line[0] | 0x20 <= 0x7A
  }

  /// How the words go on that runners count.
  private static let counted: [(UInt8, UInt8, UInt8)] = [
    "pas", "fai", "tes", "err", "pro", "pen", "run", "exa", "ski", "war", "FAI", "SKI", "sel", "des", "xfa",
    "xpa", "sub", "DIS",
  ].map { word in
    let bytes = Array(word.utf8)
    return (bytes[0], bytes[1], bytes[2])
  }

  /// `3) name`, `12 failed`, `1..4`, `50% tests`, `3:5  error`.
  private static func numbered(_ line: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
    var index = start
    while index < line.count, line[index] >= 0x30 && line[index] <= 0x39 { index += 1 }
    guard index < line.count else { return false }
    switch line[index] {
    case UInt8(ascii: ")"), UInt8(ascii: "%"): return true
    case 0x20:
      guard index - start <= 6, index + 3 < line.count else { return false }
      return counted.contains {
        $0.0 == line[index + 1] && $0.1 == line[index + 2] && $0.2 == line[index + 3]
      }
    case UInt8(ascii: "."): return index + 1 < line.count && line[index + 1] == UInt8(ascii: ".")
    case UInt8(ascii: "/"): return start > 0 || isOneOf(line, index)
    case UInt8(ascii: ":"): return start > 0
    default: return false
    }
  }

  /// `1/6 Test #1: good`, of ctest; `1/6 good  OK  0.1s`, of meson.
  private static func isOneOf(_ line: UnsafeBufferPointer<UInt8>, _ slash: Int) -> Bool {
    var index = slash + 1
    while index < line.count, line[index] >= 0x30 && line[index] <= 0x39 { index += 1 }
    return index > slash + 1 && index + 1 < line.count && line[index] == 0x20
  }

  /// `F401 …`, the rule of a linter.
  private static func isCode(_ line: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
    var index = start
    while index < line.count, index - start < 6, line[index] >= 0x41 && line[index] <= 0x5A { index += 1 }
    let digits = index
    while index < line.count, line[index] >= 0x30 && line[index] <= 0x39 { index += 1 }
    return index - digits >= 3 && index - digits <= 4 && index < line.count && line[index] == 0x20
  }

  private static func hasMark(_ line: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
    guard let base = line.baseAddress, line.count - start >= 9 else {
      return hasMark(line, start, from: start, to: line.count)
    }
    // Eight places at once, each with the one behind it; the last ones are looked at again.
    var index = start
    while true {
      if mayHoldMark(base + index), hasMark(line, start, from: index, to: index + 8) { return true }
      if index + 9 >= line.count { return false }
      index = min(index + 8, line.count - 9)
    }
  }

  /// The high bits of the bytes that are zero, and perhaps of some behind one.
  private static func zeros(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  // The same byte eight times: numbers, or the compiler makes globals of them that are asked for each time.
  private static let small: UInt64 = 0x2020_2020_2020_2020
  private static let smallR: UInt64 = 0x7272_7272_7272_7272
  private static let smallF: UInt64 = 0x6666_6666_6666_6666
  private static let smallA: UInt64 = 0x6161_6161_6161_6161
  private static let colons: UInt64 = 0x3A3A_3A3A_3A3A_3A3A
  private static let opens: UInt64 = 0x2828_2828_2828_2828
  private static let percents: UInt64 = 0x2525_2525_2525_2525
  /// What the bit of small letters makes of a bracket.
  private static let braces: UInt64 = 0x7B7B_7B7B_7B7B_7B7B

  /// Whether one of eight bytes may be a mark: nearly none is, and nothing is guessed by the processor.
  private static func mayHoldMark(_ place: UnsafePointer<UInt8>) -> Bool {
    let here = UnsafeRawPointer(place).loadUnaligned(as: UInt64.self) | small
    let next = UnsafeRawPointer(place + 1).loadUnaligned(as: UInt64.self) | small
    let words = zeros(here ^ smallR) & zeros(next ^ smallR) | zeros(here ^ smallF) & zeros(next ^ smallA)
    let signs =
      zeros(here ^ colons) | zeros(here ^ opens) | zeros(here ^ braces) | zeros(here ^ percents)
    return words | signs != 0
  }

  private static func hasMark(
    _ line: UnsafeBufferPointer<UInt8>, _ start: Int, from first: Int, to end: Int
  ) -> Bool {
    for index in first..<min(end, line.count - 2) where isMark(line, start, index) { return true }
    return false
  }

  /// Whether something of interest stands at a place inside of a line.
  private static func isMark(_ line: UnsafeBufferPointer<UInt8>, _ start: Int, _ index: Int) -> Bool {
    let (next, after) = (line[index + 1], line[index + 2])
    switch line[index] {
    case UInt8(ascii: ":"):
      // `a.c:(.text+0x5): undefined reference`, of linkers.
      if next == UInt8(ascii: "("), after == UInt8(ascii: ".") { return true }
      // `a.sh: line 3: unexpected EOF while …`, of bash.
      if next == 0x20, after == UInt8(ascii: "u"), index + 15 < line.count {
        return line[index + 13] == UInt8(ascii: "E") && line[index + 15] == UInt8(ascii: "F")
      }
      // `file.c:12`, and not `12:34`.
      return next >= 0x30 && next <= 0x39 && index > start
        && !(line[index - 1] >= 0x30 && line[index - 1] <= 0x39)
    case UInt8(ascii: "("), UInt8(ascii: "["):
      return next >= 0x30 && next <= 0x39 && index > start && line[index - 1] != 0x20
    case UInt8(ascii: "r"): return next == UInt8(ascii: "r") && after == UInt8(ascii: "o")
    case UInt8(ascii: "F"): return next | 0x20 == UInt8(ascii: "a") && after | 0x20 == UInt8(ascii: "i")
    case UInt8(ascii: "f"): return next == UInt8(ascii: "a") && after == UInt8(ascii: "i")
    case UInt8(ascii: "%"): return next == 0x20 && after == UInt8(ascii: "t")
    default: return false
    }
  }
}
