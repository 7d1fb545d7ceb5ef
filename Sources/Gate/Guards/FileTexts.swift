/// The texts of a file of tests, looked through once, when they are first asked for: a guard asks for each
/// value of each test, and a file may have thousands of both.
final class FileTexts {
  private let code: SourceCode
  private let cases: [TestCase]

  init(_ code: SourceCode, _ cases: [TestCase]) { (self.code, self.cases) = (code, cases) }

  /// How often each stands there.
  private(set) lazy var times: [String: Int] = code.tokens.reduce(into: [:]) { times, token in
    if token.kind == .string { times[token.text, default: 0] += 1 }
  }

  /// Those that stand on a line without an assertion.
  private(set) lazy var outside: Set<String> = {
    let lines = Set(cases.flatMap(\.facts.assertions).map(\.line))
    return Set(code.tokens.filter { $0.kind == .string && !lines.contains($0.line) }.map(\.text))
  }()

  /// The short ones without a blank: what may name a file.
  private(set) lazy var names = Set(
    times.keys.filter { $0.utf8.count < 100 && !$0.utf8.contains(0x20) && !$0.utf8.contains(0x0A) })
}
