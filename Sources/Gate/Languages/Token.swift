/// The smallest part of a source text that means something: comments and white space are gone.
struct Token: Hashable {
  enum Kind: UInt8 {
    case word, number, string, mark, newline
  }

  var kind: Kind
  /// As it is written; a string's text stands without its quotes.
  var text: String
  /// From 1.
  var line: Int
  /// How deep its line is indented, in bytes.
  var indentation: Int

  func isMark(_ text: String) -> Bool { kind == .mark && self.text == text }
  func isWord(_ text: String) -> Bool { kind == .word && self.text == text }
}

/// How a language writes comments and strings.
struct Dialect {
  /// What starts a comment that ends with its line.
  var lineComments: [String] = ["//"]
  /// Whether `/* … */` is a comment, and whether it nests.
  var hasBlockComments = true
  var nestsComments = false
  /// The bytes that open and close a string.
  var quotes: [UInt8] = Array("\"".utf8)
  /// Whether three quotes open a string of several lines.
  var hasTripleQuotes = false
  /// Whether a backquote holds a string of several lines, with or without escapes.
  var backquote = Backquote.none
  /// Whether `'` holds one character (and otherwise begins a lifetime or a label).
  var hasCharacters = false
  /// Whether `#` before a string makes it raw (`#"…"#`), or behind `r` (`r#"…"#`).
  var hasHashStrings = false
  /// Whether lines that begin with `#if 0` hide what follows.
  var hasPreprocessor = false
  /// Whether `/…/` may be a regular expression.
  var hasRegularExpressions = false
  /// Whether `<<~NAME` or `<<<NAME` begins a text of several lines.
  var hasHereDocuments = false
  /// Whether lines `=begin` and `=end` hold a comment, and `__END__` ends the code.
  var hasRubyBlocks = false
  /// Whether `R"x( … )x"` is a raw string.
  var hasDelimitedStrings = false
  /// Whether `@"…"` doubles its quotes.
  var hasVerbatimStrings = false
  /// Further bytes of a name.
  var nameBytes: [UInt8] = []
  /// What opens an expression inside a string, up to its bracket.
  var interpolation: [UInt8] = []
  /// Whether the end of a line ends a statement.
  var hasLineEnds = false

  enum Backquote { case none, raw, template, name }
}

/// Cuts a source text into tokens. Total: whatever is not closed ends with the text. Linear.
struct Lexer {
  let bytes: [UInt8]
  let dialect: Dialect
  var position = 0
  var line = 1
  var indentation = 0
  var isAtLineStart = true
  var tokens: [Token] = []
  var hereDocuments: [(name: [UInt8], isIndented: Bool)] = []

  static func tokens(of text: String, _ dialect: Dialect) -> [Token] {
    var lexer = Lexer(text: text, dialect: dialect)
    lexer.run()
    return lexer.tokens
  }

