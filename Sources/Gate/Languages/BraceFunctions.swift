/// Functions of languages that write `func name(…) {`.
struct BraceFunction {
  var name: String
  /// The index of the keyword.
  var index: Int
  /// From the keyword, or its attributes, up to the block.
  var head: Range<Int>
  var body: Range<Int>
}

extension SourceCode {
  /// The functions that `keyword` declares, without those that have no body.
  func functions(_ keyword: String) -> [BraceFunction] {
    var found: [BraceFunction] = []
    for index in indices where isWord(index, keyword) {
      var name = index + 1
      // Go's receiver.
      if isMark(name, "("), isWord(end(of: name)) { name = end(of: name) }
      guard isWord(name) || kind(name) == .string else { continue }
      guard let open = brace(from: name + 1) else { continue }
      found.append(
        BraceFunction(
          name: text(name), index: index, head: attributes(before: index)..<open, body: open..<end(of: open)))
    }
    return found
  }

  /// Where the attributes and modifiers before a declaration begin.
  func attributes(before index: Int) -> Int {
    var start = index
    while start > 0 {
      let before = previous(before: start)
      guard before >= 0 else { break }
      if isWord(before), SourceCode.modifiers.contains(text(before)) || isMark(before - 1, "@") {
        start = before
      } else if isMark(before, "@") {
        start = before
      } else if isMark(before, ")") || isMark(before, "]"), partner[before] >= 0 {
        let open = partner[before]
        // `@Test(…)`, `#[test]`, `[Fact]`, `pub(crate)`
        if isMark(open, "["), isMark(open - 1, "#") {
          start = open - 1
        } else if isMark(open, "["), isMark(before, "]"), !isWord(open - 1) || isMark(open - 2, "]") {
          start = open
        } else if isMark(open, "("), isWord(open - 1),
          annotated(open - 1) || SourceCode.modifiers.contains(text(open - 1))
        {
          start = open - 1
        } else {
          break
        }
      } else if isWord(before), annotated(before) {
        start = before
      } else if isMark(before, "."), isWord(before - 1), annotated(before - 1) {
        start = before - 1
      } else {
        break
      }
    }
    return start
  }

  /// Whether the name at `index` belongs to an annotation: `@a.b.Name`.
  private func annotated(_ index: Int) -> Bool {
    var position = index
    while position > 1, isMark(position - 1, "."), isWord(position - 2) { position -= 2 }
    return isMark(position - 1, "@")
  }

  private static let modifiers: Set = [
    "public", "private", "protected", "internal", "static", "final", "abstract", "open", "override", "async",
    "suspend",
    "fileprivate", "package", "pub", "unsafe", "const", "extern", "nonisolated", "mutating", "inline",
    "virtual",
    "sealed", "inner", "synchronized", "default", "partial", "new", "fun", "void",
  ]

  /// The types around `index`, from outside, by the braces that hold it.
  func enclosing(_ index: Int, _ keywords: Set<String>) -> [(name: String, keyword: Int)] {
    var found: [(String, Int)] = []
    for (name, keyword, body) in types(keywords) where body.contains(index) { found.append((name, keyword)) }
    return found
  }

  func types(_ keywords: Set<String>) -> [(name: String, keyword: Int, body: Range<Int>)] {
    indices.compactMap { index in
      guard kind(index) == .word, keywords.contains(text(index)),
        isWord(index + 1) || kind(index + 1) == .string,
        !isMark(index - 1, "."), let open = brace(from: index + 1)
      else { return nil }
      return (text(index + 1), index, open..<end(of: open))
    }
  }
}
