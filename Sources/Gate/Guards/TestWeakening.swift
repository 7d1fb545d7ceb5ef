/// What a test proves less than the test of that name did before.
extension TestComparison {
  mutating func compare(_ old: Place, _ new: Place) {
    let (path, name) = (new.file.path.path, new.test.fullName)
    if let mark = newMark(old, new) {
      add(.skippedTest, path, mark.line, name, "test '\(new.test.name)' is newly skipped by '\(mark.text)'")
    }
    if let subject = doubled(old, new) {
      add(
        .replacedCode, path, new.test.line, name,
        "'\(new.test.name)' asks a stand-in where it asked '\(subject)'")
    }
    if losesRows(old, new) {
      add(.fewerParameters, path, new.test.line, name, "'\(new.test.name)' has fewer rows than before")
    }
    weigh(old, new, path, name)
  }

  /// A mark that the test did not have.
  private func newMark(_ old: Place, _ new: Place) -> TestFile.Mark? {
    var before: [String: Int] = [:]
    for mark in old.test.marks { before[mark.family, default: 0] += 1 }
    guard new.test.marks.count > old.test.marks.count else { return nil }
    return new.test.marks.first { mark in
      if let count = before[mark.family], count > 0 {
        before[mark.family] = count - 1
        return false
      }
      return true
    }
  }

  /// Functions with assertions that tests call are weighed like tests.
  mutating func compareHelpers(_ file: TestFile) {
    let tests = Set(file.tests.map(\.name))
    for helper in file.helpers where !helper.facts.effective.isEmpty {
      // What stands inside of a test is read with it.
      guard tests.isDisjoint(with: helper.scope), let new = helperNow(helper, pathNow(file)) else { continue }
      weigh(Place(file: file, test: helper), new, new.file.path.path, helper.name)
    }
  }

  /// The helper of that name: of several only the one in the same scope is the same.
  private func helperNow(_ helper: TestCase, _ here: String) -> Place? {
    let matches = newHelperPlaces[helper.name] ?? []
    let isAlone = matches.count == 1 && oldHelpers[helper.name]?.count == 1
    if isAlone { return matches.first }
    return matches.first { $0.file.path.path == here && $0.test.scope == helper.scope }
  }

  private mutating func weigh(_ old: Place, _ new: Place, _ path: String, _ name: String) {
    let before = expanded(old.test, oldHelpers)
    let after = expanded(new.test, newHelpers)
    let line = new.test.line
    guard !before.isEmpty else { return }
    // A helper that only made ready, and cannot fail any more.
    if after.isEmpty, !old.test.isTest, before.allSatisfy(TestComparison.isOfSetUp) { return }
    if after.isEmpty {
      if let end = new.test.facts.earlyEnd, old.test.facts.earlyEnd == nil {
        add(
          .earlyReturn, path, end.line, name,
          "'\(new.test.name)' ends with '\(end.text)' before it asserts anything")
      } else {
        add(.noAssertion, path, line, name, "'\(new.test.name)' has no assertion left that can fail")
      }
      return
    }
    if let end = new.test.facts.earlyEnd, old.test.facts.earlyEnd == nil, after.count < before.count {
      add(
        .earlyReturn, path, end.line, name,
        "'\(new.test.name)' ends with '\(end.text)' before its last assertions")
      return
    }
    let swallows = swallowCount(new.test, newHelpers)
    if swallows > swallowCount(old.test, oldHelpers) {
      add(.swallowedFailure, path, line, name, "'\(new.test.name)' catches what its assertions throw")
    }
    if weighReach(before.count, after.count, old, new, path, name) { return }
    weighRecords(old, new, path, name)
    var known = allLiterals(new)
    let named = Set(before.flatMap(\.literals))
    if !named.allSatisfy(known.contains) { known.shared.append(recordedValues(new)) }
    let spoken = new.test.facts.words
    let asked = after.reduce(into: Set<String>()) { $0.formUnion($1.words) }
    let fresh = newValues(old, new)
    let gone = lost(Set(before.flatMap(\.literals)), known).filter {
      !isSpelledOut($0, known, spoken) && !isName($0, asked) && !isPadding($0, old, new)
        && !explained.explains($0, by: fresh) && !isWrittenAnew($0, new, fresh)
        && !isFlagOfWhole($0, before, after) && !isDefaultOfWhole($0, before, after)
        && !isOfCallback($0, old, new)
        && !isCount($0, before, after, known) && !isSaidOtherwise($0, before, after, old, new, fresh, known)
        && !isHandedIn($0, old, new) && !isLengthOfGiven($0, new)
        && !isOfOtherKeys($0, before, old, new, fresh) && !isOfOtherKind($0, before, after, old, new, fresh)
        && !isInTurn($0, old, new, fresh) && !explained.isNamedAnew($0, by: fresh)
    }
    if !gone.isEmpty {
      let kind: FindingKind = after.count < before.count ? .fewerAssertions : .changedExpectation
      add(kind, path, line, name, "'\(new.test.name)' no longer names \(spelled(gone))")
      return
    }
    let keys = lostKeys(before, old, new)
    if !keys.isEmpty {
      add(.changedExpectation, path, line, name, "'\(new.test.name)' no longer names \(spelled(keys))")
      return
    }
    let rows = lostRows(Set(old.test.facts.tables), known).filter {
      !isName($0, asked) && !explained.explains($0, by: fresh) && !isOfCallback($0, old, new)
        && !isSaidOtherwise($0, before, after, old, new, fresh, known) && !isHandedIn($0, old, new)
        && !isLengthOfGiven($0, new) && !isRetyped($0, calls: old.test.facts.calls, fresh: fresh)
        && !isOfOtherRecord($0, old, new) && !isOfOtherKeys($0, before, old, new, fresh)
    }
    if !rows.isEmpty {
      add(
        .fewerParameters, path, line, name, "'\(new.test.name)' no longer has the parameters \(spelled(rows))"
      )
      return
    }
    weighStrength(before, after, old, new, path, name)
  }

