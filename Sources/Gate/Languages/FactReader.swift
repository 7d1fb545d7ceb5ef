/// Reads the facts of one stretch of code.
struct FactReader {
  let code: SourceCode
  let language: any TestLanguage
  var dead: [Range<Int>] = []

  init(_ code: SourceCode, _ language: any TestLanguage) {
    self.code = code
    self.language = language
  }

  mutating func facts(of test: TestCase) -> TestFacts {
    var facts = TestFacts()
    dead = []
    findDead(in: test, &facts)
    readTokens(test.head, &facts)
    readTokens(test.body, &facts)
    facts.tables = tables(in: test)
    facts.swallows = swallows(in: test.body)
    facts.passes = passes(in: test.body)
    facts.discards = discards(in: test.body)
    let voids = Set(language.voids.hits(in: code, test.body).map { code.tokens[$0.index].line })
    readAssertions(test.head, voids, &facts)
    readAssertions(test.body, voids, &facts)
    return facts
  }

  private func readTokens(_ range: Range<Int>, _ facts: inout TestFacts) {
    for index in range {
      let token = code.tokens[index]
      switch token.kind {
      case .string, .number:
        facts.literals.insert(token.text)
        if token.kind == .string { facts.literals.formUnion(FactReader.pieces(token.text)) }
      case .word:
        facts.words.insert(TestCase.plain(token.text))
        if FactReader.constants.contains(token.text) { facts.literals.insert(token.text.lowercased()) }
        if code.isMark(code.afterTypeArguments(index + 1), "(") || code.isMark(index + 1, "!"),
          !isDeclared(index)
        {
          facts.calls.insert(token.text)
        }
        // Ruby calls without brackets.
        if language.dialect.hasRubyBlocks, code.kind(index - 1) == .newline, code.kind(index + 1) != .mark {
          facts.calls.insert(token.text)
        }
      case .mark, .newline: break
      }
    }
  }

  /// Tables that stand in one string, such as JUnit's `@CsvSource`.
  private static func pieces(_ text: String) -> [String] {
    guard text.utf8.count < 400, text.contains(",") || text.contains("|") || text.contains("\t") else {
      return []
    }
    return text.split { ",|\t\n".contains($0) }.map { piece in
      let plain = String(Substring(piece).trimmed)
      return plain.first?.isNumber == true ? Lexer.plainNumber(plain) : plain
    }
  }

  static let constants: Set = [
    "True", "False", "None", "true", "false", "nil", "null", "undefined", "nullptr", "NULL",
  ]

  // MARK: Assertions

  private func readAssertions(_ range: Range<Int>, _ voids: Set<Int>, _ facts: inout TestFacts) {
    var index = range.lowerBound
    while index < range.upperBound {
      if let end = dead.first(where: { $0.contains(index) })?.upperBound {
        index = max(index + 1, end)
        continue
      }
      guard let site = language.assertion(in: code, at: index), !isDeclared(index) else {
        index += 1
        continue
      }
      var found = assertion(site)
      if voids.contains(found.line) || isOfCopies(site) { found.strength = 0 }
      facts.assertions.append(found)
      // What an assertion's block holds is looked at too; what is chained to it is part of it.
      index = nested(site) ?? max(index + 1, min(site.range.upperBound, range.upperBound))
    }
  }

