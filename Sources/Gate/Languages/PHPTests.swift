/// PHPUnit and Pest.
struct PHPTests: TestLanguage {
  let extensions = ["php", "phpt"]

  let dialect: Dialect = {
    var dialect = Dialect()
    dialect.lineComments = ["//", "#"]
    dialect.quotes = Array("\"'".utf8)
    dialect.hasHereDocuments = true
    dialect.nameBytes = Array("$".utf8)
    return dialect
  }()

  func isTestPath(_ path: TestPath) -> Bool {
    path.stem.hasSuffix("Test") || path.stem.hasSuffix("Tests") || path.ending == "phpt"
  }

  func hidingComment(in text: String) -> String? { nil }

  /// The annotations of PHPUnit in the comments before functions, by the functions' names.
  static func annotations(in text: String) -> [String: [TestCase.Mark]] {
    var found: [String: [TestCase.Mark]] = [:]
    var pending: [TestCase.Mark] = []
    // A comment with one star tells PHPUnit nothing.
    var isDocumented = true
    for (index, line) in lines(of: text).enumerated() {
      let plain = line.trimmed
      if plain.hasPrefix("/*"), !plain.hasPrefix("/**") { isDocumented = false }
      if plain.hasPrefix("/**") { isDocumented = true }
      if plain.hasPrefix("/**") || plain.hasPrefix("*"), isDocumented {
        var rest = plain[...]
        while let at = rest.firstIndex(of: "@") {
          let word = rest[rest.index(after: at)...].prefix { $0.isLetter }
          pending.append(TestCase.Mark(text: "@" + word, line: index + 1))
          rest = rest[rest.index(after: at)...]
        }
      } else if let name = plain.after("function ")?.before("(") {
        found[String(name.trimmed)] = pending
        pending = []
      } else if !plain.isEmpty, !plain.hasPrefix("#[") {
        pending = []
      }
    }
    return found
  }

  /// Annotations that keep a test from running, or from failing.
  static let keeping: Set = ["@requires", "@doesNotPerformAssertions", "@ignore", "@group"]

  let skips = PatternTable([
    "markTestSkipped (", "markTestIncomplete (", "-> skip (", "-> todo (", "# [ Requires*",
    "# [ IgnoreClass*", "# [ DoesNotPerformAssertions", "SkippedTestError", "SkippedWithMessage*",
    "\\ Requires*", "\\ IgnoreClass*", "\\ DoesNotPerformAssertions", "\\ Group", ", Requires*",
    "IncompleteTestError", "expectNotToPerformAssertions (", "-> skip", "-> only (", "# [ Group",
    "# [ Depends", "skipOn*",
  ])

  func isSkip(_ code: SourceCode, at index: Int) -> Bool {
    guard code.isMark(index, "\\") else { return true }
    // `use PHPUnit\Framework\Attributes\RequiresPhp;`
    var start = index
    while start > 0, code.isMark(start, "\\") || code.isWord(start), !code.isWord(start, "use") { start -= 1 }
    return !code.isWord(start, "use")
  }

  /// Why a function with rows is none to the runner.
  static let unmarked = "it has rows, and is not marked as a test"

  let hooks = PatternTable([
    "exit ( 0", "exit ;", "die ;", "die (", "exit (", "register_shutdown_function", "function assertSame (",
    "function assertEquals (", "function assertTrue (", "function assertFalse (", "function assertCount (",
    "function assertNull (", "function assertThat (", "function assertContains (", "function runTest (",
    "function runBare (", "function run (", "class Assert", "class TestCase", "abstract class TestCase",
    "posix_kill",
    "function onNotSuccessfulTest", "ob_start (", "set_exception_handler", "set_error_handler", "class_alias",
    "runkit*", "namespace PHPUnit", "pcntl_exec", "function expectException (", "uopz_*",
  ])

  let voids = PatternTable([
    "assertTrue ( true )", "|| true", "or true", "assertSame ( 1 , 1", "assertEquals ( 1 , 1",
    "expect ( true )", "anything (",
  ])

