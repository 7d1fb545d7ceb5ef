import Migration

extension TreeChange {
  /// Tests that would be lost, hidden, skipped or weakened.
  ///
  /// A test counts as kept when a test of that name runs afterwards in any changed file, or when new tests
  /// name every value that it expected: moving, porting and joining tests is what migrations do. Recorded
  /// results and test data are part of them.
  public func testFindings() -> [GuardFinding] {
    var comparison = TestComparison(self)
    return comparison.findings() + dataFindings(comparison.explained, comparison.rewritten)
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
  /// The same with their files, where the new ones are looked for.
  private(set) var newHelperPlaces: [String: [Place]] = [:]
  /// Tables that tests share may stand in a file of their own.
  private(set) var looseLiterals: Set<String> = []
  /// Made when the first test is gone.
  var standIns: StandIns?
  /// The code under test, and what it says about the change.
  let code: ChangedCode
  let explained: ExplainedChange
  let deleted: DeletedCode
  let reshaped: ReshapedCode
  let rewritten: RewrittenTexts
  let seen = ComparedFiles()
  private(set) var found: [GuardFinding] = []
  private var names: Set<String> = []
  var touched = TouchedTests()

  init(_ change: TreeChange) {
    self.change = change
    code = ChangedCode(change)
    explained = ExplainedChange(change, code)
    deleted = DeletedCode(code)
    reshaped = ReshapedCode(code)
    rewritten = RewrittenTexts(code)
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
      for helper in file.helpers { oldHelpers[helper.name, default: []].append(helper) }
    }
    for file in newFiles {
      for helper in file.helpers {
        newHelpers[helper.name, default: []].append(helper)
        newHelperPlaces[helper.name, default: []].append(Place(file: file, test: helper))
      }
      if file.tests.isEmpty { looseLiterals.formUnion(file.literals) }
    }
  }

  /// One test where it stands.
  struct Place {
    var file: TestFile
    var test: TestCase
  }

  mutating func findings() -> [GuardFinding] {
    var byKey: [String: [Place]] = [:]
    for file in newFiles {
      for test in file.tests { byKey[test.key, default: []].append(Place(file: file, test: test)) }
    }
    let oldKeys = Set(oldFiles.flatMap(\.cases).filter(\.isTest).map(\.key))
    var lost: [(Place, GuardFinding)] = []
    for file in oldFiles {
      for test in file.cases where test.isTest && test.hidden == nil {
        let place = Place(file: file, test: test)
        if let same = counterpart(of: place, among: byKey[test.key] ?? []) {
          if same.test.hidden == nil {
            let count = found.count
            compare(place, same)
            if found.count == count { touched.kept.insert(test.key) }
          } else if isReplaced(place) {
            touched.replaced[test.key, default: 0] += 1
          } else if !neverRan(place) {
            add(
              .hiddenTest, same.file.path.path, same.test.line, test.fullName,
              "test '\(test.name)' no longer runs: \(same.test.hidden ?? "")")
          }
        } else if isReplaced(place) {
          touched.replaced[test.key, default: 0] += 1
        } else if !deleted.explains(test), !(test.isRunner && hasNoSuite(file)), !neverRan(place) {
          lost.append(
            (place, finding(.lostTest, pathNow(file), nil, test.fullName, "test '\(test.name)' is gone")))
        }
      }
      compareHelpers(file)
      compareProviders(file)
    }
    tellLost(lost)
    compareOutside(oldKeys)
    if found.isEmpty { compareGiven() }
    HarnessGuard.read(&self)
    compareNames()
    return found
  }

  /// Whether a mark at the test itself kept it from running, whatever the machine.
  private func neverRan(_ place: Place) -> Bool {
    let first =
      place.file.code.tokens.indices.contains(place.test.body.lowerBound)
      ? place.file.code.tokens[place.test.body.lowerBound].line : 0
    let provesNothing = expanded(place.test, oldHelpers).isEmpty
    return place.test.marks.contains { mark in
      (mark.line <= first || provesNothing) && mark.family != TestFile.Mark.conditional
        && !mark.text.contains("only")
        && !mark.text.hasPrefix("#") && !mark.text.hasPrefix("f") && !mark.text.contains("if")
        && !mark.text.contains("tags") && !mark.text.contains("enabled")
    }
  }

