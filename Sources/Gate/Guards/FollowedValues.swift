/// Values that a test names no more because what it says about them stands elsewhere, or because what it
/// hands in is of another form.
extension TestComparison {
  // MARK: Asked elsewhere

  /// Whether each assertion that named a value is made by a test that came, be it with another text where the
  /// code writes another: `show(1500)` and `1.5 kg`.
  func isAskedElsewhere(_ value: String, _ before: [Assertion], _ new: Place) -> Bool {
    let ones = before.filter { $0.literals.contains(value) }
    return !ones.isEmpty && ones.allSatisfy { isAskedElsewhere($0, new) }
  }

  /// The same for all that read like one and are gone.
  func isAskedElsewhere(_ swapped: Assertion, _ before: [Assertion], _ after: [Assertion], _ new: Place)
    -> Bool
  {
    let kept = Set(after.filter { $0.shape == swapped.shape }.map(\.literals))
    let gone = before.filter { $0.shape == swapped.shape && !kept.contains($0.literals) }
    return !gone.isEmpty && gone.allSatisfy { isAskedElsewhere($0, new) }
  }

  private func isAskedElsewhere(_ one: Assertion, _ new: Place) -> Bool {
    guard one.strength >= 2, one.literals.count > 1 else { return false }
    return seen.newAssertions(of: self).contains { other in
      guard other.shape == one.shape, other.literals.count == one.literals.count,
        other.strength >= one.strength, other.isNegative == one.isNegative,
        other.looseness.isSubset(of: one.looseness)
      else { return false }
      // What is handed in must be the same.
      let others = zip(one.literals, other.literals).filter { $0 != $1 }
      return others.count < one.literals.count
        && others.allSatisfy { explained.explains($0, by: [$1]) || isWrittenAnew($0, new, [$1]) }
    }
  }

  /// Whether what a field was compared with stands in a list or record that has a name, with which all of it
  /// is compared now: `reflect.DeepEqual(seats, want)`.
  func isInNamedWhole(_ one: Assertion, _ shapes: Set<String>, _ after: [Assertion], _ new: Place) -> Bool {
    let facts = new.test.facts
    let isMeasure = one.shape.split(separator: " ").contains { TestComparison.measures.contains(String($0)) }
    // Go's tests say what must not be.
    func isAffirmed(_ one: Assertion) -> Bool { !one.isNegative || one.shape.hasPrefix("if ! ") }
    guard isAffirmed(one),
      one.literals.allSatisfy({ isMeasure && Int($0) != nil || facts.tables.contains($0) })
    else { return false }
    return after.contains { whole in
      let words = whole.words.subtracting(TestComparison.commonWords)
      return whole.strength == 3 && isAffirmed(whole) && !shapes.contains(whole.shape)
        && whole.literals.isEmpty && whole.looseness.isEmpty && !words.isDisjoint(with: one.words)
        && !TestComparison.comparesSizes(whole)
        && one.words.subtracting(TestComparison.commonWords).subtracting(TestComparison.measures)
          .isSubset(of: facts.words)
    }
  }

  /// Whether a number only said what those of a list come to, which is compared as a whole now.
  func isSum(_ value: String, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    guard let number = Double(value) else { return false }
    let ones = before.filter { $0.literals.contains(value) }
    let shapes = Set(before.map(\.shape))
    return !ones.isEmpty && ones.allSatisfy { $0.literals.count == 1 && $0.words.contains("sum") }
      && after.contains { whole in
        guard whole.strength == 3, !whole.isNegative, !shapes.contains(whole.shape) else { return false }
        var sum = 0.0
        let numbers = whole.literals.reversed().prefix(64).map(Double.init)
        return numbers.indices.contains { place in
          guard let next = numbers[place] else { return false }
          sum += next
          return place > 0 && abs(sum - number) < 1e-9
        }
      }
  }

  /// Whether all that reads like one assertion and is gone is there with what the code makes of its new
  /// numbers.
  func isOfOtherNumbers(_ swapped: Assertion, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    let (old, new) = (before.filter { $0.shape == swapped.shape }, after.filter { $0.shape == swapped.shape })
    let (known, kept) = (Set(old.map(\.literals)), Set(new.map(\.literals)))
    let came = new.filter { !known.contains($0.literals) }
    let gone = old.filter { !kept.contains($0.literals) }
    return !gone.isEmpty
      && gone.allSatisfy { one in
        came.contains { other in
          other.literals.count == one.literals.count
            && zip(one.literals, other.literals).allSatisfy {
              $0 == $1 || explained.isOtherNumber($0, by: [$1])
            }
        }
      }
  }

