import Migration

/// A file of tests, or one that tests lean on, on one side of a change.
struct TestFile {
  let path: TestPath
  let language: any TestLanguage
  let code: SourceCode
  let cases: [TestCase]
  /// Marks and hooks that stand in no test, by their spelling.
  private(set) var skips: [Mark] = []
  private(set) var hooks: [Mark] = []
  /// What stands outside of all functions: lists, and constants.
  private(set) var tables: [String] = []
  private(set) var constants: [(line: Int, text: String)] = []
  /// Loops over a part of what they could go over.
  private(set) var cuts = 0
  /// How many values googletest's suites are instantiated with.
  var instances: Int {
    guard language is CTests, code.places["TEST_P"] != nil else { return 0 }
    return (code.places["Values"] ?? []).filter { code.isMark($0 + 1, "(") }.reduce(0) {
      $0 + code.arguments(of: $1 + 1).count
    }
  }
  /// Code in comments that runs as a test, and lines of such that does not.
  let examples: (running: Int, silent: [Int])
  /// Every literal outside of all functions.
  private(set) var literals: Set<String> = []
  /// The same with those of the functions that the runner calls for parameters.
  private(set) var shared: Set<String> = []
  /// What a runner would call of its cases.
  let tests: [TestCase]
  /// Its texts.
  let texts: FileTexts

  struct Mark {
    var text: String
    var line: Int
    /// The test that it stands at.
    var test: String?
  }

  /// Reads a file; `nil` when it is in no language that the guards know, or has nothing to do with tests.
  init?(path name: String, text: String, settings: RunnerSettings) {
    path = TestPath(name)
    guard let language = TestLanguages.language(of: path) else { return nil }
    self.language = language
    guard TestFile.isSupport(path, text, language), text.utf8.count <= TestFile.readLimit else { return nil }
    code = SourceCode(text, language.dialect)
    var cases = language.cases(in: code, path: path)
    examples = language.examples(in: text)
    let unseen = settings.reason(path, language) ?? settings.reason(path, byText: text)
    let outputs = language.outputs(in: text)
    let annotations = language is PHPTests ? PHPTests.annotations(in: text) : [:]
    for index in cases.indices {
      for mark in annotations[cases[index].name] ?? [] {
        if mark.text == "@test" {
          cases[index].isTest = true
          if cases[index].hidden == PHPTests.unmarked { cases[index].hidden = nil }
        }
        if PHPTests.keeping.contains(mark.text) { cases[index].skip = mark }
      }
    }
    let comment = language.hidingComment(in: text).map { "its file is only built for \($0)" }
    var reader = FactReader(code, language)
    let code = code
    let skipHits = language.skips.hits(in: code).filter { language.isSkip(code, at: $0.index) }
    // `monkeypatch.setattr` is not `setattr`.
    let hookHits = language.hooks.hits(in: code).filter {
      (!code.isMark($0.index - 1, ".") || $0.pattern.parts[0] == ".") && !PlainHooks.isOne(code, $0.index)
    }
    var taken: Set<Int> = []
    for index in cases.indices {
      cases[index].facts = reader.facts(of: cases[index])
      guard cases[index].isTest else { continue }
      if cases[index].hidden == PythonTests.unawaited, settings.awaitsAll { cases[index].hidden = nil }
      if let output = outputs[cases[index].name] { cases[index].facts.assertions.append(output) }
      if let reason = unseen ?? comment, cases[index].hidden == nil { cases[index].hidden = reason }
      for hit in skipHits {
        let isOwn = cases[index].head.contains(hit.index) || cases[index].body.contains(hit.index)
        guard isOwn || cases[index].scopeHeads.contains(where: { $0.contains(hit.index) }) else { continue }
        taken.insert(hit.index)
        let mark = Mark(
          text: hit.pattern.name, line: code.tokens[hit.index].line, test: cases[index].fullName)
        cases[index].marks.append(mark)
      }
      if let skip = cases[index].skip {
        cases[index].marks.append(Mark(text: skip.text, line: skip.line, test: nil))
      }
    }
    self.cases = cases
    tests = cases.filter(\.isTest)
    texts = FileTexts(code, cases)
    cuts =
      reader.cuts(in: code.indices) + reader.cutChains(in: code.indices) + reader.sieves(in: code.indices)
    // In the code itself a condition skips no test.
    let mayskip =
      !tests.isEmpty || language.isTestPath(path) || path.isBelowTests
      || TestFile.supportNames.contains(path.name)
    skips = skipHits.filter { mayskip && !taken.contains($0.index) }.map {
      Mark(text: $0.pattern.name, line: code.tokens[$0.index].line)
    }
    hooks = hookHits.map { hit in Mark(text: hit.pattern.name, line: code.tokens[hit.index].line) }
    readOutside()
  }

