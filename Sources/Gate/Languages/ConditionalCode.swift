/// What of a test is only reached under a condition.
extension FactReader {
  /// The blocks of conditions that have no other branch, and of handlers that nothing need reach.
  func conditionalRanges(in test: TestCase) -> [(block: Range<Int>, condition: Range<Int>)] {
    if language is GoTests { return [] }
    var found: [(Range<Int>, Range<Int>)] = []
    for index in test.body where code.isWord(index) {
      switch code.text(index) {
      case "if" where !code.isMark(index - 1, "#") && !code.isWord(index - 1, "else"):
        guard let (condition, block) = branch(index, test), !hasElse(block, test) else { continue }
        found.append((block, condition))
      case "catch", "except", "rescue":
        guard !code.isMark(index - 1, "."), let block = handler(index, test) else { continue }
        found.append((block, index..<index))
      default: break
      }
    }
    return found
  }

  /// The condition and the block of the `if` at `index`.
  func branch(_ index: Int, _ test: TestCase) -> (Range<Int>, Range<Int>)? {
    if test.isIndented {
      guard code.kind(index - 1) == .newline else { return nil }
      let block = code.indentedBlock(after: index, deeperThan: code.tokens[index].indentation)
      return ((index + 1)..<max(index + 1, block.lowerBound), block)
    }
    if language.dialect.hasRubyBlocks {
      guard code.kind(index - 1) == .newline else { return nil }
      let line = code.statementEnd(from: index)
      let block = code.endBlock(from: index)
      return ((index + 1)..<line, line..<max(line, block.upperBound))
    }
    if code.isMark(index + 1, "("), !(language is SwiftTests), !(language is RustTests) {
      let close = code.end(of: index + 1)
      let next = code.next(after: close - 1)
      let end = code.isMark(next, "{") ? code.end(of: next) : code.statementEnd(from: next)
      return ((index + 2)..<max(index + 2, close - 1), next..<max(next, end))
    }
    guard let open = code.brace(from: index + 1) else { return nil }
    return ((index + 1)..<open, open..<code.end(of: open))
  }

  private func hasElse(_ block: Range<Int>, _ test: TestCase) -> Bool {
    if language.dialect.hasRubyBlocks {
      return block.contains { code.isWord($0, "else") || code.isWord($0, "elsif") }
    }
    let next = test.isIndented ? block.upperBound : code.next(after: block.upperBound - 1)
    return code.isWord(next, "else") || code.isWord(next, "elif")
  }

  /// The handler's block, unless the test fails where nothing is thrown.
  private func handler(_ index: Int, _ test: TestCase) -> Range<Int>? {
    let demands: Set = [
      "fail", "assertions", "hasAssertions", "flunk", "Fail", "XCTFail", "throw", "raise", "FAIL",
    ]
    let isDemanded = test.body.contains { place in
      place < index
        && (code.isWord(place) && demands.contains(code.text(place)) || code.isWord(place, "else"))
    }
    guard !isDemanded else { return nil }
    if test.isIndented { return code.indentedBlock(after: index, deeperThan: code.tokens[index].indentation) }
    if language.dialect.hasRubyBlocks { return nil }
    return code.brace(from: index + 1).map { $0..<code.end(of: $0) }
  }

  /// How many of a test's assertions are only reached under a condition that nothing asserts.
  func conditionals(_ sites: [(site: AssertionSite, strength: Int)], in test: TestCase) -> Int {
    let ranges = conditionalRanges(in: test)
    return sites.filter { entry in
      let start = entry.site.range.lowerBound
      if entry.strength == 0 || entry.site.isReversed { return false }
      if ["&&", "||"].contains(where: { code.isMark(start - 1, $0) }), test.body.contains(start - 1) {
        return true
      }
      return ranges.contains { range in
        range.block.contains(start) && !isAsserted(range.condition, before: range.block.lowerBound, sites)
      }
    }.count
  }

  /// Whether an assertion before says what the condition asks.
  private func isAsserted(
    _ condition: Range<Int>, before end: Int, _ sites: [(site: AssertionSite, strength: Int)]
  ) -> Bool {
    let asked = condition.map { code.tokens[$0] }.filter { $0.kind != .newline }
    // `if let value = result` asks for `result`.
    let start = asked.lastIndex { $0.isMark("=") }.map { $0 + 1 } ?? 0
    var words = asked[start...].map(\.text).filter { $0 != "!" && $0 != "not" }
    if words.first == "(", words.last == ")" { words = Array(words.dropFirst().dropLast()) }
    guard words.contains(where: { $0.first?.isLetter == true }) else { return false }
    let wanted = words.joined(separator: " ")
    return sites.contains { entry in
      guard entry.strength > 0, entry.site.range.upperBound <= end else { return false }
      return code.spelled(entry.site.range).contains(wanted)
    }
  }

