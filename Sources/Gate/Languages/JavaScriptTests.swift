/// jest, vitest, mocha, jasmine, node:test, tap, Deno and Bun, in JavaScript and TypeScript.
struct JavaScriptTests: TestLanguage {
  let extensions = ["js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts", "vue", "svelte"]

  let dialect: Dialect = {
    var dialect = Dialect()
    dialect.quotes = Array("\"'".utf8)
    dialect.backquote = .template
    dialect.hasRegularExpressions = true
    dialect.interpolation = Array("$".utf8)
    dialect.nameBytes = Array("$".utf8)
    dialect.hasLineEnds = true
    return dialect
  }()

  func isTestPath(_ path: TestPath) -> Bool {
    let name = path.name
    return [".test.", ".spec.", ".cy.", "-test.", "_test.", ".tests.", ".specs.", "-spec.", "_spec."].contains
    { name.contains($0) }
      || path.folders.contains("__tests__") || path.folders.last == "test" || path.folders.contains("test")
      || name.hasPrefix("test-") || path.stem == "test"
  }

  let skips = PatternTable(
    ["it", "test", "describe", "suite", "context", "specify", "bench", "t", "ctx", "this", "Deno . test"]
      .flatMap { name in
        [
          "skip", "todo", "only", "fixme", "fails", "failing", "skipIf", "runIf", "ignore",
          "concurrent . skip",
        ].map { "\(name) . \($0)" }
      } + [
        "xit (", "xtest (", "xdescribe (", "xcontext (", "xspecify (", "fit (", "fdescribe (", "fcontext (",
        "xsuite (",
        ". skip (", ". todo (", ". only (", "skip : true", "todo : true", "only : true", "skip : #s",
        "todo : #s",
        "ignore : true", "fails : true", "skip : ! #w", "skip : #w", "pending (", "test . each ( [ ] )",
        "it . each ( [ ] )",
        "it . skip . each", "test . skip . each", "describe . skip . each", "it [ skip ]",
        "expectFailure : true", "describe [", "it [", "test [", "retry : #n", "skip (",
      ])

  func isSkip(_ code: SourceCode, at index: Int) -> Bool {
    // `test('…', ({ skip }) => { skip(); … })`
    guard code.isWord(index, "skip"), code.isMark(index + 1, "(") else { return true }
    return code.kind(index - 1) == .newline || code.isMark(index - 1, ";") || code.isMark(index - 1, "{")
  }

  let hooks = PatternTable([
    "process . exit ( 0", "process . exit ( )", "process . exitCode =", "process . on ( #s",
    "process . once ( #s", "process . reallyExit",
    "globalThis . it =", "globalThis . test =", "globalThis . expect =", "globalThis . describe =",
    "global . it =",
    "global . test =", "global . expect =", "global . describe =", "const it =", "const test =",
    "const expect =",
    "const describe =", "let it =", "let test =", "let expect =", "let describe =", "var it =", "var test =",
    "var expect =", "var describe =", "function it (", "function test (", "function expect (",
    "function describe (",
    "function assert (", "const assert = {", "expect . extend (", "assert . equal =",
    "assert . strictEqual =", "assert . ok =",
    "assert . deepEqual =", "assert . deepStrictEqual =", "Function . prototype", "require . cache",
    "Module . _load",
    "Module . prototype", "console . log =", "process . stdout . write =", "process . abort",
    "process . kill (", "toJSON (",
    "jest . retryTimes", "expect . prototype", "Object . is =", "Promise . prototype", "it = ", "test = ",
    "describe = (", "it = (",
    ". currentTest . state =", ". test . state =", ". state = 'passed'",
    "grep :", "passWithNoTests", "setupFiles", "expect = ",
    "[ Symbol . toPrimitive ]", "valueOf (", "assert . notStrictEqual =",
  ])

  let voids = PatternTable([
    "expect ( true ) . toBe ( true )", "expect ( true )", "expect ( 1 )", "assert ( true )",
    "assert . ok ( true )", "assert . ok ( 1 )", "|| true",
    "expect . anything (", "expect . any (", "assert ( 1 )", "|| 1", "expect ( false )",
  ])

