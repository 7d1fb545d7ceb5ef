/// googletest, Catch2, doctest, Boost.Test, Check, Unity and plain C.
struct CTests: TestLanguage {
  let extensions = ["c", "cc", "cpp", "cxx", "h", "hh", "hpp", "hxx", "m", "mm", "inl", "ipp"]

  let dialect: Dialect = {
    var dialect = Dialect()
    dialect.hasCharacters = true
    dialect.hasPreprocessor = true
    dialect.hasDelimitedStrings = true
    return dialect
  }()

  func isTestPath(_ path: TestPath) -> Bool {
    let stem = path.stem.lowercased()
    return path.isBelowTests || stem.hasPrefix("test") || stem.hasSuffix("test") || stem.hasSuffix("tests")
      || stem.hasSuffix("_spec")
  }

  let skips = PatternTable([
    "GTEST_SKIP (", "GTEST_SKIP", "SKIP (", "TEST_IGNORE", "TEST_IGNORE_MESSAGE", "doctest :: skip (",
    "unit_test :: disabled", "# if", "# ifdef", "# ifndef", "# define * DISABLED_*",
    "return 77", "* disabled", "may_fail (", "should_fail (", "tcase_skip", "ck_abort", "GTEST_FLAG_SET",
    "expected_failures (", "enable_if", "exit ( 77",
  ])

  func isSkip(_ code: SourceCode, at index: Int) -> Bool {
    !code.isMark(index, "#") || !code.holdsOnlyImports(from: index)
  }

  let hooks = PatternTable([
    "exit ( 0", "_exit ( 0", "_Exit ( 0", "quick_exit (", "atexit (", "# define EXPECT_EQ",
    "# define EXPECT_NE", "# define EXPECT_TRUE", "# define EXPECT_FALSE", "# define EXPECT_GT",
    "# define EXPECT_LT", "# define EXPECT_GE", "# define EXPECT_LE", "# define EXPECT_STREQ",
    "# define EXPECT_DOUBLE_EQ", "# define EXPECT_FLOAT_EQ", "# define EXPECT_NEAR", "# define EXPECT_THROW",
    "# define EXPECT_THAT", "# define ASSERT_EQ", "# define ASSERT_NE", "# define ASSERT_TRUE",
    "# define ASSERT_FALSE", "# define ASSERT_GT", "# define ASSERT_LT", "# define ASSERT_GE",
    "# define ASSERT_LE", "# define ASSERT_STREQ", "# define ASSERT_DOUBLE_EQ", "# define ASSERT_FLOAT_EQ",
    "# define ASSERT_NEAR", "# define ASSERT_THROW", "# define ASSERT_THAT", "# define assert",
    "# define CHECK", "# define REQUIRE", "# define CHECK_EQ",
    "# undef EXPECT_*", "# undef ASSERT_*", "# undef assert*", "# undef CHECK*", "# undef REQUIRE*",
    "# define TEST", "# define TEST_F", "# define TEST_CASE", "# undef TEST*", "# define NDEBUG",
    "GTEST_FLAG (", "EmptyTestEventListener", "TestEventListener", "operator == (", "filter ) =", "freopen (",
    "dup2 (", "exit ( EXIT_SUCCESS", "signal ( SIG*", "constructor )", "raise (",
    "int main (", "TerminateHandler", "set_terminate", "longjmp (", "# pragma", "_Pragma", "throw_on_failure",
    "srunner_set*", "std :: exit (", "abort (", "main (", "( void ) RUN_ALL_TESTS",
    "RUN_ALL_TESTS ( ) ; return 0", "return 0 && RUN_ALL_TESTS",
  ])

  let voids = PatternTable([
    "CHECK_NOFAIL (",
    "|| true", "|| 1", "EXPECT_TRUE ( true", "ASSERT_TRUE ( true", "CHECK ( true", "REQUIRE ( true",
    "assert ( 1 )", "assert ( true", "_ )",
  ])

