/// pytest and unittest.
struct PythonTests: TestLanguage {
  let extensions = ["py", "pyi"]

  /// Why no runner runs a coroutine, unless its settings say that it does.
  static let unawaited = "it is a coroutine, and nothing here awaits it"

  let dialect: Dialect = {
    var dialect = Dialect()
    dialect.lineComments = ["#"]
    dialect.hasBlockComments = false
    dialect.quotes = Array("\"'".utf8)
    dialect.hasTripleQuotes = true
    dialect.hasLineEnds = true
    return dialect
  }()

  func isTestPath(_ path: TestPath) -> Bool {
    path.stem.hasPrefix("test_") || path.stem.hasSuffix("_test") || path.stem == "test"
      || path.stem == "tests"
      || path.stem.hasPrefix("test")
  }

  let skips = PatternTable([
    "mark . skip", "mark . skipif", "mark . xfail", "pytest . skip (", "pytest . xfail (",
    "pytest . importorskip (",
    "unittest . skip", "unittest . skipIf", "unittest . skipUnless", "unittest . expectedFailure", "@ skip",
    "@ skipIf", "@ skipUnless", "@ skipif", "@ xfail", "@ expectedFailure", ". skipTest (", "SkipTest",
    "raise Skipped",
    "__test__ = False", "__test__ = None", "__test__ = 0", "collect_ignore", "collect_ignore_glob",
    "skip . Exception",
    "add_marker (", "importorskip (", "expectedFailure", "@ unittest . skip", "@ pytest . mark . skip",
    "@ pytest . mark . skipif", "@ pytest . mark . xfail", "__unittest_skip__",
  ])

  let hooks = PatternTable([
    ". TestCase . assert* =", "TestCase . assert* =",
    "def pytest_collection*", "def pytest_runtest*", "def pytest_ignore*", "def pytest_session*",
    "def pytest_terminal*",
    "def pytest_report*", "def pytest_pyfunc*", "def pytest_make*", "def pytest_item*", "def pytest_collect*",
    "def pytest_generate*", "def pytest_exception*", "def pytest_assert*", "def pytest_unconfigure",
    "def pytest_cmdline*",
    "def pytest_deselected", "def pytest_fixture_*", "def pytest_load*", "def pytest_markeval*",
    "def pytest_logreport*",
    "def load_tests", "load_tests =", "os . _exit (", "_exit (", "os . kill (", "pytest . exit (",
    "sys . exit ( 0",
    "sys . exit (  )", "atexit . register", "exitstatus =", ". ret =", "TestCase . run", "TestCase . assert*",
    "def run ( self", "unittest . TestCase =", "pytest . raises =", "builtins .", "def assertEqual (",
    "def assertTrue (", "def assertFalse (", "def assertRaises (", "def assertIn (", "def assertIs (",
    "def assertIsNone (", "def assertAlmostEqual (", "def assertListEqual (", "def assertDictEqual (",
    "def assertCountEqual (", "def assertIsInstance (", "def assertNotEqual (",
    "sys . modules [", "globals ( )", "vars ( )", "locals ( )", "setattr (", "exec (", "eval (",
    "sys . exit = ",
    "sys . settrace", "shouldstop =", "shouldfail =", "python_files", "testsfailed =",
    "def __eq__ ( #w , #w ) : return True",
    "def __eq__", "optimize", "sys . excepthook", "class TestCase", "import_module =", "SystemExit ( 0 )",
    "raise SystemExit",
    "shortrepr", "[ : 0 ]", "[ : 1 ]", "[ 0 : 0 ]", ". outcome =", ". failures = ", ". errors =",
    ". wasSuccessful", "addFailure", "addError", "stats [",
    "longrepr", "exit = False", "self . assert* =", "cls . assert* =",
  ])

  let voids = PatternTable([
    "or True", "or 1", "assert True", "mock . ANY", "assertTrue ( True )", "assert 1",
    "assert not False", "assert not None",
  ])

  /// The condition of `if got != want: pytest.fail(…)`, and of one that raises an `AssertionError`.
  private func failing(_ code: SourceCode, _ index: Int) -> Range<Int>? {
    var start = index
    if code.isWord(index, "fail"), code.isMark(index - 1, "."), code.isMark(index + 1, "(") {
      start = index - 2
    } else if !(code.isWord(index, "raise") && code.isWord(index + 1, "AssertionError")) {
      return nil
    }
    let colon = code.previous(before: start)
    guard colon > 0, code.isMark(colon, ":") else { return nil }
    var first = colon
    while first > 0, code.kind(first - 1) != .newline { first -= 1 }
    return code.isWord(first, "if") ? first..<colon : nil
  }

