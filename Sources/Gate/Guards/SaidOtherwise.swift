/// Values that a test no longer names because it says the same in another way.
extension TestComparison {
  /// Whether what stood for a value stands for it now: the digest of another function, another spelling of an
  /// instant, a constant of the code, what the test itself puts in and gets back.
  func isSaidOtherwise(
    _ value: String, _ before: [Assertion], _ after: [Assertion], _ old: Place, _ new: Place,
    _ fresh: [String], _ known: KnownValues
  ) -> Bool {
    if explained.isDigest(value, now: fresh) || Instants.isOne(value, of: fresh) { return true }
    if explained.isOtherNumber(value, by: fresh) { return true }
    if isAskedElsewhere(value, before, new) || isOfReshapedRecord(value, old, new) { return true }
    if explained.isInOtherForm(value, by: after.flatMap(\.literals)) { return true }
    if value == "0", !Instants.beginnings.isDisjoint(with: new.test.facts.words) { return true }
    if explained.names(of: value).contains(where: new.test.facts.words.contains) { return true }
    if hasNothingNow(old, before, after) { return true }
    if isRecordedNow(value, new) { return true }
    if isSpelledInLines(value, known) || isLength(value, before, after) { return true }
    if isSum(value, before, after) || isOfTurnedFlag(value, old) { return true }
    if explained.isOfDeleted(value),
      after.contains(where: { $0.strength == 3 && !$0.words.isDisjoint(with: explained.cameWords) })
    {
      return true
    }
    if explained.isFilledStill(value, known) || isTakenApart(value, after) { return true }
    if isOfLibrary(value, before, after, fresh) || isStatus(value, new, fresh) { return true }
    if isInPieces(value, before, after) || Statuses.isVerb(value, of: new.test.facts.calls) { return true }
    if explained.isRetyped(value, by: fresh) || isOfMaker(value, old, new) { return true }
    if isOfState(value, before, after) || isSaidByOthers(value, before, after, fresh) { return true }
    if isDateInParts(value, known) || isSelected(value, known) || isInWords(value, new, fresh) { return true }
    if isBoundOnly(value, before, after) { return true }
    if isScaled(value, old, new) || isOfNewError(value, after) { return true }
    if isOfKind(value, before), after.contains(where: { $0.strength == 3 }) { return true }
    if explained.isOfDeleted(value), after.contains(where: TestComparison.asksForNothing) { return true }
    return value.utf8.count > 2 && isPassedThrough(value, old, new, fresh)
  }

  /// Whether a text of several lines is written line by line now.
  private func isSpelledInLines(_ value: String, _ known: KnownValues) -> Bool {
    let parts = value.replacing("\\n", with: "\n").split(separator: "\n").map(String.init)
    return parts.count > 1
      && parts.allSatisfy { known.contains($0) || known.contains(String($0[...].trimmed)) }
  }

  static let measures: Set = ["len", "length", "size", "count"]

  /// `XCTAssertEqual(lines.count, expected.count)` of a helper, which does not look at what it is given.
  static func comparesSizes(_ one: Assertion) -> Bool {
    one.literals.isEmpty
      && one.shape.split(separator: " ").count { measures.contains($0.lowercased()) } >= 2
  }

  private static func isMeasured(_ one: Assertion) -> Bool {
    one.shape.split(separator: " ").contains { measures.contains($0.lowercased()) }
  }

  /// Whether a number said how many there are, and a list of them is compared now.
  func isLength(_ value: String, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    guard let number = Int(value), (1...20).contains(number) else { return false }
    func isMeasured(_ one: Assertion) -> Bool {
      let shape = one.shape.lowercased()[...]
      return TestComparison.measures.contains { shape.has($0) }
    }
    return before.contains { $0.literals.contains(value) && isMeasured($0) }
      && after.contains { $0.strength == 3 && $0.literals.count >= number && !isMeasured($0) }
  }

  /// What a test is content with now: a length, no error at all, values that are less exact.
  func lessSaid(
    _ before: [Assertion], _ after: [Assertion], _ old: Place, _ new: Place
  ) -> (line: Int, words: String)? {
    if let only = measured(before, after) {
      return (only.line, "only asks how much there is now, and not what")
    }
    if isSilent(old, new, before, after) { return (new.test.line, "no longer fails when nothing is thrown") }
    if let most = before.compactMap(\.tolerance).max(),
      let wider = after.first(where: { $0.tolerance ?? 0 > most * 10 })
    {
      return (wider.line, "is content with less exact values")
    }
    return nil
  }

