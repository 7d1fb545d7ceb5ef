/// Reads the facts of one stretch of code.
struct FactReader {
  let code: SourceCode
  let language: any TestLanguage
  var dead: [Range<Int>] = []
  private var sites: [(site: AssertionSite, strength: Int)] = []

  init(_ code: SourceCode, _ language: any TestLanguage) {
    self.code = code
    self.language = language
  }

  mutating func facts(of test: TestCase) -> TestFacts {
    var facts = TestFacts()
    dead = []
    findDead(in: test, &facts)
    readTokens(test.head, &facts)
    // A decorator calls what it is given.
    for index in test.head
    where code.isMark(index, "@") && code.isWord(index + 1) && code.kind(index + 2) == .newline {
      facts.calls.insert(code.text(index + 1))
    }
    readTokens(test.body, &facts)
    facts.tables = tables(in: test)
    facts.rows = rows(in: test.head)
    facts.swallows = swallows(in: test.body)
    facts.passes =
      passes(in: test.body) + cuts(in: test.body) + headCuts(in: test.head) + emptied(in: test)
    facts.written = written(in: test)
    facts.exits = exits(in: test)
    facts.hasty = hasty(in: test)
    facts.discards = discards(in: test.body) + tellings(in: test)
    let voids = Set(language.voids.hits(in: code, test.body).map { code.tokens[$0.index].line })
    sites = []
    readAssertions(test.head, voids, &facts)
    readAssertions(test.body, voids, &facts)
    facts.statements = statements(in: test.body)
    for one in facts.statements where one.isInfix { facts.calls.formUnion(one.names) }
    if !test.isTest {
      facts.parameters = parameters(of: test)
      facts.compared = facts.parameters.isEmpty ? [] : compared(in: test.body)
    }
    facts.conditionals = conditionals(sites, in: test)
    throwsForIt(test, &facts)
    return facts
  }

  /// `@Test(expected = E.class)` over a body that throws by itself.
  private func throwsForIt(_ test: TestCase, _ facts: inout TestFacts) {
    guard test.body.contains(where: { code.isWord($0, "throw") && code.isWord($0 + 1, "new") }) else {
      return
    }
    for index in facts.assertions.indices where facts.assertions[index].name == "throws" {
      facts.assertions[index].looseness.insert("what it throws itself")
    }
  }

  private func readTokens(_ range: Range<Int>, _ facts: inout TestFacts) {
    for index in range {
      let token = code.tokens[index]
      switch token.kind {
      case .string, .number:
        facts.literals.insert(token.text)
        if token.kind == .number, isRepeat(index) { facts.repeats.insert(token.text) }
        if token.kind == .string {
          if token.text.utf8.count < 20, token.text.first?.isNumber == true {
            facts.literals.insert(Lexer.plainNumber(token.text))
          }
          facts.literals.formUnion(FactReader.pieces(token.text, isOfWords: language.dialect.hasRubyBlocks))
        }
      case .word:
        facts.words.insert(TestCase.plain(token.text))
        if FactReader.constants.contains(token.text) { facts.literals.insert(token.text.lowercased()) }
        facts.literals.formUnion(FactReader.meant(by: token.text))
        if code.isMark(code.afterTypeArguments(index + 1), "(") || code.isMark(index + 1, "!"),
          !isDeclared(index)
        {
          facts.calls.insert(token.text)
        }
        // `Give.new(name)`
        if language is RubyTests, token.text == "new", code.isMark(index - 1, "."), code.isWord(index - 2) {
          facts.calls.insert(code.text(index - 2))
        }
        // `yield check, 1, 2` of nose: the runner calls it.
        if language is PythonTests, code.isWord(index - 1, "yield"), code.isMark(index + 1, ",") {
          facts.calls.insert(token.text)
        }
        // `<Badge count={1} />`
        if language is JavaScriptTests, code.isMark(index - 1, "<"), token.text.first?.isUppercase == true {
          facts.calls.insert(token.text)
        }
        if language is RubyTests, RubyTests.includers.contains(token.text),
          let name = (index + 1...index + 2).first(where: { code.kind($0) == .string })
        {
          facts.calls.insert(code.text(name))
        }
        // Ruby calls without brackets.
        if language.dialect.hasRubyBlocks, code.kind(index - 1) == .newline, code.kind(index + 1) != .mark {
          facts.calls.insert(token.text)
        }
      case .mark, .newline: break
      }
    }
  }

