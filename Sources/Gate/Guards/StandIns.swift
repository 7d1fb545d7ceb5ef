/// The new tests that may stand in for some that are gone, looked up by what they name: a file of thousands
/// of tests is compared with another of thousands.
struct StandIns {
  private struct Entry {
    var words: Set<String>
    /// The file whose values it shares with the others of it.
    var file: Int
    var isStrong: Bool
    var isEffective: Bool
    var isMarked: Bool
  }

  private var entries: [Entry] = []
  private var byWord: [String: [Int]] = [:]
  private var byLiteral: [String: [Int]] = [:]
  private var byFile: [Int: [Int]] = [:]
  /// What stands outside of the tests of a file, or in a file without tests.
  private var shared: [Int: Set<String>] = [:]
  private let loose: Set<String>
  private var words = PartIndex()
  private var literals = PartIndex()
  private var akin: [String: Set<String>] = [:]
  /// Texts that are filled in, as what stands around the places where they are.
  private(set) var templates: [[String]] = []
  private static let mostTemplates = 256
  private var splices = 0
  private static let mostSplices = 512
  /// How many entries were looked at, for tests.
  private(set) var looks = 0

  /// Tests of one file, each with the values that only it names.
  init(loose: Set<String>) {
    self.loose = loose
    for text in loose { literals.insert(text) }
  }

  mutating func share(_ values: Set<String>, in file: Int) {
    guard shared[file] == nil else { return }
    shared[file] = values
    for text in values {
      literals.insert(text)
      addTemplate(text)
    }
  }

  private mutating func addTemplate(_ text: String) {
    guard text.utf8.count < 200, templates.count < StandIns.mostTemplates,
      text.utf8.contains(where: { $0 == 0x7B || $0 == 0x25 || $0 == 0x24 || $0 == 0x5C })
    else { return }
    let pieces = Template.pieces(text)
    if pieces.count > 1, pieces.contains(where: { $0.count { $0.isLetter || $0.isNumber } >= 3 }) {
      templates.append(pieces)
    }
  }

  mutating func add(
    words: Set<String>, literals own: Set<String>, file: Int, isStrong: Bool, isEffective: Bool,
    isMarked: Bool = false
  ) {
    let number = entries.count
    entries.append(
      Entry(
        words: words, file: file, isStrong: isStrong, isEffective: isEffective, isMarked: isMarked))
    byFile[file, default: []].append(number)
    for word in words {
      if byWord[word] == nil { self.words.insert(word) }
      byWord[word, default: []].append(number)
    }
    for text in own {
      if byLiteral[text] == nil {
        literals.insert(text)
        addTemplate(text)
      }
      byLiteral[text, default: []].append(number)
    }
  }

  /// The entries that one test that is gone may be replaced by.
  struct Choice {
    /// What they must name one of; any will do when it is empty.
    fileprivate var words: Set<String>
    fileprivate var isFree: Bool
    fileprivate var takesEmpty: Bool
    fileprivate var takesMarked: Bool
  }

  /// Those that call what a test called, or something akin to it: `total` and `computeTotal`.
  mutating func choice(subjects: Set<String>, takesEmpty: Bool, takesMarked: Bool = false) -> Choice {
    var all = subjects
    for name in subjects where name.utf8.count >= PartIndex.leastLength {
      if akin[name] == nil { akin[name] = Set(words.holding(name) + words.partsOf(name)) }
      all.formUnion(akin[name] ?? [])
    }
    return Choice(words: all, isFree: subjects.isEmpty, takesEmpty: takesEmpty, takesMarked: takesMarked)
  }

  private mutating func isIn(_ choice: Choice, _ number: Int) -> Bool {
    looks += 1
    let entry = entries[number]
    return (choice.takesEmpty || entry.isEffective) && (choice.takesMarked || !entry.isMarked)
      && (choice.isFree || !choice.words.isDisjoint(with: entry.words))
  }

  /// Whether any of them meets a condition.
  mutating func has(_ choice: Choice, strong: Bool) -> Bool {
    for number in entries.indices where !strong || entries[number].isStrong {
      if isIn(choice, number), !entries[number].words.isEmpty { return true }
    }
    return false
  }

  /// Whether one of them names a word.
  mutating func has(_ choice: Choice, word: String) -> Bool {
    for number in byWord[word] ?? [] where isIn(choice, number) { return true }
    return false
  }

  /// Whether one of them names a value, or a text that it is a part of.
  mutating func has(_ choice: Choice, value: String) -> Bool {
    if hasExact(choice, value) { return true }
    if value.utf8.count <= 4, Int(value) != nil, hasExact(choice, FactReader.partMark + value) { return true }
    guard value.utf8.count >= PartIndex.leastLength else { return false }
    for text in literals.holding(value) where hasExact(choice, text) { return true }
    return false
  }

