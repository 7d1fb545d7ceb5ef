/// XCTest and Swift Testing.
struct SwiftTests: TestLanguage {
  let extensions = ["swift"]

  let dialect: Dialect = {
    var dialect = Dialect()
    dialect.nestsComments = true
    dialect.hasTripleQuotes = true
    dialect.backquote = .name
    dialect.hasHashStrings = true
    dialect.hasPreprocessor = true
    dialect.interpolation = Array("\\".utf8)
    dialect.hasLineEnds = true
    dialect.nameBytes = Array("$".utf8)
    return dialect
  }()

  func isTestPath(_ path: TestPath) -> Bool {
    if path.folders.contains(where: { $0.hasSuffix("Tests") || $0 == "Tests" || $0.hasSuffix("Test") }) {
      return true
    }
    // What stands among the sources is in no test target.
    if path.folders.contains("Sources") { return false }
    return path.stem.hasSuffix("Tests")
      || path.stem.hasSuffix("Test") || path.stem.hasSuffix("Spec")
  }

  let skips = PatternTable([
    ". disabled (", "XCTSkip", "XCTSkipIf", "XCTSkipUnless", "withKnownIssue", "XCTExpectFailure",
    ". enabled (", ". enabled {", ". disabled {", "# if",
    ". tags (", "Test . cancel (", "@ available ( * , unavailable", ". hidden", "cancel (",
    "isInverted = true",
  ])

  /// What a machine with tests on it can import.
  private static let everywhere: Set = [
    "Testing", "XCTest", "Foundation", "FoundationEssentials", "FoundationNetworking",
  ]

  func isSkip(_ code: SourceCode, at index: Int) -> Bool {
    // What can be imported is there.
    if code.isMark(index, "#"), code.isWord(index + 2, "canImport"), code.isMark(index + 3, "(") {
      if SwiftTests.everywhere.contains(code.text(index + 4)), code.isMark(index + 5, ")") { return false }
    }
    return !code.isMark(index, "#") || !code.holdsOnlyImports(from: index)
  }

  let hooks = PatternTable([
    "exit ( 0", "_exit ( 0", "_Exit ( 0", "quick_exit", "override func record", "override func invokeTest",
    "override func perform (",
    "override func run (", "XCTestObservation", "func XCTAssertEqual", "func XCTAssertTrue",
    "func XCTAssertFalse", "func XCTAssert (", "func XCTAssertNil", "func XCTAssertThrowsError", "func ==",
    "macro expect", "override class func setUp",
    "func record (", "static func ==", "atexit (", "defaultTestSuite", "continueAfterFailure",
    "override class var",
    "freopen (", "dup2 (", "func XCTFail", "func XCTUnwrap", "macro require",
  ])

  private static let plainParents: Set = ["NSObject", "Sendable", "@", "unchecked", "Equatable", "Hashable"]

  let voids = PatternTable([
    "# expect ( true", "# expect ( Bool ( true", "XCTAssert ( true", "XCTAssertTrue ( true", "|| true",
    "XCTAssertEqual ( 1 , 1",
    "XCTAssertTrue ( 1 == 1",
  ])

  func assertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    guard code.isWord(index) else { return nil }
    let word = code.text(index)
    if word == "expect" || word == "require", code.isMark(index - 1, "#") {
      let open = code.isMark(index + 1, "(") ? index + 1 : nil
      return AssertionSite(range: index..<code.statementEnd(from: index), name: word, arguments: open)
    }
    if word == "record", code.isMark(index - 1, "."), code.isWord(index - 2, "Issue") {
      return AssertionSite(range: (index - 2)..<code.statementEnd(from: index), name: word)
    }
    if word == "confirmation", code.isMark(index + 1, "(") || code.isMark(index + 1, "{") {
      return AssertionSite(range: index..<code.statementEnd(from: index), name: word)
    }
    // `expectation(description:)` expects nothing of a value.
    if word.hasPrefix("expectation") { return nil }
    return callAssertion(in: code, at: index)
  }

  func cases(in code: SourceCode, path: TestPath) -> [TestCase] {
    let types = code.types(["class", "struct", "extension", "enum", "actor"])
    let functions = code.functions("func")
    let specs = code.places["QuickSpec"] != nil ? NestedSpecs.quick.cases(in: code) : []
    return specs
      + functions.map { function in
        let around = types.filter { $0.body.contains(function.index) }
        let attributes = code.tokens[function.head.lowerBound..<max(function.head.lowerBound, function.index)]
        let isModern = zip(attributes, attributes.dropFirst()).contains {
          $0.isMark("@") && $1.isWord("Test")
        }
        let owner = around.last
        let header = owner.map { code.tokens[$0.keyword..<$0.body.lowerBound].map(\.text) } ?? []
        let isOld = function.name.hasPrefix("test")
        var test = TestCase(
          name: function.name, scope: around.map(\.name), line: code.tokens[function.index].line,
          isTest: isModern || isOld && owner != nil,
          head: function.head, body: function.body)
        test.scopeHeads = around.map { code.attributes(before: $0.keyword)..<$0.keyword }
        if test.isTest, !isModern {
          if attributes.contains(where: { ["private", "fileprivate", "static"].contains($0.text) }) {
            test.hidden = "it is private or static"
          }
          if owner.map({ code.text($0.keyword) }) == "struct"
            || owner.map({ code.text($0.keyword) }) == "enum"
          {
            test.hidden = "'\(owner?.name ?? "")' is no class"
          }
          let parents = header.split(separator: ":").dropFirst().flatMap { $0 }.filter {
            $0 != "," && $0 != "\n"
          }
          if code.text(owner?.keyword ?? -1) == "class", parents.allSatisfy(SwiftTests.plainParents.contains)
          {
            test.hidden = "class '\(owner?.name ?? "")' is no test case"
          }
          if code.isMark(function.index + 2, "("), code.end(of: function.index + 2) > function.index + 4 {
            test.hidden = "it takes parameters"
          }
          if let owner,
            code.tokens[code.attributes(before: owner.keyword)..<owner.keyword].contains(where: {
              $0.isWord("private") || $0.isWord("fileprivate")
            })
          {
            test.hidden = "its class is private"
          }
        }
        if test.isTest, functions.contains(where: { $0.body.contains(function.index) }) {
          test.hidden = "it stands inside a function"
        }
        return test
      }
  }
}
