/// JUnit 3 to 5 and TestNG, in Java, Kotlin, Groovy and Scala.
struct JavaTests: TestLanguage {
  let extensions: [String]
  let dialect: Dialect

  init(isGroovy: Bool = false) {
    extensions = isGroovy ? ["groovy"] : ["java", "kt", "kts", "scala"]
    var dialect = Dialect()
    dialect.hasTripleQuotes = true
    // Groovy's strings may stand in single quotes.
    dialect.hasCharacters = !isGroovy
    if isGroovy { dialect.quotes = Array("\"'".utf8) }
    dialect.backquote = .name
    dialect.interpolation = Array("$".utf8)
    // Kotlin's statements end with their lines; a line that begins with a point goes on.
    dialect.hasLineEnds = true
    self.dialect = dialect
  }

  func isTestPath(_ path: TestPath) -> Bool {
    let stem = path.stem
    return stem.hasPrefix("Test")
      || ["Test", "Tests", "TestCase", "IT", "ITCase", "Spec", "Suite"].contains { stem.hasSuffix($0) }
  }

  let skips = PatternTable([
    "lang . Ignore", "lang . PendingFeature", "lang . IgnoreIf", "lang . Requires",
    "@ Disabled", "Ignore as", "Disabled as", "@ Ignore", "@ Ignored", "@ EnabledIf*", "@ EnabledOn*",
    "@ EnabledFor*", "@ DisabledIf*",
    "@ DisabledOn*",
    "@ DisabledFor*", "@ DisabledIn*", "api . Disabled", "junit . Ignore", "condition . Enabled*",
    "condition . Disabled*", "assumeTrue (", "assumeFalse (",
    "assumeThat (", "assumeNotNull (", "assumeNoException (", "Assume .", "Assumptions .", "enabled = false",
    "SkipException", "TestAbortedException",
    "AssumptionViolatedException", "@ IgnoreIf", "@ Requires", "@ PendingFeature", "assumingThat (",
    "Assumptions . abort (", "@ RunIf",
  ])

  /// What is imported keeps nothing from running until it is used.
  func isSkip(_ code: SourceCode, at index: Int) -> Bool {
    var start = index
    while start > 0, index - start < 16, code.kind(start - 1) != .newline, !code.isMark(start - 1, ";") {
      start -= 1
    }
    guard code.isWord(start, "import") else { return true }
    // By another name nobody knows it.
    return code.tokens[start..<min(code.statementEnd(from: start), start + 24)].contains { token in
      token.isWord("as") || token.isMark("=>")
    }
  }

  let hooks = PatternTable([
    "System . exit (", "halt (", "implements TestExecutionExceptionHandler",
    "implements InvocationInterceptor", "implements ExecutionCondition",
    "implements TestExecutionListener", "implements TestWatcher", "@ ExtendWith", "@ RunWith",
    "@ TestInstance", "extends BlockJUnit4ClassRunner",
    "implements TestRule", "implements MethodRule", "void assertEquals (", "void assertTrue (",
    "void assertFalse (", "void assertThat (", "void assertThrows (", "void assertNotNull (",
    "void assertNull (", "void assertSame (", "void assertArrayEquals (", "void assertAll (",
    "fun assertEquals (", "fun assertTrue (", "fun assertFalse (", "fun assertThat (", "fun assertThrows (",
    "fun assertNotNull (", "fun assertNull (", "fun assertSame (", "fun assertArrayEquals (",
    "fun assertAll (", "static class Assertions", "class Assert ", "class Assertions",
    "boolean equals (", "fun equals (", "exitProcess (", "System . setOut", "System . setErr",
    "Runtime . getRuntime", "@ RegisterExtension", ": TestExecutionExceptionHandler",
    ": TestRule", ": MethodRule",
    "TestExecutionExceptionHandler", "InvocationInterceptor", "ExecutionCondition", "PostDiscoveryFilter",
    "LauncherSession*", "setAccessible", "@ Suite", "@ SelectClasses", "@ Order",
    "IInvokedMethodListener", "IAnnotationTransformer", "@ ExcludeTags", "retryAnalyzer", "MethodOrderer",
    "public @interface Test", "annotation class Test", "@ interface Test",
  ])

