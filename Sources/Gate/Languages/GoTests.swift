/// `go test`, with testify and Gomega.
struct GoTests: TestLanguage {
  let extensions = ["go"]

  let dialect: Dialect = {
    var dialect = Dialect()
    dialect.backquote = .raw
    dialect.hasCharacters = true
    dialect.hasLineEnds = true
    return dialect
  }()

  private static let systems: Set = [
    "windows", "darwin", "linux", "freebsd", "netbsd", "openbsd", "plan9", "solaris", "js", "wasip1", "aix",
    "android",
    "ios", "dragonfly", "illumos", "amd64", "arm64", "386", "arm", "wasm", "ppc64", "ppc64le", "s390x",
    "riscv64",
    "mips", "mips64", "loong64",
  ]

  func isTestPath(_ path: TestPath) -> Bool {
    guard path.stem.hasSuffix("_test"), !path.name.hasPrefix("_"), !path.name.hasPrefix(".") else {
      return false
    }
    if path.folders.contains(where: { $0 == "testdata" || $0.hasPrefix("_") || $0.hasPrefix(".") }) {
      return false
    }
    let words = path.stem.dropLast(5).split(separator: "_").dropFirst()
    return !words.suffix(2).contains { GoTests.systems.contains(String($0)) }
  }

  func hidingComment(in text: String) -> String? {
    for line in lines(of: text) {
      let code = line.trimmed
      if code.hasPrefix("package ") { return nil }
      if code.hasPrefix("//go:build ") || code.hasPrefix("// +build ") { return "'\(code)'" }
    }
    return nil
  }

  /// `// Output: …` at the end of an example: without it, or with nothing behind it, nothing is compared.
  func outputs(in text: String) -> [String: Assertion] {
    var found: [String: Assertion] = [:]
    var name: String?
    var told: [String]?
    var start = 0
    for (index, line) in lines(of: text).enumerated() {
      let code = line.trimmed
      if let rest = code.dropping("func Example") {
        name = "Example" + (rest.before("(") ?? "")
        told = nil
      } else if let current = name, line == "}" {
        if let told, !told.joined().isEmpty {
          found[current] = Assertion(
            line: start, name: "Output", shape: "Output", literals: told.filter { !$0.isEmpty },
            words: ["output"], strength: 3,
            isNegative: false, looseness: [])
        }
        name = nil
      } else if name != nil, code.hasPrefix("//") {
        let words = code.dropFirst(2).trimmed
        if let rest = words.dropping("Output:") ?? words.dropping("Unordered output:") {
          told = [String(rest.trimmed)]
          start = index + 1
        } else {
          told?.append(String(words))
        }
      }
    }
    return found
  }

  let skips = PatternTable([
    ". Skip (", ". Skipf (", ". ExpectFailure (", ". SkipNow (", "testing . Short (", "runtime . Goexit (",
    "runtime . GOOS",
    "os . Getenv (",
  ])

  let hooks = PatternTable([
    "func TestMain (", "os . Exit (", "os . Stdout =", "os . Stderr =", "syscall . Exit (", "log . Fatal",
    "func init (", "recover (",
    "flag . Set (", "type testing", "syscall . Kill", "os . Args =", "flag . CommandLine", "unsafe .",
    "linkname", "new ( testing . T )", "& testing . T {", "testing . T { }",
  ])

  let voids = PatternTable([
    "false &&", "&& false", "assert . True ( t , true )", "require . True ( t , true )",
  ])