  /// Whether a flag was only that of names whose flag is the other one in the code now.
  func isOfTurnedFlag(_ value: String, _ old: Place) -> Bool {
    let flags = explained.numbers.flags
    guard !flags.isEmpty, value == "true" || value == "false" else { return false }
    let code = old.file.code
    let places = old.test.body.filter { code.isWord($0) && code.text($0).lowercased() == value }
    return !places.isEmpty
      && places.allSatisfy { place in
        // Behind a key it is that key's.
        if code.isMark(place - 1, ":") || code.isMark(place - 1, "=") {
          return flags.contains(TestCase.plain(code.text(place - 2)))
        }
        let line = code.tokens[place].line
        return code.tokens[max(0, place - 24)..<min(code.tokens.count, place + 24)].contains {
          $0.line == line && $0.kind == .word && flags.contains(TestCase.plain($0.text))
        }
      }
  }

  /// Whether new tests only say the contrary of what a test said that is gone: that something is so where it
  /// was not.
  func isTurnedRound(_ asserted: [Assertion]) -> Bool {
    func isFlag(_ one: Assertion) -> Bool { one.strength == 1 && !one.words.isEmpty }
    guard !asserted.isEmpty, asserted.allSatisfy(isFlag) else { return false }
    let others = seen.newAssertions(of: self).filter(isFlag)
    return asserted.contains { one in
      let alike = others.filter { $0.words == one.words && $0.literals == one.literals }
      return !alike.isEmpty && alike.allSatisfy { $0.isNegative != one.isNegative }
        && one.words.isDisjoint(with: explained.numbers.flags)
    }
  }

  // MARK: What only tells one thing from another

  private static let identities: Set = [
    "id", "name", "number", "key", "title", "code", "no", "ref", "label", "line", "owner",
  ]

  /// Whether a value only told one made thing from another, and a test that goes over rows gives all of them
  /// the same: `Plot.new(3, width: 10)` and `Plot.new(2, width: width)`.
  func isOfOneThing(_ value: String, _ old: Place) -> Bool {
    let places = [old.test.head, old.test.body].flatMap { range in
      range.filter { old.file.code.tokens[$0].text == value }
    }
    let kinds: [Token.Kind] = [.number, .string]
    guard !places.isEmpty, places.allSatisfy({ kinds.contains(old.file.code.tokens[$0].kind) }) else {
      return false
    }
    return places.allSatisfy { place in
      guard let one = Argument(at: place, in: old.file.code), one.isOfMaker, one.others > 0,
        one.isFirst || one.label.map(TestComparison.identities.contains) ?? false
      else { return false }
      return newFiles.contains { file in
        (file.code.places[one.maker] ?? []).contains { word in
          guard let test = file.tests.first(where: { $0.body.contains(word) }), test.hidden == nil,
            test.marks.isEmpty, test.key != old.test.key
          else { return false }
          return file.code.arguments(of: word + one.offset).contains { part in
            file.code.kind(part.upperBound - 1) == old.file.code.kind(place)
              && Argument(at: part.upperBound - 1, in: file.code) ~= one
          }
        }
      }
    }
  }

  // MARK: Records of another form

  /// Whether a value stood in a record that was handed in and whose keys are others now, as the code asks for
  /// others: what is expected of the record may be another with it.
  func isOfReshapedRecord(_ value: String, _ old: Place, _ new: Place) -> Bool {
    let (before, after) = (records(of: old), records(of: new))
    let given = before.filter { !$0.isExpected && $0.values.values.contains { $0.contains(value) } }
    guard !given.isEmpty else { return false }
    let keysNow = after.filter { !$0.isExpected }.map { Set($0.values.keys) }
    let known = before.reduce(into: Set<String>()) { $0.formUnion($1.values.keys) }
    return given.allSatisfy { record in
      let keys = record.values.filter { $0.value.contains(value) }.map(\.key)
      // A record that took its place: with none of these keys, and one that only the code of now names.
      return keysNow.contains { now in
        now.isDisjoint(with: keys)
          && now.subtracting(known).contains { explained.cameWords.contains(TestCase.plain($0)) }
      } && !keysNow.contains { !$0.isDisjoint(with: keys) }
    }
  }