  /// `if err != nil { t.Fatal(err) }`
  private static func isOfSetUp(_ one: Assertion) -> Bool {
    let errors: Set = ["err", "error", "e", "noerror", "if", "t", ""]
    return one.literals.allSatisfy(["nil", "null", "none"].contains)
      && one.words.isSubset(of: errors.union(commonWords))
  }

  /// Assertions that are there and not reached, or that hold whatever happens; whether there are any.
  private mutating func weighReach(
    _ before: Int, _ after: Int, _ old: Place, _ new: Place, _ path: String, _ name: String
  ) -> Bool {
    let line = new.test.line
    if new.test.facts.exits > old.test.facts.exits {
      add(.earlyReturn, path, line, name, "'\(new.test.name)' may leave before it asserts, and passes then")
      return true
    }
    let reached = (before - old.test.facts.conditionals, after - new.test.facts.conditionals)
    if new.test.facts.conditionals > old.test.facts.conditionals, reached.1 < reached.0 {
      add(.weakenedAssertion, path, line, name, "'\(new.test.name)' asserts only under a condition now")
      return true
    }
    if new.test.facts.hasty > old.test.facts.hasty {
      add(
        .earlyReturn, path, line, name, "'\(new.test.name)' says that it is done before its callback asserts")
      return true
    }
    if new.test.facts.passes > old.test.facts.passes {
      add(.earlyReturn, path, line, name, "'\(new.test.name)' passes over rows of its table")
      return true
    }
    func hollow(_ place: Place) -> Int {
      place.test.facts.assertions.count { one in
        one.strength == 0 && newHelpers[String(one.name.split(separator: ".").last ?? "")] == nil
      }
    }
    if hollow(new) > hollow(old), after < before {
      add(.noAssertion, path, line, name, "'\(new.test.name)' has an assertion that cannot fail")
      return true
    }
    if new.test.facts.unreached > old.test.facts.unreached, after < before {
      add(.fewerAssertions, path, line, name, "'\(new.test.name)' has assertions that are never reached")
      return true
    }
    if new.test.facts.discards > old.test.facts.discards, after < before {
      add(.fewerAssertions, path, line, name, "'\(new.test.name)' compares without asserting")
      return true
    }
    return false
  }

  private func swallowCount(_ test: TestCase, _ helpers: [String: [TestCase]]) -> Int {
    test.facts.swallows + helperFacts(test, helpers).reduce(0) { $0 + $1.swallows }
  }

