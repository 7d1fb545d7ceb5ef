/// What the guards must know of a language: how it is written, what a test is in it, what keeps one from
/// running, what asserts.
protocol TestLanguage: Sendable {
  /// The endings of its files.
  var extensions: [String] { get }
  var dialect: Dialect { get }
  /// Whether runners look for tests in a file of that path by convention.
  func isTestPath(_ path: TestPath) -> Bool
  /// The tests, and the functions that tests may lean on.
  func cases(in code: SourceCode, path: TestPath) -> [TestCase]
  /// Why no runner sees the file's tests, from lines that the lexer takes for comments.
  func hidingComment(in text: String) -> String?
  /// How many examples in comments run as tests, and the lines of those that say that they do not.
  func examples(in text: String) -> (running: Int, silent: [Int])
  /// What the runner compares with by comments, by the names of tests.
  func outputs(in text: String) -> [String: Assertion]
  /// Whether a pattern of `skips` that was met means what it seems to.
  func isSkip(_ code: SourceCode, at index: Int) -> Bool
  /// What keeps tests from running, or from failing.
  var skips: PatternTable { get }
  /// What reaches into the runner itself.
  var hooks: PatternTable { get }
  /// What makes an assertion say nothing.
  var voids: PatternTable { get }
  /// The statement that asserts at the token, or `nil`.
  func assertion(in code: SourceCode, at index: Int) -> AssertionSite?
}

/// Where an assertion stands.
struct AssertionSite {
  /// The tokens of its whole statement.
  var range: Range<Int>
  /// What it is called.
  var name: String
  /// The bracket of its arguments, when it has one.
  var arguments: Int?
  /// Whether it fails when its condition holds (`if got != want { t.Error… }`).
  var isReversed = false
}

extension TestLanguage {
  func hidingComment(in text: String) -> String? { nil }
  func outputs(in text: String) -> [String: Assertion] { [:] }
  func examples(in text: String) -> (running: Int, silent: [Int]) { (0, []) }
  func isSkip(_ code: SourceCode, at index: Int) -> Bool { true }
  var voids: PatternTable { PatternTable([]) }

  /// The usual assertion: a word that begins like one and an opening bracket.
  func assertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    callAssertion(in: code, at: index)
  }

  func callAssertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    guard code.isWord(index), AssertionWords.begins(code.text(index)) else { return nil }
    var open = index + 1
    // Rust's macros, generic arguments, Go's packages.
    if code.isMark(open, "!") { open += 1 }
    if code.isMark(open, "<") {
      var steps = 0
      while steps < 12, !code.isMark(open, ">") {
        open += 1
        steps += 1
      }
      open += 1
    }
    if code.isMark(open, "."), code.isWord(open + 1), code.isMark(open + 2, "<") {
      // `Assert.Throws<T>(…)`
      let close = (open + 3..<min(open + 12, code.tokens.count)).first {
        code.isMark($0, ">") && code.isMark($0 + 1, "(")
      }
      if let close {
        return AssertionSite(
          range: index..<code.statementEnd(from: index), name: code.text(index) + "." + code.text(open + 1),
          arguments: close + 1)
      }
    }
    if code.isMark(open, "."), code.isWord(open + 1), code.isMark(open + 2, "(") {
      let name = code.text(index) + "." + code.text(open + 1)
      return AssertionSite(range: index..<code.statementEnd(from: index), name: name, arguments: open + 2)
    }
    guard code.isMark(open, "(") || code.isMark(open, "{") else { return nil }
    return AssertionSite(
      range: index..<code.statementEnd(from: index), name: code.text(index),
      arguments: code.isMark(open, "(") ? open : nil)
  }
}

/// The path of a file, cut up.
struct TestPath: Hashable {
  var path: String
  var folders: [String]
  var name: String
  /// The name without its last ending.
  var stem: String
  var ending: String

  init(_ path: String) {
    self.path = path
    var parts = path.split(separator: "/").map(String.init)
    let name = parts.popLast() ?? ""
    self.name = name
    folders = parts
    let dot = name.lastIndex(of: ".")
    stem = dot.map { String(name[..<$0]) } ?? name
    ending = dot.map { String(name[name.index(after: $0)...]).lowercased() } ?? ""
  }

  /// Whether it is written in Python.
  var isPython: Bool { TestLanguages.language(of: self) is PythonTests }

  /// Whether it is written in JavaScript or a language that becomes it.
  var isJavaScript: Bool { TestLanguages.language(of: self) is JavaScriptTests }

  private static let testFolders: Set = [
    "test", "tests", "__tests__", "spec", "specs", "unittests", "e2e", "integration_tests",
  ]

  /// Whether people keep tests in one of its folders.
  var isBelowTests: Bool {
    folders.contains {
      TestPath.testFolders.contains($0.lowercased()) || $0.hasSuffix("Tests") || $0.hasSuffix(".Test")
    }
  }