  /// Whether a text is put together from a few that they name; asked only so often.
  mutating func hasParts(_ choice: Choice, of value: String) -> Bool {
    guard splices < StandIns.mostSplices else { return false }
    splices += 1
    return TestComparison.isSpliced(value) { hasExact(choice, $0) }
  }

  private mutating func hasExact(_ choice: Choice, _ value: String) -> Bool {
    for number in byLiteral[value] ?? [] where isIn(choice, number) { return true }
    if loose.contains(value) { return has(choice, strong: false) }
    for (file, values) in shared where values.contains(value) {
      for number in byFile[file] ?? [] where isIn(choice, number) { return true }
    }
    return false
  }
}

extension TestComparison {
  /// What may stand in for a test that is gone: what was there before, as it is, stands for itself.
  mutating func makeStandIns() {
    let unchanged = Set(oldFiles.flatMap(\.tests).map(\.signature))
    var made = StandIns(loose: looseLiterals)
    for (number, file) in newFiles.enumerated() {
      let isOther = hasOtherRows(file)
      let hidden = file.tests.filter { $0.hidden != nil }
      for test in file.tests
      where test.hidden == nil {
        // What stands in a test and is never called proves nothing there.
        let nested = hidden.filter { test.body.contains($0.head.lowerBound) }.reduce(into: Set<String>()) {
          $0.formUnion($1.facts.literals)
        }
        let asserted = expanded(test, newHelpers)
        if asserted.isEmpty, test.facts.assertions.isEmpty { continue }
        guard !unchanged.contains(test.signature) || isOther && goesOverRows(test) else { continue }
        let helpers = helperFacts(test, newHelpers)
        made.share(file.shared, in: number)
        made.add(
          words: helpers.reduce(into: test.facts.words.union(describedWords(test))) {
            $0.formUnion($1.words)
          },
          literals: helpers.reduce(into: test.facts.literals.subtracting(nested)) {
            $0.formUnion($1.literals)
          }, file: number,
          isStrong: asserted.contains { assertion in
            assertion.strength == 3
              || assertion.looseness.contains { FactReader.kind(ofLooseness: $0) == "a tolerance" }
          }, isEffective: !asserted.isEmpty, isMarked: !test.marks.isEmpty)
      }
    }
    standIns = made
  }

  /// The names of what a group is about, which its tests call `described_class` and `subject`.
  private func describedWords(_ test: TestCase) -> [String] {
    guard !test.facts.words.isDisjoint(with: ["describedclass", "subject", "isexpected"]) else { return [] }
    return test.scope.flatMap { name in
      name.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map { TestCase.plain(String($0)) }
    }
  }

  /// Whether a test that reads as before goes through rows that stand outside of it.
  private func goesOverRows(_ test: TestCase) -> Bool {
    test.name.contains("#{") || test.name.contains("${") || test.name.contains("%")
      || !TestComparison.loops.isDisjoint(with: test.facts.words)
  }

  private static let loops: Set = [
    "for", "foreach", "each", "parametrize", "dataprovider", "methodsource", "map", "every", "all", "range",
    "provider", "memberdata", "arguments",
  ]

  /// Whether the rows outside of its tests are others now.
  private func hasOtherRows(_ file: TestFile) -> Bool {
    guard let old = oldFiles.first(where: { pathNow($0) == file.path.path }) else { return false }
    return !file.shared.isSubset(of: old.shared)
  }

  /// Whether new tests name every value that the old one expected, and call what it called.
  mutating func isReplaced(_ old: Place) -> Bool {
    if standIns == nil { makeStandIns() }
    guard var made = standIns else { return false }
    // Only one may hold the index while it is asked, or all of it is copied.
    standIns = nil
    defer { standIns = made }
    var asserted = expanded(old.test, oldHelpers)
    let isEmpty = asserted.isEmpty
    if isEmpty, old.test.facts.assertions.isEmpty, isSaidAgain(old) { return true }
    if isEmpty { asserted = old.test.facts.assertions }
    let needed = Set(asserted.flatMap(\.literals)).union(old.test.facts.tables)
    let called = Set(old.test.facts.calls.map(TestCase.plain)).subtracting(TestComparison.commonWords)
      .subtracting(TestComparison.standInWords)
    let subjects = Set(asserted.flatMap(\.words)).subtracting(TestComparison.commonWords).union(called)
    // One that did not run may stand where it did not run.
    let choice = made.choice(
      subjects: subjects, takesEmpty: isEmpty, takesMarked: !old.test.marks.isEmpty)
    guard made.has(choice, strong: false) else { return false }
    if asserted.contains(where: { $0.strength == 3 }), !made.has(choice, strong: true) { return false }
    if isTurnedRound(asserted) { return false }
    if needed.isEmpty {
      // What its loop called its values, another test need not.
      if !called.isEmpty, !isEmpty, called.allSatisfy({ made.has(choice, word: $0) }),
        !old.file.tables.isEmpty, old.file.tables.allSatisfy({ made.has(choice, value: $0) })
      {
        return true
      }
      return subjects.isEmpty
        || subjects.filter { made.has(choice, word: $0) }.count * 2 >= subjects.count
    }
    // What a row of Go's tables leaves out is zero.
    let zeros: Set = old.file.path.ending == "go" ? ["false", "nil"] : []
    // How many there are need not be said where all of them are.
    let counts = needed.filter { isMeasure($0, asserted) }
    return needed.subtracting(needed.count > counts.count + 1 ? counts : []).allSatisfy {
      zeros.contains($0) || made.has(choice, value: $0) || isHandedIn($0, old, old)
        || isFilledIn($0, &made, choice) || isOtherwiseNow($0, old.file, &made, choice)
        || needed.count > 1 && isOfOneThing($0, old)
    }
  }

