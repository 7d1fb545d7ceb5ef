/// Values in another form.
extension TestComparison {
  /// Whether a date or a time is made of its numbers now: `30.04.2026` and `Date.new(2026, 4, 30)`. Months
  /// may be counted from 0.
  func isDateInParts(_ value: String, _ known: KnownValues) -> Bool {
    // `2024-05-01T12:00:00Z`
    let isStamp = value.contains("T") && value.contains(":")
    let parts = value.split { isStamp && "TZ".contains($0) || !($0.isLetter || $0.isNumber) }
    let isTime = value.contains(":")
    guard parts.count >= (isTime ? 2 : 3), value.utf8.count <= 30,
      parts.allSatisfy({ $0.allSatisfy(\.isNumber) })
    else { return false }
    let numbers = parts.compactMap { Int($0) }
    if isTime, parts.count < 4 { return numbers.allSatisfy { known.names(String($0)) } }
    guard numbers.count == parts.count, numbers.contains(where: { (1900...2200).contains($0) }) else {
      return false
    }
    // A date may leave out the hour, the minutes and the seconds when they are nothing.
    let time = Array(numbers.dropFirst(3))
    let told = Array(numbers.prefix(3)) + time.prefix((time.lastIndex { $0 != 0 } ?? -1) + 1)
    let missing = told.filter { !known.names(String($0)) }
    return missing.isEmpty
      || missing.count == 1 && missing.allSatisfy { (1...12).contains($0) && known.names(String($0 - 1)) }
  }

  /// Whether what a selector names stands in another text now, such as a snapshot: `.badge` and
  /// `class="badge"`.
  func isSelected(_ value: String, _ known: KnownValues) -> Bool {
    guard let sign = value.first, sign == "." || sign == "#", value.utf8.count > 4,
      value.dropFirst().allSatisfy({ $0.isLetter || $0.isNumber || "-_".contains($0) })
    else { return false }
    let name = String(value.dropFirst())
    return known.contains(name) || known.contains { $0.utf8.count > name.utf8.count && $0.contains(name) }
  }

  /// Whether all the words of a long text are words of the test's own texts now: a query and its parameters.
  func isInWords(_ value: String, _ new: Place, _ fresh: [String]) -> Bool {
    func words(_ text: String) -> [Substring] { text.split { !($0.isLetter || $0.isNumber || $0 == "_") } }
    let wanted = words(value)
    // A word of a longer text: `'mid'` and `'USD mid'`.
    if wanted.count == 1, value.utf8.count > 2, wanted[0].utf8.count == value.utf8.count,
      value.allSatisfy(\.isLetter)
    {
      return fresh.contains { new.test.facts.literals.contains($0) && words($0).contains(value[...]) }
    }
    guard wanted.count >= 4 else { return false }
    // The same text with other numbers says something else.
    func bare(_ text: String) -> String { text.filter { !$0.isNumber } }
    if fresh.contains(where: { $0 != value && bare($0) == bare(value) }) { return false }
    let own = new.test.facts.literals.reduce(into: Set<Substring>()) { $0.formUnion(words($1)) }
    return wanted.allSatisfy(own.contains)
  }

  /// Whether a text of the code is gone for an error of a type of its own.
  func isOfNewError(_ value: String, _ after: [Assertion]) -> Bool {
    explained.goneTexts.contains { Template.rest(of: value, $0) != nil }
      && after.contains { one in
        one.strength >= 2
          && (asksForIdentity(one)
            || one.words.contains { word in
              explained.cameWords.contains(word) && (word.contains("error") || word.contains("exception"))
            })
      }
  }

  /// `errors.Is(err, fs.ErrNotExist)`: which error it is, and not how it reads.
  func asksForIdentity(_ one: Assertion) -> Bool {
    ["ErrorIs", "ErrorAs", "errors . Is ", "errors . As "].contains {
      (one.name + " " + one.shape)[...].has($0)
    }
  }

  /// Whether a number is another for its unit, as all numbers of the file are that are no longer there, and
  /// the code's own names changed with it.
  func isScaled(_ value: String, _ old: Place, _ new: Place) -> Bool {
    guard let number = Double(value), number != 0 else { return false }
    return isScaled(number, old.file, new.file)
  }

  func isScaled(_ number: Double, _ old: TestFile, _ new: TestFile) -> Bool {
    seen.scales(of: old, new, reshaped).contains { scale in
      scale.after.contains(scale.isUp ? number * scale.factor : number / scale.factor)
    }
  }