  func assertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    // What a predicate of googletest gives back.
    if code.text(index).hasPrefix("Assertion") { return nil }
    return failing(code, index) ?? callAssertion(in: code, at: index)
  }

  /// `if (got != want) { …; exit(1); }` and `failures++` there: the condition asserts.
  private func failing(_ code: SourceCode, _ index: Int) -> AssertionSite? {
    guard code.isWord(index) else { return nil }
    let word = code.text(index)
    let lower = word.lowercased()
    let isExit =
      ["exit", "_exit", "_Exit", "abort"].contains(word) && code.isMark(index + 1, "(")
      && !["0", "EXIT_SUCCESS", "77"].contains(code.text(index + 2))
    let isCounted =
      (lower.hasPrefix("fail") || lower.hasPrefix("err") || lower.hasSuffix("failures"))
      && (code.isMark(index + 1, "+") && (code.isMark(index + 2, "+") || code.isMark(index + 2, "="))
        || code.isMark(index - 1, "+") && code.isMark(index - 2, "+"))
    guard isExit || isCounted else { return nil }
    var open = index - 1
    while open > 0, !code.isMark(open, "}"), !(code.isMark(open, "{") && code.partner[open] > index) {
      open -= 1
    }
    let closing = code.isMark(index - 1, ")") ? index - 1 : code.isMark(open, "{") ? open - 1 : -1
    guard closing > 0, code.isMark(closing, ")"), code.partner[closing] > 0,
      code.isWord(code.partner[closing] - 1, "if")
    else { return nil }
    return AssertionSite(range: (code.partner[closing] - 1)..<(closing + 1), name: word, isReversed: true)
  }

  /// A function without parameters that asserts, in a program that is its own runner.
  private func isOfProgram(_ code: SourceCode, _ open: Int, _ body: Range<Int>, _ word: String) -> Bool {
    let parameters = code.spelled((open + 1)..<max(open + 1, code.end(of: open) - 1))
    guard parameters.isEmpty || parameters == "void", word != "main",
      (code.places["main"] ?? []).contains(where: { code.isMark($0 + 1, "(") && code.isWord($0 - 1, "int") })
    else { return false }
    return body.contains {
      assertion(in: code, at: $0) != nil || code.isMark($0 + 1, "(") && isAsserting(code.text($0), code, body)
    }
  }

  /// Whether a function only has a test's name: it is given what it looks at, and asserts nothing itself,
  /// such as the self test of a device.
  private func isOfProduct(_ code: SourceCode, _ open: Int, _ body: Range<Int>) -> Bool {
    let parameters = code.arguments(of: open).filter { part in
      // `void **state`, `MunitParameter params[]`
      !part.isEmpty && code.spelled(part) != "void"
        && !part.contains { code.isMark($0, "*") || code.isMark($0, "[") || code.isMark($0, "&") }
        || part.contains { code.isMark($0, "(") }
    }
    return !parameters.isEmpty
      && !body.contains {
        assertion(in: code, at: $0) != nil
          || code.isMark($0 + 1, "(") && isAsserting(code.text($0), code, body)
      }
  }

  /// Whether another function of the file asserts.
  private func isAsserting(_ name: String, _ code: SourceCode, _ body: Range<Int>) -> Bool {
    (code.places[name] ?? []).prefix(64).contains { place in
      guard !body.contains(place), code.isMark(place + 1, "("), code.isWord(place - 1) else { return false }
      let close = code.end(of: place + 1)
      guard code.isMark(close, "{") else { return false }
      return (close..<code.end(of: close)).contains { assertion(in: code, at: $0) != nil }
    }
  }

  private static let macros: Set = [
    "TEST", "TEST_F", "TEST_P", "TYPED_TEST", "TYPED_TEST_P", "TEST_CASE", "SCENARIO", "TEST_CASE_METHOD",
    "BOOST_AUTO_TEST_CASE", "BOOST_FIXTURE_TEST_CASE",
    "START_TEST", "TEST_CASE_FIXTURE", "CTEST", "TEST_METHOD", "Test", "BOOST_DATA_TEST_CASE",
    "TEMPLATE_TEST_CASE", "SECTION", "SUBCASE",
  ]

  func cases(in code: SourceCode, path: TestPath) -> [TestCase] {
    var found: [TestCase] = []
    for index in code.indices where code.isWord(index) && code.isMark(index + 1, "(") {
      let word = code.text(index)
      let close = code.end(of: index + 1)
      if let macro = macro(code, index) {
        found.append(macro)
      } else if CTests.macros.contains(word) {
        guard let open = code.brace(from: close), open - close < 4 else { continue }
        let parts = code.arguments(of: index + 1).map(code.spelled)
        let name =
          word.hasPrefix("T") && word != "TEST_CASE" && parts.count > 1
          ? parts.joined(separator: ".") : parts.first ?? ""
        var test = TestCase(
          name: name, line: code.tokens[index].line, head: index..<open, body: open..<code.end(of: open))
        if word == "SECTION" || word == "SUBCASE" { test.isTest = true }
        // Catch2's tags stand behind the name.
        let tags = parts.dropFirst().joined()
        if parts.contains(where: { $0.hasPrefix("DISABLED_") }) || name.contains("DISABLED_") {
          test.skip = TestCase.Mark(text: "DISABLED_", line: test.line)
        }
        for tag in ["[.]", "[.", "[!mayfail]", "[!shouldfail]", "[hide]", "[!hide]"] where tags.contains(tag)
        { test.skip = TestCase.Mark(text: tag, line: test.line) }
        found.append(test)
      } else if let open = code.brace(from: close), open - close < 3,
        code.isWord(index - 1) || code.isMark(index - 1, "*") || code.isMark(index - 1, "&")
          || code.isMark(index - 1, "::"),
        !["if", "for", "while", "switch", "return", "else", "catch", "new"].contains(word),
        !["return", "else", "new", "define"].contains(code.text(index - 1))
      {
        let isNamed =
          word.hasPrefix("test_") || word.hasSuffix("_test")
          || word.hasPrefix("test") && word.dropFirst(4).first?.isUppercase == true
          || isOfProgram(code, index + 1, open..<code.end(of: open), word)
        let body = open..<code.end(of: open)
        var test = TestCase(
          name: word, line: code.tokens[index].line,
          isTest: isNamed && isTestPath(path) && !isOfProduct(code, index + 1, body), head: index..<open,
          body: body)
        // Plain C calls its tests by name, or lists them.
        if test.isTest, ["c", "m", "cc", "cpp"].contains(path.ending),
          !(code.places[word] ?? []).contains(where: {
            $0 != index && !(code.isMark($0 - 1, "*")) && !test.body.contains($0)
              && !(code.isMark($0 - 1, ")") && code.isWord($0 - 2, "void"))
              && !isDeclaration(code, $0)
          })
        {
          test.hidden = "nothing calls it"
        }
        found.append(test)
      }
    }
    return found
  }

  /// `#define SPANS(from, to, wanted) assert(…)`, `MATCHER_P(IsLong, metres, "") { … }`
  private func macro(_ code: SourceCode, _ index: Int) -> TestCase? {
    let close = code.end(of: index + 1)
    let line = code.tokens[index].line
    if code.isWord(index - 1, "define"), code.isMark(index - 2, "#") {
      var end = close
      while end < code.tokens.count,
        code.tokens[end].line == line || code.tokens[end].indentation == Lexer.continued
      { end += 1 }
      return TestCase(
        name: code.text(index), line: line, isTest: false, head: index..<close, body: close..<end)
    }
    guard code.text(index).hasPrefix("MATCHER"), code.isMark(close, "{"),
      let name = code.arguments(of: index + 1).first
    else { return nil }
    return TestCase(
      name: code.spelled(name), line: line, isTest: false, head: index..<close,
      body: close..<code.end(of: close))
  }

  private func isDeclaration(_ code: SourceCode, _ index: Int) -> Bool {
    guard code.isMark(index + 1, "("), code.isWord(index - 1, "void") || code.isWord(index - 1, "int") else {
      return false
    }
    return true
  }
}
