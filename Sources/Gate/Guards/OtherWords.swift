/// What a test says in the words of another library.
extension TestComparison {
  /// Matchers of pages, with the attribute and the value that they ask for.
  private static let states = [
    "tobedisabled": ("disabled", "true"), "tobeenabled": ("disabled", "false"),
    "tobechecked": ("checked", "true"), "toberequired": ("required", "true"),
    "tobehidden": ("hidden", "true"),
  ]

  /// Whether an attribute of an element was compared with a value, and a matcher asks for just that now:
  /// `expect(button.prop('disabled')).toBe(false)` and `toBeEnabled()`.
  func isOfState(_ value: String, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    before.contains { one in
      one.literals.contains(value) && !one.isNegative
        && TestComparison.states.contains { matcher, asked in
          guard one.literals.contains(asked.0),
            one.literals.contains("true") || one.literals.contains("false")
          else { return false }
          let isSame = one.literals.contains(asked.1)
          return after.contains { $0.shape.lowercased()[...].has(matcher) && $0.isNegative != isSame }
        }
    }
  }

  /// Whether a text that only code said that is gone is one of a library's now: an assertion that is as exact
  /// expects another text of its length in its place.
  func isSaidByOthers(
    _ value: String, _ before: [Assertion], _ after: [Assertion], _ fresh: [String]
  ) -> Bool {
    guard value.count(where: \.isLetter) >= 4,
      explained.goneTexts.contains(where: { Template.rest(of: value, $0) != nil }),
      let old = before.first(where: { $0.literals.contains(value) })
    else { return false }
    let known = Set(before.flatMap(\.literals))
    return after.contains { one in
      one.strength >= old.strength && one.isNegative == old.isNegative
        && one.literals.contains { text in
          !known.contains(text) && fresh.contains(text) && text.utf8.count * 2 >= value.utf8.count
        }
    }
  }

  /// Whether a value is written with other signs or in another case only, by a library that the code and the
  /// test have in place of another, or of a thing whose declaration is another.
  func isSpelledAnew(_ swapped: Assertion, _ before: [Assertion], _ old: Place, _ new: Place) -> Bool {
    let (words, now) = (old.test.facts.words, new.test.facts.words)
    let isOfOther =
      !explained.goneWords.isDisjoint(with: words) && !explained.cameWords.isDisjoint(with: now)
      || !reshaped.plainNames.isDisjoint(with: now)
    guard isOfOther else { return false }
    return before.contains { one in
      guard one.shape == swapped.shape, one.literals.count == swapped.literals.count,
        one.literals != swapped.literals
      else { return false }
      return zip(one.literals, swapped.literals).allSatisfy { was, text in
        was == text || was.utf8.count > 12 && TestCase.plain(was) == TestCase.plain(text)
      }
    }
  }

  /// Whether a text that the code says as before, word for word, stands in a longer one: what a library
  /// passes it on with.
  func isOfWrapper(_ swapped: Assertion, _ before: [Assertion]) -> Bool {
    before.contains { one in
      guard one.shape == swapped.shape, one.literals.count == swapped.literals.count,
        one.literals != swapped.literals
      else { return false }
      return zip(one.literals, swapped.literals).allSatisfy { was, text in
        was == text || explained.keptTexts.contains(was) && text[...].hasSuffix(was)
      }
    }
  }

  /// Whether a sentence that no code of the change writes is another of the library that does: its version is
  /// another in the tree's manifest, and numbers and some of the words are the same. Where another library
  /// took its place, the words are others, and the code may say them now.
  func isOfLibrary(
    _ value: String, _ before: [Assertion], _ after: [Assertion], _ fresh: [String]
  ) -> Bool {
    func words(_ text: String) -> [Substring] { text.split { !($0.isLetter || $0.isNumber) } }
    func numbers(_ words: [Substring]) -> [Substring] { words.filter { $0.allSatisfy(\.isNumber) } }
    let said = words(value)
    guard explained.movesLibraries, said.count >= 3, !explained.keptTexts.contains(value),
      !explained.goneTexts.contains(where: { Template.rest(of: value, $0) != nil }),
      let old = before.first(where: { $0.literals.contains(value) })
    else { return false }
    return after.contains { one in
      one.strength >= old.strength && one.isNegative == old.isNegative
        && one.literals.contains { text in
          let now = words(text)
          guard fresh.contains(text), now.count >= 3 else { return false }
          if explained.swapsLibraries {
            return Set(numbers(now)).isSubset(of: numbers(said)) || explained.cameTexts.contains([text])
          }
          return numbers(now) == numbers(said)
            && !Set(now).subtracting(numbers(now)).isDisjoint(with: said)
        }
    }
  }

  /// Whether the number of an answer is told by its name now, or is another of its kind as in the code.
  func isStatus(_ value: String, _ new: Place, _ fresh: [String]) -> Bool {
    guard let number = Int(value), Statuses.names[number] != nil else { return false }
    return new.test.facts.words.contains { Statuses.number(of: $0) == number }
      || explained.isOtherStatus(value, by: fresh)
  }