  private mutating func weighStrength(
    _ before: [Assertion], _ after: [Assertion], _ old: Place, _ new: Place, _ path: String, _ name: String
  ) {
    func strong(_ all: [Assertion]) -> Int { all.filter { $0.strength == 3 }.count }
    func solid(_ all: [Assertion]) -> Int { all.filter { $0.strength >= 2 }.count }
    let label = "'\(new.test.name)'"
    // Where an error is caught, a failure behind it says that there must be one.
    let catches = !TestComparison.catches.isDisjoint(with: new.test.facts.words)
    let nothings = after.count {
      TestComparison.saysNothing($0) || catches && FactReader.failing.contains($0.name)
        || asksForContent($0, before) || isOfOutcome($0, before) || isPredicate($0, before)
    }
    if let (line, words) = lessSaid(before, after, old, new) {
      return add(.weakenedAssertion, path, line, name, "\(label) \(words)")
    }
    if strong(after) + nothings == 0 && strong(before) > 0
      || after.count >= before.count && strong(after) + nothings < strong(before)
      || solid(after) + nothings == 0 && solid(before) > 0
    {
      add(
        .weakenedAssertion, path, weaker(before, after)?.line ?? new.test.line, name,
        "\(label) no longer compares with an exact value")
      return
    }
    if weighOutcomes(before, after, old, path, name, label) { return }
    if let turned = turned(before, after) {
      add(.weakenedAssertion, path, turned.line, name, "\(label) asserts the contrary of what it did")
      return
    }
    if let (line, word) = loosened(before, after) {
      add(.weakenedAssertion, path, line, name, "\(label) is content with '\(word)' now")
      return
    }
    if let swapped = swapped(before, after), !swapped.literals.isEmpty,
      !isExcused(swapped, before, after, old, new)
    {
      add(.changedExpectation, path, swapped.line, name, "\(label) expects other values than before")
      return
    }
    guard after.count < before.count else { return }
    let shapes = Set(after.map(\.shape))
    let values = Set(after.flatMap(\.literals))
    // Chained to another, its value is still asserted.
    let missing = before.filter { one in
      !(strong(after) > 0 && TestComparison.asksForKind(one)) && !isTold(one, old, new, before, after)
        && !shapes.contains(one.shape) && !isFoundOtherwise(one, old, new, values)
        && !isMoved(one)
        && (one.literals.isEmpty
          || !one.literals.allSatisfy { text in
            text.utf8.count >= 2 && (values.contains(text) || values.contains { $0[...].has(text) })
          })
    }
    let asserted = Set(after.flatMap(\.words)).union(helperFacts(new.test, newHelpers).flatMap(\.words))
    let named = asserted.union(explained.goneWords).union(new.test.facts.tables.map(TestCase.plain)).union(
      new.test.facts.literals.map(TestCase.plain))
    if missing.contains(where: {
      isOfPlayed($0, after)
        || !$0.words.subtracting(TestComparison.commonWords).subtracting(FactReader.bounds).isSubset(
          of: named)
          && !isAliased($0, old, new)
    }) {
      add(
        .fewerAssertions, path, new.test.line, name,
        "\(label) has \(after.count) assertions and had \(before.count)")
    }
  }

  /// Whether an assertion is content when something is thrown, be it by another assertion.
  private static func awaitsError(_ one: Assertion) -> Bool {
    let shape = (one.name + " " + one.shape).lowercased()[...]
    return ["throw", "raise", "reject", "panic", "fails", "exception"].contains { shape.has($0) }
  }

  /// What makes assertions wider that none was before.
  private func loosened(_ before: [Assertion], _ after: [Assertion]) -> (line: Int?, word: String)? {
    let known = Set(before.flatMap(\.looseness))
    // Where all that was asserted still is, what comes beside it makes nothing wider, but for what catches.
    func key(_ one: Assertion) -> [String] { [one.name, one.shape] + one.literals + one.looseness.sorted() }
    let keepsAll = Set(before.map(key)).isSubset(of: after.map(key))
    // What is said beside all that was said makes nothing wider: that what is caught is an error.
    func exact(_ all: [Assertion]) -> Int { all.count { $0.strength == 3 && $0.looseness.isEmpty } }
    let isBeside = after.count > before.count && exact(after) >= exact(before)
    let after = after.filter { one in
      if keepsAll { return TestComparison.awaitsError(one) }
      return !isBeside || one.strength == 3 || !one.literals.allSatisfy { $0.lowercased() == "error" }
        || one.literals.isEmpty
    }
    let kinds = Set(known.map(FactReader.kind))
    let wide = Set(after.flatMap(\.looseness)).subtracting(known)
    let word = wide.sorted().first {
      !kinds.contains(FactReader.kind(ofLooseness: $0)) || $0.hasPrefix("abs")
    }
    return word.map { word in (after.first { $0.looseness.contains(word) }?.line, word) }
  }

