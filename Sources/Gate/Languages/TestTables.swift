/// Tables of values, and failures that are dropped.
extension FactReader {
  /// The literals that stand in lists of at least two, such as parameters.
  func tables(in test: TestCase) -> [String] {
    var found: [String] = []
    for range in [test.head, test.body] { found += FactReader.listLiterals(code, range) }
    return found
  }

  /// What gives a parametrised test one more row.
  private static let rowWords: Set = [
    "InlineData", "TestCase", "DataRow", "TestWith", "Arguments", "test_case", "case", "Row", "param",
    "Values", "arguments", "CsvSource", "ValueSource",
  ]

  /// The rows that stand in marks of their own.
  func rows(in head: Range<Int>) -> Int {
    head.count { index in
      code.isWord(index) && FactReader.rowWords.contains(code.text(index)) && code.isMark(index + 1, "(")
        && (code.isMark(index - 1, "[") || code.isMark(index - 1, ",") || code.isMark(index - 1, "@"))
    }
  }

  /// What stands in statements, and not in data.
  private static let statementMarks: Set = [";", "=", "=>", ":=", "!=", "==", "->"]
  private static let statementWords: Set = ["if", "for", "return", "assert", "def"]

  /// How Go's tests tell a failure: `{ t.Errorf("Row = %q", seats[0].Row) }` is no list.
  private static let tellers: Set = ["Errorf", "Fatalf", "Error", "Fatal", "Logf", "Log"]

  /// What a list may stand behind, and no index.
  private static let notIndexed: Set = ["return", "in", "of", "yield", "from", "and", "or", "is", "else"]

  static func listLiterals(_ code: SourceCode, _ range: Range<Int>) -> [String] {
    var found: [String] = []
    var index = range.lowerBound
    while index < range.upperBound {
      let isList = code.isMark(index, "[") || code.isMark(index, "{") || code.isMark(index, "(")
      if isList, code.partner[index] > index, code.partner[index] < range.upperBound {
        let inner = (index + 1)..<code.partner[index]
        let isCall =
          code.isMark(index, "(") && code.isWord(index - 1) && !code.isWord(index - 1, "array")
          && !rowWords.contains(code.text(index - 1))
          || code.isMark(index, "(") && code.isMark(index - 1, "!") && code.isWord(index - 2)
            && !rowWords.contains(code.text(index - 2)) && !code.isWord(index - 2, "vec")
          // What a block does: `let(:card) { double("card", valid: true) }`
          || code.isMark(index, "{") && code.isMark(index - 1, ")")
          || code.isMark(index, "[")
            && (code.isWord(index - 1) && !notIndexed.contains(code.text(index - 1))
              || code.isMark(index - 1, "]") || code.isMark(index - 1, ")"))
        let holdsOnlyData = !code.tokens[inner].contains { token in
          token.kind == .mark && statementMarks.contains(token.text)
            || token.kind == .word
              && (statementWords.contains(token.text) || AssertionWords.begins(token.text))
        }
        let tells =
          code.isMark(index, "{")
          && inner.contains {
            code.isMark($0, ".") && code.isMark($0 + 2, "(") && tellers.contains(code.text($0 + 1))
          }
        let isRow = code.isMark(index, "(") && rowWords.contains(code.text(index - 1))
        let literals = code.tokens[inner].filter {
          $0.kind == .number || $0.kind == .string || constants.contains($0.text)
        }
        let isList = literals.count >= 2 && code.tokens[inner].contains { $0.isMark(",") }
        if !isCall, !tells, holdsOnlyData, isList || isRow && !literals.isEmpty {
          found += literals.map { constants.contains($0.text) ? $0.text.lowercased() : $0.text }
          index = code.partner[index] + 1
          continue
        }
      }
      index += 1
    }
    return found
  }

  /// `if row.name == "x" { continue }`: conditions on a literal that only pass on to the next row.
  func passes(in range: Range<Int>) -> Int {
    range.filter { index in
      guard code.isWord(index), ["continue", "next"].contains(code.text(index)) else { return false }
      var start = index
      while start > range.lowerBound, index - start < 30, !code.isWord(start, "if"),
        !code.isWord(start, "unless")
      {
        start -= 1
      }
      guard code.isWord(start, "if") || code.isWord(start, "unless") else { return false }
      let between = code.tokens[start..<index]
      return between.contains { $0.kind == .string || $0.kind == .number }
        && !between.contains { $0.kind == .word && AssertionWords.begins($0.text) || $0.isMark("(") }
    }.count
  }

