import Migration

/// Tests that are there, and that something beside them keeps from asking the code.
extension TestComparison {
  private static let doubles: Set = [
    "Mock", "MagicMock", "AsyncMock", "NonCallableMock", "create_autospec", "SimpleNamespace", "mockk",
    "createMock", "createStub", "createStubInstance", "double", "instance_double",
  ]

  /// What a test made and asked, where a stand-in answers now.
  func doubled(_ old: Place, _ new: Place) -> String? {
    let (before, after) = (old.test.facts.calls, new.test.facts.calls)
    guard !TestComparison.doubles.isDisjoint(with: after), TestComparison.doubles.isDisjoint(with: before)
    else {
      return nil
    }
    // A fixture may make it now.
    func parameters(_ place: Place) -> Int { place.test.head.count { place.file.code.isWord($0) } }
    guard parameters(new) <= parameters(old) else { return nil }
    let helped = helperFacts(new.test, newHelpers).reduce(into: after) { $0.formUnion($1.calls) }
    return before.sorted().first { name in
      name.first?.isUppercase == true && name.utf8.count > 2 && !helped.contains(name)
        && !AssertionWords.begins(name) && !explained.goneWords.contains(TestCase.plain(name))
    }
  }

  /// Whether a parametrised test has fewer rows of its own, and no other test has them.
  func losesRows(_ old: Place, _ new: Place) -> Bool {
    func rows(_ files: [TestFile]) -> Int {
      files.reduce(0) { $0 + $1.tests.reduce(0) { $0 + $1.facts.rows } }
    }
    return new.test.facts.rows > 0 && new.test.facts.rows < old.test.facts.rows
      && rows(newFiles) < rows(oldFiles)
  }

  /// Tests that are given another meaning by their names, or a name that their runner does not look for.
  mutating func compareNames() {
    for file in newFiles where file.path.isPython {
      let names = Set(file.tests.map(\.name))
      let code = file.code
      for index in code.indices
      where names.contains(code.text(index)) && code.isMark(index - 1, ".")
        && (code.isMark(index + 1, "=") || code.isWord(index - 3, "del"))
      {
        let name = code.text(index)
        add(
          .hiddenTest, file.path.path, code.tokens[index].line, name,
          "test '\(name)' no longer runs: its name is given to something else")
      }
    }
    for path in change.paths {
      guard case .renamed(let from) = path.kind, TestPath(path.path).isJavaScript,
        let file = newFiles.first(where: { $0.path.path == path.path }), !file.tests.isEmpty,
        let globs = runnerGlobs()
      else { continue }
      func isFound(_ name: String) -> Bool { globs.contains { $0.matches(name) } }
      if isFound(from), !isFound(path.path) {
        add(
          .hiddenTest, path.path, nil, nil,
          "its tests no longer run: the runner's settings name no file like '\(path.path)'")
      }
    }
  }

  /// The globs of a JavaScript runner's settings; `nil` when there are none, or some that are no plain globs.
  private func runnerGlobs() -> [PathGlob]? {
    let endings = ["js", "cjs", "mjs", "ts", "json"]
    let names =
      ["package.json", ".mocharc.yml", ".mocharc.yaml"]
      + ["jest.config.", "vitest.config.", "vite.config.", ".mocharc."].flatMap { name in
        endings.map { name + $0 }
      }
    let texts = names.compactMap { change.newText($0) }
    let words: [Substring] = texts.flatMap { text in text.split { " \n\t\"'`".contains($0) } }
    let globs = words.filter { word in
      word.contains("*") && word.contains("/") && (word.contains("test") || word.contains("spec"))
    }.flatMap { TestComparison.alternatives(String($0)) }
    guard !globs.isEmpty, !globs.contains(where: { glob in "([\\!".contains { glob.contains($0) } }) else {
      return nil
    }
    return globs.compactMap { PathGlob($0) }
  }

  /// `*.{js,ts}` as `*.js` and `*.ts`.
  private static func alternatives(_ glob: String) -> [String] {
    var text = glob[...]
    for start in ["<rootDir>/", "./"] { text = text.dropping(start) ?? text }
    while let last = text.last, ",]".contains(last) { text = text.dropLast() }
    while text.first == "[" { text = text.dropFirst() }
    guard let head = text.before("{"), let inner = text.after("{")?.before("}"), let tail = text.after("}")
    else {
      return [String(text)]
    }
    return inner.split(separator: ",").flatMap { alternatives("\(head)\($0)\(tail)") }
  }
}
