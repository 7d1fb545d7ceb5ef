/// What of a test looks as if it proved something: closures that are made and not called, comparisons that
/// are only told, tables that are emptied, records that the test writes itself.
extension FactReader {
  private func isStatementStart(_ index: Int, _ body: Range<Int>) -> Bool {
    index == body.lowerBound || code.kind(index - 1) == .newline
      || [";", "{", "}", "=>"].contains { code.isMark(index - 1, $0) } || code.isWord(index - 1, "do")
  }

  /// Closures that are a statement of their own, which nothing calls: `-> { expect(…) }`, `lambda: check()`.
  mutating func findMadeOnly(in test: TestCase) {
    for index in test.body where isStatementStart(index, test.body) && makesClosure(index, test) {
      let end = min(closureEnd(index), test.body.upperBound)
      guard index < end, code.partner[end - 1] < end - 1 || !isCall(end - 1) else { continue }
      let after = code.next(after: end - 1)
      if [".", "(", "[", "?."].contains(where: { code.isMark(after, $0) }) { continue }
      dead.append(index..<end)
    }
  }

  /// Whether the bracket that closes at `index` holds the arguments of what stands before it, a closure.
  private func isCall(_ index: Int) -> Bool {
    let open = code.partner[index]
    guard open > 0, open < index else { return false }
    let before = code.previous(before: open)
    return code.isMark(open, "(") && (code.isMark(before, "}") || code.isMark(before, ")"))
      || code.isWord(before) && ["call", "invoke", "run", "apply"].contains(code.text(before))
  }

  private func makesClosure(_ index: Int, _ test: TestCase) -> Bool {
    switch code.text(index) {
    case "function", "func", "fn":
      return code.isWord(index) && code.isMark(index + 1, "(") && !(language is RustTests)
    case "proc", "lambda":
      return code.isWord(index) && (test.isIndented || language.dialect.hasRubyBlocks)
    case "->": return language.dialect.hasRubyBlocks
    case "(":
      return (language is JavaScriptTests || language is CSharpTests)
        && code.isMark(code.end(of: index), "=>")
    case "async":
      return language is JavaScriptTests && code.isMark(index + 1, "(")
        && code.isMark(code.end(of: index + 1), "=>")
    case "{":
      // Only in Kotlin a bare block is a closure.
      return language is JavaTests && code.places["fun"] != nil && code.kind(index - 1) == .newline
        && code.previous(before: index) > 0 && code.kind(code.previous(before: index)) != .mark
    default: return false
    }
  }

  // MARK: Told and not asserted

  private static let tellers: Set = [
    "Log", "Logf", "Print", "Println", "Printf", "print", "println", "printf", "fprintf", "log", "warn",
    "eprintln", "eprint", "puts", "echo", "error_log", "WriteLine", "NSLog", "debug", "info", "debugPrint",
  ]
  private static let enders: Set = [
    "Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow", "panic", "throw", "raise", "return", "exit",
    "continue", "break", "abort", "fail", "flunk", "reject", "yield", "goto", "next", "record",
  ]

  /// `if got != want { t.Log(…) }`
  func tellings(in test: TestCase) -> Int {
    test.body.filter { index in
      guard code.isWord(index, "if"), let (condition, block) = comparison(index, test) else { return false }
      guard condition.contains(where: { ["==", "!=", "===", "!=="].contains(code.text($0)) }) else {
        return false
      }
      let words = block.filter { code.isWord($0) }.map(code.text)
      return words.contains(where: FactReader.tellers.contains)
        && !words.contains { FactReader.enders.contains($0) || AssertionWords.begins($0) }
        && !block.contains { ["=", ":=", "+", "<"].contains(code.text($0)) && code.kind($0) == .mark }
    }.count
  }

  /// The condition and the block of the `if` at `index`, whatever statement stands before the condition.
  private func comparison(_ index: Int, _ test: TestCase) -> (Range<Int>, Range<Int>)? {
    guard language is GoTests else { return branch(index, test) }
    var open = index + 1
    while open < test.body.upperBound, !code.isMark(open, "{"), code.kind(open) != .newline {
      open = code.partner[open] > open ? code.partner[open] + 1 : open + 1
    }
    guard code.isMark(open, "{") else { return nil }
    return ((index + 1)..<open, open..<min(code.end(of: open), test.body.upperBound))
  }

  // MARK: Emptied tables

  /// Tables that are emptied before the loop that goes over them: `clear(cases)`, `rows = rows[:0]`.
  func emptied(in test: TestCase) -> Int {
    test.body.filter { index in
      guard code.isWord(index), let name = emptiedName(index) else { return false }
      let rest = (index + 1)..<test.body.upperBound
      guard let loop = rest.first(where: { goesOver(name, $0, test.body) }) else { return false }
      // What is filled again is none.
      return !(index + 1..<loop).contains { place in
        code.isWord(place, name)
          && (code.isMark(place + 1, ".")
            && ["append", "push", "add", "insert", "extend", "concat", "Add", "update", "addAll"].contains(
              code.text(place + 2))
            || code.isMark(place + 1, "[") || code.isMark(place + 1, "<") && code.isMark(place + 2, "<")
            || code.isMark(place + 1, "=") && !isEmpty(place + 2, name))
      }
    }.count
  }