  /// The longest source that is read, in bytes: nobody writes tests of that length, and a test that is moved
  /// into one is lost.
  static let readLimit = 2 << 20

  static let supportNames: Set = [
    "conftest.py", "sitecustomize.py", "usercustomize.py", "spec_helper.rb", "rails_helper.rb",
    "test_helper.rb", "noxfile.py",
    "jest.setup.js", "jest.setup.ts", "vitest.setup.ts", "setupTests.js", "setupTests.ts", "bootstrap.php",
    "Pest.php",
  ]

  private static let signsOfHelpers = [
    "@testing-library/", "jest.fn(", "vi.fn(", "expect(", "from 'chai'", "require('chai')",
  ]

  static func isSupport(_ path: TestPath, _ text: String, _ language: any TestLanguage) -> Bool {
    if language.isTestPath(path) || path.isBelowTests || supportNames.contains(path.name) { return true }
    if path.isPython {
      return text.contains("import pytest") || text.contains("import unittest")
        || text.contains("from unittest") || text.contains("def test_")
    }
    // Helpers of pages stand beside the components: `src/testing/renderForm.tsx`.
    if path.isJavaScript, TestFile.signsOfHelpers.contains(where: { text.contains($0) }) { return true }
    return [
      "@Test", "#[test]", "import XCTest", "import Testing", "[Fact", "TEST(", "node:test", "vitest'",
      "\"testing\"", "Minitest", "@jest",
    ].contains { text.contains($0) }
  }

  /// Where the tests of a file begin: Rust's stand below the code.
  private var codeEnd: Int {
    guard path.ending == "rs", !path.isBelowTests else { return 0 }
    return (code.places["cfg"] ?? []).first { code.isWord($0 + 2, "test") } ?? code.tokens.count
  }

  /// The functions that tests may call and that are no part of what they test.
  var helpers: [TestCase] {
    let end = codeEnd
    return cases.filter { !$0.isTest && $0.body.lowerBound >= end }
  }

  /// `private Appointment checkup = null!;`: nothing, until the tests are set up.
  private func isFilledLater(_ index: Int) -> Bool {
    guard !["true", "false"].contains(code.text(index).lowercased()) else { return false }
    return (max(0, index - 6)..<index - 1).contains { place in
      code.isWord(place) && code.tokens[place].line == code.tokens[index].line
        && (code.places[code.text(place)] ?? []).contains { $0 != place && code.isMark($0 + 1, "=") }
    }
  }

  private mutating func readOutside() {
    var inside = [Bool](repeating: false, count: code.tokens.count)
    for test in cases {
      for index in test.head.lowerBound..<max(test.head.lowerBound, test.body.upperBound)
      where index < inside.count { inside[index] = true }
    }
    var start: Int?
    func isImport(_ index: Int) -> Bool {
      var position = index
      while position > 0, code.kind(position - 1) != .newline, !code.isMark(position - 1, ";"),
        index - position < 30
      { position -= 1 }
      return ["import", "from", "require", "include", "use", "#", "using", "require_relative", "package"]
        .contains(code.text(position))
        || code.isWord(index - 1, "from")
        || (position..<index).contains { place in
          // `{ include: 'a' }` names a value.
          ["require", "import", "require_relative", "include", "__DIR__", "__dirname", "__file__"]
            .contains(code.text(place)) && !code.isMark(place + 1, ":")
        }
    }
    var ranges: [Range<Int>] = []
    for index in 0...code.tokens.count {
      let isOutside = index < code.tokens.count && !inside[index]
      if isOutside, start == nil { start = index }
      if !isOutside, let first = start {
        ranges.append(first..<index)
        start = nil
      }
    }
    let first = codeEnd
    for range in ranges {
      for index in range {
        let token = code.tokens[index]
        let isConstant = FactReader.constants.contains(token.text)
        guard token.kind == .number || token.kind == .string || isConstant, !isImport(index),
          !(isConstant && isFilledLater(index))
        else { continue }
        literals.insert(isConstant ? token.text.lowercased() : token.text)
        if token.kind == .string {
          let pieces = FactReader.pieces(token.text, isOfWords: language.dialect.hasRubyBlocks)
          literals.formUnion(pieces.filter { !$0.isEmpty })
        }
        // How unittest tells a failure.
        if ["longMessage", "maxDiff"].contains(code.text(index - 2)) { continue }
        if code.isMark(index - 1, "="), index >= first {
          constants.append((token.line, isConstant ? token.text.lowercased() : token.text))
        }
      }
      if range.lowerBound >= first { tables += FactReader.listLiterals(code, range) }
    }
    tables = tables.filter { literals.contains($0) }
    shared = cases.filter { !$0.isTest && $0.facts.isData }.reduce(into: literals) {
      $0.formUnion($1.facts.literals)
    }
  }
}