  private struct Record {
    /// What stands behind each key.
    var values: [String: Set<String>] = [:]
    var isExpected: Bool
  }

  /// The records of a test: in braces, and in texts.
  private func records(of place: Place) -> [Record] {
    let code = place.file.code
    var found: [Record] = []
    var expecting = 0
    for index in place.test.body {
      let token = code.tokens[index]
      if token.kind == .mark, token.text == "(", code.partner[index] > index, isExpecting(index, place) {
        expecting = max(expecting, code.partner[index])
      }
      let isExpected = index < expecting
      if token.kind == .string, let values = TestComparison.pairs(ofText: token.text) {
        found.append(Record(values: values, isExpected: isExpected))
      }
      guard token.isMark("{"), code.partner[index] > index else { continue }
      var values: [String: Set<String>] = [:]
      for part in code.arguments(of: index) {
        let first = code.next(after: part.lowerBound - 1)
        guard code.isWord(first) || code.kind(first) == .string,
          code.isMark(first + 1, ":") || code.isMark(first + 1, "=>")
        else { continue }
        let texts = code.tokens[first + 2..<max(first + 2, part.upperBound)]
        values[code.text(first), default: []].formUnion(texts.filter { $0.kind != .newline }.map(\.text))
      }
      if !values.isEmpty { found.append(Record(values: values, isExpected: isExpected)) }
    }
    return found
  }

  /// Whether a bracket belongs to what an assertion compares with.
  private func isExpecting(_ open: Int, _ place: Place) -> Bool {
    let code = place.file.code
    var start = open
    while start > place.test.body.lowerBound, open - start < 24, code.kind(start - 1) != .newline {
      start -= 1
    }
    return code.tokens[start..<open].contains {
      $0.kind == .word && (AssertionWords.begins($0.text) || AssertionWords.isMatcher($0.text))
    }
  }

  /// What stands behind each key of a record that is written as a text: `{"seats": 20}`.
  private static func pairs(ofText text: String) -> [String: Set<String>]? {
    guard text.utf8.count < 2000, text.contains("{"), text.contains(":") else { return nil }
    var found: [String: Set<String>] = [:]
    var key: String?
    for part in text.split(whereSeparator: { "{,}[]".contains($0) }) {
      let halves = part.split(separator: ":", maxSplits: 1)
      func bare(_ half: Substring) -> String { half.filter { !"\"'\\ \n".contains($0) } }
      if halves.count == 2 { key = bare(halves[0]) }
      guard let key, let value = halves.last else { continue }
      found[key, default: []].insert(bare(value))
    }
    return found.isEmpty ? nil : found
  }
}

/// A value as one argument of what makes a thing.
private struct Argument {
  /// `Plot` of `Plot.new(` and `Plot(`.
  var maker = ""
  /// From the maker's name to the bracket.
  var offset = 1
  var label: String?
  var isFirst = false
  /// How many other arguments there are.
  var others = 0

  var isOfMaker: Bool { maker.first?.isUppercase == true }

  /// Reads the argument that ends at `index`; `nil` when it is more than a value.
  init?(at index: Int, in code: SourceCode) {
    var open = index
    while open >= 0, index - open < 40, !(code.isMark(open, "(") && code.partner[open] > index) { open -= 1 }
    guard open > 0, code.isMark(open, "("), code.partner[open] > index else { return nil }
    let parts = code.arguments(of: open)
    guard let place = parts.firstIndex(where: { $0.contains(index) }) else { return nil }
    let words = parts[place].filter { code.kind($0) != .newline }
    if words.count == 3, code.isMark(words[1], ":") || code.isMark(words[1], "=") {
      label = code.text(words[0])
    } else if words.count > 1 {
      return nil
    }
    guard words.last == index else { return nil }
    isFirst = place == 0 && label == nil
    others = parts.count - 1
    offset = code.isWord(open - 1, "new") && code.isMark(open - 2, ".") ? 3 : 1
    maker = code.text(open - offset)
  }

  /// Whether both stand in the same place of the same.
  static func ~= (one: Argument?, other: Argument) -> Bool {
    one.map {
      $0.maker == other.maker && $0.label == other.label && $0.isFirst == other.isFirst
        && $0.others == other.others
    } ?? false
  }
}