  private static let unseenFolders: Set = [
    "attic", "archive", "archived", "old", "legacy", "disabled", "deprecated", "unused", "backup", "bak",
    "graveyard", "parked", "quarantine", "obsolete", "skipped", "ignored", "node_modules", "build", "dist",
    "vendor", "target", "venv", ".venv", "out", "trash", "removed", "retired", "later", "todo", "off",
  ]

  /// Whether one of its folders is one that runners pass over, or that is named for it.
  var isBelowUnseen: Bool {
    folders.contains { folder in
      folder.hasPrefix(".") || folder.hasPrefix("_") && folder != "__tests__"
        || TestPath.unseenFolders.contains(folder.lowercased())
    }
  }
}

/// The languages, by the ending of a file's name.
enum TestLanguages {
  static let all: [any TestLanguage] = [
    PythonTests(), JavaScriptTests(), SwiftTests(), GoTests(), RustTests(), JavaTests(),
    JavaTests(isGroovy: true), CTests(),
    CSharpTests(),
    RubyTests(), PHPTests(),
  ]

  private static let byEnding: [String: any TestLanguage] = {
    var table: [String: any TestLanguage] = [:]
    for language in all { for ending in language.extensions { table[ending] = language } }
    return table
  }()

  static func language(of path: TestPath) -> (any TestLanguage)? { byEnding[path.ending] }
}

/// How assertions are called, over all languages.
enum AssertionWords {
  private static let starts = [
    "assert", "Assert", "ASSERT", "expect", "Expect", "EXPECT", "XCTAssert", "XCTUnwrap", "XCTFail", "verify",
    "coVerify",
    "check",
    "Check", "CHECK", "REQUIRE", "require", "should", "must_", "wont_", "refute", "ck_assert", "debug_assert",
    "prop_assert", "TEST_ASSERT", "BOOST_CHECK", "BOOST_REQUIRE", "BOOST_TEST", "QCOMPARE", "QVERIFY",
    "flunk", "fail",
    "ensure", "confirm", "validate_", "StringAssert", "CollectionAssert", "FileAssert", "DirectoryAssert",
    "ClassicAssert",
  ]

  static func begins(_ word: String) -> Bool {
    guard let start = starts.first(where: { word.hasPrefix($0) }) else { return false }
    // `checkout` and `failure` only begin alike.
    guard ["check", "fail", "verify", "ensure", "confirm", "require", "should", "Check"].contains(start),
      let next = word.dropFirst(start.count).first
    else { return true }
    return next == "_" || next.isUppercase || next.isNumber
  }

  /// Names, without case and `_`, of those that compare with an expected value.
  private static let equalities: [String] = [
    "equal", "toequal", "tobe", "deepequal", "strictequal", "eq", "eql", "areequal", "same", "isequalto",
    "streq",
    "containsexactly", "tohavebeencalledwith", "calledwith", "calledoncewith", "matcharray", "qcompare",
    "matchsnapshot",
    "matchinlinesnapshot", "tostrictequal", "haslength", "tohavelength", "hassize", "hastostring", "equals",
    "beequal",
    "raises", "throws", "tothrow", "raiseerror", "throw", "expectexception", "shouldbe", "hasmessage",
    "toreturn", "throwsas", "throwswith", "throwsmatches", "throwas",
    "returns", "andreturn", "matches", "regex", "assertis", "count", "tomatch", "contains", "includes",
    "tocontain",
    "almostequal", "closeto", "near", "approx", "isin", "assertin", "isinstance", "tomatchobject",
    "failswith", "arrayequal", "noerror", "erroris", "equalerror", "tobenull", "tobeundefined", "assertnull",
    "assertnone", "isnull", "assertisnone", "equalto", "equivalentto", "sameas",
    "tobeinthedocument", "tobevisible", "tobedisabled", "tobeenabled", "tobechecked", "tohaveclass",
    "tohavevalue", "tohaveattribute", "tohavefocus",
    "tothrowerror", "thrown", "calledtimes", "calledonce", "callcount", "calledexactlyoncewith",
    "calledoncewithexactly", "tohavetextcontent", "tobeemptydomelement", "isundefined", "beundefined",
    "jsonstringequalsjsonstring", "jsoneq", "yamleq", "jsonequals", "expectedresult",
    "intercept", "interceptmessage", "throwsasync", "throwsexactlyasync", "rejectedwith", "assertnil",
    "benil",
    "nil", "null", "bezero", "warns", "andexpect", "andexpectall", "havehttpstatus", "errormatches", "haslen",
    "assertstatus", "tohavetext", "tohaveurl",
    "tohavecount", "tohavetitle", "havefield", "isnil", "iszero", "zero",
    "beempty", "isempty",
    "empty",
  ]