  /// Whether an assertion asks by name for what was compared before: `be_sailing` and `eq("sailing")`.
  func isPredicate(_ one: Assertion, _ before: [Assertion]) -> Bool {
    guard one.strength < 3, !one.isNegative else { return false }
    let words = one.shape.split(separator: " ").map { TestCase.plain(String($0)) }
    return before.contains { old in
      old.strength == 3 && !old.isNegative
        && old.literals.contains { text in
          let plain = TestCase.plain(text)
          return plain.utf8.count > 2 && words.contains { $0 == "be" + plain || $0 == "is" + plain }
        }
    }
  }

  /// Whether each assertion that reads like one with other values is made by another now, which hands in
  /// other things: the last call of both, with all that is expected in it, is the same.
  func isSaidByAnother(_ swapped: Assertion, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    func expected(_ one: Assertion) -> (call: String, values: [String]) {
      let call = String(one.shape[...].components(" . ").last ?? "")
      return (call, one.literals.suffix(call.split(separator: " ").count { $0 == "§" }))
    }
    func key(_ one: Assertion) -> [String] { [one.shape] + one.literals }
    let (known, kept) = (Set(before.map(key)), Set(after.map(key)))
    let gone = before.filter { $0.shape == swapped.shape && !kept.contains(key($0)) }
    let came = after.filter { !known.contains(key($0)) && $0.strength == 3 }
    return !gone.isEmpty
      && gone.allSatisfy { one in
        let (call, values) = expected(one)
        return values.count > 1 && one.literals.count > values.count
          && came.contains { other in
            let now = expected(other)
            return now.call == call && now.values == values && !other.words.isDisjoint(with: one.words)
              && other.isNegative == one.isNegative && other.shape != one.shape
          }
      }
  }

  /// Names in front of colons in what was compared with a whole, which nothing names now though the code
  /// still has them: `{ low: [2], high: [5] }` and `{ high: [2, 5] }`.
  func lostKeys(_ before: [Assertion], _ old: Place, _ new: Place) -> [String] {
    guard old.file.path.isJavaScript, new.file.path.isJavaScript else { return [] }
    let compared = before.filter { $0.strength == 3 && $0.name == "expect" || $0.name.hasSuffix("qual") }
    let words = compared.reduce(into: Set<String>()) { $0.formUnion($1.words) }
    let helped = helperFacts(new.test, newHelpers).reduce(into: new.test.facts.words) {
      $0.formUnion($1.words)
    }
    let texts = Set(new.test.facts.literals.map(TestCase.plain))
    return expectedKeys(of: old).filter { name in
      let plain = TestCase.plain(name)
      return plain.utf8.count > 2 && words.contains(plain) && !helped.contains(plain)
        && !texts.contains(plain)
        && !explained.goneWords.contains(plain) && explained.keptWords.contains(plain)
    }.sorted()
  }

  /// Whether EasyMock was asked whether all was called that should be, and nothing asks for it now.
  func isOfPlayed(_ one: Assertion, _ after: [Assertion]) -> Bool {
    let words = one.shape.split(separator: " ")
    return words.count == 4 && words[0] == "verify" && words[1] == "("
      && !after.contains { $0.name.hasPrefix("verify") && one.words.isSubset(of: $0.words) }
  }

  private static let warned: Set = ["warns", "assertwarns", "assertwarnsregex", "deprecatedcall"]

  /// Whether warnings were caught and counted, and are awaited by name now.
  func awaitsWarnings(_ old: Place, _ new: Place) -> Bool {
    let (words, now) = (old.test.facts.words, new.test.facts.words)
    return !words.isDisjoint(with: ["catchwarnings", "recwarn"])
      && words.isDisjoint(with: TestComparison.warned) && !now.isDisjoint(with: TestComparison.warned)
  }

  /// Whether an assertion only said that there is an error, or how it reads, and another says now which.
  func isToldByError(_ one: Assertion, _ after: [Assertion]) -> Bool {
    !one.words.isDisjoint(with: ["err", "error"]) && !asksForIdentity(one)
      && after.contains { asksForIdentity($0) && !$0.isNegative }
  }

  /// Whether an assertion said that the program ends, or by which code, and that code is compared now as what
  /// runs a command for a test tells it.
  func isToldByCode(_ one: Assertion, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    guard before.contains(where: { $0.words.contains("systemexit") }),
      !one.words.isDisjoint(with: ["systemexit", "code"])
    else { return false }
    return after.contains {
      $0.strength == 3 && !$0.words.isDisjoint(with: ["exitcode", "returncode"])
        && one.literals.allSatisfy($0.literals.contains)
    }
  }

  /// What libraries of stand-ins call what they do: none of it is what a test is of.
  static let standInWords: Set = [
    "reveal", "prophesize", "shouldhavebeencalled", "shouldbecalled", "shouldhavereceived", "shouldreceive",
    "willreturn", "setup", "returns", "returnsasync", "thenreturn", "whenever", "when", "every", "mock",
    "mockk", "coevery", "object", "setattr", "monkeypatch", "verify", "stub", "spy", "patch", "mocker",
    "received", "substitute", "createmock",
  ]
}