  let voids = PatternTable([
    "assertTrue ( true )", "|| true", "assertEquals ( 1 , 1", "any (", "anyString (", "anyInt (",
    "assertThat ( true )",
  ])

  func assertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    if let condition = SpockSpecs.condition(in: code, at: index) { return condition }
    guard code.isWord(index) else { return nil }
    let word = code.text(index)
    if ["intercept", "interceptMessage", "thrownBy"].contains(word) {
      return AssertionSite(range: index..<code.statementEnd(from: index), name: "throws")
    }
    if word == "expected", code.isMark(index + 1, "="),
      code.isMark(index - 1, "(") || code.isMark(index - 1, ",")
    {
      return AssertionSite(range: index..<min(index + 5, code.tokens.count), name: "throws")
    }
    // What EasyMock is told before it is asked.
    if word == "expectLastCall" { return nil }
    // What is asked of an answer of Spring's.
    if ["andExpect", "andExpectAll"].contains(word), code.isMark(index - 1, "."), code.isMark(index + 1, "(")
    {
      return AssertionSite(range: index..<code.end(of: index + 1), name: word, arguments: index + 1)
    }
    if word == "expectedExceptions", code.isMark(index + 1, "=") {
      return AssertionSite(range: index..<expectedEnd(code, index), name: "throws")
    }
    let isInfix = [.word, .number, .string].contains(code.kind(index + 1))
    if word.hasPrefix("should"), isInfix || code.isMark(index - 1, ".") && code.isMark(index + 1, "("),
      word.count > 6 || code.isWord(index + 1) && code.isMark(index + 2, "(")
    {
      var start = index
      while start > 0, code.kind(start - 1) != .newline, !code.isMark(start - 1, "{"),
        !code.isMark(start - 1, ";")
      { start -= 1 }
      return AssertionSite(range: start..<code.statementEnd(from: index), name: word)
    }
    return callAssertion(in: code, at: index)
  }

  /// Where TestNG's `expectedExceptions = E.class, expectedExceptionsMessageRegExp = "…"` ends.
  private func expectedEnd(_ code: SourceCode, _ index: Int) -> Int {
    var position = index
    while position < code.tokens.count, !code.isMark(position, ")"), !code.isMark(position, ";") {
      if code.isMark(position, ","), !code.text(code.next(after: position)).hasPrefix("expectedExceptions") {
        break
      }
      position = code.partner[position] > position ? code.partner[position] + 1 : position + 1
    }
    return position
  }

  private static let marks: Set = [
    "Test", "ParameterizedTest", "RepeatedTest", "TestFactory", "TestTemplate", "Property",
  ]

  func cases(in code: SourceCode, path: TestPath) -> [TestCase] {
    let types = code.types(["class", "object", "interface", "enum", "record", "trait"])
    var found: [TestCase] = []
    for (name, index, body) in methods(code) {
      let start = code.attributes(before: declarationStart(code, index))
      let head = start..<body.lowerBound
      let attributes = code.tokens[start..<index]
      let around = types.filter { $0.body.contains(index) }
      let names = annotations(code, start..<index)
      let isOld =
        name.hasPrefix("test")
        && around.last.map { code.spelled($0.keyword..<$0.body.lowerBound).contains("TestCase") } == true
      let isTest = !names.isDisjoint(with: JavaTests.marks) || isOld
      var test = TestCase(
        name: name, scope: around.map(\.name), line: code.tokens[index].line, isTest: isTest, head: head,
        body: body)
      test.scopeHeads = around.map { code.attributes(before: $0.keyword)..<$0.keyword }
      if isTest {
        if attributes.contains(where: {
          $0.isWord("private") || $0.isWord("static") && !names.contains("TestFactory")
        }) {
          test.hidden = "it is private or static"
        }
        if attributes.contains(where: { $0.isWord("abstract") }) { test.hidden = "it is abstract" }
        for (position, type) in around.enumerated() {
          let head = code.attributes(before: type.keyword)..<type.keyword
          let modifiers = code.tokens[head]
          if modifiers.contains(where: { $0.isWord("abstract") }) {
            test.hidden = "class '\(type.name)' is abstract"
          }
          let isNested =
            annotations(code, head).contains("Nested") || modifiers.contains { $0.isWord("static") }
            || code.isWord(type.keyword, "object")
          if position > 0, !isNested { test.hidden = "class '\(type.name)' is not collected" }
          if modifiers.contains(where: { $0.isWord("private") }) {
            test.hidden = "class '\(type.name)' is private"
          }
        }
      }
      found.append(test)
    }
    switch path.ending {
    case "kt": return found + KotestSpecs(code).found
    case "scala": return found + ScalaSpecs(code).found
    case "groovy": return found + SpockSpecs.features(code)
    default: return found
    }
  }

  private func annotations(_ code: SourceCode, _ range: Range<Int>) -> Set<String> {
    var names: Set<String> = []
    for index in range where code.isMark(index, "@") {
      var position = index + 1
      while code.isMark(position + 1, "."), code.isWord(position + 2) { position += 2 }
      names.insert(code.text(position))
    }
    return names
  }

  /// The start of the type before a method's name.
  private func declarationStart(_ code: SourceCode, _ index: Int) -> Int {
    var start = index
    if code.isWord(index - 1, "fun") { return index - 1 }
    while start > 0 {
      let before = code.previous(before: start)
      guard before >= 0 else { break }
      let isType =
        code.isWord(before) && !code.isMark(before - 1, "@")
        || ["<", ">", ",", "?", "."].contains(code.text(before)) && code.kind(before) == .mark
          && start == index - 1
        || code.isMark(before, ">") || code.isMark(before, "]") && code.isMark(before - 1, "[")
      guard isType, !code.isMark(before, ")") else { break }
      if code.isMark(before, ">") {
        var position = before
        while position > 0, !code.isMark(position, "<") { position -= 1 }
        start = position
      } else if code.isMark(before, "]") {
        start = before - 1
      } else {
        start = before
        if ["public", "private", "protected", "static", "void"].contains(code.text(before)) { continue }
        break
      }
    }
    return start
  }

  private static let noMethods: Set = [
    "if", "for", "while", "switch", "catch", "synchronized", "new", "return", "when", "try", "super", "this",
    "else",
  ]

  /// Kotlin's `fun Crossing.shouldCost(`, `fun List<Crossing>?.total(`
  private func extends(_ code: SourceCode, _ index: Int) -> Bool {
    guard code.isMark(index - 1, ".") || code.isMark(index - 1, "?.") else { return false }
    return (max(0, index - 14)..<index).contains { place in
      code.isWord(place, "fun")
        && (place + 1..<index).allSatisfy {
          code.isWord($0) || code.kind($0) == .mark && !["(", "{", "}", ";", "="].contains(code.text($0))
        }
    }
  }

  private func methods(_ code: SourceCode) -> [(String, Int, Range<Int>)] {
    var found: [(String, Int, Range<Int>)] = []
    for index in code.indices where code.isWord(index) && code.isMark(index + 1, "(") {
      let isExtension = extends(code, index)
      let before = isExtension ? "fun" : code.text(index - 1)
      let isFunction = before == "fun"
      if JavaTests.noMethods.contains(code.text(index)) || before == "new" || before == "." || before == "@" {
        continue
      }
      guard
        isFunction || code.isWord(index - 1) && !JavaTests.noMethods.contains(before) || before == ">"
          || before == "]"
      else { continue }
      let close = code.end(of: index + 1)
      var position = close
      // `throws A, B`, `: Unit`, `= runTest`
      var steps = 0
      while steps < 14, position < code.tokens.count, !code.isMark(position, "{"),
        !code.isMark(position, ";"), !code.isMark(position, "}")
      {
        if code.kind(position) == .newline, !code.isWord(code.next(after: position), "throws"),
          !code.isMark(code.next(after: position), "{")
        {
          break
        }
        position += 1
        steps += 1
      }
      if code.isMark(position, "{"), isFunction, code.isMark(position - 1, "=") {
        // `fun adds() = { … }` gives back a block that nobody runs.
        found.append((code.text(index), index, position..<position))
      } else if code.isMark(position, "{") {
        found.append((code.text(index), index, position..<code.end(of: position)))
      } else if isFunction,
        let equals = (close..<min(close + 6, code.tokens.count)).first(where: { code.isMark($0, "=") })
      {
        found.append((code.text(index), index, equals..<code.statementEnd(from: equals)))
      }
    }
    return found
  }
}