  /// Those of them whose names hold one that compares with a part.
  private static let exact: Set = [
    "containsexactly", "containsexactlyinanyorder", "containsonly", "containsexactlyelementsof",
    "containsexactlyentriesof", "assertthatexceptionoftype", "shouldcontainexactly",
    "shouldcontainexactlyinanyorder", "assertraisesregex", "assertraisesregexp", "assertwarnsregex",
    "containsingle", "shouldhavesingleelement", "tomatchinlinesnapshot", "requirethrowsmatches",
    "checkthrowsmatches", "errormatches",
  ]

  private static let weakOnes: [String] = [
    "anythrow", "true", "truthy", "false", "falsy", "defined", "notnull", "isnotnull", "notnil", "isnotempty",
    "exists", "any",
    "anything", "doesnotthrow", "notthrow", "doesnotraise", "nothrow", "greaterthan", "lessthan", "notequal",
    "isnotnone", "notempty", "notthrown", "notzero", "nonzero", "nonnull",
    "notsame", "notidentical", "notbenull", "notbenil", "notbeempty", "refutenil", "refuteempty",
    "refuteequal", "wontbenil",
    "wontbeempty", "wontequal",
  ]

  private static let bounds = [
    "greaterthan", "lessthan", "greaterorequal", "lessorequal", "atleast", "atmost", "isgreater", "isless",
    "greaterequal", "lessequal", "beabove", "bebelow",
  ]

  private static let nearOnes = [
    "almostequal", "closeto", "near", "approx", "indelta", "bewithin", "plusorminus", "iscloseto", "isin",
    "assertin", "contain", "includes",
    "matchobject", "matches", "tomatch", "regex", "isinstance",
  ]

  /// Whether a stand-in of Python's is asked for its calls.
  static func isOfStandIn(_ word: String) -> Bool {
    ["assert_called", "assert_any", "assert_has", "assert_not", "assert_awaited"].contains {
      word.hasPrefix($0)
    }
  }

  /// Whether a word belongs to an assertion and not to what it is about.
  static func isOwn(_ word: String) -> Bool {
    if begins(word) { return true }
    let plain = plain(word)
    if plain.hasPrefix("called") || plain.hasPrefix("tohavebeencalled") { return true }
    return own.contains(plain) || equalities.contains(plain) && plain.utf8.count > 6
  }

  /// Whether a word compares.
  static func isMatcher(_ word: String) -> Bool {
    let plain = plain(word)
    if word.hasPrefix("Should"), word.dropFirst(6).first?.isUppercase == true { return true }
    return plain == "eq" || plain == "eql" || word == "Be" || word.hasSuffix("Eq")
      || plain.utf8.count >= 4
        && (equalities.contains(plain) || weakOnes.contains(plain) || nearOnes.contains(plain))
  }

  private static let own: Set = [
    "equal", "tobe", "toequal", "deepequal", "strictequal", "deepstrictequal", "tostrictequal", "eq", "eql",
    "ok", "is", "not", "to", "be", "isequalto", "tobedefined", "tobetruthy",
    "notnil", "notnull", "isnotnull", "true", "false", "that", "assert", "t", "self", "assertions", "tothrow",
    "assertj", "beequal", "have", "areequal", "istrue", "isfalse", "len",
    "isnil", "equals", "errormatches",
  ]

  private static func plain(_ word: String) -> String { word.lowercased().filter { $0 != "_" } }

  /// 3: compares with an exact value, 2: with a kind or a part of it, 1: only that there is something.
  static func strength(_ words: [String], hasEquality: Bool) -> Int {
    var best = hasEquality ? 3 : 1
    if words.contains("Be") || words.contains("Len") { best = 3 }
    for word in words.map(plain) {
      // `greaterThanOrEqual` is no equality.
      if bounds.contains(where: { word[...].has($0) }) { continue }
      if weakOnes.contains(where: { word.hasSuffix($0) || word == $0 }), !word.hasSuffix("undefined") {
        continue
      }
      if exact.contains(word) {
        best = 3
        continue
      }
      if nearOnes.contains(where: { word[...].has($0) }) {
        if !hasEquality { best = max(best, 2) }
      } else if equalities.contains(where: { word == $0 || word.hasSuffix($0) }) {
        best = 3
      }
    }
    if words.map(plain).contains(where: {
      nearOnes.prefix(5).contains($0) || $0 == "toBeCloseTo".lowercased() || $0 == "isclose"
        || $0 == "pytestapprox"
    }) {
      best = min(best, 2)
    }
    // `assertThatThrownBy(…).isInstanceOf(E.class)` is what `assertThrows` is.
    let plain = words.map(plain)
    if plain.contains("assertthatthrownby"), plain.contains(where: { $0.hasSuffix("instanceof") }) {
      best = 3
    }
    return best
  }
}