  /// Whether a text that the code wrote is taken apart now: what it was filled with is compared by itself.
  func isTakenApart(_ value: String, _ after: [Assertion]) -> Bool {
    let fillings = explained.fillings(of: value)
    guard !fillings.isEmpty else { return false }
    return after.contains { one in
      one.strength == 3
        && fillings.contains { words in
          words.allSatisfy { word in one.literals.contains { $0 == word || $0[...].has(word) } }
        }
    }
  }

  /// Whether an assertion compares all that a text was made of piece by piece, beside what it hands in.
  func isInPieces(_ value: String, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    let parts = value.split { !($0.isLetter || $0.isNumber || $0 == ".") }.map {
      Lexer.plainNumber(String($0))
    }
    guard parts.count >= 2, let old = before.first(where: { $0.literals.contains(value) }) else {
      return false
    }
    return after.contains { one in
      var left = one.literals
      for text in old.literals where text != value {
        if let place = left.firstIndex(of: text) { left.remove(at: place) }
      }
      return one.strength == 3 && one.literals.count > old.literals.count
        && parts.allSatisfy { part in
          guard let place = left.firstIndex(of: part) else { return false }
          left.remove(at: place)
          return true
        }
    }
  }

  /// Whether a number only said how far off a value may be, and values are compared exactly now.
  func isBoundOnly(_ value: String, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    func loose(_ all: [Assertion]) -> Int { all.count { $0.looseness.contains("a tolerance") } }
    func strong(_ all: [Assertion]) -> Int { all.count { $0.strength == 3 } }
    return before.contains { $0.looseness.contains("a tolerance") && $0.literals.last == value }
      && loose(after) < loose(before) && strong(after) > strong(before) - loose(before) && !after.isEmpty
  }

  /// Whether a text or a flag is of another kind now because what is asked gives another: an enumeration in
  /// place of words. Nothing of its kind may be new, and nothing may be asserted less exactly.
  func isOfOtherKind(
    _ value: String, _ before: [Assertion], _ after: [Assertion], _ old: Place, _ new: Place,
    _ fresh: [String]
  ) -> Bool {
    func strong(_ all: [Assertion]) -> Int { all.count { $0.strength == 3 } }
    guard strong(after) >= strong(before) else { return false }
    return isRetyped(value, calls: old.test.facts.calls.intersection(new.test.facts.calls), fresh: fresh)
  }

  /// Whether a text is another because a part of it is, which the tests hand in and which is another
  /// everywhere: a file's path, an identifier. Or because a number in it is in another unit, or a part of a
  /// path in it is any now.
  func isInTurn(_ value: String, _ old: Place, _ new: Place, _ fresh: [String]) -> Bool {
    fresh.count < 256
      && fresh.contains { text in
        text != value && text.utf8.count > 2
          && (isPartSwapped(value, text, old, new) || isScaledIn(value, text, old, new)
            || TestComparison.isOfAnyFolder(value, text))
      }
  }

  /// Whether two texts differ by a value that stood outside of assertions and one that does now.
  private func isPartSwapped(_ value: String, _ text: String, _ old: Place, _ new: Place) -> Bool {
    let (gone, came) = seen.swaps(of: old.file, new.file)
    let parts = came.filter { text[...].has($0) }
    guard !parts.isEmpty else { return false }
    return gone.contains { part in
      value[...].has(part) && parts.contains { other in value.replacing(part, with: other) == text }
    }
  }

  /// Whether two texts are the same but for numbers, all of which are in another unit.
  private func isScaledIn(_ value: String, _ text: String, _ old: Place, _ new: Place) -> Bool {
    func parts(_ text: String) -> [Substring] { text.split { !($0.isLetter || $0.isNumber || $0 == ".") } }
    let (one, other) = (parts(value), parts(text))
    guard one.count == other.count, one.count > 1, one != other else { return false }
    return zip(one, other).allSatisfy { left, right in
      left == right || explained.isSaid(String(left), as: String(right))
        || Double(left) != nil && Double(right) != nil && isScaled(Lexer.plainNumber(String(left)), old, new)
    }
  }

  /// `no stones in /tmp/stones.json` and `no stones in .*stones.json`.
  private static func isOfAnyFolder(_ value: String, _ pattern: String) -> Bool {
    guard let head = pattern[...].before(".*") ?? pattern[...].before(".+"), !head.isEmpty else {
      return false
    }
    let tail = pattern.dropFirst(head.count + 2)
    guard tail.utf8.count > 2, value.hasPrefix(head), value.hasSuffix(tail),
      value.utf8.count > head.utf8.count + tail.utf8.count
    else { return false }
    let middle = value.dropFirst(head.count).dropLast(tail.count)
    return middle.contains("/") && !middle.contains(" ")
  }
}