  /// Whether what is expected was taken from what is compared just before: `want = got`.
  private func isOfCopies(_ site: AssertionSite) -> Bool {
    var end = site.range.lowerBound
    while end > 0, code.kind(end - 1) == .newline || code.isMark(end - 1, ";") { end -= 1 }
    var start = end
    while start > 0, end - start < 12, code.kind(start - 1) != .newline,
      !["{", "}", ";", ":"].contains(where: { code.isMark(start - 1, $0) })
    {
      start -= 1
    }
    guard start < end,
      let equals = (start..<end).first(where: { code.isMark($0, "=") || code.isMark($0, ":=") })
    else { return false }
    func isPath(_ range: Range<Int>) -> Bool {
      !range.isEmpty && range.allSatisfy { code.isWord($0) || code.isMark($0, ".") }
    }
    let (left, right) = (start..<equals, (equals + 1)..<end)
    guard isPath(left), isPath(right), code.spelled(left) != code.spelled(right) else { return false }
    func names(_ path: Range<Int>) -> Bool {
      let words = path.map { code.text($0) }
      let wanted = Array(words.reversed().prefix { $0 != "let" && $0 != "const" && $0 != "var" }.reversed())
      return site.range.contains { place in
        place + wanted.count <= site.range.upperBound
          && wanted.indices.allSatisfy { code.text(place + $0) == wanted[$0] }
      }
    }
    return names(left) && names(right)
  }

  private func nested(_ site: AssertionSite) -> Int? {
    if site.isReversed { return nil }
    return site.range.first { code.isMark($0, "{") || code.isMark($0, "=>") }.flatMap { brace in
      code.tokens[brace..<site.range.upperBound].contains {
        AssertionWords.begins($0.text) && $0.kind == .word
      }
        ? brace + 1 : nil
    }
  }

  /// `def assertTotal(…)` declares one and does not call it.
  private func isDeclared(_ index: Int) -> Bool {
    ["def", "func", "fn", "function", "fun", "import", "class", "struct", "void"].contains(
      code.text(index - 1))
  }

