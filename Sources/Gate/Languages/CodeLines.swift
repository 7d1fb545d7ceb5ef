/// The lines of a source text in which code begins, for those who read languages line by line.
public enum CodeLines {
  /// The text with every line empty that lies within a comment or a string of several lines; as it is where
  /// the language of the path is not known. Lines keep their numbers.
  public static func text(of text: String, path: String) -> String {
    guard let language = TestLanguages.language(of: TestPath(path)) else { return text }
    var begins: Set<Int> = []
    for token in Lexer.tokens(of: text, language.dialect) where token.kind != .newline {
      begins.insert(token.line)
    }
    var lines: [Substring] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      lines.append(begins.contains(index + 1) ? line : "")
    }
    return lines.joined(separator: "\n")
  }
}