  /// An assertion that asks for the length of what was compared before.
  func measured(_ before: [Assertion], _ after: [Assertion]) -> Assertion? {
    func isMeasure(_ one: Assertion) -> Bool {
      let words = one.shape.split(separator: " ").map { $0.lowercased() }
      return words.indices.contains { place in
        let word = words[place]
        // `Bed(width=2, length=3)` measures nothing.
        if place + 1 < words.count, ["=", ":"].contains(words[place + 1]) { return false }
        return TestComparison.measures.contains(word) || word == "tohavelength" || word == "hassize"
      } && !one.literals.isEmpty && one.literals.allSatisfy { Int($0) != nil }
    }
    func key(_ one: Assertion) -> [String] { [one.shape] + one.literals }
    let (old, new) = (Set(before.map(key)), Set(after.map(key)))
    let gone = before.filter { !new.contains(key($0)) }
    let came = after.filter { !old.contains(key($0)) }
    // What is counted may be named by a text.
    func counts(_ one: Assertion) -> Bool {
      isMeasure(one)
        || !TestComparison.measures.isDisjoint(with: one.words) && one.literals.contains { Int($0) != nil }
    }
    guard gone.contains(where: { $0.strength == 3 && !isMeasure($0) }), !gone.contains(where: counts),
      !came.isEmpty, came.allSatisfy(isMeasure)
    else { return nil }
    return came.first
  }

  /// `assertThat(found).contains("x")` of what may be nothing is as exact as `found.get()` was.
  func asksForContent(_ one: Assertion, _ before: [Assertion]) -> Bool {
    one.name == "assertThat" && one.shape.contains(". contains ( § )")
      && before.contains { old in
        old.literals.contains(where: one.literals.contains)
          && ["get", "orelsethrow", "getasint"].contains { old.words.contains($0) }
      }
  }

  /// Whether what failed before with an error that is gone gives nothing now.
  private func hasNothingNow(_ old: Place, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    guard after.contains(where: TestComparison.asksForNothing),
      !before.contains(where: TestComparison.asksForNothing)
    else { return false }
    let words = before.reduce(into: Set<String>()) { $0.formUnion($1.words) }.union(
      old.test.facts.words.filter { $0.hasSuffix("exception") || $0.hasSuffix("error") })
    return !words.isDisjoint(with: explained.goneWords)
  }

  /// Whether an assertion that is gone is made by another that takes its whole part.
  func isTold(
    _ one: Assertion, _ old: Place, _ new: Place, _ before: [Assertion], _ after: [Assertion]
  ) -> Bool {
    if hasNothingNow(old, before, after) { return true }
    // Several fields become one comparison with a whole that names them.
    let shapes = Set(before.map(\.shape))
    func holds(_ whole: Assertion, _ one: Assertion) -> Bool {
      // `lines[0]` says where it stands.
      let values =
        one.shape.contains("[ § ]")
        ? one.literals.filter { text in Int(text).map { $0 >= whole.literals.count } ?? true } : one.literals
      return whole.strength == 3 && !shapes.contains(whole.shape) && whole.literals.count > values.count
        && !values.isEmpty && values.allSatisfy(whole.literals.contains)
    }
    let isInWhole = after.contains { holds($0, one) }
    if isInWhole, !one.literals.isEmpty, !one.isNegative { return true }
    if isInNamedWhole(one, shapes, after, new) { return true }
    if one.literals == ["1"], TestComparison.isMeasured(one),
      after.contains(where: { $0.words.contains("single") })
    {
      return true
    }
    let isInRecord = after.contains { whole in
      whole.words.contains("tomatchinlinesnapshot") && !shapes.contains(whole.shape)
        && one.literals.allSatisfy { text in
          text == "true"
            || whole.literals.contains { isSelected(text, KnownValues(own: [$0])) || $0[...].has(text) }
        }
    }
    if isInRecord, !one.literals.isEmpty, !one.isNegative { return true }
    if one.literals.contains(where: { isOfState($0, [one], after) }) { return true }
    if one.literals.count == 1, isDefaultOfWhole(one.literals[0], before, after) { return true }
    // `lines` may be what the whole is compared with, whose parts were compared before.
    let whole = after.filter { whole in
      !shapes.contains(whole.shape)
        && (isAbout(one, whole)
          || before.contains { $0.shape != one.shape && isAbout(one, $0) && holds(whole, $0) })
    }
    if one.literals.count == 1, isLength(one.literals[0], [one], whole) { return true }
    let (words, now) = (old.test.facts.words, new.test.facts.words)
    if awaitsWarnings(old, new), one.literals.allSatisfy({ Int($0) != nil }) { return true }
    if isToldByError(one, after) || isToldByCode(one, before, after) { return true }
    let fresh = newValues(old, new)
    let isSaid = one.literals.allSatisfy {
      isSaidByOthers($0, before, after, fresh) || isStatus($0, new, fresh)
    }
    if !one.literals.isEmpty, isSaid {
      return true
    }
    // An error given to a callback is thrown where somebody waits.
    let waits: Set = ["await", "rejects", "resolves"]
    let isOfError = one.words.union(["exist"]).isSubset(of: [
      "err", "error", "e", "exist", "exists", "iferror", "null",
    ])
    return isOfError && !waits.isDisjoint(with: now) && waits.isDisjoint(with: words)
  }

