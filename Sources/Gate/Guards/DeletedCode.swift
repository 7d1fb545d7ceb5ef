/// Functions and types of the code that are gone without another in their place: their tests go with them.
struct DeletedCode {
  private(set) var names: Set<String> = []

  private static let keywords: Set = [
    "def", "func", "fn", "function", "class", "struct", "enum", "trait", "interface", "protocol", "module",
    "fun", "object", "record",
  ]

  init(_ code: ChangedCode) {
    var gone: [String: Set<String>] = [:]
    var came: [Set<String>] = []
    var left: Set<String> = []
    for file in code.files {
      let (old, new, language) = (file.old, file.new, file.language)
      let isMixed = file.path.ending == "rs"
      func declared(_ code: SourceCode?) -> [String: Set<String>] {
        code.map { DeletedCode.declared($0, language, before: ExplainedChange.end(of: $0, isMixed)) } ?? [:]
      }
      let (before, after) = (declared(old), declared(new))
      for (name, words) in before where after[name] == nil { gone[name] = words }
      came += after.filter { before[$0.key] == nil }.map(\.value)
      if let new { left.formUnion(new.tokens.filter { $0.kind == .word }.map(\.text)) }
    }
    names = Set(
      gone.filter { name, words in
        // Renamed, moved, or still called: it is not gone.
        !left.contains(name) && !came.contains { DeletedCode.isAlike(words, $0) }
      }.map(\.key))
  }

  /// The words of each declaration that stands before `end`, by its name.
  private static func declared(
    _ code: SourceCode, _ language: any TestLanguage, before end: Int
  ) -> [String: Set<String>] {
    var found: [String: Set<String>] = [:]
    func take(_ name: String, _ block: Range<Int>) {
      guard name.utf8.count > 2 else { return }
      found[name] = Set(code.tokens[block].filter { $0.kind != .newline && $0.kind != .mark }.map(\.text))
        .subtracting([name])
    }
    for index in 0..<end where code.isWord(index) && keywords.contains(code.text(index)) {
      var place = index + 1
      // Go's receivers.
      if code.isMark(place, "(") { place = code.end(of: place) }
      guard code.isWord(place) else { continue }
      if language is PythonTests {
        take(code.text(place), code.indentedBlock(after: index, deeperThan: code.tokens[index].indentation))
      } else if language.dialect.hasRubyBlocks {
        take(code.text(place), code.endBlock(from: index))
      } else if let open = code.brace(from: place) {
        take(code.text(place), open..<code.end(of: open))
      }
    }
    // Methods of Java, C# and JavaScript have no word in front of them.
    for index in 0..<end where code.isWord(index) && code.isMark(index + 1, "(") {
      let close = code.end(of: index + 1)
      guard code.isMark(close, "{"), found[code.text(index)] == nil,
        !["if", "for", "while", "switch", "catch", "foreach", "using", "match", "guard"].contains(
          code.text(index))
      else { continue }
      take(code.text(index), close..<code.end(of: close))
    }
    return found
  }

  private static func isAlike(_ one: Set<String>, _ other: Set<String>) -> Bool {
    let common = one.intersection(other).count
    return common * 5 >= min(one.count, other.count) * 2 && common > 0
  }

  /// Whether a test is of nothing but what is gone.
  func explains(_ test: TestCase) -> Bool {
    guard !names.isEmpty else { return false }
    let spoken = test.facts.calls.union(test.facts.assertions.flatMap(\.words))
    return !names.isDisjoint(with: test.facts.calls)
      || names.contains { spoken.contains(TestCase.plain($0)) && $0.utf8.count > 4 }
  }
}