/// What the runners' configuration says about where tests are.
struct RunnerSettings {
  var testPaths: [String] = []
  var pythonFiles: [String] = []
  /// Whether pytest awaits every test that is a coroutine.
  var awaitsAll = false
  private let read: (String) -> String?

  init(read: @escaping (String) -> String?) {
    self.read = read
    for name in ["pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"] {
      guard let text = read(name) else { continue }
      var isIn = name.hasSuffix("pytest.ini")
      var current: String?
      for line in lines(of: text) {
        let plain = line.trimmed
        if plain.hasPrefix("["), !plain.hasPrefix("[\"") {
          isIn = plain == "[pytest]" || plain == "[tool:pytest]" || plain.hasPrefix("[tool.pytest")
          current = nil
          continue
        }
        guard isIn, !plain.isEmpty, !plain.hasPrefix("#") else { continue }
        var value = plain
        if line.indentation == 0, let name = plain.before("=")?.trimmed, let rest = plain.after("=") {
          current = String(name)
          value = rest.trimmed
        }
        let words = value.split { " \t,\"'[]".contains($0) }.map(String.init).filter { !$0.isEmpty }
        if current == "testpaths" { testPaths += words }
        if current == "python_files" { pythonFiles += words }
        if current == "asyncio_mode", words.contains("auto") { awaitsAll = true }
      }
      if !testPaths.isEmpty || !pythonFiles.isEmpty || awaitsAll { break }
    }
  }

  /// The same by what the file itself says about its runner.
  func reason(_ path: TestPath, byText text: String) -> String? {
    if path.isJavaScript {
      let isOfVitest = text.contains("from 'vitest'") || text.contains("from \"vitest\"")
      if isOfVitest, !path.name.contains(".test."), !path.name.contains(".spec."),
        text.contains("test(") || text.contains("it(")
      {
        return "vitest looks into files with '.test.' or '.spec.' in their names"
      }
    }
    // Cargo builds the files in `tests`, not those in its folders, but for modules of theirs.
    if path.ending == "rs", let place = path.folders.lastIndex(of: "tests"), place < path.folders.count - 1,
      !path.folders.contains("src")
    {
      let top = path.folders[...(place + 1)].joined(separator: "/")
      if [top + "/main.rs", top + "/mod.rs", top + ".rs"].allSatisfy({ read($0) == nil }) {
        return "no test of cargo includes it"
      }
    }
    return nil
  }

  /// Why no runner looks into the file, or `nil`.
  func reason(_ path: TestPath, _ language: any TestLanguage) -> String? {
    if path.isBelowUnseen { return "no test runner looks into its folder" }
    if path.isPython {
      let isNamed =
        pythonFiles.isEmpty
        ? language.isTestPath(path)
        : pythonFiles.contains {
          PathGlob($0)?.matches(path.name) == true || PathGlob($0)?.matches(path.path) == true
        }
      if !isNamed { return "no test runner looks into a file of that name" }
      if !testPaths.isEmpty,
        !testPaths.contains(where: {
          path.path.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/") || path.path == $0 || $0 == "."
        })
      {
        return "it is outside of the runner's 'testpaths'"
      }
      return nil
    }
    return language.isTestPath(path) ? nil : "no test runner looks into a file of that name"
  }
}