  func assertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    guard code.isWord(index) else { return nil }
    let word = code.text(index)
    // `t.equal(…)`, `t.is(…)` of tap and ava; `should.equal` of chai.
    if ["t", "assert", "chai", "sinon", "should"].contains(word), code.isMark(index + 1, "."),
      code.isWord(index + 2)
    {
      let verb = code.text(index + 2)
      let open = code.isMark(index + 3, "(") ? index + 3 : nil
      // `sinon.stub()`, `chai.use(…)`
      if ["sinon", "chai"].contains(word), !["assert", "expect", "should"].contains(verb) { return nil }
      if word == "t",
        open == nil
          || [
            "test", "skip", "todo", "plan", "after", "before", "mock", "context", "end", "diagnostic",
            "teardown", "beforeEach", "afterEach", "log", "comment", "signal", "pass", "runOnly",
          ].contains(verb)
      {
        return nil
      }
      return AssertionSite(
        range: index..<code.statementEnd(from: index), name: "\(word).\(verb)", arguments: open)
    }
    if code.isMark(index - 1, "."), ["should", "must"].contains(word) {
      return AssertionSite(
        range: chainStart(code, index)..<code.statementEnd(from: index), name: word,
        arguments: code.isMark(index + 1, "(") ? index + 1 : nil)
    }
    // What finds an element fails where there is none.
    if JavaScriptTests.isFinder(word), code.isMark(index + 1, "("), isAlone(code, index) {
      return AssertionSite(range: index..<code.end(of: index + 1), name: "toBeInTheDocument")
    }
    if ["strictEqual", "deepEqual", "deepStrictEqual", "notStrictEqual", "rejects", "throws", "equal", "ok"]
      .contains(word),
      code.isMark(index + 1, "("), !code.isMark(index - 1, ".")
    {
      return AssertionSite(range: index..<code.statementEnd(from: index), name: word, arguments: index + 1)
    }
    // What supertest asks of an answer.
    if word == "expect", code.isMark(index - 1, "."), code.isMark(index + 1, "("),
      code.places["supertest"] != nil
        || code.tokens.contains(where: { $0.kind == .string && $0.text == "supertest" })
    {
      return AssertionSite(range: index..<code.end(of: index + 1), name: "toEqual", arguments: index + 1)
    }
    // `expect` with nothing after it says nothing, and neither does a matcher that is not called.
    if word == "expect", code.isMark(index + 1, "("), !isMatched(code, after: code.end(of: index + 1)) {
      return nil
    }
    return callAssertion(in: code, at: index)
  }

  /// `getByText(`, `findByRole(`
  static func isFinder(_ word: String) -> Bool {
    ["getBy", "findBy", "getAllBy", "findAllBy"].contains {
      word.hasPrefix($0) && word.dropFirst($0.count).first?.isUppercase == true
    }
  }

  /// Whether a call is a statement of its own: `screen.getByText('lit');`
  private func isAlone(_ code: SourceCode, _ index: Int) -> Bool {
    var start = index
    while code.isMark(start - 1, "."), code.isWord(start - 2) { start -= 2 }
    if code.isWord(start - 1, "await") { start -= 1 }
    let isStart =
      code.kind(start - 1) == .newline || [";", "{", "}"].contains { code.isMark(start - 1, $0) }
    let end = code.end(of: index + 1)
    return isStart && (code.isMark(end, ";") || code.kind(end) == .newline)
  }

  /// Where the chain begins that a word stands in: `cy.get('a').should(…)`.
  private func chainStart(_ code: SourceCode, _ index: Int) -> Int {
    var start = index
    while true {
      var dot = start - 1
      while code.kind(dot) == .newline { dot -= 1 }
      guard code.isMark(dot, "."), dot > 0 else { return start }
      var before = dot - 1
      while before > 0, code.kind(before) == .newline { before -= 1 }
      while before > 0, code.isMark(before, ")") || code.isMark(before, "]"), code.partner[before] > 0 {
        before = code.partner[before] - 1
      }
      guard before >= 0, code.isWord(before) else { return start }
      start = before
    }
  }

  /// Whether something is asked of what was expected: `.toBe(…)`, `.not.toThrow()`, chai's `.to.be.true`.
  private func isMatched(_ code: SourceCode, after end: Int) -> Bool {
    var position = end
    var last = ""
    while code.isMark(position, "."), code.isWord(position + 1) {
      last = code.text(position + 1)
      position += 2
      // `.toBe<Kind>('x')`
      if code.isMark(code.afterTypeArguments(position), "(") { return true }
    }
    let isOfJest = last.hasPrefix("to") && last.dropFirst(2).first?.isUppercase == true
    return !last.isEmpty && !isOfJest
  }
}
