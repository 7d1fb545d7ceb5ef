/// How tests look in a language: what names one, what asserts, what skips. Line by line, without a parser: a
/// commented-out test does not start its line and so is none.
enum TestLanguage {
  case python, javaScript, java, go, rust, swift, c, ruby

  init?(path: String) {
    switch path.split(separator: "/").last?.split(separator: ".").last ?? "" {
    case "py": self = .python
    case "js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts", "vue", "svelte": self = .javaScript
    case "java", "kt", "kts", "groovy", "scala": self = .java
    case "go": self = .go
    case "rs": self = .rust
    case "swift": self = .swift
    case "c", "cc", "cpp", "cxx", "h", "hpp", "m", "mm", "cs": self = .c
    case "rb": self = .ruby
    default: return nil
    }
  }

  /// Whether a runner looks for tests in a file of that name, or people keep tests there.
  static func isTestFile(path: String) -> Bool {
    var parts = path.split(separator: "/")
    guard let name = parts.popLast() else { return false }
    let directories = ["test", "tests", "__tests__", "spec", "specs", "testing"]
    if parts.contains(where: { directories.contains($0.lowercased()) || $0.hasSuffix("Tests") }) {
      return true
    }
    let stem = name.prefix { $0 != "." }
    if name.contains(".test.") || name.contains(".spec.") || name.contains(".cy.") { return true }
    return ["test_", "Test"].contains { stem.hasPrefix($0) }
      || ["_test", "_tests", "_spec", "Test", "Tests", "TestCase", "Spec", "IT"].contains {
        stem.hasSuffix($0)
      }
  }

  /// Counts what a text holds.
  func inventory(of text: String) -> TestInventory {
    var inventory = TestInventory()
    var isMarked = false
    for line in lines(of: text) {
      let code = line.trimmed
      if code.isEmpty || isComment(code) { continue }
      if skipMark(in: line) != nil { inventory.skipMarks += 1 }
      if assertionWords.contains(where: code.has) { inventory.assertions += 1 }
      let isMark = marks.contains { code.hasPrefix($0) }
      if let name = name(code, isMarked: isMarked || isMark) {
        inventory.names.append(name)
        isMarked = false
      } else if isMark {
        isMarked = true
      }
    }
    return inventory
  }

  /// The mark in a line that keeps a test from running or failing, or `nil`.
  func skipMark(in line: Substring) -> String? {
    var code = line.trimmed
    if isComment(code) && !code.hasPrefix("//go:build ignore") { return nil }
    code = code.before(self == .python || self == .ruby ? " # " : " // ") ?? code
    return skipMarks.first { mark in
      guard let before = code.before(mark) else { return false }
      // `exit(` is no `xit(`.
      guard let last = before.utf8.last, mark.utf8.first.map(isWord) == true else { return true }
      return !isWord(last)
    }
  }

