/// What makes an assertion worth less than it seems.
extension FactReader {
  static let throwers: Set = [
    "raises", "assertRaises", "assertThrows", "expect", "assertRaisesRegex",
  ]

  /// Whether the block that should throw throws by itself.
  func throwsItself(_ open: Int, _ site: AssertionSite) -> Bool {
    var range = open..<code.end(of: open)
    if language is PythonTests {
      var start = site.range.lowerBound
      while start > 0, code.kind(start - 1) != .newline { start -= 1 }
      guard code.isWord(start, "with") else { return false }
      range = code.indentedBlock(after: start, deeperThan: code.tokens[start].indentation)
    }
    return range.contains { code.isWord($0, "raise") || code.isWord($0, "throw") }
  }

  /// Whether all that it compares with is that there is nothing.
  func hasOnlyNull(_ site: AssertionSite, _ literals: [String]) -> Bool {
    let nulls: Set = ["nil", "null", "none", "undefined", "nullptr"]
    if literals.isEmpty {
      return site.range.contains { place in
        code.isWord(place)
          && ["toBeNull", "toBeUndefined", "beNull", "beNil", "be_nil"].contains(code.text(place))
      }
    }
    if site.isReversed, let split = site.range.last(where: { code.isMark($0, ";") }) {
      // `if err := f("x"); err == nil`
      let asked = code.tokens[(split + 1)..<site.range.upperBound]
      let constants = asked.filter { FactReader.constants.contains($0.text) && $0.kind == .word }
      return !constants.isEmpty && constants.allSatisfy { nulls.contains($0.text.lowercased()) }
        && !asked.contains { $0.kind == .number || $0.kind == .string }
    }
    return literals.allSatisfy { nulls.contains($0.lowercased()) }
  }

  /// `text[:4]`, `text[..4]`
  func isOfPart(_ site: AssertionSite) -> Bool {
    site.range.contains { place in
      guard code.isMark(place, "["), code.partner[place] > place,
        code.isWord(place - 1) || code.isMark(place - 1, ")") || code.isMark(place - 1, "]")
      else { return false }
      let inner = code.tokens[place..<code.partner[place]]
      return inner.contains { $0.kind == .number }
        && inner.contains { $0.isMark(":") || $0.isMark("...") || $0.isMark(".") }
        && !inner.contains { $0.isMark("{") || $0.isMark("(") || $0.isMark(",") }
    }
  }

  /// `abs(got - 0.12) < 1e-9`
  func isDistance(_ site: AssertionSite) -> Bool {
    site.range.contains { place in
      code.isWord(place) && ["abs", "fabs", "Abs"].contains(code.text(place)) && code.isMark(place + 1, "(")
    } && site.range.contains { code.isMark($0, "<") || code.isMark($0, "<=") }
  }

  /// Arguments that say how far off a value may be.
  static let bounds: Set = [
    "rel_tol", "abs_tol", "atol", "rtol", "places", "delta", "eps", "epsilon", "tolerance", "within",
    "accuracy",
  ]

  /// What is as loose as what it stands for: one tolerance for another.
  static func kind(ofLooseness word: String) -> String {
    switch word {
    case "approx", "isclose", "closeTo", "toBeCloseTo", "NEAR", "EXPECT_NEAR", "ASSERT_NEAR", "InDelta",
      "accuracy",
      "within", "Within", "assertAlmostEqual", "assert_almost_equal", "rel_tol", "a tolerance", "delta",
      "places":
      "a tolerance"
    case _ where bounds.contains(word): "a tolerance"
    case "anyOf", "oneOf", "toBeOneOf": "one of several"
    default: word
    }
  }

  /// What fails whenever it is reached: all that it is given is told, and nothing is compared.
  static let failing: Set = [
    "fail", "Fail", "flunk", "panic", "XCTFail", "record", "Fatalf", "Fatal", "Errorf", "unreachable", "FAIL",
    "ADD_FAILURE", "GTEST_FAIL",
  ]

  func isFailure(_ site: AssertionSite) -> Bool {
    !site.isReversed
      && FactReader.failing.contains(site.name.split(separator: ".").last.map(String.init) ?? site.name)
  }

  /// `assert post.assert_called_once`: a method is always something.
  func isUncalledMock(_ site: AssertionSite) -> Bool {
    guard language is PythonTests, site.name == "assert",
      let last = site.range.last(where: { code.kind($0) != .newline }), code.isWord(last),
      code.isMark(last - 1, ".")
    else { return false }
    return code.text(last).hasPrefix("assert_") || code.text(last) == "has_calls"
  }

