import Migration

extension TreeChange {
  /// Tests that would be lost, hidden, skipped or weakened.
  ///
  /// A test counts as kept when a test of that name runs afterwards in any changed file, or when new tests
  /// name every value that it expected: moving, porting and joining tests is what migrations do.
  public func testFindings() -> [GuardFinding] {
    var comparison = TestComparison(self)
    return comparison.findings()
  }

  /// What the text of the change explains when other tests run than on the base.
  public func touchedTests() -> TouchedTests {
    var comparison = TestComparison(self)
    _ = comparison.findings()
    return comparison.touched
  }
}

/// The tests of both sides of a change.
struct TestComparison {
  let change: TreeChange
  var oldFiles: [TestFile] = []
  var newFiles: [TestFile] = []
  /// The path after the change of each path before it.
  var newPaths: [String: String] = [:]
  /// Functions of the changed files that tests may call, by name.
  var oldHelpers: [String: [TestCase]] = [:]
  var newHelpers: [String: [TestCase]] = [:]
  var found: [GuardFinding] = []
  var touched = TouchedTests()

  init(_ change: TreeChange) {
    self.change = change
    let before = RunnerSettings { change.oldText($0) }
    let after = RunnerSettings { change.newText($0) }
    for path in change.paths {
      if let name = path.oldPath, let text = change.old(name).readable,
        let file = TestFile(path: name, text: text, settings: before)
      {
        oldFiles.append(file)
        if let next = path.newPath { newPaths[name] = next }
      }
      // A text in another encoding is none to a runner.
      if let name = path.newPath, let text = change.newText(name),
        let file = TestFile(path: name, text: text, settings: after)
      {
        newFiles.append(file)
      }
    }
    for file in oldFiles {
      for helper in file.cases where !helper.isTest { oldHelpers[helper.name, default: []].append(helper) }
    }
    for file in newFiles {
      for helper in file.cases where !helper.isTest { newHelpers[helper.name, default: []].append(helper) }
    }
  }

  /// One test where it stands.
  struct Place {
    var file: TestFile
    var test: TestCase
  }

  mutating func findings() -> [GuardFinding] {
    let new = newFiles.flatMap { file in file.cases.map { Place(file: file, test: $0) } }
    var byKey: [String: [Place]] = [:]
    for place in new where place.test.isTest { byKey[place.test.key, default: []].append(place) }
    let oldKeys = Set(oldFiles.flatMap(\.cases).filter(\.isTest).map(\.key))
    // What may stand in for a test that is gone: what was there before, as it is, stands for itself.
    let unchanged = Set(oldFiles.flatMap(\.tests).map(\.signature))
    let fresh = new.filter { place in
      place.test.isTest && place.test.hidden == nil && !place.test.facts.assertions.isEmpty
        && place.test.marks.isEmpty
        && (!unchanged.contains(place.test.signature) || hasNewRows(place))
    }
    var lost: [(Place, GuardFinding)] = []
    for file in oldFiles {
      for test in file.cases where test.isTest && test.hidden == nil {
        let place = Place(file: file, test: test)
        if let same = counterpart(of: place, among: byKey[test.key] ?? []) {
          if same.test.hidden == nil {
            let count = found.count
            compare(place, same)
            if found.count == count { touched.kept.insert(test.key) }
          } else if isReplaced(place, by: fresh) {
            touched.replaced[test.key, default: 0] += 1
          } else {
            add(
              .hiddenTest, same.file.path.path, same.test.line, test.fullName,
              "test '\(test.name)' no longer runs: \(same.test.hidden ?? "")")
          }
        } else if isReplaced(place, by: fresh) {
          touched.replaced[test.key, default: 0] += 1
        } else {
          lost.append(
            (place, finding(.lostTest, pathNow(file), nil, test.fullName, "test '\(test.name)' is gone")))
        }
      }
      compareHelpers(file)
      compareProviders(file)
    }
    tellLost(lost)
    compareOutside(oldKeys)
    HarnessGuard.read(&self)
    return found
  }