  private func emptiedName(_ index: Int) -> String? {
    let text = code.text(index)
    if text == "clear", code.isMark(index + 1, "("), code.isWord(index + 2), code.isMark(index + 3, ")"),
      !code.isMark(index - 1, ".")
    {
      return code.text(index + 2)
    }
    guard !code.isMark(index - 1, ".") else { return nil }
    if code.isMark(index + 1, "."),
      ["clear", "removeAll", "Clear", "RemoveAll", "clear!"].contains(code.text(index + 2))
    {
      return text
    }
    if code.isMark(index + 1, "."), code.isWord(index + 2, "length"), code.isMark(index + 3, "="),
      code.text(index + 4) == "0"
    {
      return text
    }
    // Only what was given a value before is emptied by another.
    guard code.isMark(index + 1, "="), isEmpty(index + 2, text),
      ["const", "let", "var", "val"].allSatisfy({ !code.isWord(index - 1, $0) }),
      (code.places[text] ?? []).contains(where: { place in
        place < index && index - place < 400
          && (code.isMark(place + 1, ":=") || code.isMark(place + 1, "=") && !isEmpty(place + 2, text))
      })
    else { return nil }
    return text
  }

  /// `nil`, `[]`, `{}`, `rows[:0]`
  private func isEmpty(_ index: Int, _ name: String) -> Bool {
    if ["nil", "null", "None"].contains(code.text(index)) { return true }
    if code.isMark(index, "[") || code.isMark(index, "{"), code.partner[index] == index + 1 { return true }
    return code.isWord(index, name) && code.isMark(index + 1, "[")
      && code.tokens[(index + 1)..<code.end(of: index + 1)].map(\.text).joined() == "[:0]"
  }

  private func goesOver(_ name: String, _ index: Int, _ body: Range<Int>) -> Bool {
    guard code.isWord(index, name) else { return false }
    if code.isMark(index + 1, "."), ["each", "forEach", "map", "for_each"].contains(code.text(index + 2)) {
      return true
    }
    var start = index
    while start > body.lowerBound, index - start < 12, code.kind(start) != .newline {
      if code.isWord(start, "for") || code.isWord(start, "foreach") { return true }
      start -= 1
    }
    return false
  }

  // MARK: Records

  private static let writers: Set = [
    "WriteFile", "writeFileSync", "writeFile", "write_text", "write_bytes", "file_put_contents",
    "writeString", "WriteAllText", "WriteAllLines", "WriteAllBytes", "write", "writeText", "copyFileSync",
    "outputFileSync",
  ]

  /// The recorded files that a test writes before it reads them, under no condition.
  func written(in test: TestCase) -> Set<String> {
    var found: Set<String> = []
    guard
      test.body.contains(where: { code.isWord($0) && FactReader.writers.contains(code.text($0)) })
    else { return found }
    let conditions = test.body.filter { code.isWord($0, "if") || code.isWord($0, "unless") }.compactMap {
      comparison($0, test)?.1
    }
    for index in test.body where code.isWord(index) && FactReader.writers.contains(code.text(index)) {
      guard code.isMark(index + 1, "("), !conditions.contains(where: { $0.contains(index) }) else { continue }
      var start = index
      while start > test.body.lowerBound, code.kind(start - 1) != .newline,
        ![";", "{", "}"].contains(where: { code.isMark(start - 1, $0) })
      { start -= 1 }
      for place in start..<min(code.end(of: index + 1), test.body.upperBound)
      where code.kind(place) == .string {
        let text = code.text(place)
        let isReadToo = test.body.contains {
          $0 > index && code.kind($0) == .string && code.text($0) == text && $0 != place
        }
        if isReadToo, TestData.isRecorded(TestPath(text)) || text.contains("testdata/") { found.insert(text) }
      }
    }
    return found
  }
}

extension SourceCode {
  /// Whether the condition of a preprocessor at `index` keeps nothing out but imports and definitions, or is
  /// the guard of a header against being read twice.
  func holdsOnlyImports(from index: Int) -> Bool {
    if index == 0, isWord(1, "ifndef"), isMark(3, "#"), isWord(4, "define"), text(5) == text(2) {
      return true
    }
    let opening: Set = ["if", "ifdef", "ifndef"]
    let plain: Set = ["else", "elif", "elseif", "include", "define", "undef", "import", "pragma"]
    var depth = 0
    for position in index..<tokens.count {
      let isFirst =
        position == index || tokens[position].line != tokens[position - 1].line
        || kind(position - 1) == .newline
      guard isFirst, kind(position) != .newline else { continue }
      if isMark(position, "#") {
        let word = text(position + 1)
        if opening.contains(word) {
          depth += 1
        } else if word == "endif" {
          depth -= 1
          if depth == 0 { return true }
        } else if !plain.contains(word) {
          return false
        }
      } else if !["import", "using"].contains(text(position)),
        !(isMark(position, "@")
          && ["testable", "preconcurrency", "_exported"].contains(text(position + 1)))
      {
        return false
      }
    }
    return false
  }
}
