/// Statements that may be calls of helpers that assert.
extension FactReader {
  private static let openings: Set = ["await", "try", "self", "this", "return", "yield"]
  private static let noCalls: Set = [
    "if", "for", "while", "switch", "catch", "foreach", "using", "match", "guard", "throw", "raise", "with",
    "let", "var", "const", "def", "func", "fn", "fun", "function", "class", "import", "from", "else", "elif",
    "do", "except", "rescue", "package", "new", "static", "final", "val", "lambda", "end", "case", "when",
    "unless", "assert",
  ]
  private static let mostTokens = 160

  /// The statements of a body that begin with a call, without those that assert or give a name to something.
  func statements(in range: Range<Int>) -> [CallStatement] {
    var found: [CallStatement] = []
    var index = range.lowerBound
    while index < range.upperBound {
      guard code.isWord(index) || language is JavaTests && isValueAt(index), isStart(index, range) else {
        index += 1
        continue
      }
      var first = index
      while FactReader.openings.contains(code.text(first)) {
        first += 1
        if code.isMark(first, ".") || code.isMark(first, "?") || code.isMark(first, "!") { first += 1 }
      }
      guard code.isWord(first) || first == index, !FactReader.noCalls.contains(code.text(first)),
        language.assertion(in: code, at: first) == nil,
        let statement = statement(first..<min(code.statementEnd(from: first), range.upperBound))
      else {
        index += 1
        continue
      }
      found.append(statement)
      index = max(index + 1, first + 1)
    }
    return found
  }

  private func isStart(_ index: Int, _ range: Range<Int>) -> Bool {
    index == range.lowerBound || code.kind(index - 1) == .newline
      || [";", "{", "}", ":", "=>", "->", "|"].contains { code.isMark(index - 1, $0) }
      || code.isWord(index - 1, "do")
  }

  private func isValueAt(_ index: Int) -> Bool {
    code.kind(index) == .number || code.kind(index) == .string
  }

  /// The word of Kotlin's `31 pays 480` that stands between two values.
  private func infix(_ range: Range<Int>) -> Int? {
    guard language is JavaTests else { return nil }
    var place = range.lowerBound
    while place < range.upperBound {
      let (before, after) = (place - 1, place + 1)
      if code.isWord(place), !FactReader.noCalls.contains(code.text(place)), before >= range.lowerBound,
        after < range.upperBound, code.isWord(before) || isValueAt(before) || code.isMark(before, ")"),
        code.isWord(after) || isValueAt(after) || code.isMark(after, "-")
      {
        return place
      }
      place = code.partner[place] > place ? code.partner[place] + 1 : place + 1
    }
    return nil
  }

  private func statement(_ range: Range<Int>) -> CallStatement? {
    guard range.count >= 3, range.count <= FactReader.mostTokens else { return nil }
    var (names, literals, words, shape) = ([String](), [String](), Set<String>(), "")
    let infix = infix(range)
    if let infix { names.append(code.text(infix)) }
    for index in range {
      let token = code.tokens[index]
      switch token.kind {
      case .newline: continue
      case .string, .number:
        literals.append(token.text)
        shape += "§ "
      case .word where FactReader.constants.contains(token.text):
        literals.append(token.text.lowercased())
        shape += "§ "
      case .word:
        if code.isMark(code.afterTypeArguments(index + 1), "(")
          || code.isMark(index + 1, "!") && code.isMark(index + 2, "(")
          || language.dialect.hasRubyBlocks && index == range.lowerBound && code.kind(index + 1) != .mark
        {
          names.append(token.text)
        }
        words.insert(TestCase.plain(token.text))
        shape += token.text + " "
      case .mark:
        // Something is given a name, or a block begins.
        if ["=", ":=", "{"].contains(token.text), code.partner[index] < 0 || names.isEmpty { return nil }
        shape += token.text + " "
      }
    }
    guard !names.isEmpty else { return nil }
    return CallStatement(
      names: names, isInfix: infix != nil,
      assertion: Assertion(
        line: code.tokens[range.lowerBound].line, name: names[names.count - 1], shape: shape,
        literals: literals, words: words, strength: 0, isNegative: false, looseness: []))
  }
}
