/// Values that a test only hands in. They are others when the code asks for others; what a test expects is
/// looked at by itself.
extension TestComparison {
  /// Whether a value was only handed in to code that is called in another way now, or was what found an
  /// element for a way of looking that is gone.
  func isHandedIn(_ value: String, _ old: Place, _ new: Place) -> Bool {
    let places = callees(of: value, old)
    guard !places.isEmpty else { return false }
    let now = new.test.facts.calls
    return places.allSatisfy { names in
      !names.isDisjoint(with: reshaped.names) || names.contains { isReshapedHelper($0, old, new) }
        || names.contains { reshaped.goneCalls.contains($0) && !now.contains($0) }
        || names.contains { TestComparison.finders.contains($0) && !now.contains($0) }
        || !names.isDisjoint(with: TestComparison.finders) && isFoundByNewText(old, new)
    }
  }

  /// Whether nothing at all was handed to a maker that a helper of the tests calls now, with what it likes.
  func isOfMaker(_ value: String, _ old: Place, _ new: Place) -> Bool {
    guard TestComparison.nothings.contains(value) else { return false }
    let places = callees(of: value, old)
    let now = new.test.facts.calls
    let made = now.flatMap { newHelpers[$0] ?? [] }.reduce(into: Set<String>()) {
      $0.formUnion($1.facts.calls)
    }
    return !places.isEmpty
      && places.allSatisfy { names in
        !names.isEmpty && names.isDisjoint(with: now) && !names.isDisjoint(with: made)
      }
  }

  private static let nothings: Set = ["nil", "null", "none", "undefined", "nullptr"]

  /// Whether a finder is given what the code's page says now and did not: `find('[data-testid="boats"]')`.
  private func isFoundByNewText(_ old: Place, _ new: Place) -> Bool {
    newValues(old, new).contains { text in
      let words = text.split { !($0.isLetter || $0.isNumber || "-_".contains($0)) }
      guard let last = words.last, explained.cameTexts.contains([String(last)]) else { return false }
      return callees(of: text, new).contains { !$0.isDisjoint(with: TestComparison.finders) }
    }
  }

  /// Whether a function of the tests takes other parameters now, for code that is called in another way.
  private func isReshapedHelper(_ name: String, _ old: Place, _ new: Place) -> Bool {
    let before = old.file.cases.first { !$0.isTest && $0.name == name }
    guard let before, let after = newHelperPlaces[name]?.first else { return false }
    let (was, now) = (old.file.code, after.file.code)
    guard was.spelled(before.head) != now.spelled(after.test.head) else { return false }
    let words = Set(now.tokens[after.test.head].map(\.text)).union(now.tokens[after.test.body].map(\.text))
    return !words.isDisjoint(with: reshaped.names)
  }

  /// How tests of pages find what they look at.
  private static let finders: Set = [
    "find", "findOne", "findAll", "querySelector", "querySelectorAll", "getElementById", "locator", "get",
    "findElement", "cssSelector", "xpath", "getByTestId", "getByText", "getByRole", "queryByTestId", "css",
    "queryByText", "getComponent", "findComponent", "find_element", "byCss", "select_one", "at_css",
    "element",
  ]

  /// Whether an assertion looked for an element in a way that is gone, and what it expected still is.
  func isFoundOtherwise(_ one: Assertion, _ old: Place, _ new: Place, _ values: Set<String>) -> Bool {
    let ways = TestComparison.finders.filter { old.test.facts.calls.contains($0) }
    guard ways.contains(where: { one.words.contains(TestCase.plain($0)) }),
      ways.isDisjoint(with: new.test.facts.calls)
    else { return false }
    return one.literals.allSatisfy { values.contains($0) || $0 == "true" || isHandedIn($0, old, new) }
  }

  /// For each place of a value in a test the names of the calls that it is given to.
  private func callees(of value: String, _ place: Place) -> [Set<String>] {
    let code = place.file.code
    var found: [Set<String>] = []
    for range in [place.test.head, place.test.body] {
      var open: [(close: Int, names: Set<String>)] = []
      for index in range {
        while let last = open.last, last.close <= index { open.removeLast() }
        let token = code.tokens[index]
        if token.kind == .mark, code.partner[index] > index {
          open.append((code.partner[index], names(before: index, code)))
        } else if TestComparison.says(token, value) {
          found.append(open.reduce(into: []) { $0.formUnion($1.names) })
        }
      }
    }
    return found
  }

  private static func says(_ token: Token, _ value: String) -> Bool {
    switch token.kind {
    case .string, .number: token.text == value
    case .word: FactReader.constants.contains(token.text) && token.text.lowercased() == value
    case .mark, .newline: false
    }
  }

  /// What a bracket belongs to: `price(`, `Order.of(`, `Order {`.
  private func names(before open: Int, _ code: SourceCode) -> Set<String> {
    var end = open - 1
    if code.isMark(end, ">") {
      while end > 0, open - end < 12, !code.isMark(end, "<") { end -= 1 }
      end -= 1
    }
    if code.isMark(end, "!") { end -= 1 }
    guard code.isWord(end), !AssertionWords.begins(code.text(end)) else { return [] }
    let name = code.text(end)
    let isType = name.first?.isUppercase == true
    guard code.isMark(open, "(") || code.isMark(open, "{") && isType else { return [] }
    var names: Set = [name]
    // `Order::new(`, `Order.of(`
    var before = end - 1
    while code.isMark(before, ":") || code.isMark(before, "::") || code.isMark(before, ".") { before -= 1 }
    if before < end - 1, code.isWord(before), code.text(before).first?.isUppercase == true {
      names.insert(code.text(before))
    }
    return names
  }