  /// Whether two assertions name the same things beside what everything is called.
  private func isAbout(_ one: Assertion, _ other: Assertion) -> Bool {
    let words = one.words.subtracting(TestComparison.commonWords).subtracting(TestComparison.measures)
      .subtracting(["have", "has", "deep", "lengthof", "tohavelength", "hassize", "should", "must"])
    if !words.isDisjoint(with: other.words) { return true }
    // What a helper that came is given it compares with what it asks by itself.
    let helped = (newHelpers[other.name] ?? []).filter { oldHelpers[$0.name] == nil }
    return helped.flatMap(\.facts.effective).contains {
      !words.isDisjoint(with: $0.words) && $0.strength == 3 && !TestComparison.comparesSizes($0)
    }
  }

  /// `assertInternalType('array', …)`: what an exact comparison says, too.
  private func isOfKind(_ value: String, _ before: [Assertion]) -> Bool {
    let kinds: Set = [
      "array", "string", "int", "integer", "bool", "boolean", "float", "double", "object", "number",
      "function", "callable",
      "error", "date", "regexp", "promise", "map", "set",
    ]
    return kinds.contains(value)
      && before.contains { one in
        one.literals.contains(value) && one.shape.lowercased()[...].has("type")
          || one.literals.contains(value) && (one.shape.contains(". a ") || one.shape.contains(". an "))
      }
  }

  private static let kindWords = [
    "isinstance", "instanceof", "typeof", "isnotnone", "notnull", "isnotnil", "is not §", "notbenull",
    "isarray", "issubclass", "internaltype", "assertisarray", "beinstanceof", "assertisstring", "assertisint",
  ]

  /// Whether an assertion only says of what kind something is, or that it is there at all.
  static func asksForKind(_ one: Assertion) -> Bool {
    let shape = one.shape.lowercased()[...]
    return kindWords.contains { shape.has($0) } || shape.has(". be . a ( ") || shape.has(". be . an ( ")
  }

  /// `assert not found`: the same as a comparison with what is empty, zero or nothing.
  static func saysNothing(_ one: Assertion) -> Bool {
    one.strength == 1 && one.isNegative && one.literals.isEmpty
      && (one.name == "assert" || one.name.lowercased().hasSuffix("false") || one.name == "refute")
      && !["<", ">", "!=", "<=", ">="].contains { one.shape.contains(" \($0) ") }
  }

  /// Whether an assertion compares with null.
  static func asksForNothing(_ one: Assertion) -> Bool {
    let nulls: Set = ["nil", "null", "none", "undefined", "nullptr"]
    if one.isNegative { return false }
    let shape = one.shape.lowercased()[...]
    return !nulls.isDisjoint(with: one.literals)
      || ["assertnil", "assertnull", "isnone", "is_none", "nullopt", "benil", "be_nil", "benull", "isempty"]
        .contains { shape.has($0) }
  }

  /// A text that the test hands in and expects to come back: another one in both places proves as much.
  private func isPassedThrough(_ value: String, _ old: Place, _ new: Place, _ fresh: [String]) -> Bool {
    func count(_ text: String, _ file: TestFile) -> Int { file.texts.times[text] ?? 0 }
    let times = count(value, old.file)
    guard times > 1, count(value, new.file) == 0, isGivenOutside(value, old) else { return false }
    return fresh.contains { text in
      text.utf8.count > 2 && count(text, new.file) == times && count(text, old.file) == 0
        && isGivenOutside(text, new)
    }
  }

  /// Whether a text stands on a line without an assertion.
  func isGivenOutside(_ text: String, _ place: Place) -> Bool { place.file.texts.outside.contains(text) }

  /// Whether the test caught an error, failed when there was none, and only catches it now.
  func isSilent(_ old: Place, _ new: Place, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    func fails(_ all: [Assertion]) -> Int {
      all.count { FactReader.failing.contains($0.name.split(separator: ".").last.map(String.init) ?? "") }
    }
    func throwers(_ all: [Assertion]) -> Int {
      all.count { one in
        let shape = (one.name + " " + one.shape).lowercased()[...]
        return ["throw", "raise", "failswith", "rejects", "error"].contains { shape.has($0) }
      }
    }
    return fails(after) < fails(before) && !TestComparison.catches.isDisjoint(with: new.test.facts.words)
      && !TestComparison.catches.isDisjoint(with: old.test.facts.words) && throwers(after) <= throwers(before)
  }

  static let catches: Set = ["catch", "except", "rescue"]
}

extension TestCase.Mark {
  /// What marks of several frameworks have in common: `Assume` and `Assumptions`, `@Ignore` and `@Disabled`.
  var family: String { TestFile.Mark.family(text) }
}

extension TestFile.Mark {
  /// The same for marks outside of tests.
  var family: String { TestFile.Mark.family(text) }

  /// The family of those that say when.
  static let conditional = "skipped under a condition"

  static func family(_ text: String) -> String {
    let plain = TestCase.plain(text)
    let conditions = [
      "assum", "skipif", "skipunless", "skipwhen", "enabledif", "disabledif", "enabledon", "disabledon",
    ]
    if conditions.contains(where: { plain.contains($0) }) { return conditional }
    if ["ignore", "disabled"].contains(plain) { return "ignored" }
    if ["unittestskip", "pytestmarkskip", "pytestskip", "skiptest", "selfskiptest"].contains(plain) {
      return "skipped"
    }
    return text
  }
}