  /// `{}`, `%s`, `{:?}`: how a text is made of a value, and no value.
  static func isPlaceholder(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard (2...6).contains(bytes.count) else { return false }
    if bytes[0] == 0x7B, bytes.last == 0x7D { return !bytes.dropFirst().dropLast().contains(0x22) }
    return bytes[0] == 0x25 && bytes.count <= 3 && "sdvqirx".utf8.contains(bytes[bytes.count - 1])
  }

  /// A third argument that leaves no room: `assertEquals(2.5, depth, 0.0)`.
  func emptyBound(_ site: AssertionSite) -> Range<Int> {
    guard let open = site.arguments, AssertionWords.strength([site.name], hasEquality: false) == 3,
      let third = code.arguments(of: open).dropFirst(2).first
    else { return 0..<0 }
    let tokens = code.tokens[third].filter { $0.kind != .newline }
    guard tokens.count == 1, let only = tokens.first, only.kind == .number, Double(only.text) == 0 else {
      return 0..<0
    }
    return third
  }

  /// What a helper of the test is made of in front of what is asked: `if err := os.WriteFile(path, data,
  /// 0o644); err != nil`.
  func setUp(_ site: AssertionSite) -> Range<Int> {
    guard site.isReversed, let split = site.range.last(where: { code.isMark($0, ";") }),
      code.isMark(site.range.upperBound - 2, "!="), code.isWord(site.range.upperBound - 1, "nil")
    else { return 0..<0 }
    let front = site.range.lowerBound..<split
    let isLibrary = front.contains { place in
      ["os", "ioutil", "io", "filepath", "json", "exec", "zip", "gzip", "tar"].contains(code.text(place))
        && code.isMark(place + 1, ".")
    }
    return isLibrary ? front : 0..<0
  }