  /// `[0] * 17`, `"a".repeat(17)`
  private func isRepeat(_ index: Int) -> Bool {
    func isText(_ place: Int) -> Bool {
      code.kind(place) == .string || code.isMark(place, "]") || code.isMark(place, ")")
    }
    if code.isMark(index - 1, "*"), isText(index - 2) { return true }
    if code.isMark(index + 1, "*"), code.isMark(index + 2, "[") || code.kind(index + 2) == .string {
      return true
    }
    return code.isMark(index - 1, "(") && code.isMark(index + 1, ")")
      && ["repeat", "str_repeat"].contains(code.text(index - 2))
  }

  static let constants: Set = [
    "True", "False", "None", "true", "false", "nil", "null", "undefined", "nullptr", "NULL",
  ]

  // MARK: Assertions

  private mutating func readAssertions(_ range: Range<Int>, _ voids: Set<Int>, _ facts: inout TestFacts) {
    var index = range.lowerBound
    while index < range.upperBound {
      if let end = dead.first(where: { $0.contains(index) })?.upperBound {
        let holdsAssertion = (index..<max(index, min(end, range.upperBound))).contains { place in
          code.isWord(place)
            && (AssertionWords.begins(code.text(place)) || language.assertion(in: code, at: place) != nil)
        }
        if holdsAssertion { facts.unreached += 1 }
        index = max(index + 1, end)
        continue
      }
      guard var site = language.assertion(in: code, at: index), !isDeclared(index) else {
        index += 1
        continue
      }
      // What a macro of C is made of ends with its line, without a semicolon.
      if language is CTests, range.upperBound > index, site.range.upperBound > range.upperBound {
        site.range = site.range.lowerBound..<range.upperBound
      }
      var found = assertion(site)
      if voids.contains(found.line) || isOfCopies(site) { found.strength = 0 }
      if !isAwaited(site) { found.strength = 0 }
      facts.assertions.append(found)
      sites.append((site, found.strength))
      // What an assertion's block holds is looked at too; what is chained to it is part of it.
      // It may begin before the word that it was found by.
      index = max(index + 1, nested(site) ?? min(site.range.upperBound, range.upperBound))
    }
  }

  /// Whether somebody waits for what `rejects` or `resolves` promises.
  private func isAwaited(_ site: AssertionSite) -> Bool {
    guard language is JavaScriptTests else { return true }
    let start = site.range.lowerBound
    let isPromise =
      site.name.hasSuffix(".rejects") || site.name == "rejects"
      || site.range.contains { code.isMark($0, ".") && ["rejects", "resolves"].contains(code.text($0 + 1)) }
    return !isPromise || !isDropped(start, 0..<code.tokens.count)
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
    ["def", "func", "fn", "function", "fun", "import", "class", "struct", "void", "define"].contains(
      code.text(index - 1))
  }

