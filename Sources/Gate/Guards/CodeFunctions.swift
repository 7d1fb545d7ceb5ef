/// The functions and computed values that code declares, with their bodies.
enum CodeFunctions {
  private static let words: Set = ["func", "fn", "fun", "function", "def"]
  private static let noNames: Set = [
    "if", "for", "while", "switch", "catch", "foreach", "using", "match", "guard", "return", "new", "throw",
    "await", "yield", "else", "case", "in", "and", "or", "not", "do", "sizeof", "lock", "with", "when",
    "until", "unless", "synchronized", "typeof", "function",
  ]
  private static let mostHead = 16

  static func found(in code: SourceCode, _ language: any TestLanguage) -> [(name: String, body: Range<Int>)] {
    code.indices.compactMap { index in
      guard code.isWord(index) else { return nil }
      if language is PythonTests || language.dialect.hasRubyBlocks {
        guard code.isWord(index, "def") else { return nil }
        // `def self.name`
        let name = code.isMark(index + 2, ".") ? index + 3 : index + 1
        let body =
          language is PythonTests
          ? code.indentedBlock(after: index, deeperThan: code.tokens[index].indentation)
          : code.endBlock(from: index)
        return (code.text(name), body)
      }
      if words.contains(code.text(index)) { return declared(at: index, code) }
      if noNames.contains(code.text(index)) || words.contains(code.text(index - 1)) { return nil }
      return method(at: index, code) ?? arrow(at: index, code) ?? value(at: index, code)
    }
  }

  private static func declared(at index: Int, _ code: SourceCode) -> (String, Range<Int>)? {
    var name = index + 1
    // Go's receivers, PHP's references.
    if code.isMark(name, "(") { name = code.end(of: name) }
    guard code.isWord(name) else { return nil }
    return block(after: code.afterTypeArguments(name + 1), code).map { (code.text(name), $0) }
  }

  /// `std::string Body::describe() const {`, `public String name() throws E {`, `string Name(int n) => …;`
  private static func method(at index: Int, _ code: SourceCode) -> (String, Range<Int>)? {
    guard code.isMark(index + 1, "("), !code.isMark(index - 1, "."), !noNames.contains(code.text(index - 1))
    else { return nil }
    return block(after: index + 1, code).map { (code.text(index), $0) }
  }

  /// The body behind the parameters that open at `open`.
  private static func block(after open: Int, _ code: SourceCode) -> Range<Int>? {
    guard code.isMark(open, "(") else { return nil }
    var place = code.end(of: open)
    let last = place + mostHead
    while place < min(last, code.tokens.count) {
      let token = code.tokens[place]
      if token.isMark("{") { return place..<code.end(of: place) }
      if token.isMark("=>") || token.isMark("=") { return place..<code.statementEnd(from: place + 1) }
      if token.kind == .mark, [";", ")", ",", "}", ".", "+"].contains(token.text) { return nil }
      place = code.partner[place] > place ? code.partner[place] + 1 : place + 1
    }
    return nil
  }

  /// `const name = (a) => …`, `name: function (a) {`, `exports.name = async a => …`
  private static func arrow(at index: Int, _ code: SourceCode) -> (String, Range<Int>)? {
    guard code.isMark(index + 1, "=") || code.isMark(index + 1, ":") else { return nil }
    let end = min(index + mostHead, code.tokens.count)
    var place = index + 2
    while place < end {
      if code.isWord(place, "function"), let open = code.brace(from: place) {
        return (code.text(index), open..<code.end(of: open))
      }
      if code.isMark(place, "=>") { return (code.text(index), place..<code.statementEnd(from: place + 1)) }
      let isOpen = code.isMark(place, "(")
      guard isOpen || code.isWord(place) || code.isMark(place, ":") else { return nil }
      place = isOpen ? code.end(of: place) : place + 1
    }
    return nil
  }

  /// `var label: String {`, `string Label => …;`
  private static func value(at index: Int, _ code: SourceCode) -> (String, Range<Int>)? {
    if code.isMark(index + 1, "=>"), code.isWord(index - 1) || code.isMark(index - 1, "?") {
      return (code.text(index), (index + 1)..<code.statementEnd(from: index + 2))
    }
    guard ["var", "get", "val"].contains(code.text(index - 1)), code.isMark(index + 1, ":"),
      let open = (index + 2..<index + 8).first(where: { code.isMark($0, "{") })
    else { return nil }
    return (code.text(index), open..<code.end(of: open))
  }
}