  /// Whether a test that reads as before goes through rows that stand outside of it, and are others now.
  private func hasNewRows(_ place: Place) -> Bool {
    let loops: Set = [
      "for", "foreach", "each", "parametrize", "dataprovider", "methodsource", "map", "every", "all", "range",
      "provider",
      "memberdata", "arguments",
    ]
    let isNamedByRow =
      place.test.name.contains("#{") || place.test.name.contains("${") || place.test.name.contains("%")
    guard isNamedByRow || !loops.isDisjoint(with: place.test.facts.words),
      let old = oldFiles.first(where: { pathNow($0) == place.file.path.path })
    else { return false }
    func outside(_ file: TestFile) -> Set<String> {
      file.cases.filter { !$0.isTest && $0.facts.isData }.reduce(into: file.literals) {
        $0.formUnion($1.facts.literals)
      }
    }
    return !outside(place.file).isSubset(of: outside(old))
  }

  func pathNow(_ file: TestFile) -> String { newPaths[file.path.path] ?? file.path.path }

  func finding(_ kind: FindingKind, _ path: String, _ line: Int?, _ subject: String?, _ message: String)
    -> GuardFinding
  {
    GuardFinding(
      guardName: .tests, kind: kind, path: path, line: line, subject: subject?.shortened(to: 100),
      message: message)
  }

  mutating func add(_ kind: FindingKind, _ path: String, _ line: Int?, _ subject: String?, _ message: String)
  {
    let new = finding(kind, path, line, subject, message)
    // One thing to say about one test is enough of its kind.
    if !found.contains(where: { $0.name == new.name }) { found.append(new) }
  }

  /// The lost tests of one file in one finding when nothing of it is left, else one for each.
  private mutating func tellLost(_ lost: [(Place, GuardFinding)]) {
    var byFile: [String: [(Place, GuardFinding)]] = [:]
    var order: [String] = []
    for entry in lost {
      let path = entry.0.file.path.path
      if byFile[path] == nil { order.append(path) }
      byFile[path, default: []].append(entry)
    }
    for path in order {
      guard let entries = byFile[path], let first = entries.first else { continue }
      let names =
        entries.prefix(5).map { "'\($0.0.test.name)'" }.joined(separator: ", ")
        + (entries.count > 5 ? " and \(entries.count - 5) more" : "")
      let kept = newFiles.first { $0.path.path == newPaths[path] }
      if newPaths[path] == nil {
        found.append(finding(.lostTest, path, nil, nil, "test file was deleted with \(names)"))
      } else if kept?.tests.isEmpty ?? true {
        found.append(finding(.lostTest, pathNow(first.0.file), nil, nil, "no test is left: \(names)"))
      } else {
        found += entries.map(\.1)
      }
    }
  }

  /// The test that is the same one afterwards: by file and full name, then by file, then by name alone.
  private func counterpart(of old: Place, among places: [Place]) -> Place? {
    func rank(_ place: Place) -> Int {
      let isHere = place.file.path.path == pathNow(old.file)
      return (place.test.hidden == nil ? 8 : 0) + (isHere ? 4 : 0)
        + (place.test.scope == old.test.scope ? 2 : 0)
        + (place.test.name == old.test.name ? 1 : 0)
    }
    // In another place a common name such as 'adds' may be another test.
    return places.max { rank($0) < rank($1) }
  }

  // MARK: What stands in for a test

