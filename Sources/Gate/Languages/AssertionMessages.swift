/// What an assertion says when it fails.
extension FactReader {
  /// What an assertion only says when it fails: the string beside the arguments that it compares.
  func messageTokens(_ site: AssertionSite) -> Range<Int> {
    if isFailure(site) { return site.range }
    // gocheck has its checker in the middle.
    if language is GoTests, ["Assert", "Check"].contains(site.name) { return 0..<0 }
    // `should('have.text', 'lit')` is called by its first argument.
    if let open = site.arguments, site.name == "should" { return code.arguments(of: open).first ?? 0..<0 }
    if let open = site.arguments {
      var parts = code.arguments(of: open)
      // `file: file, line: line` stand behind the message.
      while let last = parts.last, parts.count > 1, isOfPlace(last) { parts.removeLast() }
      guard parts.count >= 2 else { return 0..<0 }
      func isMessage(_ part: Range<Int>) -> Bool {
        code.tokens[part].first { $0.kind != .newline }?.kind == .string
          && !code.tokens[part].contains { $0.isMark("==") }
      }
      let takesTwo = AssertionWords.strength([site.name], hasEquality: false) == 3
      // `assert_lines(text, "one", "two")` takes as many texts as there are.
      if !takesTwo, parts.count >= 3, parts.suffix(2).allSatisfy(isMessage) { return 0..<0 }
      if parts.count >= (takesTwo ? 3 : 2), let last = parts.last, isMessage(last) { return last }
      if parts.count >= 3, isMessage(parts[0]), takesTwo || site.name == "assertThat" { return parts[0] }
      // JUnit 4 has it first.
      let takesOne = ["assertTrue", "assertFalse", "assertNull", "assertNotNull"].contains(site.name)
      if takesOne, parts.count == 2, isMessage(parts[0]) { return parts[0] }
      return 0..<0
    }
    // Python's `assert x, "message"`.
    guard site.name == "assert" || site.name == "refute" else { return 0..<0 }
    var index = site.range.lowerBound
    while index < site.range.upperBound {
      if code.isMark(index, ",") { return index..<site.range.upperBound }
      index = code.partner[index] > index ? code.partner[index] + 1 : index + 1
    }
    return 0..<0
  }

  /// Whether a text or number of an assertion is one of its values. `verify(bank, times(1))` is what
  /// `verify(bank)` is.
  func isValue(_ index: Int) -> Bool {
    let isOnce =
      code.text(index) == "1" && code.isWord(index - 2, "times") && code.isMark(index - 1, "(")
      && code.isMark(index + 1, ")")
    return !isOnce && !FactReader.isPlaceholder(code.text(index))
  }

  /// Where what a block of an assertion says when it fails ends, for the word that begins it.
  func messageEnd(_ index: Int, _ site: AssertionSite) -> Int? {
    guard index > site.range.lowerBound, code.isMark(index + 1, "("),
      ["XCTFail", "Fatal", "Fatalf", "flunk"].contains(code.text(index))
    else { return nil }
    return code.end(of: index + 1)
  }

  /// `file: file`, `line: #line`, `sourceLocation: here`
  private func isOfPlace(_ part: Range<Int>) -> Bool {
    let words = part.filter { code.kind($0) != .newline }
    guard let first = words.first, code.isWord(first) else { return false }
    return ["file", "line", "sourceLocation", "filePath", "fileID"].contains(code.text(first))
      && words.count > 1 && code.isMark(words[1], ":")
  }
}
