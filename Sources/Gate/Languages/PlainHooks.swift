/// What reads like a hook into a runner and is none.
enum PlainHooks {
  private static let extensions: Set = [
    "MockitoExtension", "SpringExtension", "MockKExtension", "MockitoJUnitRunner", "SpringRunner",
    "SpringJUnit4ClassRunner", "Parameterized", "AndroidJUnit4", "RobolectricTestRunner",
    "QuarkusTestExtension",
    "VertxExtension", "DropwizardExtensionsSupport", "WireMockExtension", "SystemStubsExtension",
    "TempDirectory",
    "JUnitParamsRunner", "DataProviderRunner", "TestcontainersExtension", "GuiceExtension",
    "CamelSpringRunner",
    "HoverflyExtension", "OutputCaptureExtension", "MockServerExtension", "GrpcMockExtension",
  ]
  private static let frameworks = [
    "node:test", "node:assert", "assert", "tape", "ava", "tap", "chai", "vitest", "@jest/globals", "bun:test",
    "@playwright/test", "uvu", "zora", "expect", "mocha", "@japa/runner", "jasmine", "qunit",
  ]

  /// Whether the hit of a hook at `index` is one that frameworks are used by every day.
  static func isOne(_ code: SourceCode, _ index: Int) -> Bool {
    if code.isMark(index, "@"), ["ExtendWith", "RunWith"].contains(code.text(index + 1)),
      code.isMark(index + 2, "(")
    {
      let named = code.tokens[(index + 3)..<max(index + 3, code.end(of: index + 2))].filter {
        $0.kind == .word && $0.text != "class" && $0.text.first?.isUppercase == true
      }
      return !named.isEmpty && named.allSatisfy { extensions.contains($0.text) }
    }
    if code.isMark(index, "@"), code.isWord(index + 1, "TestInstance") {
      return (index..<index + 8).contains { code.isWord($0, "PER_CLASS") || code.isWord($0, "PER_METHOD") }
    }
    if code.isMark(index, "#"), code.isWord(index + 1, "pragma") {
      return ["once", "region", "endregion", "mark", "warning", "message"].contains(code.text(index + 2))
        || code.isWord(index + 3, "diagnostic")
    }
    if let name = [index, index + 1].first(where: { code.isWord($0, "main") }),
      code.isMark(name + 1, "("), MainFunctions.tellsOutcome(code, name)
    {
      return true
    }
    if code.isWord(index, "setattr"), setsOwnObject(code, index + 1) { return true }
    if code.isWord(index, "expect"), code.isWord(index + 2, "extend") { return addsMatchers(code, index + 3) }
    // `define_method("test_refuses_#{name}") do`
    if code.isWord(index, "define_method") {
      return (index + 1...index + 2).contains {
        code.kind($0) == .string && code.text($0).hasPrefix("test_")
      }
    }
    // `const test = require('node:test')`
    let words = ["const", "let", "var", "test", "it", "expect", "describe"]
    guard words.contains(code.text(index)) else { return false }
    let end = min(code.statementEnd(from: index), index + 24)
    let isImport = (index..<end).contains { code.isWord($0, "require") || code.isWord($0, "import") }
    return isImport
      && (index..<end).contains { code.kind($0) == .string && frameworks.contains(code.text($0)) }
  }

  private static let ofRunner: Set = [
    "item", "config", "session", "report", "request", "metafunc", "parser", "node", "call", "outcome", "cls",
  ]

  /// `setattr(loan, field, value)` for what the test is given.
  private static func setsOwnObject(_ code: SourceCode, _ open: Int) -> Bool {
    let name = code.text(open + 1)
    guard code.isMark(open, "("), code.isWord(open + 1), code.isMark(open + 2, ","),
      name.first?.isLowercase == true, !ofRunner.contains(name)
    else { return false }
    let places = (code.places[name] ?? []).prefix(64)
    func begins(_ word: String, before place: Int) -> Bool {
      var start = place
      while start > 0, place - start < 40, code.kind(start - 1) != .newline { start -= 1 }
      return code.isWord(start, word)
    }
    return places.contains { begins("def", before: $0) }
      && !places.contains { begins("import", before: $0) || begins("from", before: $0) }
  }

  private static let builtIn: Set = [
    "toBe", "toEqual", "toStrictEqual", "toThrow", "toThrowError", "toContain", "toMatch", "toBeNull",
    "toBeTruthy", "toBeFalsy", "toBeDefined", "toHaveLength", "toMatchSnapshot", "toMatchObject",
    "toBeCloseTo",
    "toHaveBeenCalled", "toHaveBeenCalledWith", "toHaveBeenCalledTimes", "toBeUndefined", "toContainEqual",
    "toBeGreaterThan", "toBeLessThan", "toBeInstanceOf", "toHaveProperty", "toBeNaN", "resolves", "rejects",
  ]

  /// Whether `expect.extend({ … })` only adds matchers that compare by themselves.
  private static func addsMatchers(_ code: SourceCode, _ open: Int) -> Bool {
    guard code.isMark(open, "("), code.isMark(open + 1, "{") else { return false }
    let inner = (open + 2)..<max(open + 2, code.end(of: open + 1) - 1)
    let isConstant = inner.contains { place in
      code.isWord(place, "pass") && code.isMark(place + 1, ":")
        && ["true", "!", "1"].contains(code.text(place + 2))
    }
    return !isConstant && !inner.contains { code.isWord($0) && builtIn.contains(code.text($0)) }
      && inner.contains { code.isWord($0, "pass") }
  }
}