  func assertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    guard code.isWord(index), !code.isWord(index - 1, "function") else { return nil }
    let word = code.text(index)
    if word == "throws", code.isMark(index - 1, "->"), code.isMark(index + 1, "(") {
      return AssertionSite(range: index..<code.end(of: index + 1), name: "throws", arguments: index + 1)
    }
    // What Prophecy and Mockery ask of a stand-in.
    if PHPTests.demands.contains(where: { word.hasPrefix($0) }), code.isMark(index - 1, "->") {
      return AssertionSite(range: statementStart(code, index)..<code.statementEnd(from: index), name: word)
    }
    guard word.hasPrefix("assert") || word.hasPrefix("expect") || word == "fail", code.isMark(index + 1, "(")
    else { return nil }
    // `$response->assertStatus(201)` is about what stands in front.
    let isOfAnswer = code.isMark(index - 1, "->") && !code.isWord(index - 2, "$this")
    return AssertionSite(
      range: (isOfAnswer ? statementStart(code, index) : index)..<code.statementEnd(from: index), name: word,
      arguments: index + 1)
  }

  private func statementStart(_ code: SourceCode, _ index: Int) -> Int {
    var start = index
    while start > 0, ![";", "{", "}"].contains(where: { code.isMark(start - 1, $0) }) {
      start = code.isMark(start - 1, ")") && code.partner[start - 1] > 0 ? code.partner[start - 1] : start - 1
    }
    return start
  }

  private static let demands = ["shouldHaveBeenCalled", "shouldBeCalled", "shouldHaveReceived"]

  func cases(in code: SourceCode, path: TestPath) -> [TestCase] {
    let types = code.types(["class", "trait"])
    var found = code.functions("function").map { function -> TestCase in
      let attributes = code.tokens[function.head.lowerBound..<max(function.head.lowerBound, function.index)]
      let isMarked =
        attributes.contains { $0.isWord("Test") }
        || attributes.contains { $0.isWord("TestWith") || $0.isWord("DataProvider") }
      let around = types.filter { $0.body.contains(function.index) }
      let isTest = function.name.hasPrefix("test") || isMarked
      var test = TestCase(
        name: function.name, scope: around.map(\.name), line: code.tokens[function.index].line,
        isTest: isTest, head: function.head, body: function.body)
      test.scopeHeads = around.map { code.attributes(before: $0.keyword)..<$0.keyword }
      if isTest {
        if attributes.contains(where: { ["private", "protected", "static"].contains($0.text) }) {
          test.hidden = "it is not public"
        }
        if !function.name.hasPrefix("test"), !attributes.contains(where: { $0.isWord("Test") }) {
          test.hidden = PHPTests.unmarked
        }
        if around.isEmpty { test.hidden = "it stands in no class" }
        if let owner = around.last {
          if code.tokens[code.attributes(before: owner.keyword)..<owner.keyword].contains(where: {
            $0.isWord("abstract")
          }) {
            test.hidden = "class '\(owner.name)' is abstract"
          }
          if !code.tokens[owner.keyword..<owner.body.lowerBound].contains(where: { $0.isWord("extends") }),
            code.isWord(owner.keyword, "class")
          {
            test.hidden = "class '\(owner.name)' is no test case"
          }
          if !owner.name.hasSuffix("Test"), !owner.name.hasSuffix("Tests") {
            test.hidden = test.hidden ?? "class '\(owner.name)' is not collected"
          }
        }
      }
      return test
    }
    // Pest.
    for index in code.indices
    where ["it", "test"].contains(code.text(index)) && code.isWord(index) && code.isMark(index + 1, "(")
      && code.kind(index + 2) == .string && code.text(index - 1) != "->"
    {
      let end = code.statementEnd(from: index)
      found.append(
        TestCase(
          name: code.text(index + 2), line: code.tokens[index].line, head: index..<(index + 3),
          body: (index + 3)..<max(index + 3, end)))
    }
    return found
  }
}
