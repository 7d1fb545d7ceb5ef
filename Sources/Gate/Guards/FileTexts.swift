/// The texts and numbers of a file of tests, looked through once, when they are first asked for: a guard asks
/// for each value of each test, and a file may have thousands of both.
final class FileTexts {
  private let code: SourceCode
  private let cases: [TestCase]

  init(_ code: SourceCode, _ cases: [TestCase]) { (self.code, self.cases) = (code, cases) }

  /// How often each text stands there.
  private(set) lazy var times: [String: Int] = code.tokens.reduce(into: [:]) { times, token in
    if token.kind == .string { times[token.text, default: 0] += 1 }
  }

  /// What stands on a line without an assertion.
  private lazy var given: [Token] = {
    let lines = Set(cases.flatMap(\.facts.assertions).map(\.line))
    return code.tokens.filter {
      ($0.kind == .string || $0.kind == .number) && !lines.contains($0.line)
    }
  }()

  /// Its texts.
  private(set) lazy var outside = Set(given.filter { $0.kind == .string }.map(\.text))

  /// The same with numbers, and without what is one character.
  private(set) lazy var givenValues = Set(given.map(\.text).filter { $0.utf8.count > 1 })

  /// The numbers, and the texts that are nothing else.
  private(set) lazy var numbers = Set(
    code.tokens.filter { token in
      token.kind == .number || token.kind == .string && token.text.utf8.count < 20
    }.compactMap { Double($0.text) })

  /// The short texts without a blank: what may name a file.
  private(set) lazy var names = Set(
    times.keys.filter { $0.utf8.count < 100 && !$0.utf8.contains(0x20) && !$0.utf8.contains(0x0A) })
}