  /// Whether values of one kind are no longer written at all where a test calls code in another way: flags
  /// that are names now, texts that are members of an enumeration.
  func isRetyped(_ value: String, calls: Set<String>, fresh: [String]) -> Bool {
    guard !reshaped.names.isDisjoint(with: calls) else { return false }
    let kind = TestComparison.kind(value)
    return !fresh.contains { !$0.isEmpty && TestComparison.kind($0) == kind }
  }

  private static func kind(_ value: String) -> Character {
    if ["true", "false"].contains(value) { return "b" }
    if FactReader.constants.contains(value) || value == "none" { return "n" }
    return value.first?.isNumber == true && value.allSatisfy { $0.isNumber || $0 == "." || $0 == "_" }
      ? "0" : "s"
  }
}

/// Records that tests compare with or hand in, whose keys are others now.
extension TestComparison {
  /// Whether a value is a key that the code does not write any more, and the record that it stood in is
  /// compared still: what stood behind the key is looked at by itself.
  func isOfOtherKeys(
    _ value: String, _ before: [Assertion], _ old: Place, _ new: Place, _ fresh: [String]
  ) -> Bool {
    guard explained.goneTexts.contains([value]), keys(of: old).contains(value) else { return false }
    // A record may be an object of a type that the code has now.
    let isObject =
      keys(of: new).isEmpty
      && new.test.facts.calls.contains { name in
        name.first?.isUppercase == true && old.file.code.places[name] == nil
      }
    return isObject || !keys(of: new).subtracting(keys(of: old)).isEmpty
  }

  /// Whether a value stood behind a key that no record of the test has any more, while the records have keys
  /// that the code asks for now.
  func isOfOtherRecord(_ value: String, _ old: Place, _ new: Place) -> Bool {
    let (before, after) = (keys(of: old), keys(of: new))
    let came = after.subtracting(before)
    guard came.contains(where: { explained.cameTexts.contains([$0]) }) else { return false }
    let code = old.file.code
    let places = (old.test.head.lowerBound..<old.test.body.upperBound).filter {
      TestComparison.says(code.tokens[$0], value)
    }
    return !places.isEmpty
      && places.allSatisfy { place in
        TestComparison.isColon(place - 1, code) && !after.contains(code.text(place - 2))
          && before.contains(code.text(place - 2))
      }
  }

  private static func isColon(_ index: Int, _ code: SourceCode) -> Bool {
    code.isMark(index, ":") || code.isMark(index, "=>")
  }

  /// The texts and names in front of colons.
  private func keys(of place: Place) -> Set<String> {
    let code = place.file.code
    return (place.test.head.lowerBound..<place.test.body.upperBound).reduce(into: []) { found, index in
      if TestComparison.isColon(index, code), code.kind(index - 1) == .string || code.isWord(index - 1) {
        found.insert(code.text(index - 1))
      }
    }
  }

  /// The names in front of colons behind a matcher that compares with a whole.
  func expectedKeys(of place: Place) -> Set<String> {
    let code = place.file.code
    let matchers: Set = ["toEqual", "toStrictEqual", "deepEqual", "deepStrictEqual", "eql"]
    return place.test.body.reduce(into: []) { found, index in
      guard code.isWord(index), matchers.contains(code.text(index)), code.isMark(index + 1, "(") else {
        return
      }
      for inner in index + 1..<min(code.end(of: index + 1), place.test.body.upperBound)
      where code.isWord(inner) && code.isMark(inner + 1, ":") {
        found.insert(code.text(inner))
      }
    }
  }

  /// Whether a number stands in a text, be it in another unit.
  private static func tells(_ text: String, _ number: String) -> Bool {
    guard let wanted = Double(number), let parts = ChangedNumbers.parts(text) else { return false }
    return parts.numbers.compactMap(Double.init).contains { $0 == wanted || Units.areOne($0, wanted) }
  }

  /// Whether a text told a number that is handed in, and what is expected now does not.
  static func dropsInput(_ value: String, _ one: Assertion, _ came: [String]) -> Bool {
    let told = value.split { !$0.isNumber }
    return one.literals.contains { text in
      text != value && Int(text) != nil && told.contains(text[...])
        && !came.contains { other in
          other.split { !$0.isNumber }.contains(text[...]) || tells(other, text)
        }
    }
  }

  /// Whether other values are expected because others are handed in, outside of all assertions, and were.
  func isSwappedThrough(_ swapped: Assertion, _ before: [Assertion], _ old: Place, _ new: Place) -> Bool {
    before.contains { one in
      guard one.shape == swapped.shape, one.literals.count == swapped.literals.count else { return false }
      let (gone, came) = (
        Set(one.literals).subtracting(swapped.literals), Set(swapped.literals).subtracting(one.literals)
      )
      let isOther = gone.allSatisfy {
        isHandedIn($0, old, new) || isScaled($0, old, new) || isInTurn($0, old, new, swapped.literals)
          || explained.explains($0, by: swapped.literals)
          || isWrittenAnew($0, new, Array(came)) && !TestComparison.dropsInput($0, one, Array(came))
      }
      if isOther, !gone.isEmpty { return true }
      return gone.count == came.count && !gone.isEmpty
        && gone.allSatisfy { $0.utf8.count > 2 && isGivenOutside($0, old) && !isGivenOutside($0, new) }
        && came.allSatisfy { $0.utf8.count > 2 && isGivenOutside($0, new) && !isGivenOutside($0, old) }
    }
  }
}