  /// Whether the code, or what tests are written with, explains that an assertion names other values.
  private func isExcused(
    _ swapped: Assertion, _ before: [Assertion], _ after: [Assertion], _ old: Place, _ new: Place
  ) -> Bool {
    isSwappedThrough(swapped, before, old, new)
      || isSpelledAnew(swapped, before, old, new) || isOfWrapper(swapped, before)
      || isSaidByAnother(swapped, before, after) || isAskedElsewhere(swapped, before, after, new)
      || isOfOtherNumbers(swapped, before, after)
      || before.contains { one in
        // What is handed in as before says nothing of what comes out.
        let came = swapped.literals.filter { !one.literals.contains($0) }
        // Two answers became one.
        let isJoined = before.contains {
          $0.shape == swapped.shape && $0.literals != one.literals && came.allSatisfy($0.literals.contains)
        }
        return one.shape == swapped.shape && one.literals != swapped.literals && !isJoined
          && one.literals.allSatisfy {
            swapped.literals.contains($0) || explained.fillsStill($0, in: came)
              || explained.explains($0, by: swapped.literals)
              || explained.isNamedAnew($0, by: swapped.literals)
              || explained.isDigest($0, now: swapped.literals)
              || Instants.isOne($0, of: swapped.literals)
              || isWrittenAnew($0, new, came) && !TestComparison.dropsInput($0, one, came)
              || isOfLibrary($0, before, [swapped], swapped.literals)
              || explained.isOtherNumber($0, by: swapped.literals)
              || explained.isInOtherForm($0, by: swapped.literals)
              || isStatus($0, new, swapped.literals) || explained.isRetyped($0, by: swapped.literals)
              || isOfReshapedRecord($0, old, new) || isOfTurnedFlag($0, old)
          }
      }
  }

  /// Whether what an assertion named is still used in the test: a loop over what were single assertions.
  private func isAliased(_ assertion: Assertion, _ old: Place, _ new: Place) -> Bool {
    let hasLoop = ["for", "foreach", "each", "parametrize", "range", "all", "every", "map"].contains {
      new.test.facts.words.contains($0) && !old.test.facts.words.contains($0)
    }
    return hasLoop
      && assertion.words.subtracting(TestComparison.commonWords).isSubset(of: new.test.facts.words)
  }

  private func weaker(_ before: [Assertion], _ after: [Assertion]) -> Assertion? {
    let shapes = Set(before.map(\.shape))
    return after.first { $0.strength < 3 && !shapes.contains($0.shape) }
  }

  /// An assertion about the same things whose sense is turned round.
  private func turned(_ before: [Assertion], _ after: [Assertion]) -> Assertion? {
    guard before.count == after.count else { return nil }
    func key(_ one: Assertion) -> [String] { [one.shape] + one.literals }
    let (known, kept) = (Set(before.map(key)), Set(after.map(key)))
    func bare(_ words: Set<String>) -> Set<String> {
      words.subtracting(["not", "notto", "tonot", "to", "never", "is"])
    }
    return zip(before, after).first { one, other in
      if kept.contains(key(one)) || known.contains(key(other)) { return false }
      // The code's flag of that name is the other one now.
      if one.literals == other.literals, one.words == other.words,
        !one.words.isDisjoint(with: explained.numbers.flags)
      {
        return false
      }
      if isOfOtherOutcome(one, other) { return true }
      // What is null on a page is not in it.
      if TestComparison.asksForNothing(one), other.isNegative,
        other.literals == one.literals.filter({ $0 != "null" }),
        ["inthedocument", "exist", "present", "attached"].contains(where: {
          other.shape.lowercased()[...].has($0)
        })
      {
        return false
      }
      if one.literals.isEmpty, !one.isNegative, one.strength == 3, TestComparison.saysNothing(other) {
        return false
      }
      if other.isNegative, !one.isNegative, bare(one.words) == bare(other.words), one.strength == 3,
        one.literals.contains(where: { !FactReader.constants.contains($0) && $0 != "undefined" }),
        !other.literals.isEmpty
      {
        return true
      }
      return one.isNegative != other.isNegative && Set(one.literals) == Set(other.literals)
        && one.words.subtracting(["not"]) == other.words.subtracting(["not"])
    }?.1
  }

  /// An assertion that reads the same but for its values, where no value of the old ones was dropped.
  private func swapped(_ before: [Assertion], _ after: [Assertion]) -> Assertion? {
    var values: [String: Set<[String]>] = [:]
    var counts: [String: Int] = [:]
    for one in before { counts[one.shape, default: 0] += 1 }
    for one in after {
      values[one.shape, default: []].insert(one.literals)
      counts[one.shape, default: 0] -= 1
    }
    for one in before where !one.literals.isEmpty {
      guard let now = values[one.shape], !now.contains(one.literals), (counts[one.shape] ?? 0) <= 0 else {
        continue
      }
      let known = before.filter { $0.shape == one.shape }.map(\.literals)
      return after.first { $0.shape == one.shape && !known.contains($0.literals) }
        ?? after.first { $0.shape == one.shape && $0.literals != one.literals }
    }
    return nil
  }
}
