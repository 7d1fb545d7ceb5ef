/// Helpers and matchers of the tests' own, and what a call of them proves.
extension TestComparison {
  /// How much a call of helpers proves.
  static func strength(of helpers: [TestCase]) -> Int {
    helpers.flatMap(\.facts.effective).map {
      comparesSizes($0) ? min($0.strength, 2) : worth(of: $0)
    }.max()
      ?? 0
  }

  /// What is only not some value says little of it: `if got == zero { t.Error() }`.
  static func worth(of one: Assertion) -> Int {
    let isOfGo = ["Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow"].contains(one.name)
    return one.isNegative && isOfGo ? min(one.strength, 2) : one.strength
  }

  /// Whether a call's value is handed to a helper that asserts nothing: `m.says(m.fills("oats"), 1)`.
  static func isHandedOn(_ call: Assertion, _ helpers: [String: [TestCase]]) -> Bool {
    let words = call.shape.split(separator: " ").map(String.init)
    var (depth, isHeld) = (0, false)
    for place in words.indices {
      if depth == 0, place + 1 < words.count, words[place + 1] == "(", let called = helpers[words[place]] {
        if strength(of: called) > 0 { return false }
        isHeld = true
      }
      if ["(", "[", "{"].contains(words[place]) { depth += 1 }
      if [")", "]", "}"].contains(words[place]) { depth -= 1 }
    }
    return isHeld
  }

  /// How much a matcher of the tests' own proves that an assertion is made with: `expect(hand).toScore(16)`,
  /// `assertThat(bill, isBill("lorry", 1750))`; 0 where it is made with none.
  func matcherStrength(_ one: Assertion, _ helpers: [String: [TestCase]]) -> Int {
    if one.name == "expect", let last = one.shape[...].components(" . ").last,
      let name = last.split(separator: " ").first, let own = helpers[String(name)]
    {
      if own.contains(where: { $0.facts.words.isSuperset(of: ["pass", "message"]) }) { return 3 }
      let strength = TestComparison.strength(of: own)
      if strength > 0 { return strength }
    }
    guard (1...2).contains(one.strength), !one.isNegative, one.looseness.isEmpty else { return 0 }
    let words = one.shape.split(separator: " ").map(String.init)
    let isExact = words.indices.contains { place in
      let isCalled = place + 1 < words.count && words[place + 1] == "("
      return (isCalled || place > 0 && words[place - 1] == "to") && isMatcher(words[place], helpers)
    }
    return isExact ? 3 : 0
  }

  /// Whether a function of that name compares all that it is given with what is asked about, or makes an
  /// object of a class that does.
  private func isMatcher(_ name: String, _ helpers: [String: [TestCase]]) -> Bool {
    if isMatcherClass(name, helpers) { return true }
    return (helpers[name] ?? []).contains { helper in
      let facts = helper.facts
      guard !facts.parameters.isEmpty else { return false }
      if facts.parameters.allSatisfy(facts.compared.contains) { return true }
      return facts.parameters.allSatisfy(facts.words.contains)
        && facts.calls.contains { isMatcherClass($0, helpers) }
    }
  }

  private func isMatcherClass(_ name: String, _ helpers: [String: [TestCase]]) -> Bool {
    let methods = matchMethods(of: name, helpers)
    guard !methods.isEmpty else { return false }
    let makers = [name, "__construct", "initialize", "__init__", "init"].flatMap { maker in
      (helpers[maker] ?? []).filter { $0.scope.last == name }
    }
    return methods.contains { method in
      !method.facts.compared.isEmpty
        && makers.allSatisfy { $0.facts.parameters.allSatisfy(method.facts.compared.contains) }
    }
  }

  /// What the matchers of a class are asked by.
  func matchMethods(of name: String, _ helpers: [String: [TestCase]]) -> [TestCase] {
    guard name.first?.isUppercase == true else { return [] }
    return ["matches", "matchesSafely", "matches?", "Matches", "_matches", "ApplyTo", "match"].flatMap {
      one in
      (helpers[one] ?? []).filter { $0.scope.last == name }
    }
  }

  /// Whether a number was how many a list has that is handed to a helper, which asks for its length:
  /// `sent: expected.length`.
  func isLengthOfGiven(_ value: String, _ new: Place) -> Bool {
    guard let wanted = Int(value), (0...64).contains(wanted) else { return false }
    let code = new.file.code
    return new.test.facts.calls.contains { name in
      (newHelpers[name] ?? []).contains { helper in
        let asked = helper.facts.effective.filter { $0.strength == 3 }.map { $0.shape.split(separator: " ") }
        let measured = helper.facts.parameters.indices.filter { place in
          asked.contains { TestComparison.measures(helper.facts.parameters[place], in: $0) }
        }
        // One that only asks how long they are compares nothing.
        let isCompared = measured.contains { place in
          let name = helper.facts.parameters[place]
          return asked.contains { TestComparison.names(name, in: $0) }
        }
        guard isCompared else { return false }
        let isLess = asked.contains { $0.contains("-") }
        return new.test.body.contains { place in
          guard code.isWord(place, name), code.isMark(place + 1, "(") else { return false }
          let given = code.arguments(of: place + 1)
          let sizes = measured.compactMap { given.indices.contains($0) ? size(of: given[$0], code) : nil }
          return sizes.contains(wanted)
            || isLess && sizes.contains { size in sizes.contains { size - $0 == wanted } }
        }
      }
    }
  }

  /// `expected.length`, `len(expected)`
  private static func measures(_ name: String, in shape: [Substring]) -> Bool {
    shape.indices.contains { place in
      guard TestCase.plain(String(shape[place])) == name else { return false }
      if place + 2 < shape.count, shape[place + 1] == "." {
        return ["length", "size", "count", "Count", "Length"].contains(shape[place + 2])
      }
      return place > 1 && shape[place - 1] == "(" && ["len", "count"].contains(shape[place - 2])
    }
  }

  /// Whether an assertion names a list otherwise than to ask for its length.
  private static func names(_ name: String, in shape: [Substring]) -> Bool {
    shape.contains { TestCase.plain(String($0)) == name } && !measures(name, in: shape)
  }

  /// How many a list has that is written out: `[1, 2]`, `listOf(1, 2)`.
  private func size(of range: Range<Int>, _ code: SourceCode) -> Int? {
    guard let last = range.last(where: { code.kind($0) != .newline }), code.partner[last] >= 0,
      code.partner[last] < last, range.contains(code.partner[last])
    else { return nil }
    return code.arguments(of: code.partner[last]).count
  }
}
