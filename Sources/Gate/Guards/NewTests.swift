import Migration

/// The tests that a change brings or alters, and the files that they need.
public struct NewTests: Equatable, Sendable {
  /// One test.
  public struct Test: Equatable, Sendable {
    /// The file that it stands in.
    public var path: String
    /// Its name with those of what it stands in.
    public var name: String
    /// The same as `BaseComparison.key` makes of what a runner prints.
    var key: String
  }

  /// The tests.
  public var tests: [Test] = []
  /// The changed files that belong to tests: their text, what they lean on, their data.
  public var files: [(path: String, isGone: Bool)] = []

  /// Whether two name the same.
  public static func == (one: NewTests, other: NewTests) -> Bool {
    one.tests == other.tests && one.files.elementsEqual(other.files, by: ==)
  }
}

extension TreeChange {
  /// What is new or changed among the tests. Tests that stand in one file with their code, as in Rust, cannot
  /// be taken without it, and are left out.
  public func newTests() -> NewTests {
    let comparison = TestComparison(self)
    var found = NewTests()
    for change in paths {
      if let path = change.newPath, belongsToTests(path, newText(path)) { found.files.append((path, false)) }
      if let path = change.oldPath, path != change.newPath, belongsToTests(path, oldText(path)) {
        found.files.append((path, true))
      }
    }
    let taken = Set(found.files.filter { !$0.isGone }.map(\.path))
    let known = Set(comparison.oldFiles.flatMap(\.tests).map(\.signature))
    for file in comparison.newFiles where taken.contains(file.path.path) {
      for test in file.tests where test.hidden == nil && test.marks.isEmpty && !known.contains(test.signature)
      {
        found.tests.append(
          NewTests.Test(path: file.path.path, name: test.fullName, key: BaseComparison.key(test.name)))
      }
    }
    return found
  }

  private func belongsToTests(_ name: String, _ text: String?) -> Bool {
    let path = TestPath(name)
    if path.ending == "rs" { return path.isBelowTests && !path.folders.contains("src") }
    if path.isBelowTests || TestData.isRecorded(path) { return true }
    guard let language = TestLanguages.language(of: path) else { return false }
    return language.isTestPath(path)
      || ["conftest.py", "spec_helper.rb", "test_helper.rb"].contains(path.name)
  }
}

extension NewTests {
  /// The tests that passed in a run without the code that they came with. Where the runner tells no names,
  /// only a run that passed as a whole says something: of all of them.
  public func findings(in run: ComparedRun?, hasPassed: Bool, verifier: String) -> [GuardFinding] {
    guard let names = run?.list?.passed, !names.isEmpty else {
      guard hasPassed, let first = tests.first else { return [] }
      let more = tests.count > 1 ? " (and \(tests.count - 1) more)" : ""
      return [
        GuardFinding(
          guardName: .tests, kind: .unfalsifiedTest, path: first.path, subject: first.name,
          message: "'\(verifier)' passes with test '\(first.name)'\(more) on the code of the branch, too")
      ]
    }
    let passed = Set(names.map(BaseComparison.key))
    return tests.filter { passed.contains($0.key) }.map { test in
      GuardFinding(
        guardName: .tests, kind: .unfalsifiedTest, path: test.path, subject: test.name,
        message: "test '\(test.name)' is new or changed, and passes on the code of the branch, too")
    }
  }
}
