/// Test code that reaches into its runner, or replaces what it should test.
enum HarnessGuard {
  static func read(_ comparison: inout TestComparison) {
    hooks(&comparison)
    stands(&comparison)
    imports(&comparison)
    modules(&comparison)
    scripts(&comparison)
    CodeUnderTest.read(&comparison)
  }

  /// Hooks of the runner that are more than before.
  private static func hooks(_ comparison: inout TestComparison) {
    var before: [String: Int] = [:]
    for file in comparison.oldFiles { for mark in file.hooks { before[mark.text, default: 0] += 1 } }
    for file in comparison.newFiles where isHarness(file) {
      for mark in file.hooks {
        if let count = before[mark.text], count > 0 {
          before[mark.text] = count - 1
        } else {
          comparison.add(
            .testHook, file.path.path, mark.line, mark.text,
            "test code reaches into its runner by '\(mark.text)'")
        }
      }
    }
  }

  /// Rust keeps code and tests in one file: what the code does there is no hook.
  private static func isHarness(_ file: TestFile) -> Bool {
    file.language.isTestPath(file.path) && file.path.ending != "rs" || file.path.isBelowTests
      || file.path.name == "conftest.py"
      || file.path.stem.hasSuffix("customize") || file.path.stem.hasSuffix("_helper")
      || file.path.name.contains("setup")
      || file.path.ending == "rs" && !file.tests.isEmpty
  }

  // MARK: Stand-ins

  private static let patches = PatternTable([
    "monkeypatch . setattr (", "mock . patch (", "patch (", "patch . object (", "jest . spyOn (",
    "jest . mock (", "vi . mock (", "vi . spyOn (", "mocker . patch (", "mocker . patch . object (",
    "sinon . stub (", "sinon . replace (", "mock . method (", "Mockito . mock (", "Mockito . spy (",
    "mockStatic (", "spy (", "allow (", "allow_any_instance_of (", "any_instance . stubs", ". stub (",
    ". stubs (",
    "stub_const (", "createMock (", "createStub (", "mockk (", "mockkStatic (", "mockkObject (", "spyk (",
    "define_method (", "define_singleton_method (", "mock . module (", "td . replace (", "proxyquire (",
    "mockk <", "mock <", "spyk <", "spy <", "new Mock <", "Substitute . For <", "A . Fake <",
    "setattr (", "patch . dict (", "patch . multiple (", "jest . doMock (", "vi . doMock (",
    "mock (", "@ Mock", "@ Spy", "@ MockBean", "@ SpyBean", "@ MockitoBean", "@ MockK", "@ SpyK",
    "@ MockkBean", "vi . stubGlobal (", "Object . defineProperty (", "Object . assign (",
    "reflect . ValueOf (", "reflect . NewAt (",
    "reflect . Indirect (",
    "monkey . Patch (",
  ])

  private static func stands(_ comparison: inout TestComparison) {
    let old = comparison.oldFiles
    // What the tests call and compare.
    var subjects: Set<String> = []
    for file in old {
      for test in file.tests {
        // What they call, and not what they hold.
        subjects.formUnion(test.facts.calls.map(TestCase.plain))
      }
      // What is made for all of them.
      for setter in file.cases
      where !setter.isTest && file.language.isTestPath(file.path) && file.path.ending != "rs" {
        let made = setter.facts.calls.filter { $0.first?.isUppercase == true }
        if setter.facts.effective.isEmpty { subjects.formUnion(made.map(TestCase.plain)) }
      }
    }
    for file in old where file.language.isTestPath(file.path) && file.path.ending != "rs" {
      subjects.formUnion(made(in: file).map(TestCase.plain))
    }
    subjects.subtract(TestComparison.commonWords)
    subjects.subtract(TestComparison.standInWords)
    // What helps the tests is none of what they test.
    let helpers = old.flatMap { file in
      file.path.ending == "rs" || file.language.isTestPath(file.path) ? file.helpers : []
    }
    subjects.subtract(helpers.map { TestCase.plain($0.name) })
    let exact = Set(old.flatMap { $0.cases.flatMap { $0.facts.calls } })
    var before: [String: Int] = [:]
    // What was replaced, in whatever way: one place may be met by two patterns.
    var targets: [String: Int] = [:]
    for file in old {
      var seen: Set<String> = []
      for (spelling, line, target) in replacements(file, subjects, exact) {
        before[spelling, default: 0] += 1
        if seen.insert("\(line) \(target)").inserted { targets[target, default: 0] += 1 }
      }
    }
    var now: [String: Int] = [:]
    for file in comparison.newFiles {
      let places = replacements(file, subjects, exact).map { "\($0.1) \($0.2)" }
      for place in Set(places) { now[String(place.split(separator: " ").last ?? ""), default: 0] += 1 }
    }
    // Where more is replaced than before, one way is not another's.
    targets = targets.filter { $0.value >= now[$0.key] ?? 0 }
    for file in comparison.newFiles {
      var seen: Set<String> = []
      for (spelling, line, target) in replacements(file, subjects, exact) {
        let isFirst = !target.isEmpty && !seen.contains("\(line) \(target)")
        let isKnown = !target.isEmpty && (!isFirst || targets[target] ?? 0 > 0)
        if isFirst, isKnown {
          targets[target, default: 0] -= 1
          seen.insert("\(line) \(target)")
        }
        if let count = before[spelling], count > 0 {
          before[spelling] = count - 1
        } else if !isKnown {
          comparison.add(
            .replacedCode, file.path.path, line, spelling,
            "what is tested is replaced in its test by '\(spelling)'")
        }
      }
    }
  }