  func assertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    guard code.isWord(index) else { return nil }
    let word = code.text(index)
    if ["Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow"].contains(word), code.isMark(index - 1, "."),
      code.isMark(index + 1, "("),
      ["t", "b", "tb", "f", "tt", "testing", "T"].contains(code.text(index - 2))
        || word != "Error" && !["fmt", "log", "errors"].contains(code.text(index - 2))
          && GoTests.embedsRunner(code)
    {
      return failing(code, index)
    }
    if ["assert", "require", "is", "qt", "td"].contains(word), code.isMark(index + 1, "."),
      code.isWord(index + 2),
      code.isMark(index + 3, "(")
    {
      return AssertionSite(
        range: index..<code.statementEnd(from: index), name: code.text(index + 2), arguments: index + 3)
    }
    // gocheck's `c.Assert(got, Equals, want)`, and testify's suites.
    if code.isMark(index - 1, "."), code.isMark(index + 1, "("),
      ["Assert", "Check"].contains(word) && code.text(index - 2) == "c" && GoTests.isChecked(code)
        || code.places["suite"] != nil && GoTests.isOfSuite(code, index)
    {
      return AssertionSite(range: index..<code.statementEnd(from: index), name: word, arguments: index + 1)
    }
    if ["Expect", "Ω", "Eventually"].contains(word), code.isMark(index + 1, "(") {
      return AssertionSite(range: index..<code.statementEnd(from: index), name: word, arguments: index + 1)
    }
    return word.hasPrefix("assert") || word.hasPrefix("check") || word.hasPrefix("require")
      || word.hasPrefix("verify")
      ? callAssertion(in: code, at: index) : nil
  }

  /// `if got != want { t.Errorf(…) }`: the condition asserts, what is printed does not.
  private func failing(_ code: SourceCode, _ index: Int) -> AssertionSite {
    if let condition = choice(code, index) {
      return AssertionSite(range: condition, name: code.text(index), isReversed: true)
    }
    var open = index
    while open >= 0, !(code.isMark(open, "{") && code.partner[open] > index) { open -= 1 }
    guard open > 0 else {
      return AssertionSite(range: (index - 2)..<(index + 1), name: code.text(index), isReversed: true)
    }
    var start = open - 1
    while start > 0, code.kind(start) != .newline,
      !code.isMark(start, ";") || code.tokens[start].line == code.tokens[open].line,
      !code.isMark(start, "}")
        || code.partner[start] > 0 && code.tokens[code.partner[start]].line == code.tokens[open].line
    {
      start -= 1
    }
    let condition = (start + 1)..<open
    guard
      code.tokens[condition].contains(where: {
        $0.isWord("if") || $0.isWord("switch") || $0.isWord("else") || $0.isWord("case")
      })
    else {
      return AssertionSite(range: (index - 2)..<(index + 1), name: code.text(index), isReversed: true)
    }
    return AssertionSite(range: condition, name: code.text(index), isReversed: true)
  }

  /// The condition of `switch { case got != want: t.Errorf(…) }`.
  private func choice(_ code: SourceCode, _ index: Int) -> Range<Int>? {
    var place = index
    while place > 0, !(code.isMark(place, "{") && code.partner[place] > index) {
      if code.isWord(place, "case") {
        let colon = (place..<index).first { code.isMark($0, ":") }
        let open = (0..<place).last { code.isMark($0, "{") && code.partner[$0] > index }
        guard let colon, let open, code.isWord(open - 1, "switch") else { return nil }
        return place..<colon
      }
      place -= 1
    }
    return nil
  }

  /// Whether a type of the file is a `*testing.T` by what it holds.
  private static func embedsRunner(_ code: SourceCode) -> Bool {
    (code.places["testing"] ?? []).prefix(64).contains { place in
      let isPointer = code.isMark(place - 1, "*")
      let before = isPointer ? place - 2 : place - 1
      return code.isMark(place + 1, ".") && (isPointer || code.isWord(place + 2, "TB"))
        && (code.isMark(before, "{") || code.kind(before) == .newline)
        && (code.isMark(place + 3, "}") || code.kind(place + 3) == .newline)
    }
  }

  private static let verbs: Set = [
    "Equal", "EqualValues", "EqualError", "ErrorIs", "ErrorAs", "Error", "NoError", "True", "False", "Nil",
    "NotNil", "Contains", "ElementsMatch", "Len", "Empty", "NotEmpty", "Zero", "JSONEq", "InDelta", "Same",
    "ErrorContains", "Panics", "PanicsWithError", "Regexp", "Exactly", "NotEqual", "NotContains", "IsType",
  ]

  /// `s.Equal(3, got)`, `s.Require().NoError(err)`
  private static func isOfSuite(_ code: SourceCode, _ index: Int) -> Bool {
    guard verbs.contains(code.text(index)) else { return false }
    if code.isMark(index - 2, ")"), code.partner[index - 2] > 0 {
      return ["Require", "Assert"].contains(code.text(code.partner[index - 2] - 1))
    }
    return ["s", "suite", "ts"].contains(code.text(index - 2))
  }

  /// Whether a file has tests of gocheck.
  private static func isChecked(_ code: SourceCode) -> Bool {
    code.tokens.contains { $0.kind == .string && $0.text[...].has("check.v1") }
  }

  /// `TestingT(t)`, `suite.Run(t, new(S))`, `RunSpecs(t, "cans")`
  private static func runsSuite(_ code: SourceCode, _ index: Int) -> Bool {
    guard code.isWord(index), code.isMark(index + 1, "(") else { return false }
    return ["TestingT", "RunSpecs"].contains(code.text(index))
      || code.isWord(index, "Run") && code.isWord(index - 2, "suite")
  }

  func cases(in code: SourceCode, path: TestPath) -> [TestCase] {
    let specs =
      code.places["ginkgo"] != nil
        || code.tokens.contains { $0.kind == .string && $0.text[...].has("/ginkgo") }
      ? NestedSpecs.ginkgo.cases(in: code) : []
    return specs
      + code.functions("func").map { function in
        let isMethod = code.isMark(function.index + 1, "(")
        let depth = function.head.lowerBound
        let starts = ["Test", "Fuzz", "Example", "Benchmark"].first { function.name.hasPrefix($0) }
        var test = TestCase(
          name: function.name, line: code.tokens[function.index].line,
          isTest: starts != nil && function.name != "TestMain" && starts != "Benchmark",
          head: depth..<function.body.lowerBound,
          body: function.body)
        if let starts, test.isTest {
          if let next = function.name.dropFirst(starts.count).first, next.isLowercase {
            test.hidden = "its name does not go on with a capital"
          }
          let parameters = code.spelled(
            (function.index + 3)..<max(function.index + 3, code.end(of: function.index + 2) - 1))
          if starts == "Test", !isMethod, !parameters.contains("testing") {
            test.hidden = "it takes no '*testing.T'"
          }
          let isOfSuite =
            (code.places["suite"] ?? []).contains { code.isMark($0 + 1, ".") }
            || GoTests.isChecked(code) && code.tokens[function.head].contains { $0.isWord("C") }
          if isMethod, !isOfSuite { test.hidden = "it is a method" }
          test.isRunner = !isMethod && function.body.contains { GoTests.runsSuite(code, $0) }
        }
        return test
      }
  }
}