  /// Whether a new test has all the texts of one that asserts nothing by itself: what it told a stand-in.
  private func isSaidAgain(_ old: Place) -> Bool {
    let texts = old.test.facts.literals.filter { $0.count(where: \.isLetter) >= 3 }
    guard !texts.isEmpty else { return false }
    let known = Set(old.file.tests.map(\.key))
    return newFiles.contains { file in
      file.tests.contains { test in
        test.hidden == nil && test.marks.isEmpty && !known.contains(test.key)
          && texts.isSubset(of: test.facts.literals)
      }
    }
  }

  /// Whether a number only said how many of something there are.
  private func isMeasure(_ value: String, _ asserted: [Assertion]) -> Bool {
    guard let number = Int(value), (1...20).contains(number) else { return false }
    return asserted.filter { $0.literals.contains(value) }.allSatisfy { one in
      let words = one.shape.split(separator: " ").map { $0.lowercased() }
      return one.literals == [value] && words.contains(where: TestComparison.measures.contains)
    }
  }

  /// Whether a value is in another unit in the file's tests now, or is written otherwise by the code.
  private func isOtherwiseNow(
    _ value: String, _ old: TestFile, _ made: inout StandIns, _ choice: StandIns.Choice
  ) -> Bool {
    guard let now = newFiles.first(where: { $0.path.path == pathNow(old) }) else { return false }
    if let number = Double(value), number != 0 {
      return isScaled(number, old, now) || isFollowed(value, old, now, &made, choice)
    }
    guard value.count(where: \.isLetter) >= 4 else { return false }
    let before = Set(old.texts.times.keys)
    let fresh = now.texts.times.keys.filter { !before.contains($0) }
    guard fresh.count < 64 else { return false }
    if explained.explains(value, by: fresh) || explained.isOtherNumber(value, by: fresh) { return true }
    let numbers = value.split { !($0.isNumber || $0 == ".") }.map { Lexer.plainNumber(String($0)) }
    let filled = Set(numbers.filter { made.has(choice, value: $0) })
    return rewritten.explains(value, by: fresh, filledWith: filled) { now.code.places[$0] != nil }
  }

  /// Whether one of them names what the code makes now of what it made that number of.
  private func isFollowed(
    _ value: String, _ old: TestFile, _ now: TestFile, _ made: inout StandIns, _ choice: StandIns.Choice
  ) -> Bool {
    guard !explained.numbers.isEmpty else { return false }
    let fresh = now.texts.numbers.map { Lexer.plainNumber(String($0)) }
    return fresh.count < 64
      && explained.isOtherNumber(value, by: fresh.filter { made.has(choice, value: $0) })
  }

  /// Whether a text is a template of one of them with what its rows fill in: `not an address: ida@` of
  /// `not an address: #{value}`.
  private func isFilledIn(_ value: String, _ made: inout StandIns, _ choice: StandIns.Choice) -> Bool {
    guard value.utf8.count < 400 else { return false }
    if made.hasParts(choice, of: value) { return true }
    return made.templates.contains { pieces in
      guard let fillings = Template.fillings(of: value, pieces) else { return false }
      return fillings.allSatisfy {
        $0.isEmpty || made.has(choice, value: $0) || made.has(choice, value: Lexer.plainNumber($0))
          || $0.allSatisfy(\.isLetter) && made.has(choice, word: TestCase.plain($0))
      }
    }
  }

  static let commonWords: Set = [
    "self", "this", "t", "result", "got", "want", "expected", "actual", "x", "i", "assert", "expect", "true",
    "false", "it", "test", "is", "to", "be", "equal", "toequal", "tobe", "len",
    "str", "int", "list", "value", "and", "or", "in", "not", "for", "if", "range", "def", "new", "var", "let",
    "const", "return", "assertequals", "assertequal", "each", "map", "as", "0", "throws", "error", "err", "e",
    "try", "of", "a", "b", "n", "s",
  ]
}