  /// `let _ = a == b`, and in Python `a == b` as a statement.
  func discards(in range: Range<Int>) -> Int {
    range.filter { index in
      let isStart =
        code.kind(index - 1) == .newline || [";", "{", "}"].contains { code.isMark(index - 1, $0) }
      guard isStart, code.isWord(index) else { return false }
      let end = min(code.statementEnd(from: index), range.upperBound)
      guard index < end else { return false }
      let statement = code.tokens[index..<end]
      guard statement.contains(where: { $0.isMark("==") || $0.isMark("===") }) else { return false }
      let first = code.isWord(index, "let") ? index + 1 : index
      return code.isWord(first, "_") && code.isMark(first + 1, "=")
    }.count
      + range.filter { index in
        code.isWord(index, "void") && code.isMark(index - 1, "(") && code.isMark(index + 1, ")")
          && code.tokens[index..<min(code.statementEnd(from: index + 2), range.upperBound)].contains {
            $0.isMark("==")
          }
      }.count
  }

  /// Whether what a promise is rejected with becomes a value of its own: `.catch(error => error)`.
  private func isHandedOn(_ index: Int, _ range: Range<Int>) -> Bool {
    guard code.isMark(index + 1, "(") else { return false }
    let inner = ((index + 2)..<max(index + 2, code.end(of: index + 1) - 1)).filter {
      !code.isMark($0, "(") && !code.isMark($0, ")")
    }
    guard inner.count == 3, code.isMark(inner[1], "=>"), code.text(inner[0]) == code.text(inner[2]) else {
      return false
    }
    var start = index
    while start > range.lowerBound, code.kind(start - 1) != .newline, !code.isMark(start - 1, ";") {
      start -= 1
    }
    return code.tokens[start..<index].contains { $0.isMark("=") }
      && !code.tokens[start..<index].contains { $0.kind == .word && AssertionWords.begins($0.text) }
  }

  /// Places that catch everything, or what an assertion throws, and do not pass it on.
  func swallows(in range: Range<Int>) -> Int {
    var count = 0
    for index in range where code.isWord(index) {
      switch code.text(index) {
      case "except", "rescue":
        let line = code.tokens[index..<min(index + 12, range.upperBound)].prefix {
          $0.kind != .newline && !$0.isMark(":")
        }
        let names = line.dropFirst().filter { $0.kind == .word && $0.text != "as" }.map(\.text)
        let isWide =
          names.isEmpty
          || names.contains {
            [
              "Exception", "BaseException", "AssertionError", "StandardError", "AssertionFailedError",
              "Assertion", "ExpectationNotMetError", "ScriptError",
            ].contains($0)
          }
        let block = code.tokens[index..<min(range.upperBound, index + 60)].dropFirst(line.count)
        let passesOn = block.prefix(30).contains {
          ["raise", "fail", "skip", "assert", "flunk"].contains($0.text)
            || AssertionWords.begins($0.text) && $0.kind == .word
        }
        let isModifier = code.isWord(index, "rescue") && code.kind(index - 1) != .newline
        if isModifier || isWide && !passesOn { count += 1 }
      case "catch":
        if code.isMark(index - 1, ".") {
          // `const error = await f().catch(e => e)` is looked at afterwards.
          if !isHandedOn(index, range) { count += 1 }
          continue
        }
        let open = (index..<min(index + 14, range.upperBound)).first { code.isMark($0, "{") }
        guard let open else { continue }
        let header = code.tokens[index..<open].map(\.text)
        let isNarrow = header.contains {
          $0.hasSuffix("Exception") && !["Exception", "RuntimeException"].contains($0)
        }
        let block = code.tokens[open..<min(code.end(of: open), range.upperBound)]
        let passesOn = block.contains {
          ["throw", "fail", "raise", "done"].contains($0.text)
            || AssertionWords.begins($0.text) && $0.kind == .word
        }
        if !isNarrow && !passesOn { count += 1 }
      case "ensure", "finally":
        // What leaves there drops what was thrown.
        let block = code.tokens[index..<min(index + 24, range.upperBound)].dropFirst().prefix {
          $0.text != "end" && !$0.isMark("}")
        }
        if block.contains(where: { $0.isWord("return") }) { count += 1 }
      case "runCatching": if code.isMark(index + 1, "{") { count += 1 }
      case "Record":
        // What it caught is the result, which somebody must look at.
        let isStatement = [";", "{", "}", "=>"].contains { code.isMark(index - 1, $0) }
        if code.isMark(index + 1, "."), code.text(index + 2).hasPrefix("Exception"), isStatement {
          count += 1
        }
      case "suppress", "catch_unwind", "recover": if code.isMark(index + 1, "(") { count += 1 }
      default: break
      }
    }
    return count
  }
}