  /// What a file makes for its tests outside of functions: `Meter` of `meter = new Meter()`, the names of
  /// RSpec's `subject(:name)` and of what is made of the described class.
  private static func made(in file: TestFile) -> [String] {
    let code = file.code
    if file.language.dialect.hasRubyBlocks {
      let makers: Set = ["subject", "subject!", "let", "let!"]
      let named = code.indices.filter { index -> Bool in
        guard code.isWord(index), makers.contains(code.text(index)), code.isMark(index + 1, "("),
          code.isMark(index + 2, ":")
        else { return false }
        if code.text(index).hasPrefix("subject") { return true }
        let near = index..<min(index + 12, code.tokens.count)
        return near.contains { code.isWord($0, "described_class") }
      }.map { code.text($0 + 3) }
      return named + (code.places["described_class"] == nil ? [] : ["described_class", "subject"])
    }
    return code.indices.filter { index -> Bool in
      guard code.isWord(index), code.text(index).first?.isUppercase == true, code.isMark(index + 1, "(")
      else { return false }
      return code.isMark(index - 1, "=") || code.isWord(index - 1, "new") && code.isMark(index - 2, "=")
    }.map(code.text)
  }

  /// The places of a file that give a subject of its tests another meaning, and that subject.
  private static func replacements(
    _ file: TestFile, _ subjects: Set<String>, _ exact: Set<String>
  ) -> [(String, Int, String)] {
    let code = file.code
    var found: [(String, Int, String)] = []
    /// `'shop.discount'` names what it patches.
    func subject(_ token: Token) -> String? {
      guard token.kind == .word || token.kind == .string else { return nil }
      return token.text.split { ".:/#".contains($0) }.filter { $0.utf8.count >= 3 }.map {
        TestCase.plain(String($0))
      }.last { subjects.contains($0) && !TestComparison.standInWords.contains($0) }
    }
    for hit in patches.hits(in: code) {
      if hit.pattern.spelling == "mock (", code.isMark(hit.index - 1, ".") { continue }
      let isAnnotation = code.isMark(hit.index, "@")
      let end = code.statementEnd(from: isAnnotation ? code.next(after: hit.index + 1) : hit.index)
      let isWide =
        file.path.name == "conftest.py" || file.path.name.contains("setup")
        || file.path.name.contains("helper")
      let replaces = ["mock (", "doMock ("].contains { hit.pattern.spelling.hasSuffix($0) }
      let named = code.tokens[hit.index..<min(end, hit.index + 30)].compactMap(subject)
      if isWide || replaces && isImported(hit.index, end, file, subjects) || !named.isEmpty {
        found.append((hit.pattern.name, code.tokens[hit.index].line, named.first ?? ""))
      }
    }
    // In the same file Rust, and C by inclusion, have the code itself.
    guard file.language.isTestPath(file.path), file.path.ending != "rs" || file.path.isBelowTests else {
      return found
    }
    let own = Set(file.tests.map(\.name))
    for index in code.indices where code.isWord(index) && !own.contains(code.text(index)) {
      let name = code.text(index)
      // A helper may be called what another language's rules make of a subject's name: `put` and `Put`.
      guard subjects.contains(TestCase.plain(name)), exact.contains(name) else { continue }
      // `shop.discount = lambda …`, `discount = …`
      if code.isMark(index + 1, "="), code.isMark(index - 1, "."),
        ["lambda", "(", "function", "async", "->", "proc"].contains(code.text(index + 2))
          || code.isMark(index + 3, "=>")
      {
        found.append(("\(name) =", code.tokens[index].line, ""))
      } else if code.isMark(index + 1, "="),
        code.text(index + 2) == "lambda" || code.isMark(index + 3, "=>") && code.kind(index - 1) != .mark
          || !code.isMark(index - 1, ".") && isDouble(code, index + 2)
      {
        found.append(("\(name) =", code.tokens[index].line, ""))
      } else if ["def", "function", "func", "fun", "fn"].contains(code.text(index - 1)),
        code.isMark(index + 1, "(") || code.isMark(index + 1, "<")
      {
        found.append(("\(code.text(index - 1)) \(name)", code.tokens[index].line, ""))
      } else if ["class", "struct", "interface", "object"].contains(code.text(index - 1)),
        code.isWord(index - 1),
        code.brace(from: index + 1) != nil || file.path.isPython
      {
        found.append(("\(code.text(index - 1)) \(name)", code.tokens[index].line, ""))
      } else if isSubclass(code, index) {
        found.append(("new \(name) {", code.tokens[index].line, ""))
      } else if code.isWord(index - 1, "define"), code.isMark(index - 2, "#") {
        found.append(("#define \(name)", code.tokens[index].line, ""))
      }
    }
    return found
  }