  private func assertion(_ site: AssertionSite) -> Assertion {
    let skipped = messageTokens(site)
    var (shape, literals, words, names) = ("", [String](), Set<String>(), [String]())
    var (hasEquality, isNegative, throwsAnything) = (false, site.isReversed, false)
    var looseness: Set<String> = []
    for index in site.range where !skipped.contains(index) {
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
        if AssertionWords.begins(token.text) || code.isMark(index - 1, ".") && code.isMark(index + 1, "(")
          || index == site.range.lowerBound || AssertionWords.isMatcher(token.text)
        {
          names.append(token.text)
        }
        if !AssertionWords.isOwn(token.text) { words.insert(TestCase.plain(token.text)) }
        if token.text == "not" || token.text == "is" && code.isWord(index + 1, "not") { isNegative.toggle() }
        if token.text.lowercased().hasPrefix("not") || token.text.contains("Not")
          || token.text.hasPrefix("refute")
          || token.text.contains("False") || token.text.contains("_not_") || token.text.hasPrefix("wont_")
          || token.text.hasSuffix("_ne") || token.text.hasSuffix("_NE") || token.text.hasSuffix("FALSE")
        {
          if token.text != "not", token.text != "NotFound" { isNegative.toggle() }
        }
        if FactReader.throwing.contains(token.text),
          !code.isMark(index + 1, "(") && token.text.contains("_")
            || code.isMark(index + 2, ")") && code.isMark(index + 1, "(")
        {
          throwsAnything = true
        }
        if FactReader.wide.contains(token.text) { looseness.insert(token.text) }
        shape += token.text + " "
      case .mark:
        if token.text == "==" || token.text == "===" { hasEquality = true }
        if token.text == "!=" || token.text == "!==" {
          isNegative.toggle()
          if site.isReversed { hasEquality = true }
        }
        if token.text == "!", !code.isWord(index - 1) || code.tokens[index - 1].text == "return" {
          isNegative.toggle()
        }
        shape += token.text + " "
      }
    }
    if let open = site.arguments, let third = code.arguments(of: open).dropFirst(2).first, third.count <= 2,
      code.tokens[third].contains(where: { $0.kind == .number }),
      AssertionWords.strength([site.name], hasEquality: false) == 3
    {
      looseness.insert("a tolerance")
    }
    var strength = AssertionWords.strength(names, hasEquality: hasEquality)
    if words.isEmpty && !FactReader.expectations.contains(site.name) || isTautology(site) { strength = 0 }
    // What throws anything at all says little.
    if throwsAnything { strength = min(strength, 2) }
    if site.name == "should_panic", !literals.isEmpty { strength = 3 }
    return Assertion(
      line: code.tokens[site.range.lowerBound].line, name: site.name, shape: shape, literals: literals,
      words: words,
      strength: strength, isNegative: isNegative, looseness: looseness)
  }

  private static let throwing: Set = [
    "toThrow", "toThrowError", "raise_error", "toThrowErrorMatchingSnapshot",
  ]

  /// Assertions that need no name of what they are about.
  private static let expectations: Set = [
    "should_panic", "throws", "raises", "fail", "flunk", "panic", "record",
  ]

  private static let wide: Set = [
    "should_panic",
    "Exception", "BaseException", "Throwable", "RuntimeException", "StandardError", "approx", "ANY",
    "anything", "any",
    "closeTo", "toBeCloseTo", "isclose", "NEAR", "EXPECT_NEAR", "ASSERT_NEAR", "InDelta", "accuracy",
    "within",
    "assertAlmostEqual", "anyOf", "oneOf", "assertIn", "Any", "toBeOneOf", "ignore_case", "lower",
    "toLowerCase",
    "or",
  ]

  /// What an assertion only says when it fails: the string beside the arguments that it compares.
  private func messageTokens(_ site: AssertionSite) -> Range<Int> {
    if let open = site.arguments {
      let parts = code.arguments(of: open)
      guard parts.count >= 2 else { return 0..<0 }
      func isMessage(_ part: Range<Int>) -> Bool {
        code.tokens[part].first { $0.kind != .newline }?.kind == .string
          && !code.tokens[part].contains { $0.isMark("==") }
      }
      let takesTwo = AssertionWords.strength([site.name], hasEquality: false) == 3
      if parts.count >= (takesTwo ? 3 : 2), let last = parts.last, isMessage(last) { return last }
      if parts.count >= 3, isMessage(parts[0]), takesTwo { return parts[0] }
      return 0..<0
    }
    // Python's `assert x, "message"`.
    guard site.name == "assert" || site.name == "refute" else { return 0..<0 }
    var index = site.range.lowerBound
    while index < site.range.upperBound {
      if code.isMark(index, ",") { return index..<site.range.upperBound }
      index = code.partner[index] > index ? code.partner[index] + 1 : index + 1
    }
    return 0..<0
  }

  /// Compares a thing with itself.
  private func isTautology(_ site: AssertionSite) -> Bool {
    func same(_ one: ArraySlice<Token>, _ other: ArraySlice<Token>) -> Bool {
      let (left, right) = (
        one.filter { $0.kind != .newline }.map(\.text), other.filter { $0.kind != .newline }.map(\.text)
      )
      return !left.isEmpty && left == right
    }
    if let open = site.arguments {
      let parts = code.arguments(of: open)
      if parts.count >= 2, same(code.tokens[parts[0]], code.tokens[parts[1]]) { return true }
      // `expect(x).toBe(x)`
      let after = code.end(of: open)
      if parts.count == 1, code.isMark(after, "."),
        let second = (after..<min(after + 8, code.tokens.count)).first(where: { code.isMark($0, "(") }),
        same(code.tokens[parts[0]], code.tokens[(second + 1)..<max(second + 1, code.end(of: second) - 1)])
      {
        return true
      }
    }
    var inside = (site.range.lowerBound + 1)..<max(site.range.lowerBound + 1, site.range.upperBound)
    if let open = site.arguments {
      let close = max(open + 1, code.end(of: open) - 1)
      inside = (open + 1)..<close
    }
    guard inside.lowerBound < inside.upperBound,
      let equals = inside.first(where: { code.isMark($0, "==") || code.isMark($0, "===") })
    else { return false }
    return same(code.tokens[inside.lowerBound..<equals], code.tokens[(equals + 1)..<inside.upperBound])
  }
}
