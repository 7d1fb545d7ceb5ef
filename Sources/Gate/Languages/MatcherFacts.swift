/// What functions of the tests' own that match, rather than assert, compare.
extension FactReader {
  /// The parameters of a function, without what only says where it is called.
  func parameters(of test: TestCase) -> [String] {
    if language is GoTests { return [] }
    let start = test.head.lowerBound
    let end = min(test.body.upperBound, test.body.lowerBound + 64)
    guard start < end else { return [] }
    if let bar = blockParameters(test) { return bar }
    let named = (start..<end).first { code.isWord($0, test.name) || isDeclaring($0) }
    guard let named, let open = (named..<end).first(where: { code.isMark($0, "(") }) else { return [] }
    let parts = code.arguments(of: open)
    if isDeclaring(named) {
      return parts.dropFirst().filter { $0.count == 1 && code.isWord($0.lowerBound) }.map(plainName)
    }
    return parts.map(plainName).filter { !$0.isEmpty && !FactReader.places.contains($0) }
  }

  private static let places: Set = [
    "self", "cls", "this", "file", "line", "sourcelocation", "fileid", "column",
  ]

  /// `MATCHER_P2(IsRope, colour, metres, "")`
  private func isDeclaring(_ index: Int) -> Bool {
    code.isWord(index) && language is CTests && code.text(index).hasPrefix("MATCHER")
  }

  /// `define :give do |name, litres|`
  private func blockParameters(_ test: TestCase) -> [String]? {
    guard language is RubyTests, code.isMark(test.body.lowerBound, "|"),
      let close = test.body.dropFirst().first(where: { code.isMark($0, "|") })
    else { return nil }
    return (test.body.lowerBound + 1..<close).filter { code.isWord($0) && !code.isMark($0 - 1, "=") }.map {
      TestCase.plain(code.text($0))
    }
  }

  /// The name of a parameter: in front of its type or its default, or behind its type.
  private func plainName(_ part: Range<Int>) -> String {
    let end =
      part.first { code.isMark($0, ":") || code.isMark($0, "=") } ?? part.upperBound
    let word = (part.lowerBound..<end).last { code.isWord($0) }
    return word.map { TestCase.plain(code.text($0)) } ?? ""
  }

  private static let equalities: Set = [
    "equals", "Equals", "eq", "eql", "eql?", "equalTo", "isEqualTo", "isEqual", "deepEqual", "is",
    "have_attributes", "SequenceEqual", "contentEquals", "sameValue",
  ]

  /// Where one of several things will do.
  private static let choices: Set = ["||", "or", "Or", "anyOf", "AnyOf", "any_of", "either", "oneOf", "any"]

  /// The names that stand on a side of an equality; none where something else will do, or nothing need hold.
  func compared(in range: Range<Int>) -> Set<String> {
    var found: Set<String> = []
    var (isGiven, isRefused) = (false, false)
    for index in range {
      if code.isMark(index, "||") || code.isWord(index), FactReader.choices.contains(code.text(index)) {
        return []
      }
      if ["true", "True", "AssertionSuccess"].contains(code.text(index)), stands(index) { isGiven = true }
      if ["false", "False", "AssertionFailure"].contains(code.text(index)) { isRefused = true }
      let isSign = ["==", "===", "!=", "!=="].contains { code.isMark(index, $0) }
      let isCall = isEquality(index)
      guard isSign || isCall else { continue }
      var (first, last) = (index, index)
      while first > range.lowerBound, isOfSide(first - 1) {
        let partner = code.partner[first - 1]
        // A bracket that opens holds the comparison.
        if partner > first - 1 { break }
        first = partner >= 0 ? max(partner, range.lowerBound) : first - 1
      }
      while last + 1 < range.upperBound, isOfSide(last + 1) {
        let partner = code.partner[last + 1]
        if partner >= 0, partner < last + 1 { break }
        last = partner >= 0 ? min(partner, range.upperBound - 1) : last + 1
      }
      // What is compared with itself says nothing.
      if isSign, first < index, last > index,
        code.spelled(first..<index) == code.spelled(index + 1..<last + 1)
      {
        return []
      }
      found.formUnion((first...last).filter { code.isWord($0) }.map { TestCase.plain(code.text($0)) })
    }
    return isGiven && !isRefused ? [] : found
  }

  /// `if (got != wanted) { fail(…) }`, `guard got == wanted else { XCTFail(…) }`
  func failsUnlessEqual(_ site: AssertionSite) -> Bool {
    guard isFailure(site) || site.name == "AssertionError" else { return false }
    var open = site.range.lowerBound - 1
    while open > 0, site.range.lowerBound - open < 6, !code.isMark(open, "{") { open -= 1 }
    guard code.isMark(open, "{"), code.partner[open] > site.range.lowerBound else { return false }
    let start = (max(0, open - 60)..<open).last {
      code.isWord($0, "if") || code.isWord($0, "guard") || ["{", "}", ";"].contains(code.text($0))
    }
    guard let start, code.isWord(start) else { return false }
    let condition = start..<open
    func has(_ signs: [String]) -> Bool {
      condition.contains { index in code.kind(index) == .mark && signs.contains(code.text(index)) }
    }
    if condition.contains(where: { code.isWord($0, "let") }) { return false }
    if code.isWord(start, "guard") { return has(["==", "==="]) && !has(["||"]) }
    let isUnequal = condition.contains { code.isMark($0, "!") } && condition.contains { isEquality($0) }
    return (has(["!=", "!=="]) && !isOnlyNull(condition) || isUnequal) && !has(["&&"])
  }

  private func isEquality(_ index: Int) -> Bool {
    code.isWord(index) && FactReader.equalities.contains(code.text(index)) && code.isMark(index + 1, "(")
  }

  private func isOnlyNull(_ range: Range<Int>) -> Bool {
    range.contains { ["null", "nil", "undefined", "nullptr", "NULL"].contains(code.text($0)) }
  }

  /// Whether a word is all that is given back.
  private func stands(_ index: Int) -> Bool {
    code.kind(index - 1) == .newline || code.isWord(index - 1, "return") || code.isMark(index - 1, "::")
      || ["{", "=>", "->", ";", "|", "("].contains { code.isMark(index - 1, $0) }
  }

  private func isOfSide(_ index: Int) -> Bool {
    switch code.kind(index) {
    case .word: !["and", "return", "if", "not", "in", "do", "then"].contains(code.text(index))
    case .number, .string: true
    case .mark:
      [".", "?.", "->", "::", "!", "?", "$", "@", "&", "*", "+", "-"].contains(code.text(index))
        || code.partner[index] >= 0 && code.text(index) != "{" && code.text(index) != "}"
    default: false
    }
  }
}