  private func isWord(_ byte: UInt8) -> Bool {
    byte == 0x5F || (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
  }

  private func isComment(_ code: Substring) -> Bool {
    switch self {
    case .python, .ruby: code.hasPrefix("#")
    default: code.hasPrefix("//") || code.hasPrefix("/*") || code.hasPrefix("* ")
    }
  }

  /// Attributes that make the function after them a test.
  private var marks: [String] {
    switch self {
    case .java: ["@Test", "@ParameterizedTest", "@RepeatedTest", "@TestFactory"]
    case .rust: ["#[test]", "#[tokio::test", "#[rstest", "#[async_std::test", "#[test_case"]
    case .swift: ["@Test"]
    case .c: ["[Fact", "[Theory", "[Test", "[TestMethod"]
    default: []
    }
  }

  /// The name of the test that a line declares.
  private func name(_ code: Substring, isMarked: Bool) -> String? {
    switch self {
    case .python:
      let rest = code.dropping("async def ") ?? code.dropping("def ")
      return rest.flatMap { $0.hasPrefix("test") ? $0.before("(").map { String($0) } : nil }
    case .ruby: return literal(code, after: ["it ", "test ", "specify "]) ?? word(code, after: "def test_")
    case .javaScript:
      return literal(
        code,
        after: [
          "it(", "test(", "it.only(", "test.only(", "it.each(", "test.each(", "it.skip(", "test.skip(",
          "xit(", "xtest(", "test.todo(", "it.todo(", "t.test(", "await t.test(", "Deno.test(",
        ])
    case .go:
      return ["func Test", "func Benchmark", "func Fuzz", "func Example"].lazy
        .compactMap { word(code, after: $0) }.first
    case .rust: return isMarked ? word(code, after: "fn ") : nil
    case .swift:
      if isMarked { return word(code, after: "func ") }
      return code.dropping("func test") != nil || code.has(" func test")
        ? word(code, after: "func test") : nil
    case .java, .c:
      for macro in ["TEST(", "TEST_F(", "TEST_P(", "TEST_CASE(", "SCENARIO("] where code.hasPrefix(macro) {
        return String(code)
      }
      if !isMarked { return nil }
      if let name = word(code, after: "fun ") ?? word(code, after: " void ") { return name }
      return code.before("(").flatMap { $0.hasPrefix("@") || $0.hasPrefix("[") ? nil : $0.parts(" ").last }
        .map { String($0) }
    }
  }

  /// The identifier after `start`, which may be anywhere in the line.
  private func word(_ code: Substring, after start: String) -> String? {
    guard let rest = code.after(start) else { return nil }
    if rest.hasPrefix("`") { return rest.dropFirst().before("`").map { String($0) } }
    let name = rest.utf8.prefix(while: isWord)
    let kept = start.parts(after: " ")
    return name.isEmpty && kept.isEmpty ? nil : kept + String(Substring(name))
  }

  /// The string literal that follows one of `starts` at the line's start; without one, the rest of the line.
  private func literal(_ code: Substring, after starts: [String]) -> String? {
    for start in starts {
      guard let rest = code.dropping(start)?.trimmed else { continue }
      guard let quote = rest.first, quote == "'" || quote == "\"" || quote == "`" else { return String(rest) }
      let text = rest.dropFirst()
      return String(text.before(String(quote)) ?? text)
    }
    return nil
  }

  private var assertionWords: [String] {
    switch self {
    case .python: ["assert", "pytest.raises", "pytest.warns", ".fail("]
    case .javaScript: ["expect(", "assert", ".should", "t.is(", "t.deepEqual("]
    case .java: ["assert", "Assert", "verify(", "expect", "should", "fail("]
    case .go: ["t.Error", "t.Fatal", "t.Fail", "assert.", "require.", "Expect("]
    case .rust: ["assert", "panic!", "should_panic", "unwrap()", "expect(", "?;"]
    case .swift: ["#expect", "#require", "XCTAssert", "XCTFail", "XCTUnwrap", "Issue.record"]
    case .c: ["ASSERT", "EXPECT", "assert", "REQUIRE", "CHECK", "Assert.", "Should"]
    case .ruby: ["assert", "expect", "should", "must_"]
    }
  }

  private var skipMarks: [String] {
    switch self {
    case .python:
      [
        "pytest.mark.skip", "pytest.mark.xfail", "pytest.skip(", "pytest.xfail(", "pytest.importorskip(",
        "unittest.skip", "unittest.expectedFailure", "@skip", "@expectedFailure", ".skipTest(",
        "raise SkipTest", "raise unittest.SkipTest", "__test__ = False", "collect_ignore",
      ]
    case .javaScript:
      [
        "it.skip", "test.skip", "describe.skip", "suite.skip", "context.skip", "it.todo", "test.todo",
        "it.only", "test.only", "describe.only", "xit(", "xtest(", "xdescribe(", "fit(", "fdescribe(",
        "test.fixme", "test.fails", "it.fails", "test.failing", "it.failing", "skip: true", "todo: true",
        "t.skip(", "t.todo(", "this.skip(",
      ]
    case .java:
      [
        "@Disabled", "@Ignore", "@EnabledIf", "@DisabledIf", "@DisabledOn", "assumeTrue(", "assumeFalse(",
        "Assume.", "Assumptions.", "enabled = false",
      ]
    case .go: ["t.Skip(", "t.Skipf(", "t.SkipNow(", "b.Skip(", "//go:build ignore"]
    case .rust: ["#[ignore", "#[cfg(any())]", "#[cfg(FALSE)]"]
    case .swift: [".disabled(", "XCTSkip", "withKnownIssue", "XCTExpectFailure", ".enabled(if:"]
    case .c: ["GTEST_SKIP", "DISABLED_", "[!mayfail]", "[.]", "[Ignore", "Skip =", "Assert.Ignore", "SKIP("]
    case .ruby: ["xit ", "xdescribe ", "skip ", "pending ", "skip: ", "pending: ", "xcontext "]
    }
  }
}

extension String {
  /// What follows the last `separator`: the part of `func Test` that belongs to the test's name.
  fileprivate func parts(after separator: Character) -> String {
    lastIndex(of: separator).map { String(self[index(after: $0)...]) } ?? self
  }
}