  func assertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    if code.isWord(index, "assert") {
      // `assert (x == 1, "…")` is a tuple, and always true.
      let isTuple =
        code.isMark(index + 1, "(") && code.arguments(of: index + 1).count > 1
        && code.kind(code.end(of: index + 1)) == .newline
      let end = code.statementEnd(from: index)
      return isTuple
        ? AssertionSite(range: index..<(index + 1), name: "assert")
        : AssertionSite(range: index..<end, name: "assert")
    }
    if let condition = failing(code, index) {
      return AssertionSite(range: condition, name: "fail", isReversed: true)
    }
    // What nose calls an assertion.
    if ["eq_", "ok_"].contains(code.text(index)), code.isWord(index), code.isMark(index + 1, "("),
      code.places["nose"] != nil
    {
      return AssertionSite(
        range: index..<code.end(of: index + 1), name: code.text(index), arguments: index + 1)
    }
    if code.isWord(index, "raises") || code.isWord(index, "warns"), code.isMark(index + 1, "(") {
      return AssertionSite(range: index..<code.end(of: index + 1), name: "raises", arguments: index + 1)
    }
    if code.isWord(index), code.text(index).hasPrefix("assert"), code.isMark(index + 1, "(") {
      // `mailer.send.assert_called_once_with("ann")` is about what stands in front.
      var start = index
      if AssertionWords.isOfStandIn(code.text(index)) {
        while code.isMark(start - 1, "."), code.isWord(start - 2) { start -= 2 }
      }
      return AssertionSite(
        range: start..<code.end(of: index + 1), name: code.text(index), arguments: index + 1)
    }
    return callAssertion(in: code, at: index)
  }

  func cases(in code: SourceCode, path: TestPath) -> [TestCase] {
    var reader = PythonReader(code: code)
    reader.read(0..<code.tokens.count, scope: [], class: nil, hidden: nil, isInFunction: false)
    return reader.finish()
  }
}

private struct PythonReader {
  let code: SourceCode
  var found: [TestCase] = []
  private var removed: [String: String] = [:]
  /// What was found in the last class of a name in a place.
  private var classes: [String: Range<Int>] = [:]

  struct Class {
    var name: String
    var isCollected: Bool
    var isCase = false
  }

  init(code: SourceCode) { self.code = code }

  mutating func finish() -> [TestCase] {
    // A later definition of the same name in the same place takes the earlier one's.
    var seen: [String: Int] = [:]
    for index in found.indices where found[index].isTest {
      let name = found[index].fullName
      if let earlier = seen[name], found[earlier].hidden == nil {
        found[earlier].hidden = "another '\(found[index].name)' takes its place"
      }
      seen[name] = index
      if let reason = removed[found[index].name], found[index].hidden == nil { found[index].hidden = reason }
    }
    return found
  }

  mutating func read(
    _ range: Range<Int>, scope: [String], class owner: Class?, hidden: String?, isInFunction: Bool
  ) {
    var index = range.lowerBound
    var head: Int?
    while index < range.upperBound {
      let token = code.tokens[index]
      let isFirst = index == range.lowerBound || code.kind(index - 1) == .newline
      guard isFirst, token.kind != .newline else {
        index += 1
        continue
      }
      switch token.text {
      case "@" where token.kind == .mark:
        if head == nil { head = index }
        index = code.statementEnd(from: index)
        continue
      case "async" where code.isWord(index + 1, "def"), "def":
        let word = token.text == "async" ? index + 1 : index
        let block = code.indentedBlock(after: word, deeperThan: token.indentation)
        add(word, head: head ?? index, block: block, scope: scope, owner, hidden, isInFunction)
        index = max(index + 1, block.upperBound)
      case "class":
        let block = code.indentedBlock(after: index, deeperThan: token.indentation)
        let name = code.text(index + 1)
        let bases =
          code.isMark(index + 2, "(")
          ? code.spelled((index + 3)..<max(index + 3, code.end(of: index + 2) - 1)) : ""
        let isCase = bases.contains("TestCase") || bases.contains("Test") || bases.contains("Case")
        let hasInit = block.contains {
          code.isWord($0, "__init__") && code.isWord($0 - 1, "def")
            && code.tokens[$0].indentation == code.tokens[block.lowerBound].indentation
        }
        let collected = isCase || name.hasPrefix("Test") && !hasInit
        let start = found.count
        read(
          block, scope: scope + [name], class: Class(name: name, isCollected: collected, isCase: isCase),
          hidden: isInFunction ? "it stands inside a function" : hidden, isInFunction: false)
        // A later class of the same name in the same place takes the earlier one's.
        let place = (scope + [name]).joined(separator: "\u{0}") + "\u{0}\(token.indentation)"
        for position in classes[place] ?? 0..<0 where found[position].hidden == nil {
          found[position].hidden = "another class '\(name)' takes its class's place"
        }
        if !isInFunction, hidden == nil { classes[place] = start..<found.count }
        // The class's own marks are its tests' too.
        if let head {
          for position in start..<found.count { found[position].scopeHeads.append(head..<index) }
        }
        index = max(index + 1, block.upperBound)
      case "if", "while", "elif", "else", "try", "except", "finally", "with", "for":
        let block = code.indentedBlock(after: index, deeperThan: token.indentation)
        read(
          block, scope: scope, class: owner, hidden: hidden ?? condition(index), isInFunction: isInFunction)
        index = max(index + 1, block.upperBound)
      case "del":
        if code.text(index + 1).hasPrefix("test") || code.text(index + 1).hasPrefix("Test") {
          removed[code.text(index + 1)] = "it is deleted again"
        }
        index = code.statementEnd(from: index)
      default:
        if token.kind == .word, code.isMark(index + 1, "="), token.text.hasPrefix("test"),
          owner == nil || true
        {
          removed[token.text] = "its name is given to something else"
        }
        index = max(index + 1, code.statementEnd(from: index))
      }
      head = nil
    }
  }