  init(text: String, dialect: Dialect) {
    bytes = Array(text.utf8)
    self.dialect = dialect
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  func byte(_ offset: Int = 0) -> UInt8 {
    let index = position + offset
    return index >= 0 && index < bytes.count ? bytes[index] : 0
  }

  func has(_ text: String) -> Bool {
    let wanted = text.utf8
    guard position + wanted.count <= bytes.count else { return false }
    return bytes[position..<position + wanted.count].elementsEqual(wanted)
  }

  mutating func add(_ kind: Token.Kind, _ text: String, line: Int? = nil) {
    tokens.append(Token(kind: kind, text: text, line: line ?? self.line, indentation: indentation))
  }

  mutating func add(_ kind: Token.Kind, from start: Int, line: Int? = nil) {
    add(kind, String(decoding: bytes[start..<min(position, bytes.count)], as: UTF8.self), line: line)
  }

  mutating func run() {
    while position < bytes.count {
      if isAtLineStart { startLine() }
      guard position < bytes.count else { break }
      let current = bytes[position]
      switch current {
      case 0x0A: endLine()
      case 0x20, 0x09, 0x0D, 0x0C: position += 1
      case UInt8(ascii: "\\") where byte(1) == 0x0A:
        position += 2
        line += 1
        if dialect.hasPreprocessor { indentation = Lexer.continued }
      default:
        if skipComment() || readString() { continue }
        if isName(current) {
          readWord()
        } else if current >= 0x30 && current <= 0x39 {
          readNumber()
        } else {
          readMark()
        }
      }
    }
    if tokens.last?.kind != .newline { add(.newline, "\n") }
  }

  /// How deep a line is that goes on with what the one before began.
  static let continued = Int.max

  mutating func startLine() {
    isAtLineStart = false
    let start = position
    while byte() == 0x20 || byte() == 0x09 { position += 1 }
    indentation = position - start
    if dialect.hasRubyBlocks, indentation == 0 {
      if has("=begin") { skip(toLine: "=end") }
      if has("__END__"), byte(7) == 0x0A || position + 7 >= bytes.count { position = bytes.count }
    }
    if dialect.hasPreprocessor, byte() == UInt8(ascii: "#") { skipDisabled() }
  }

  mutating func endLine() {
    if dialect.hasLineEnds, tokens.last?.kind != .newline, !tokens.isEmpty { add(.newline, "\n") }
    position += 1
    line += 1
    isAtLineStart = true
    if !hereDocuments.isEmpty { readHereDocuments() }
  }

  mutating func skip(toLine word: String) {
    while position < bytes.count {
      while position < bytes.count, byte() != 0x0A { position += 1 }
      position += 1
      line += 1
      if has(word) {
        while position < bytes.count, byte() != 0x0A { position += 1 }
        return
      }
    }
  }

  /// `#if 0 … #endif`: what no compiler sees.
  mutating func skipDisabled() {
    guard let word = directive(), word == "if 0" || word == "if false" || word == "if (0)" else { return }
    var depth = 0
    while position < bytes.count {
      if let word = directive() {
        if word.hasPrefix("if") { depth += 1 }
        if word.hasPrefix("endif") { depth -= 1 }
        let isElse = depth == 1 && word.hasPrefix("el")
        if depth == 0 || isElse {
          while position < bytes.count, byte() != 0x0A { position += 1 }
          return
        }
      }
      while position < bytes.count, byte() != 0x0A { position += 1 }
      position += 1
      line += 1
    }
  }

  /// The preprocessor's line that begins here, without `#` and outer blanks.
  func directive() -> String? {
    var index = position
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
    guard index < bytes.count, bytes[index] == UInt8(ascii: "#") else { return nil }
    var end = index + 1
    while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D, end - index < 40 { end += 1 }
    let text = Substring(String(decoding: bytes[(index + 1)..<end], as: UTF8.self))
    return String((text.before("//") ?? text.before("/*") ?? text).trimmed)
  }

  mutating func skipComment() -> Bool {
    for start in dialect.lineComments where has(start) {
      // PHP's attributes begin like its comments.
      if start == "#", dialect.hasHereDocuments, !dialect.hasRubyBlocks, byte(1) == UInt8(ascii: "[") {
        return false
      }
      while position < bytes.count, bytes[position] != 0x0A { position += 1 }
      return true
    }
    guard dialect.hasBlockComments, has("/*") else { return false }
    var depth = 0
    while position < bytes.count {
      if has("/*"), depth == 0 || dialect.nestsComments {
        depth += 1
        position += 2
      } else if has("*/") {
        depth -= 1
        position += 2
        if depth <= 0 { break }
      } else {
        if bytes[position] == 0x0A { line += 1 }
        position += 1
      }
    }
    return true
  }

  func isName(_ byte: UInt8) -> Bool {
    byte == 0x5F || byte >= 0x80 || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
      || dialect.nameBytes.contains(byte)
  }

  mutating func readWord() {
    let start = position
    while position < bytes.count,
      isName(bytes[position]) || (bytes[position] >= 0x30 && bytes[position] <= 0x39)
    { position += 1 }
    // Ruby's names may end in `?` or `!`.
    if dialect.hasRubyBlocks, byte() == UInt8(ascii: "?") || byte() == UInt8(ascii: "!"),
      byte(1) != UInt8(ascii: "=")
    {
      position += 1
    }
    add(.word, from: start)
  }

  mutating func readNumber() {
    let start = position
    while position < bytes.count {
      let current = bytes[position]
      let isPart = (current >= 0x30 && current <= 0x39) || isName(current)
      let isPoint = current == 0x2E && byte(1) >= 0x30 && byte(1) <= 0x39
      let isSign =
        (current == 0x2B || current == 0x2D) && byte(-1) | 0x20 == 0x65 && !has("0x")
        && byte(1) >= 0x30 && byte(1) <= 0x39 && bytes[start] != 0x30
      guard isPart || isPoint || isSign else { break }
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    add(.number, Lexer.plainNumber(text))
  }

  /// A number without what only its spelling brings: `1_000L` is `1000`, `2.50` is `2.5`.
  static func plainNumber(_ text: String) -> String {
    var plain = text.lowercased().filter { $0 != "_" }
    if plain.hasPrefix("0x") || plain.hasPrefix("0b") { return plain }
    // `0o644` and `0644`
    if plain.hasPrefix("0o") { plain.remove(at: plain.index(after: plain.startIndex)) }
    while let last = plain.last, "lfdujnim".contains(last) { plain.removeLast() }
    for width in ["8", "16", "32", "64", "size"] {
      for sign in ["u", "i", "f"] where plain.hasSuffix(sign + width) { plain.removeLast(width.count + 1) }
    }
    if plain.contains("."), !plain.contains("e") {
      while plain.hasSuffix("0") { plain.removeLast() }
      if plain.hasSuffix(".") { plain.removeLast() }
    }
    return plain.isEmpty ? text : plain
  }

  static let longMarks = [
    "===", "!==", "<=>", "...", "==", "!=", "=>", "->", ">=", "<=", "&&", "||", "::", ":=", "?.", "??", "=~",
  ]

  mutating func readMark() {
    let start = position
    let long = Lexer.longMarks.first { has($0) }
    position += long?.utf8.count ?? 1
    add(.mark, from: start)
  }
}