  // MARK: Leaving

  /// The conditions under which a test leaves and still passes.
  func exits(in test: TestCase) -> Int {
    guard test.isTest else { return 0 }
    return test.body.filter { index in
      guard code.isWord(index, "return"), leavesQuietly(index, test), !isInFunction(index, test) else {
        return false
      }
      return code.tokens[min(index + 1, test.body.upperBound)..<test.body.upperBound].contains {
        $0.kind == .word
          && (AssertionWords.begins($0.text) || ["Errorf", "Fatalf", "Error", "Fatal"].contains($0.text))
      }
    }.count
  }

  /// Whether the `return` at `index` is all that a condition's block does, and gives nothing back.
  private func leavesQuietly(_ index: Int, _ test: TestCase) -> Bool {
    let after = index + 1 + nothing(at: index + 1)
    let next = code.tokens.indices.contains(after) ? code.tokens[after] : nil
    guard let next, next.kind == .newline || next.isMark(";") || next.isMark("}") else { return false }
    var start = index - 1
    if test.isIndented {
      while start > test.body.lowerBound, code.kind(start) == .newline { start -= 1 }
      guard code.isMark(start, ":") else { return false }
      while start > test.body.lowerBound, code.kind(start - 1) != .newline { start -= 1 }
      return code.isWord(start, "if")
    }
    while start > test.body.lowerBound, code.kind(start) == .newline { start -= 1 }
    // `if (x) return;`, `if x { return }`, `guard … else { return }`, `?: return`
    if code.isMark(start, "{") { start -= 1 }
    if code.isWord(start, "else") { return true }
    if code.isMark(start, ":"), code.isMark(start - 1, "?") { return true }
    if code.isMark(start, ")"), code.partner[start] >= 0, code.isWord(code.partner[start] - 1, "if") {
      return true
    }
    var steps = 0
    while start > test.body.lowerBound, steps < 64, code.kind(start) != .newline, !code.isMark(start, "{"),
      !code.isMark(start, "}")
    {
      if code.isWord(start, "if") { return true }
      start -= 1
      steps += 1
    }
    return false
  }

  private static let nothings = [
    "Ok ( ( ) )", "Promise . resolve ( )", "done ( )", "t . pass ( )", "None", "nil", "null", "undefined",
    "true", "True",
  ].map { $0.split(separator: " ").map(String.init) }

  /// How many tokens at `index` are a value that tells of no failure: `Ok(())`, `done()`, `None`.
  private func nothing(at index: Int) -> Int {
    FactReader.nothings.first { words in
      words.indices.allSatisfy { code.text(index + $0) == words[$0] }
    }?.count ?? 0
  }

  /// Whether a function inside of the test holds `index`: what it leaves is not the test.
  private func isInFunction(_ index: Int, _ test: TestCase) -> Bool {
    if test.isIndented {
      return test.body.contains { place in
        place < index && code.isWord(place, "def")
          && code.tokens[place].indentation < code.tokens[index].indentation
          && code.indentedBlock(after: place, deeperThan: code.tokens[place].indentation).contains(index)
      }
    }
    let statements: Set = [
      "if", "for", "while", "switch", "foreach", "guard", "match", "loop", "with", "using",
    ]
    var isFirst = true
    for open in test.body.reversed() where code.isMark(open, "{") {
      guard open < index, code.partner[open] > index else { continue }
      // The outermost is the test itself.
      let isOutermost = !test.body.contains { code.isMark($0, "{") && $0 < open && code.partner[$0] > index }
      defer { isFirst = false }
      if isOutermost { return false }
      if isFirst || true {
        var start = open - 1
        if code.isMark(start, ")"), code.partner[start] >= 0 {
          let word = code.text(code.partner[start] - 1)
          if statements.contains(word) { continue }
          let parameters = code.tokens[code.partner[start]..<start]
          if word == "func", parameters.contains(where: { $0.text == "testing" }) { continue }
          // `if ready() || is_open() {`
          if isOfStatement(open, test.body.lowerBound, statements) { continue }
          return true
        }
        if code.isMark(start, "=>") || code.isMark(start, "->") || code.isMark(start, "|") { return true }
        var steps = 0
        var isStatement = false
        while start > test.body.lowerBound, steps < 40, code.kind(start) != .newline,
          !code.isMark(start, ";"),
          !code.isMark(start, "}"), !code.isMark(start, "{")
        {
          if statements.contains(code.text(start))
            || ["else", "do", "try", "finally"].contains(code.text(start))
          {
            isStatement = true
            break
          }
          start -= 1
          steps += 1
        }
        if !isStatement { return true }
      }
    }
    return false
  }