  /// `MagicMock(return_value=…)`, `vi.fn()`
  private static func isDouble(_ code: SourceCode, _ start: Int) -> Bool {
    (start..<start + 4).prefix { !code.isMark($0, "(") }.contains { place in
      let text = code.text(place).lowercased()
      return code.isWord(place) && (text.contains("mock") || text.contains("stub") || text == "fn")
    }
  }

  /// Whether a call that replaces a module names one that the tests take what they call from.
  private static func isImported(_ index: Int, _ end: Int, _ file: TestFile, _ subjects: Set<String>) -> Bool
  {
    guard let string = (index..<min(end, index + 8)).first(where: { file.code.kind($0) == .string }) else {
      return false
    }
    let module = file.code.text(string)
    return sources(file).contains { name, place in
      place.source == module && subjects.contains(TestCase.plain(name))
    }
  }

  /// `new Account("ada") { … }`, `object : Account("ada") { … }`
  private static func isSubclass(_ code: SourceCode, _ index: Int) -> Bool {
    guard code.isWord(index - 1, "new") || code.isMark(index - 1, ":") && code.isWord(index - 2, "object"),
      code.isMark(index + 1, "(")
    else { return false }
    return code.isMark(code.end(of: index + 1), "{")
  }

  // MARK: Modules and programs

  private static let moduleNames: Set = [
    "pytest", "_pytest", "unittest", "mock", "doctest", "nose", "sitecustomize", "usercustomize",
    "hypothesis", "pluggy", "jest", "mocha", "vitest", "chai", "minitest", "rspec", "junit",
    "testify", "gtest", "gmock", "phpunit", "xunit", "nunit", "catch2",
  ]
  private static let programs: Set = [
    "pytest", "py.test", "python", "python3", "node", "npm", "npx", "yarn", "pnpm", "jest", "mocha", "go",
    "cargo", "mvn", "mvnw", "gradle", "gradlew", "make", "ruby", "rspec", "rake", "php", "phpunit", "ctest",
    "cmake", "swift", "bash", "sh", "dotnet", "tox", "nox", "bundle", "rustc", "gcc", "cc", "diff", "grep",
  ]

  /// Tools of tests that nothing else uses.
  private static let tools: Set = [
    "supertest", "chai", "sinon", "nock", "enzyme", "assert", "expect", "tape",
  ]

  /// Scripts beside the tests that compare by themselves, and whose outcome is good whatever comes out.
  private static func scripts(_ comparison: inout TestComparison) {
    for change in comparison.change.paths {
      guard let name = change.newPath, let before = change.oldPath.flatMap(comparison.change.oldText) else {
        continue
      }
      let path = TestPath(name)
      guard path.isBelowTests, ["sh", "bash", "ksh", "zsh"].contains(path.ending),
        let after = comparison.change.newText(name)
      else { continue }
      func last(_ text: String) -> Substring { lines(of: text).last { !$0.trimmed.isEmpty }?.trimmed ?? "" }
      func stops(_ text: String) -> Bool { lines(of: text).contains { $0.hasPrefix("set -") && $0.has("e") } }
      let isForced = ["exit 0", "true", "exit"].contains(last(after)) && last(before) != last(after)
      if isForced || stops(before) && !stops(after) {
        comparison.add(
          .testHook, name, nil, path.name, "the script no longer fails where what it runs does")
      }
    }
  }

  private static func modules(_ comparison: inout TestComparison) {
    for change in comparison.change.paths where change.kind == .added {
      let path = TestPath(change.path)
      let first = path.name.split(separator: ".").first.map(String.init) ?? path.name
      // `vitest.config.ts` is no `vitest`.
      let isModule =
        !path.stem.contains(".") && moduleNames.contains(first.lowercased())
        && (TestLanguages.language(of: path) != nil || path.ending == "pth")
        || path.folders.contains {
          moduleNames.contains($0.lowercased()) && path.ending != ""
            && !["toml", "md", "json"].contains(path.ending) && TestLanguages.language(of: path) != nil
            && $0 != "mock" && $0 != "unittest"
        }
        || path.folders.contains("unittest") && path.name == "__init__.py"
        || path.folders.contains("node_modules") || path.ending == "pth"
      let isProgram = programs.contains(path.name) && path.ending == (path.name == "py.test" ? "test" : "")
      let isTool = path.folders.contains("__mocks__") && tools.contains(path.stem)
      if isModule || isProgram || isTool {
        comparison.add(
          .shadowedModule, change.path, nil, nil, "takes the place of '\(first)', which the tests use")
      }
    }
  }
}
