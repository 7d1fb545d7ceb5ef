/// Whether a test expects a failure or a success.
extension TestComparison {
  private static let outcomes = [
    ("err", "ok"), ("failure", "success"), ("rejects", "resolves"), ("left", "right"), ("iserr", "isok"),
    ("isfailure", "issuccess"), ("ok", "err"), ("success", "failure"), ("resolves", "rejects"),
    ("isok", "iserr"), ("issuccess", "isfailure"),
  ]

  /// An error that is a value now, and values of the other sign; whether there are any.
  mutating func weighOutcomes(
    _ before: [Assertion], _ after: [Assertion], _ old: Place, _ path: String, _ name: String, _ label: String
  ) -> Bool {
    if let other = unthrown(before, after, old) {
      add(.weakenedAssertion, path, other.line, name, "\(label) expects a value where it expected an error")
      return true
    }
    if let other = emptied(before, after) {
      add(
        .changedExpectation, path, other.line, name, "\(label) expects nothing where it expected something")
      return true
    }
    if let other = negated(before, after) {
      add(.changedExpectation, path, other.line, name, "\(label) expects a value of the other sign")
      return true
    }
    return false
  }

  /// Whether one assertion is of a failure and the other, about the same, of a success, or the reverse.
  func isOfOtherOutcome(_ one: Assertion, _ other: Assertion) -> Bool {
    let names = reshaped.plainNames
    func words(_ one: Assertion) -> Set<String> {
      Set(one.shape.split(separator: " ").map { TestCase.plain(String($0)) })
    }
    let (old, new) = (words(one), words(other))
    guard !one.words.isDisjoint(with: other.words), names.isDisjoint(with: other.words) else { return false }
    return TestComparison.outcomes.contains { before, after in
      old.contains(before) && !old.contains(after) && new.contains(after) && !new.contains(before)
        && (Set(one.literals) == Set(other.literals) && !one.literals.isEmpty
          || head(of: one, before) == head(of: other, after))
    }
  }

  private func throwsError(_ one: Assertion) -> Bool {
    let shape = (one.name + " " + one.shape).lowercased()[...]
    return ["throw", "raise", "rejects", "failswith", "unreachable"].contains { shape.has($0) }
  }

  /// What stands in front of a word of an assertion.
  private func head(of one: Assertion, _ word: String) -> [Substring] {
    one.shape.split(separator: " ").prefix { TestCase.plain(String($0)) != word }
  }

  /// An assertion that reads the same but for a list of names, which is empty now.
  func emptied(_ before: [Assertion], _ after: [Assertion]) -> Assertion? {
    let names = reshaped.plainNames
    func key(_ one: Assertion) -> [String] { [one.shape] + one.literals }
    let (old, new) = (Set(before.map(key)), Set(after.map(key)))
    let gone = before.filter { !new.contains(key($0)) && $0.shape.contains("[ ") }
    guard !gone.isEmpty, before.count == after.count else { return nil }
    func bare(_ shape: String) -> String? {
      let words = shape.split(separator: " ")
      guard let open = words.lastIndex(of: "["), let close = words.lastIndex(of: "]"), close > open + 1,
        words[(open + 1)..<close].allSatisfy({ $0.first?.isLetter == true || $0 == "," })
      else { return nil }
      return (words[...open] + words[close...]).joined(separator: " ") + " "
    }
    return after.first { other in
      other.shape.contains("[ ] ") && !old.contains(key(other)) && names.isDisjoint(with: other.words)
        && gone.contains { bare($0.shape) == other.shape && $0.literals == other.literals }
    }
  }

  /// An assertion that reads the same but for a sign.
  func negated(_ before: [Assertion], _ after: [Assertion]) -> Assertion? {
    let names = reshaped.plainNames
    func key(_ one: Assertion) -> [String] { [one.shape] + one.literals }
    func bare(_ one: Assertion) -> [String] { [one.shape.replacing("- § ", with: "§ ")] + one.literals }
    let (old, new) = (Set(before.map(key)), Set(after.map(key)))
    let gone = before.filter { !new.contains(key($0)) }
    return after.first { other in
      !old.contains(key(other)) && names.isDisjoint(with: other.words)
        && gone.contains { $0.shape != other.shape && bare($0) == bare(other) }
    }
  }

  /// An assertion that compares what a call gives with a value, where it was expected to fail with an error.
  func unthrown(_ before: [Assertion], _ after: [Assertion], _ old: Place) -> Assertion? {
    let names = reshaped.plainNames
    // What is thrown may be looked at by a helper.
    func fails(_ one: Assertion) -> Bool {
      throwsError(one)
        || (newHelpers[one.name] ?? []).contains { helper in
          helper.facts.assertions.contains(where: throwsError)
        }
    }
    guard after.count(where: fails) < before.count(where: throwsError) else { return nil }
    func key(_ one: Assertion) -> [String] { [one.shape] + one.literals }
    let known = Set(before.map(key))
    return after.first { other in
      guard !fails(other), !known.contains(key(other)), other.strength == 3,
        !TestComparison.asksForNothing(other), names.isDisjoint(with: other.words)
      else { return false }
      if other.words.contains(where: { $0.contains("err") }) { return false }
      // What stands in a block behind the assertion is handed in there.
      let inBlock = old.test.facts.literals.subtracting(before.flatMap(\.literals))
      return before.contains { one in
        guard throwsError(one) else { return false }
        if one.literals.isEmpty {
          return other.literals.count > 1
            && !inBlock.isDisjoint(with: other.literals.filter { $0.utf8.count > 1 })
        }
        return one.literals.allSatisfy(other.literals.contains) && !one.words.isDisjoint(with: other.words)
      }
    }
  }

  /// Whether an assertion looks into what a call gives back that threw before, and is declared otherwise now:
  /// `toMatchObject({ ok: false, code: 'E_ROOM' })`.
  func isOfOutcome(_ one: Assertion, _ before: [Assertion]) -> Bool {
    let failures: Set = ["iserr", "isfailure"]
    if !one.isNegative, !failures.isDisjoint(with: one.words), !reshaped.isEmpty {
      return before.contains { old in
        old.literals == one.literals && !Set(["isnone", "none", "null"]).isDisjoint(with: old.words)
      }
    }
    guard one.strength == 2, !one.isNegative, !one.literals.isEmpty else { return false }
    let names = reshaped.plainNames
    return !names.isDisjoint(with: one.words)
      && before.contains { old in
        old.strength == 3 && before.contains(where: throwsError)
          && old.literals.contains { $0.utf8.count > 2 && one.literals.contains($0) }
      }
  }

  /// Whether a new test asserts what one that is there still did.
  func isMoved(_ one: Assertion) -> Bool {
    guard one.strength >= 2 else { return false }
    return seen.newAssertions(of: self).contains {
      $0.strength >= one.strength && $0.isNegative == one.isNegative && $0.literals == one.literals
        && one.words.subtracting(TestComparison.commonWords).isSubset(of: $0.words)
    }
  }
}