  /// Whether the block that opens at `open` belongs to a condition or a loop, whatever its last word calls.
  private func isOfStatement(_ open: Int, _ first: Int, _ statements: Set<String>) -> Bool {
    var start = open - 1
    while start > first, open - start < 64, ![";", "{", "}"].contains(where: { code.isMark(start, $0) }),
      code.kind(start) != .newline
    {
      if code.isWord(start), statements.contains(code.text(start)) { return true }
      start -= 1
    }
    return false
  }

  // MARK: Rows

  /// Loops over a part of their rows.
  func cuts(in range: Range<Int>) -> Int {
    let words: Set = [
      "take", "skip", "step_by", "slice", "prefix", "dropFirst", "dropLast", "head", "Take", "Skip", "islice",
      "first", "limit", "drop", "each_slice",
    ]
    return range.filter { index in
      guard code.isWord(index), ["for", "foreach"].contains(code.text(index)) else { return false }
      var position = index + 1
      var steps = 0
      while position < range.upperBound, steps < 60, !code.isMark(position, "{"),
        code.kind(position) != .newline || !isLoopOver(position, from: index)
      {
        if code.isWord(position), words.contains(code.text(position)),
          code.isMark(position - 1, ".") || code.isWord(position, "islice"),
          code.isMark(position + 1, "(")
        {
          return true
        }
        if code.isMark(position, "["),
          code.isWord(position - 1) || code.isMark(position - 1, "]") || code.isMark(position - 1, ")")
        {
          let inner = code.tokens[position..<min(code.end(of: position), range.upperBound)]
          if inner.contains(where: { $0.isMark(":") || $0.isMark("...") }),
            inner.contains(where: {
              $0.kind == .number || ["len", "length", "count", "size"].contains($0.text)
            })
          {
            return true
          }
        }
        position += 1
        steps += 1
      }
      return false
    }.count
  }

  /// `rows.first(1).each`, `rows.slice(0, 1).forEach`
  func cutChains(in range: Range<Int>) -> Int {
    let words: Set = [
      "take", "skip", "slice", "prefix", "dropFirst", "dropLast", "Take", "Skip", "first", "limit", "drop",
    ]
    let loops: Set = ["each", "forEach", "map", "for_each", "ForEach", "each_with_index"]
    return range.filter { index in
      code.isWord(index) && words.contains(code.text(index)) && code.isMark(index - 1, ".")
        && code.isMark(index + 1, "(") && code.isMark(code.end(of: index + 1), ".")
        && loops.contains(code.text(code.end(of: index + 1) + 1))
    }.count
  }

  /// Rows of which a part is taken where a test is given them: `@Test(arguments: rows.prefix(1))`,
  /// `parametrize("row", ROWS[1:])`; not those that stand in a row.
  func headCuts(in head: Range<Int>) -> Int {
    let words: Set = [
      "take", "skip", "slice", "prefix", "suffix", "dropFirst", "dropLast", "Take", "Skip", "islice", "limit",
      "drop", "first",
    ]
    func isInRows(_ index: Int) -> Bool {
      head.contains { code.isMark($0, "[") && $0 < index && code.partner[$0] > index }
    }
    return head.filter { index in
      if code.isWord(index), words.contains(code.text(index)), code.isMark(index + 1, "("),
        code.isMark(index - 1, ".") || code.isWord(index, "islice")
      {
        // `it.skip(…)` is a mark.
        let isMark = code.isWord(index, "skip") && code.isWord(index - 2)
        return !isMark && !isInRows(index)
      }
      guard code.isMark(index, "["), code.partner[index] > index, code.partner[index] < head.upperBound,
        code.isWord(index - 1) || code.isMark(index - 1, "]") || code.isMark(index - 1, ")"), !isInRows(index)
      else { return false }
      let inner = code.tokens[index..<code.partner[index]]
      return inner.contains { $0.kind == .number } && !inner.contains { $0.isMark(",") }
        && inner.contains { $0.isMark(":") || $0.isMark("...") }
    }.count
  }

  private func isLoopOver(_ position: Int, from index: Int) -> Bool {
    code.isMark(position - 1, ":") || code.tokens[position].line > code.tokens[index].line
  }
}