  /// Whether nobody has to run a suite of a file any more: its tests are functions now, or another does.
  private func hasNoSuite(_ file: TestFile) -> Bool {
    guard let now = newFiles.first(where: { $0.path.path == pathNow(file) }) else { return false }
    return now.tests.contains(where: \.isRunner)
      || !now.tests.isEmpty && now.tests.allSatisfy { now.code.isWord($0.head.lowerBound + 1) }
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
    if names.insert(new.name).inserted { found.append(new) }
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
    let home = pathNow(old.file)
    func rank(_ place: Place) -> Int {
      let isHere = place.file.path.path == home
      // Where its file is gone, the one that says the same is it, and another's namesake is not.
      let isSame = !isHere && place.test.signature == old.test.signature
      return (place.test.hidden == nil ? 16 : 0) + (isHere || isSame ? 8 : 0)
        + (place.test.scope == old.test.scope ? 2 : 0)
        + (place.test.name == old.test.name ? 1 : 0)
    }
    // In another place a common name such as 'adds' may be another test.
    return places.max { rank($0) < rank($1) }
  }

  /// The assertions of a test and of the changed functions that it calls.
  func expanded(_ test: TestCase, _ helpers: [String: [TestCase]]) -> [Assertion] {
    // A call of a helper is worth what the helper asserts.
    let own = test.facts.assertions.compactMap { assertion -> Assertion? in
      var worth = assertion
      if let helper = helpers[assertion.name] {
        worth.strength = max(assertion.strength, TestComparison.strength(of: helper))
      } else {
        worth.strength = max(assertion.strength, matcherStrength(assertion, helpers))
      }
      return worth.strength > 0 ? worth : nil
    }
    return own + calledAssertions(test, helpers)
      + helperFacts(test, helpers).flatMap(\.effective).map {
        var worth = $0
        worth.strength = TestComparison.worth(of: $0)
        return worth
      }
  }

  /// Each call of a helper that asserts, with what it is given.
  private func calledAssertions(_ test: TestCase, _ helpers: [String: [TestCase]]) -> [Assertion] {
    test.facts.statements.compactMap { statement in
      let called = statement.names.flatMap { helpers[$0] ?? [] }.filter {
        $0.name != test.name && $0.scope.last != test.name
      }
      let strength = TestComparison.strength(of: called)
      guard strength > 0 else { return nil }
      var assertion = statement.assertion
      let isInner = TestComparison.isHandedOn(assertion, helpers)
      assertion.strength = isInner ? min(strength, 1) : strength
      return assertion
    }
  }

  func helperFacts(_ test: TestCase, _ helpers: [String: [TestCase]]) -> [TestFacts] {
    var seen: Set<String> = [test.name]
    var facts: [TestFacts] = []
    // Fixtures and setters are words of the head, and need no call.
    var calls = test.facts.calls.union(["setUp", "setup", "before", "beforeEach"])
    for _ in 0..<3 {
      var next: Set<String> = []
      for name in calls.sorted() where seen.insert(name).inserted {
        // What stands inside of the test is read with it.
        for helper in (helpers[name] ?? []) + matchMethods(of: name, helpers)
        where helper.scope.last != test.name {
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
  func allLiterals(_ place: Place) -> KnownValues {
    var own = helperFacts(place.test, newHelpers).reduce(into: place.test.facts.literals) {
      $0.formUnion($1.literals)
    }
    // What it is called is none of its values, unless it says so again.
    let name = place.test.name
    if name.contains(" "), !place.test.facts.assertions.contains(where: { $0.literals.contains(name) }) {
      own.remove(name)
    }
    return KnownValues(own: own, shared: [place.file.shared, looseLiterals])
  }
}