  private func assertion(_ site: AssertionSite) -> Assertion {
    let (message, bound, setUp) = (messageTokens(site), emptyBound(site), setUp(site))
    var (shape, literals, words, names) = ("", [String](), Set<String>(), [String]())
    var (hasEquality, isNegative, throwsAnything) = (false, site.isReversed, false)
    var (looseness, told) = (Set<String>(), 0)
    let tolerance = tolerance(site)
    for index in site.range where !message.contains(index) && !bound.contains(index) && index >= told {
      let token = code.tokens[index]
      switch token.kind {
      case .newline: continue
      case .number where isSubscript(index): shape += token.text + " "
      case .string, .number:
        if !setUp.contains(index), !tolerance.tokens.contains(index), isValue(index) {
          literals.append(token.text)
        }
        shape += "§ "
      case .word where FactReader.constants.contains(token.text):
        literals.append(token.text.lowercased())
        shape += "§ "
      case .word:
        let isCalled = code.isMark(index - 1, ".") && code.isMark(index + 1, "(")
        if let end = messageEnd(index, site) { told = end }
        if AssertionWords.begins(token.text) || isCalled && !isOfSubject(index, site)
          || index == site.range.lowerBound
          || AssertionWords.isMatcher(token.text) && !(isCalled && isOfSubject(index, site))
        {
          names.append(token.text)
        }
        if site.name == "assertThat", code.isMark(index + 1, "("), !code.isMark(index - 1, ".") {
          if token.text == "is" || token.text == "contains" { names.append("equalTo") }
        }
        if !AssertionWords.isOwn(token.text) { words.insert(TestCase.plain(token.text)) }
        if turns(index) { isNegative.toggle() }
        if isIdentity(index, site) { hasEquality = true }
        if FactReader.throwing.contains(token.text),
          !code.isMark(index + 1, "(") && token.text.contains("_")
            || code.isMark(index + 2, ")") && code.isMark(index + 1, "(")
        {
          throwsAnything = true
        }
        if isLoose(index) { looseness.insert(token.text) }
        shape += token.text + " "
      case .mark:
        if token.text == "==" || token.text == "===" { hasEquality = true }
        if token.text == "!=" || token.text == "!==" {
          isNegative.toggle()
          if site.isReversed { hasEquality = true }
        }
        if token.text == "!", negates(index, site) { isNegative.toggle() }
        shape += token.text + " "
      }
    }
    looseness.formUnion(leeway(of: site))
    var strength = strength(
      of: site, names: names, words: words, literals: literals,
      (hasEquality: hasEquality, isNegative: isNegative, throwsAnything: throwsAnything),
      isLoose: looseness.contains("accuracy"))
    // Without a bound of its own pytest's is one part in a million.
    if hasEquality, names.contains("approx") || words.contains("approx"), isPlainApprox(site) {
      looseness.remove("approx")
      strength = 3
    }
    if strength == 2, hasTinyBound(site) { (strength, looseness) = (3, FactReader.exact(looseness)) }
    return Assertion(
      line: code.tokens[site.range.lowerBound].line, name: site.name, shape: shape, literals: literals,
      words: words, strength: strength, isNegative: isNegative, looseness: looseness,
      tolerance: tolerance.value)
  }

  /// `!found`, `#expect(try !data().isEmpty)`, and no `try!`.
  private func negates(_ index: Int, _ site: AssertionSite) -> Bool {
    if !code.isWord(index - 1) || code.isWord(index - 1, "return") { return true }
    guard ["expect", "require"].contains(site.name), let open = site.arguments else { return false }
    return index == open + 2 && (code.isWord(open + 1, "try") || code.isWord(open + 1, "await"))
      && !site.range.contains { code.isMark($0, "==") }
  }

  /// `assert state is State.FREE`, `assert found is None`
  private func isIdentity(_ index: Int, _ site: AssertionSite) -> Bool {
    guard code.isWord(index, "is"), site.name == "assert", language is PythonTests else { return false }
    return code.isMark(index + 2, ".") || code.isWord(index + 1, "None")
  }

  /// How much an assertion proves, from 0 to 3.
  private func strength(
    of site: AssertionSite, names: [String], words: Set<String>, literals: [String],
    _ signs: (hasEquality: Bool, isNegative: Bool, throwsAnything: Bool), isLoose: Bool
  ) -> Int {
    var strength = AssertionWords.strength(names, hasEquality: signs.hasEquality)
    if names.contains("Is"), words.contains("errors") { strength = 3 }
    if matchesOneValue(site) || findsText(site) || rejectsWithOne(site) { strength = 3 }
    if let known = chained(site) { strength = known }
    if site.name == "Assert.Single", let open = site.arguments, code.arguments(of: open).count == 1 {
      strength = 3
    }
    if site.name.hasPrefix("assert"),
      Statuses.number(of: TestCase.plain(String(site.name.dropFirst(6)))) != nil
    {
      strength = 3
    }
    let comparisons = site.range.count { code.isMark($0, "==") || code.isMark($0, "!=") }
    if hasOnlyNull(site, literals), signs.isNegative, comparisons < 2 { strength = min(strength, 1) }
    if signs.hasEquality || strength == 1, isDistance(site) { strength = 2 }
    // That something is there says little of it.
    if signs.isNegative, !signs.hasEquality, strength == 3 {
      let rest = names.filter { !FactReader.emptiness.contains(TestCase.plain($0)) }
      if rest.count < names.count { strength = AssertionWords.strength(rest, hasEquality: false) }
    }
    let isEmpty =
      words.isEmpty && !FactReader.expectations.contains(site.name) && !isFailure(site)
      && !FactReader.worldly.contains { site.name.hasPrefix($0) }
      && !literals.contains(where: isFilled)
    if isEmpty || saysNothingAtAll(site) { strength = 0 }
    if asksForAnything(site) { strength = min(strength, 1) }
    // What throws anything at all says little.
    if signs.throwsAnything || isLoose { strength = min(strength, 2) }
    if site.name == "should_panic", !literals.isEmpty { strength = 3 }
    if saysNothingThere(words, signs.isNegative) || failsUnlessEqual(site) { strength = max(strength, 3) }
    return strength
  }

