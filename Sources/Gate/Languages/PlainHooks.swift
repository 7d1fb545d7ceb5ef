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
}
