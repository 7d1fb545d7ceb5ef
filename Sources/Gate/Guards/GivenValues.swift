import Migration

/// Tests that are given other values, with nothing else changed in them, along with code that is asked in
/// the same way as before.
extension TestComparison {
  /// Where a file of tests reads as before but for values, while the code only works in another way: none of
  /// its functions is called otherwise, none of its texts is another.
  mutating func compareGiven() {
    guard reshaped.names.isEmpty, changesCode else { return }
    for file in oldFiles where file.language.isTestPath(file.path) && !file.tests.isEmpty {
      let here = pathNow(file)
      guard let now = newFiles.first(where: { $0.path.path == here }),
        reshaped.goneCalls.allSatisfy({ file.code.places[$0] == nil }),
        let place = TestComparison.otherValue(file.code, now.code),
        !isWrittenOtherwise(file.code.text(place), [now.code.text(place)], now)
      else { continue }
      let value = now.code.text(place)
      let test = now.tests.first { $0.body.contains(place) || $0.head.contains(place) }
      add(
        .changedExpectation, here, now.code.tokens[place].line, test?.fullName ?? "given",
        "\(test.map { "'\($0.name)'" } ?? "a test") is given other values than before (\(spelled([value])))"
      )
    }
  }

  /// Whether the code explains that one value is another, or both are one.
  private func isWrittenOtherwise(_ value: String, _ others: [String], _ file: TestFile) -> Bool {
    explained.explains(value, by: others) || explained.isNamedAnew(value, by: others)
      || explained.isRetyped(value, by: others) || explained.isOtherStatus(value, by: others)
      || explained.fillsStill(value, in: others) || Instants.isOne(value, of: others)
      || explained.isOtherNumber(value, by: others)
      || rewritten.explains(value, by: others) { file.code.places[$0] != nil }
  }

  /// Whether the change is of code, too.
  private var changesCode: Bool {
    change.paths.contains { path in
      let name = TestPath(path.path)
      guard path.kind == .modified, let language = TestLanguages.language(of: name),
        !language.isTestPath(name), !name.isBelowTests, name.ending != "rs"
      else { return false }
      return change.oldText(path.path) != change.newText(path.path)
    }
  }

  /// What gives a test its name.
  private static let titles: Set = [
    "it", "test", "describe", "context", "specify", "Run", "suite", "fit", "xit", "scenario", "feature",
    "Fact", "DisplayName", "Skip", "skip", "each", "TestName", "TEST_CASE", "SECTION",
    // Where something comes from is none of its values.
    "require", "import",
  ]

  /// The first value that is another, where two texts are the same but for values.
  private static func otherValue(_ old: SourceCode, _ new: SourceCode) -> Int? {
    guard old.tokens.count == new.tokens.count else { return nil }
    func isValue(_ token: Token) -> Bool {
      token.kind == .string || token.kind == .number
        || token.kind == .word && FactReader.constants.contains(token.text)
    }
    var found: Int?
    for index in old.indices {
      let (one, other) = (old.tokens[index], new.tokens[index])
      if one.kind == other.kind, one.text == other.text { continue }
      guard isValue(one), isValue(other) else { return nil }
      let words = one.text.split(separator: " ").count
      let isTitle =
        old.isMark(index - 1, "(") && titles.contains(old.text(index - 2))
        || ["from", "import"].contains(old.text(index - 1))
      if !isTitle, words < 4, found == nil { found = index }
    }
    return found
  }
}