  /// Compares a thing with itself.
  func isTautology(_ site: AssertionSite) -> Bool {
    if comparesOneWithItself(site) { return true }
    func same(_ one: ArraySlice<Token>, _ other: ArraySlice<Token>) -> Bool {
      let (left, right) = (one.filter { $0.kind != .newline }, other.filter { $0.kind != .newline })
      // `expect(error).to.be.an('error')` names a kind.
      return !left.isEmpty && left.map(\.text) == right.map(\.text) && left.map(\.kind) == right.map(\.kind)
    }
    if let open = site.arguments {
      let parts = code.arguments(of: open)
      if parts.count >= 2, same(code.tokens[parts[0]], code.tokens[parts[1]]) { return true }
      if parts.count >= 1, measuresItself(parts[0], code.end(of: open)) { return true }
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
    if ["assert", "assertTrue", "assert_true", "ok", "assert_"].contains(site.name), isNeverEmpty(inside) {
      return true
    }
    guard inside.lowerBound < inside.upperBound,
      let equals = inside.first(where: { code.isMark($0, "==") || code.isMark($0, "===") })
    else { return false }
    return same(code.tokens[inside.lowerBound..<equals], code.tokens[(equals + 1)..<inside.upperBound])
  }

  /// `assert!(matches!(error, Error::TooHeavy(101)))`: a pattern that leaves nothing open is a value.
  func matchesOneValue(_ site: AssertionSite) -> Bool {
    guard language is RustTests,
      let place = site.range.first(where: { code.isWord($0) && code.text($0).hasSuffix("matches") }),
      code.isMark(place + 1, "!"), let pattern = code.arguments(of: place + 2).dropFirst().first
    else { return false }
    return pattern.contains { code.isWord($0) }
      && pattern.allSatisfy { index in
        let token = code.tokens[index]
        switch token.kind {
        case .word:
          return token.text.first?.isUppercase == true || code.isMark(index + 1, ":")
            || ["true", "false"].contains(token.text)
        case .mark: return !["|", ".", "..", "...", "&"].contains(token.text)
        case .number, .string, .newline: return true
        }
      }
  }

  /// `assert.rejects(load(), /no such/)`, `assert.throws(() => load(), { code: 'E' })`
  func rejectsWithOne(_ site: AssertionSite) -> Bool {
    guard language is JavaScriptTests, let open = site.arguments,
      ["assert.rejects", "assert.throws", "t.rejects", "t.throws", "rejects", "throws", "t.throwsAsync"]
        .contains(site.name)
    else { return false }
    guard let wanted = code.arguments(of: open).dropFirst().first else { return false }
    // A class only says of what kind it is.
    return code.tokens[wanted].contains { $0.isMark("{") || $0.isMark("=>") }
      || code.kind(code.next(after: wanted.lowerBound - 1)) == .string
  }

  /// Assertions about what is outside: a database, who is logged in.
  static let worldly = [
    "assertDatabase", "assertModel", "assertSoftDeleted", "assertAuthenticated", "assertGuest",
  ]

  /// `expect(screen.getByText('lit')).toBeTruthy()`: what is found has that text.
  func findsText(_ site: AssertionSite) -> Bool {
    language is JavaScriptTests
      && site.range.contains { place in
        code.isWord(place) && JavaScriptTests.isFinder(code.text(place)) && code.kind(place + 2) == .string
          && code.text(place).hasSuffix("Text")
      }
  }

  /// How much cypress's `should('have.text', …)` proves.
  func chained(_ site: AssertionSite) -> Int? {
    guard site.name == "should", let open = site.arguments, code.kind(open + 1) == .string else { return nil }
    let verb = code.text(open + 1)
    if verb.hasPrefix("not.") { return 1 }
    if ["contain", "include", "match"].contains(where: { verb[...].has($0) }) { return 2 }
    return ["exist", "be.visible", "be.ok", "not.exist"].contains(verb) ? 1 : 3
  }

  private static let comparers: Set = [
    "DeepEqual", "Equal", "equal", "Equals", "equals", "isEqual", "deepEqual", "strcmp", "EqualFold",
    "is_deeply",
    "eq", "is", "Is", "As",
  ]

  /// `if !reflect.DeepEqual(got, got)`
  func comparesOneWithItself(_ site: AssertionSite) -> Bool {
    site.range.contains { place in
      guard code.isWord(place), FactReader.comparers.contains(code.text(place)), code.isMark(place + 1, "(")
      else { return false }
      let parts = code.arguments(of: place + 1).map { part in
        code.tokens[part].filter { $0.kind != .newline }.map(\.text)
      }
      return parts.count == 2 && parts[0] == parts[1] && !parts[0].isEmpty
    }
  }

  /// `assert [x == y]`: what a list holds does not make it true.
  private func isNeverEmpty(_ inside: Range<Int>) -> Bool {
    let tokens = inside.filter { code.kind($0) != .newline }
    guard let first = tokens.first, code.isMark(first, "["), code.partner[first] > first + 1 else {
      return false
    }
    return tokens.last == code.partner[first]
  }

  /// `expect(x).toHaveLength(x.length)`
  private func measuresItself(_ asked: Range<Int>, _ end: Int) -> Bool {
    guard code.isMark(end, "."),
      let matcher = (end..<min(end + 8, code.tokens.count)).first(where: { code.isMark($0 + 1, "(") }),
      ["toHaveLength", "toHaveSize", "lengthOf", "hasSize", "HaveCount", "have_size", "toHaveCount"].contains(
        code.text(matcher))
    else { return false }
    let wanted = code.tokens[(matcher + 2)..<max(matcher + 2, code.end(of: matcher + 1) - 1)].map(\.text)
    let subject = code.tokens[asked].filter { $0.kind != .newline }.map(\.text)
    guard wanted.count > subject.count + 1, Array(wanted.prefix(subject.count)) == subject else {
      return false
    }
    return wanted[subject.count] == "."
      && ["length", "size", "count", "Count", "len"].contains(wanted[subject.count + 1])
  }

  /// Whether one of several answers will do: `x == a || x != a`.
  private func isEither(_ site: AssertionSite) -> Bool {
    if site.isReversed { return false }
    let isOfPatterns = site.range.contains { code.isWord($0) && code.text($0).hasSuffix("matches") }
    return site.range.contains { place in
      if code.isMark(place, "||") {
        return code.isWord(place + 1) || code.isMark(place + 1, "!") || code.isMark(place + 1, "(")
      }
      return !isOfPatterns && language is RustTests && code.isMark(place, "|") && code.isMark(place - 1, ")")
        && code.isWord(place + 1)
    }
  }

  /// Whether the word at `index` turns the sense of its assertion round.
  func turns(_ index: Int) -> Bool {
    let text = code.text(index)
    let isNot = text == "not" || text == "is" && code.isWord(index + 1, "not")
    let isNegated =
      negates(text) || saysNot(text) || text.hasPrefix("refute")
      || text.contains("False") || text.contains("_not_") || text.hasPrefix("wont_") || text.hasSuffix("_ne")
      || text.hasSuffix("_NE") || text.hasSuffix("FALSE")
    return isNot != (isNegated && text != "not" && text != "NotFound")
  }

  /// `IsNotNull`, and not `Notes`.
  private func saysNot(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count > 2 else { return false }
    return (0...bytes.count - 3).contains { place in
      bytes[place] == 0x4E && bytes[place + 1] == 0x6F && bytes[place + 2] == 0x74
        && (place + 3 == bytes.count || !(0x61...0x7A).contains(bytes[place + 3]))
    }
  }

  /// `not_equal`, `notThrow`, and not `notify`.
  private func negates(_ text: String) -> Bool {
    let lower = text.lowercased()
    guard lower.hasPrefix("not") else { return false }
    let next = text.dropFirst(3).first
    return next == nil || next == "_" || next?.isUppercase == true
      || ["notequal", "notnull", "notnil", "notthrow", "notempty", "notto"].contains { lower.hasPrefix($0) }
  }

  /// Whether the word at `index` makes its assertion wide.
  func isLoose(_ index: Int) -> Bool {
    let text = code.text(index)
    if FactReader.wide.contains(text) || text == "exception" && code.isMark(index - 1, "::") { return true }
    // Every error of JavaScript is an `Error`.
    if text == "Error", language is JavaScriptTests, code.isMark(index + 1, ")"),
      code.isMark(index - 1, ",") || code.isMark(index - 1, "(")
    {
      return true
    }
    return FactReader.bounds.contains(text) && (code.isMark(index + 1, "=") || code.isMark(index + 1, ":"))
  }

  /// The arguments of an assertion, without Go's `t`.
  private func arguments(_ open: Int) -> [Range<Int>] {
    let parts = code.arguments(of: open)
    guard let first = parts.first, first.count == 1, code.isWord(first.lowerBound, "t") else { return parts }
    return Array(parts.dropFirst())
  }

  /// What makes a whole assertion wide: a third argument, several exceptions, one that it throws itself.
  func leeway(of site: AssertionSite) -> Set<String> {
    var found: Set<String> = []
    if let open = site.arguments, let third = arguments(open).dropFirst(2).first, third.count <= 2,
      emptyBound(site).isEmpty,
      code.tokens[third].contains(where: { $0.kind == .number }),
      AssertionWords.strength([site.name], hasEquality: false) == 3
    {
      found.insert("a tolerance")
    }
    if FactReader.throwers.contains(site.name), let open = site.arguments {
      let end = code.end(of: open + 1)
      if site.name != "expect", code.isMark(open + 1, "(") || code.isMark(open + 1, "["),
        code.isMark(end, ")") || code.isMark(end, ",")
      {
        found.insert("several exceptions")
      }
      if throwsItself(open, site) { found.insert("what it throws itself") }
    }
    if site.name.hasSuffix("expectException"), site.range.upperBound < code.tokens.count {
      let rest = code.tokens[site.range.upperBound..<min(site.range.upperBound + 60, code.tokens.count)]
      if rest.prefix(while: { !$0.isWord("function") }).contains(where: { $0.isWord("throw") }) {
        found.insert("what it throws itself")
      }
    }
    // Without a closure that looks at it any error will do.
    if site.name == "XCTAssertThrowsError", let open = site.arguments, !code.isMark(code.end(of: open), "{") {
      found.insert("any")
    }
    // chai's `to.be.an('error')`
    if language is JavaScriptTests,
      site.range.contains(where: {
        code.isMark($0, "(") && code.isWord($0 - 1, "an")
          && code.text($0 + 1) == "error"
      })
    {
      found.insert("Error")
    }
    if isOfPart(site) { found.insert("a part of it") }
    if site.name.hasPrefix("debug_assert") { found.insert("debug_assert") }
    if isEither(site) { found.insert("||") }
    if site.name.lowercased().hasPrefix("verify") || site.name.hasPrefix("coVerify"),
      site.range.contains(where: isBound)
    {
      found.insert("a number of calls")
    }
    // It fails when both hold, and failed when either did.
    if site.isReversed, site.range.contains(where: { code.isMark($0, "&&") }) { found.insert("&&") }
    return found
  }

  /// What matchers of pages say of an element, or of all of it.
  static let pageStates: Set = [
    "tobeinthedocument", "tobevisible", "tobedisabled", "tobeenabled", "tobechecked", "tohaveclass",
    "tohavefocus", "tobeemptydomelement", "tocontainelement", "tohaveattribute", "tomatchinlinesnapshot",
    "tomatchsnapshot", "tobeattached", "tobeempty", "tobehidden",
  ]

  /// `atLeast(0)`, `Times.AtMost(3)`
  private func isBound(_ index: Int) -> Bool {
    guard code.isWord(index) else { return false }
    let plain = code.text(index).lowercased()
    return plain.hasPrefix("atleast") || plain.hasPrefix("atmost")
  }

  /// AssertJ's `assertThat(x)` with nothing behind it.
  func isUnasked(_ site: AssertionSite) -> Bool {
    guard site.name == "assertThat", let open = site.arguments, !(language is CTests) else { return false }
    return code.arguments(of: open).count == 1 && !code.isMark(code.next(after: code.end(of: open) - 1), ".")
  }
}
