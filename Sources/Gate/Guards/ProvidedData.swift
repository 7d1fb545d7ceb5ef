/// What tests are given, and what they write by themselves.
extension TestComparison {
  private static let nothings: Set = ["none", "null", "nil", "undefined", ""]

  /// Functions that give tests their values, and now leave before they do, or give back nothing.
  mutating func compareProviders(_ file: TestFile) {
    let here = pathNow(file)
    guard file.language.isTestPath(file.path) || file.path.isBelowTests || file.path.name == "conftest.py",
      file.path.ending != "rs", let now = newFiles.first(where: { $0.path.path == here })
    else { return }
    for old in file.cases where !old.isTest && old.facts.effective.isEmpty {
      guard let new = now.cases.first(where: { !$0.isTest && $0.fullName == old.fullName }) else { continue }
      if let end = new.facts.earlyEnd, old.facts.earlyEnd == nil, end.text == "return",
        !old.facts.literals.isEmpty
      {
        add(
          .fewerParameters, here, end.line, new.name,
          "'\(new.name)' ends with 'return' before it gives its last values")
      } else if givesNothing(new, now.code), !givesNothing(old, file.code), isProvider(old, file) {
        add(.fewerParameters, here, new.line, new.name, "'\(new.name)' gives the tests nothing any more")
      }
    }
  }

  /// Whether the runner calls the function for tests: a fixture, or one that stands in the head of a test.
  private func isProvider(_ item: TestCase, _ file: TestFile) -> Bool {
    let marks: Set = ["fixture", "DataProvider", "dataProvider", "DataPoints", "Parameters"]
    if item.head.contains(where: { marks.contains(file.code.text($0)) }) { return true }
    return oldFiles.contains { other in
      other.tests.contains { test in
        test.head.contains { place in
          let text = other.code.text(place)
          return text == item.name && place != test.head.lowerBound
        }
      }
    }
  }

  /// Whether all that the body does is to give back something empty.
  private func givesNothing(_ item: TestCase, _ code: SourceCode) -> Bool {
    let tokens = item.body.map { code.tokens[$0] }.filter { $0.kind != .newline }
    guard let back = tokens.firstIndex(where: { $0.isWord("return") }) else { return false }
    let calls = item.body.contains { code.isWord($0) && code.isMark($0 + 1, "(") }
    let values = tokens[(back + 1)...].filter { $0.kind != .mark }
    return !calls
      && values.allSatisfy {
        TestComparison.nothings.contains($0.kind == .word ? $0.text.lowercased() : $0.text)
          || $0.isWord("new") || $0.isWord("Object") || $0.kind == .number && $0.text == "0"
      }
  }

  /// A recorded file that the test now writes by itself says nothing.
  mutating func weighRecords(_ old: Place, _ new: Place, _ path: String, _ name: String) {
    let own = new.test.facts.written.subtracting(old.test.facts.written)
      .intersection(old.test.facts.literals)
    guard let record = own.min() else { return }
    add(
      .changedTestData, path, new.test.line, name,
      "'\(new.test.name)' writes '\(record)' by itself before it reads it")
  }

  /// Whether a number that is gone said how often a thing is repeated, which a helper counts now.
  func isPadding(_ value: String, _ old: Place, _ new: Place) -> Bool {
    old.test.facts.repeats.contains(value)
      && new.test.facts.calls.contains { newHelpers[$0] != nil && oldHelpers[$0] == nil }
  }
}