  /// Whether new tests name every value that the old one expected, and call what it called.
  private func isReplaced(_ old: Place, by fresh: [Place]) -> Bool {
    var asserted = expanded(old.test, oldHelpers)
    let isEmpty = asserted.isEmpty
    if isEmpty { asserted = old.test.facts.assertions }
    let needed = Set(asserted.flatMap(\.literals)).union(old.test.facts.tables)
    let subjects = Set(asserted.flatMap(\.words)).union(old.test.facts.calls.map(TestCase.plain))
      .subtracting(TestComparison.commonWords)
    var (literals, words) = (Set<String>(), Set<String>())
    var strong = 0
    for place in fresh where isEmpty || !place.test.facts.effective.isEmpty {
      let facts = place.test.facts
      let known = facts.words.union(helperFacts(place.test, newHelpers).flatMap(\.words))
      guard subjects.isEmpty || !subjects.isDisjoint(with: known) || isAkin(subjects, known) else { continue }
      literals.formUnion(allLiterals(place))
      words.formUnion(known)
      strong +=
        expanded(place.test, newHelpers).filter { assertion in
          assertion.strength == 3
            || assertion.looseness.contains { FactReader.kind(ofLooseness: $0) == "a tolerance" }
        }.count
    }
    guard !words.isEmpty else { return false }
    if asserted.contains(where: { $0.strength == 3 }), strong == 0 { return false }
    if needed.isEmpty {
      // What its loop called its values, another test need not.
      let called = Set(old.test.facts.calls.map(TestCase.plain)).subtracting(TestComparison.commonWords)
      if !called.isEmpty, !isEmpty, called.isSubset(of: words.union(TestComparison.commonWords)),
        hasRows(old, in: literals)
      {
        return true
      }
      return subjects.isEmpty || subjects.filter { words.contains($0) }.count * 2 >= subjects.count
    }
    return needed.allSatisfy { value in
      literals.contains(value) || literals.contains { $0.contains(value) && value.utf8.count > 3 }
    }
  }

  /// Whether the table that a test's loop goes over is named elsewhere.
  private func hasRows(_ old: Place, in literals: Set<String>) -> Bool {
    !old.file.tables.isEmpty
      && old.file.tables.allSatisfy { value in
        literals.contains(value) || literals.contains { $0.contains(value) && value.utf8.count > 3 }
      }
  }

  static let commonWords: Set = [
    "self", "this", "t", "result", "got", "want", "expected", "actual", "x", "i", "assert", "expect", "true",
    "false", "it", "test", "is", "to", "be", "equal", "toequal", "tobe", "len",
    "str", "int", "list", "value", "and", "or", "in", "not", "for", "if", "range", "def", "new", "var", "let",
    "const", "return", "assertequals", "assertequal", "each", "map", "as", "0", "throws", "error", "err", "e",
    "try", "of", "a", "b", "n", "s",
  ]

  /// Whether a name of one is part of a name of the other: `total` and `computeTotal`.
  private func isAkin(_ one: Set<String>, _ other: Set<String>) -> Bool {
    one.contains { name in
      name.utf8.count >= 4
        && other.contains { $0.utf8.count >= 4 && ($0.contains(name) || name.contains($0)) }
    }
  }

  /// The assertions of a test and of the changed functions that it calls.
  func expanded(_ test: TestCase, _ helpers: [String: [TestCase]]) -> [Assertion] {
    // A call of a helper is worth what the helper asserts.
    let own = test.facts.effective.map { assertion -> Assertion in
      guard let helper = helpers[assertion.name] else { return assertion }
      var worth = assertion
      worth.strength = max(assertion.strength, helper.flatMap(\.facts.effective).map(\.strength).max() ?? 0)
      return worth
    }
    return own + helperFacts(test, helpers).flatMap(\.effective)
  }

  func helperFacts(_ test: TestCase, _ helpers: [String: [TestCase]]) -> [TestFacts] {
    var seen: Set<String> = [test.name]
    var facts: [TestFacts] = []
    // Fixtures and setters are words of the head, and need no call.
    var calls = test.facts.calls.union(["setUp", "setup", "before", "beforeEach"])
    for _ in 0..<3 {
      var next: Set<String> = []
      for name in calls where seen.insert(name).inserted {
        // What stands inside of the test is read with it.
        for helper in helpers[name] ?? [] where helper.scope.last != test.name {
          facts.append(helper.facts)
          next.formUnion(helper.facts.calls)
        }
      }
      if next.isEmpty { break }
      calls = next
    }
    return facts
  }

  /// Every literal that a test may compare with: its own, those of what it calls, and of its file.
  func allLiterals(_ place: Place) -> Set<String> {
    var all = place.test.facts.literals.union(place.file.literals)
    for facts in helperFacts(place.test, newHelpers) { all.formUnion(facts.literals) }
    // Providers of parameters are called by the runner.
    for helper in place.file.cases where !helper.isTest && helper.facts.isData {
      all.formUnion(helper.facts.literals)
    }
    // Shared tables may have moved to a file of their own.
    for file in newFiles where file.tests.isEmpty { all.formUnion(file.literals) }
    return all
  }
}
