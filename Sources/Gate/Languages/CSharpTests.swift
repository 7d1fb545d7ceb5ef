/// xUnit, NUnit and MSTest.
struct CSharpTests: TestLanguage {
  let extensions = ["cs", "fs", "vb"]

  let dialect: Dialect = {
    var dialect = Dialect()
    dialect.hasCharacters = true
    dialect.hasTripleQuotes = true
    dialect.hasPreprocessor = true
    dialect.hasVerbatimStrings = true
    return dialect
  }()

  func isTestPath(_ path: TestPath) -> Bool {
    path.stem.hasSuffix("Test") || path.stem.hasSuffix("Tests") || path.isBelowTests
      || path.folders.contains { $0.contains("Test") }
  }

  let skips = PatternTable([
    "[ Ignore", ", Ignore", "Skip =", "SkipWhen =", "SkipUnless =", "Assert . Ignore (",
    "Assert . Inconclusive (", "Assert . Skip*", "[ Explicit", ", Explicit", "Skip . If", "Skip . Unless",
    "[ Platform", "[ ConditionalFact", "[ Conditional (", "# if", "Assume . That (", "Assert . Pass (",
    "[ RequiresThread", "Ignore =", "Explicit =", "IgnoreReason =", "SkipException",
  ])

  let hooks = PatternTable([
    "Environment . Exit (", "Environment . ExitCode =", "ITestFramework", "TestFramework (",
    "BeforeAfterTestAttribute", "class Assert", "ITestAction", "IWrapSetUpTearDown",
    "bool Equals (", "operator == (", "Console . SetOut", "Process . GetCurrentProcess", "ModuleInitializer",
    "[ assembly :", "static void Equal (", "static void AreEqual (", "Environment . FailFast",
    "class FactAttribute", "class TestAttribute", "class TheoryAttribute", "global using Assert",
    "using Assert =", "global using Fact",
  ])

  let voids = PatternTable([
    "Debug . Assert (",
    "Assert . True ( true", "Assert . IsTrue ( true", "|| true", "Assert . Equal ( 1 , 1", "It . IsAny",
  ])

  func assertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    if code.isWord(index, "ExpectedException") {
      return AssertionSite(range: index..<code.statementEnd(from: index), name: "throws")
    }
    if code.isWord(index, "ExpectedResult"), code.isMark(index + 1, "=") {
      return AssertionSite(range: index..<min(index + 3, code.tokens.count), name: "returns")
    }
    if code.isWord(index, "Should"), code.isMark(index + 1, "(") {
      var start = index
      while start > 0, !code.isMark(start - 1, ";"), !code.isMark(start - 1, "{"),
        !code.isMark(start - 1, "}"), !code.isMark(start - 1, "=>"), index - start < 60
      { start -= 1 }
      return AssertionSite(range: start..<code.statementEnd(from: index), name: "Should")
    }
    return shouldly(code, index) ?? callAssertion(in: code, at: index)
  }

  /// `total.ShouldBe(3)`, `Should.Throw<ArgumentException>(() => …)`.
  private func shouldly(_ code: SourceCode, _ index: Int) -> AssertionSite? {
    guard code.isWord(index) else { return nil }
    let word = code.text(index)
    if word == "Should", code.isMark(index + 1, "."), code.text(index + 2).contains("Throw") {
      return AssertionSite(range: index..<code.statementEnd(from: index), name: code.text(index + 2))
    }
    guard word.hasPrefix("Should"), word.dropFirst(6).first?.isUppercase == true,
      code.isMark(index - 1, ".") || code.isMark(index - 1, "?."),
      code.isMark(code.afterTypeArguments(index + 1), "(")
    else { return nil }
    var start = index
    while start > 0, !code.isMark(start - 1, ";"), !code.isMark(start - 1, "{"), !code.isMark(start - 1, "}"),
      !code.isMark(start - 1, "=>"), index - start < 60
    {
      start -= 1
      // What follows in the same statement belongs to the first.
      if code.isWord(start), code.text(start).hasPrefix("Should") { return nil }
    }
    return AssertionSite(range: start..<code.statementEnd(from: index), name: word)
  }

  private static let marks: Set = [
    "Fact", "Theory", "Test", "TestMethod", "TestCase", "TestCaseSource", "DataTestMethod", "SkippableFact",
    "Property",
  ]

  func cases(in code: SourceCode, path: TestPath) -> [TestCase] {
    let types = code.types(["class", "struct", "record", "interface"])
    var found: [TestCase] = []
    for index in code.indices where code.isWord(index) && code.isMark(index + 1, "(") {
      guard code.isWord(index - 1) || code.isMark(index - 1, ">") || code.isMark(index - 1, "]"),
        !["new", "return", "await", "else"].contains(code.text(index - 1)),
        !["if", "for", "while", "switch", "foreach", "catch", "using", "lock", "nameof"].contains(
          code.text(index))
      else { continue }
      let close = code.end(of: index + 1)
      let body: Range<Int>
      if code.isMark(close, "{") {
        body = close..<code.end(of: close)
      } else if code.isMark(close, "=>") {
        body = close..<code.statementEnd(from: close)
      } else {
        continue
      }
      var start = index
      // The type before the name, then modifiers and attributes.
      if code.isMark(start - 1, ">") { while start > 0, !code.isMark(start, "<") { start -= 1 } }
      start = code.attributes(before: max(0, start - 1))
      let names = Set(
        code.tokens[start..<index].filter { $0.kind == .word }.map {
          $0.text.hasSuffix("Attribute") ? String($0.text.dropLast(9)) : $0.text
        })
      let isTest = !names.isDisjoint(with: CSharpTests.marks)
      let around = types.filter { $0.body.contains(index) }
      var test = TestCase(
        name: code.text(index), scope: around.map(\.name), line: code.tokens[index].line, isTest: isTest,
        head: start..<body.lowerBound, body: body)
      test.scopeHeads = around.map { code.attributes(before: $0.keyword)..<$0.keyword }
      if isTest {
        if !names.contains("public") { test.hidden = "it is not public" }
        // Its runner hears of nothing that it throws.
        if names.contains("async"), names.contains("void") { test.hidden = "it is 'async void'" }
        if code.places["VisualStudio"] != nil, let owner = around.last,
          !names.isDisjoint(with: ["TestMethod", "DataTestMethod"]),
          !code.tokens[code.attributes(before: owner.keyword)..<owner.keyword].contains(where: {
            $0.isWord("TestClass") || $0.isWord("TestClassAttribute") || $0.isWord("STATestClass")
          })
        {
          test.hidden = "class '\(owner.name)' is no '[TestClass]'"
        }
        if let owner = around.last {
          let modifiers = code.tokens[code.attributes(before: owner.keyword)..<owner.keyword]
          if modifiers.contains(where: { $0.isWord("abstract") }) {
            test.hidden = "class '\(owner.name)' is abstract"
          }
          if !modifiers.contains(where: { $0.isWord("public") }) {
            test.hidden = test.hidden ?? "class '\(owner.name)' is not public"
          }
        }
      }
      found.append(test)
    }
    return found
  }
}