  /// A decorator of this file that does not call what it is given.
  private func droppingDecorator(_ head: Range<Int>) -> String? {
    for index in head where code.isMark(index, "@") && code.kind(index + 2) == .newline {
      let name = code.text(index + 1)
      let place = (code.places[name] ?? []).first { code.isWord($0 - 1, "def") && code.isMark($0 + 1, "(") }
      guard let place, code.isWord(place + 2) else { continue }
      let function = code.text(place + 2)
      let block = code.indentedBlock(after: place, deeperThan: code.tokens[place - 1].indentation)
      if !block.contains(where: { code.isWord($0, function) }) { return name }
    }
    return nil
  }

  /// Whether something in the file awaits coroutines: a mark, a test case for them, a setting of it.
  private func isAwaited(_ head: Range<Int>, _ owner: Class?) -> Bool {
    let words = [
      "asyncio", "anyio", "trio", "pytest_asyncio", "IsolatedAsyncioTestCase", "inline_callbacks", "tornado",
      "AsyncTestCase", "gen_test", "aiohttp", "unittest_run_loop", "pytestmark", "sync_to_async", "asynctest",
      "AsyncHTTPTestCase", "inlineCallbacks", "curio", "TestCase",
    ]
    if let owner, owner.isCase { return true }
    return head.contains { code.isMark($0, "@") }
      && head.contains { code.isWord($0) && words.contains(code.text($0)) }
      || (code.places["pytestmark"] ?? []).contains { place in
        code.tokens[place..<min(place + 12, code.tokens.count)].contains {
          words.contains($0.text) && $0.text != "pytestmark"
        }
      }
  }

  private func condition(_ index: Int) -> String? {
    guard code.isWord(index, "if") || code.isWord(index, "while") else { return nil }
    let text = code.tokens[(index + 1)..<min(index + 9, code.tokens.count)].prefix {
      !$0.isMark(":") && $0.kind != .newline
    }.map(\.text).joined(separator: " ")
    let never = [
      "False", "0", "None", "TYPE_CHECKING", "not True", "typing . TYPE_CHECKING", "1 == 2", "( False )",
      "1 > 2", "\"\"", "",
    ]
    if never.contains(text) { return "it stands under 'if \(text)'" }
    if text.hasPrefix("__name__ ==") { return "a runner that imports its file does not see it" }
    return "it stands under a condition"
  }

  private mutating func add(
    _ word: Int, head: Int, block: Range<Int>, scope: [String], _ owner: Class?, _ hidden: String?,
    _ isInFunction: Bool
  ) {
    let name = code.text(word + 1)
    let isNamed = name.hasPrefix("test")
    var test = TestCase(
      name: name, scope: scope, line: code.tokens[word].line,
      isTest: isNamed && !(isInFunction && owner == nil && false), head: head..<block.lowerBound,
      body: block, isIndented: true)
    if isNamed {
      test.hidden = hidden
      if isInFunction { test.hidden = "it stands inside a function" }
      if let name = droppingDecorator(head..<word) { test.hidden = "its decorator '\(name)' never calls it" }
      if code.isWord(word - 1, "async"), !isAwaited(head..<word, owner) {
        test.hidden = PythonTests.unawaited
      }
      // pytest skips them, and unittest never runs what they hold; nose did.
      if code.places["nose"] == nil, block.contains(where: { code.isWord($0, "yield") }),
        !block.contains(where: { code.isWord($0, "def") })
      {
        test.hidden = "it is a generator, which no runner runs"
      }
      if let owner, !owner.isCollected { test.hidden = "class '\(owner.name)' is not collected" }
      let decorators = (head..<word).filter { code.isMark($0, "@") }
      if decorators.contains(where: {
        ["property", "staticmethod", "fixture"].contains(code.text($0 + 1)) || code.isWord($0 + 3, "fixture")
      }), !decorators.contains(where: { code.isWord($0 + 1, "staticmethod") }) {
        test.hidden = "it is no function to the runner"
      }
    }
    found.append(test)
    if !isNamed || !isInFunction {
      read(block, scope: scope + [name], class: nil, hidden: nil, isInFunction: true)
    }
  }
}