  /// Whether names fill in a text: `${quota('free')}`.
  private func isFilled(_ text: String) -> Bool {
    language.dialect.interpolation.contains { sign in
      let bytes = Array(text.utf8)
      return bytes.indices.dropLast(2).contains { place in
        bytes[place] == sign && (bytes[place + 1] == 0x7B || bytes[place + 1] == 0x28)
          && (bytes[place + 2] | 0x20 >= 0x61 && bytes[place + 2] | 0x20 <= 0x7A)
      }
    }
  }

  /// `ring.count()` in `EXPECT_GE(ring.count(), 0)` is what is asked, and no matcher.
  private func isOfSubject(_ index: Int, _ site: AssertionSite) -> Bool {
    guard let open = site.arguments,
      ["count", "contains", "includes", "matches", "same"].contains(code.text(index))
    else { return false }
    return index > open && index < code.end(of: open)
  }

  /// `calls[0]`
  private func isSubscript(_ index: Int) -> Bool {
    // `pair.0` of Swift and Rust.
    if code.isMark(index - 1, ".") || code.isMark(index - 1, "?.") { return true }
    return isBracketed(index)
  }

  private func isBracketed(_ index: Int) -> Bool {
    code.isMark(index - 1, "[") && code.isMark(index + 1, "]")
      && (code.isWord(index - 2) && !["in", "of", "return"].contains(code.text(index - 2))
        || code.isMark(index - 2, ")") || code.isMark(index - 2, "]"))
  }

  /// An optional value that is asserted to be none.
  private func saysNothingThere(_ words: Set<String>, _ isNegative: Bool) -> Bool {
    isNegative
      ? !words.isDisjoint(with: ["hasvalue", "ispresent", "issome"])
      : !words.isDisjoint(with: ["isnone"])
  }

  private func isPlainApprox(_ site: AssertionSite) -> Bool {
    site.range.contains { place in
      code.isWord(place, "approx") && code.isMark(place + 1, "(")
        && code.arguments(of: place + 1).count == 1
    }
  }

  private static let emptiness: Set = ["empty", "isempty", "isnull", "isnil", "beempty", "isblank"]

  private static let throwing: Set = [
    "toThrow", "toThrowError", "raise_error", "toThrowErrorMatchingSnapshot",
  ]

  /// Assertions that need no name of what they are about.
  private static let expectations: Set = [
    "should_panic", "throws", "raises", "fail", "flunk", "panic", "record", "returns",
  ]

  static let wide: Set = [
    "should_panic",
    "Exception", "BaseException", "Throwable", "RuntimeException", "StandardError", "approx", "ANY",
    "anything", "any",
    "closeTo", "toBeCloseTo", "isclose", "NEAR", "EXPECT_NEAR", "ASSERT_NEAR", "InDelta", "accuracy",
    "within",
    "Within", "assertAlmostEqual", "assert_almost_equal", "anyOf", "oneOf", "assertIn", "Any", "toBeOneOf",
    "ignore_case", "lower",
    "toLowerCase",
    "or", "IgnoreFields", "IgnoreTypes", "IgnoreInterfaces", "IgnoreMapEntries", "IgnoreSliceElements",
    "EquateApprox", "FilterPath", "FilterValues", "ignoringFields", "ignoringFieldsOfTypes",
    "isEqualToIgnoringCase", "isEqualToIgnoringWhitespace", "ignoringCase", "Excluding",
  ]
}
