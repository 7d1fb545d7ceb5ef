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
  private let bytes: [UInt8]
  private let dialect: Dialect
  private var position = 0
  private var line = 1
  private var indentation = 0
  private var isAtLineStart = true
  private var tokens: [Token] = []
  private var hereDocuments: [(name: [UInt8], isIndented: Bool)] = []

  static func tokens(of text: String, _ dialect: Dialect) -> [Token] {
    var lexer = Lexer(text: text, dialect: dialect)
    lexer.run()
    return lexer.tokens
  }

  private init(text: String, dialect: Dialect) {
    bytes = Array(text.utf8)
    self.dialect = dialect
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private func byte(_ offset: Int = 0) -> UInt8 {
    let index = position + offset
    return index >= 0 && index < bytes.count ? bytes[index] : 0
  }

  private func has(_ text: String) -> Bool {
    let wanted = text.utf8
    guard position + wanted.count <= bytes.count else { return false }
    return bytes[position..<position + wanted.count].elementsEqual(wanted)
  }

  private mutating func add(_ kind: Token.Kind, _ text: String, line: Int? = nil) {
    tokens.append(Token(kind: kind, text: text, line: line ?? self.line, indentation: indentation))
  }

  private mutating func add(_ kind: Token.Kind, from start: Int, line: Int? = nil) {
    add(kind, String(decoding: bytes[start..<min(position, bytes.count)], as: UTF8.self), line: line)
  }

  private mutating func run() {
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

  private mutating func startLine() {
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

  private mutating func endLine() {
    if dialect.hasLineEnds, tokens.last?.kind != .newline, !tokens.isEmpty { add(.newline, "\n") }
    position += 1
    line += 1
    isAtLineStart = true
    if !hereDocuments.isEmpty { readHereDocuments() }
  }

  private mutating func skip(toLine word: String) {
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
  private mutating func skipDisabled() {
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
  private func directive() -> String? {
    var index = position
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
    guard index < bytes.count, bytes[index] == UInt8(ascii: "#") else { return nil }
    var end = index + 1
    while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D, end - index < 40 { end += 1 }
    let text = Substring(String(decoding: bytes[(index + 1)..<end], as: UTF8.self))
    return String((text.before("//") ?? text.before("/*") ?? text).trimmed)
  }

  private mutating func skipComment() -> Bool {
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

  private func isName(_ byte: UInt8) -> Bool {
    byte == 0x5F || byte >= 0x80 || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
      || dialect.nameBytes.contains(byte)
  }

  private mutating func readWord() {
    let start = position
    while position < bytes.count, isName(bytes[position]) || (bytes[position] >= 0x30 && bytes[position] <= 0x39)
    { position += 1 }
    // Ruby's names may end in `?` or `!`.
    if dialect.hasRubyBlocks, byte() == UInt8(ascii: "?") || byte() == UInt8(ascii: "!"),
      byte(1) != UInt8(ascii: "=")
    {
      position += 1
    }
    add(.word, from: start)
  }

  private mutating func readNumber() {
    let start = position
    while position < bytes.count {
      let current = bytes[position]
      let isPart = (current >= 0x30 && current <= 0x39) || isName(current)
      let isPoint = current == 0x2E && byte(1) >= 0x30 && byte(1) <= 0x39
      let isSign = (current == 0x2B || current == 0x2D) && byte(-1) | 0x20 == 0x65 && !has("0x")
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

  private static let longMarks = [
    "===", "!==", "<=>", "...", "==", "!=", "=>", "->", ">=", "<=", "&&", "||", "::", ":=", "?.", "??", "=~",
  ]

  private mutating func readMark() {
    let start = position
    let long = Lexer.longMarks.first { has($0) }
    position += long?.utf8.count ?? 1
    add(.mark, from: start)
  }
}

// MARK: Strings

extension Lexer {
  private mutating func readString() -> Bool {
    let current = byte()
    if readRaw(current) || readHereDocumentStart() { return true }
    if current == UInt8(ascii: "`"), dialect.backquote != .none {
      readQuoted(quote: current, isRaw: dialect.backquote != .template, endsWithLine: false)
      // In Swift and Kotlin these are names.
      if dialect.backquote == .name, let last = tokens.last { tokens[tokens.count - 1].kind = last.text.isEmpty ? .mark : .word }
      return true
    }
    if dialect.hasCharacters, current == UInt8(ascii: "'") { return readCharacter() }
    if dialect.quotes.contains(current) {
      if dialect.hasTripleQuotes, byte(1) == current, byte(2) == current {
        readTriple(current)
      } else {
        readQuoted(quote: current, isRaw: false, endsWithLine: !dialect.hasHereDocuments)
      }
      return true
    }
    return dialect.hasRegularExpressions && current == UInt8(ascii: "/") && readRegularExpression()
  }

  private mutating func readQuoted(quote: UInt8, isRaw: Bool, endsWithLine: Bool) {
    let first = line
    position += 1
    let start = position
    while position < bytes.count, bytes[position] != quote {
      if bytes[position] == UInt8(ascii: "\\"), !isRaw {
        position += 1
        if dialect.interpolation == [UInt8(ascii: "\\")], byte() == UInt8(ascii: "(") {
          skipExpression(UInt8(ascii: "("), UInt8(ascii: ")"))
          continue
        }
      } else if !isRaw, let mark = dialect.interpolation.first, bytes[position] == mark, byte(1) == UInt8(ascii: "{"),
        mark != UInt8(ascii: "\\")
      {
        position += 1
        skipExpression(UInt8(ascii: "{"), UInt8(ascii: "}"))
        continue
      } else if bytes[position] == 0x0A {
        if endsWithLine { break }
        line += 1
      }
      position += 1
    }
    add(.string, from: min(start, bytes.count), line: first)
    if position < bytes.count, bytes[position] == quote { position += 1 }
  }

  /// An expression inside a string, which may hold strings itself.
  private mutating func skipExpression(_ open: UInt8, _ close: UInt8) {
    var depth = 0
    let limit = min(bytes.count, position + 4000)
    while position < limit {
      let current = bytes[position]
      if current == open { depth += 1 }
      if current == close { depth -= 1 }
      if current == 0x0A { line += 1 }
      position += 1
      if depth == 0 { return }
    }
  }

  private mutating func readTriple(_ quote: UInt8) {
    let first = line
    position += 3
    let start = position
    while position < bytes.count {
      if bytes[position] == quote, byte(1) == quote, byte(2) == quote { break }
      if bytes[position] == UInt8(ascii: "\\") { position += 1 }
      if byte() == 0x0A { line += 1 }
      position += 1
    }
    add(.string, from: min(start, bytes.count), line: first)
    position += 3
  }

  private mutating func readCharacter() -> Bool {
    let start = position
    var end = position + 1
    if end < bytes.count, bytes[end] == UInt8(ascii: "\\") { end += 2 } else { end += 1 }
    while end < bytes.count, end - start < 12, bytes[end] != UInt8(ascii: "'"), bytes[end] != 0x0A { end += 1 }
    guard end < bytes.count, bytes[end] == UInt8(ascii: "'"), end - start < 12 else {
      position += 1
      return true
    }
    position = end
    add(.string, from: start + 1)
    position += 1
    return true
  }

  /// The raw forms: `r#"…"#`, `#"…"#`, `R"x(…)x"`, `@"…"`.
  private mutating func readRaw(_ current: UInt8) -> Bool {
    if dialect.hasHashStrings {
      var index = current == UInt8(ascii: "r") || current == UInt8(ascii: "b") ? 1 : 0
      if index == 1, byte(1) == UInt8(ascii: "r") { index = 2 }
      let prefix = index
      while byte(index) == UInt8(ascii: "#") { index += 1 }
      guard index > 0, byte(index) == UInt8(ascii: "\""), index > prefix || prefix > 0 else { return false }
      let isPlain = index == prefix && current == UInt8(ascii: "b") && prefix == 1
      if isPlain { return false }
      let hashes = index - prefix
      return read(after: index + 1, to: [UInt8(ascii: "\"")] + Array(repeating: UInt8(ascii: "#"), count: hashes))
    }
    if dialect.hasDelimitedStrings, current == UInt8(ascii: "R"), byte(1) == UInt8(ascii: "\"") {
      var index = 2
      while index < 20, byte(index) != UInt8(ascii: "("), byte(index) != 0 { index += 1 }
      guard byte(index) == UInt8(ascii: "(") else { return false }
      let name = Array(bytes[(position + 2)..<(position + index)])
      return read(after: index + 1, to: [UInt8(ascii: ")")] + name + [UInt8(ascii: "\"")])
    }
    if dialect.hasVerbatimStrings, current == UInt8(ascii: "@"), byte(1) == UInt8(ascii: "\"") {
      return read(after: 2, to: [UInt8(ascii: "\"")])
    }
    return false
  }

  private mutating func read(after offset: Int, to end: [UInt8]) -> Bool {
    let first = line
    position = min(position + offset, bytes.count)
    let start = position
    while position < bytes.count {
      if bytes[position] == end[0], position + end.count <= bytes.count,
        bytes[position..<position + end.count].elementsEqual(end)
      {
        break
      }
      if bytes[position] == 0x0A { line += 1 }
      position += 1
    }
    add(.string, from: start, line: first)
    position = min(position + end.count, bytes.count)
    return true
  }

  private mutating func readRegularExpression() -> Bool {
    if let last = tokens.last {
      if last.kind == .number || last.kind == .string { return false }
      if last.kind == .word, !["return", "typeof", "in", "of", "if", "and", "or", "not", "when"].contains(last.text) {
        return false
      }
      if last.kind == .mark, [")", "]", "}"].contains(last.text) { return false }
    }
    var index = position + 1
    var isInClass = false
    while index < bytes.count, bytes[index] != 0x0A {
      if bytes[index] == UInt8(ascii: "\\") {
        index += 1
      } else if bytes[index] == UInt8(ascii: "[") {
        isInClass = true
      } else if bytes[index] == UInt8(ascii: "]") {
        isInClass = false
      } else if bytes[index] == UInt8(ascii: "/"), !isInClass {
        let start = position + 1
        position = index
        add(.string, from: start)
        position += 1
        return true
      }
      index += 1
    }
    return false
  }

  private mutating func readHereDocumentStart() -> Bool {
    guard dialect.hasHereDocuments, has("<<") else { return false }
    var index = 2
    if byte(index) == UInt8(ascii: "<") { index += 1 } else if !dialect.hasRubyBlocks { return false }
    let isIndented = byte(index) == UInt8(ascii: "~") || byte(index) == UInt8(ascii: "-") || !dialect.hasRubyBlocks
    if byte(index) == UInt8(ascii: "~") || byte(index) == UInt8(ascii: "-") { index += 1 }
    let quote = byte(index)
    let isQuoted = quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
    if isQuoted { index += 1 }
    var name: [UInt8] = []
    while isName(byte(index)) || (byte(index) >= 0x30 && byte(index) <= 0x39 && !name.isEmpty) {
      name.append(byte(index))
      index += 1
    }
    guard let first = name.first, first >= 0x41 && first <= 0x5A || first == 0x5F else { return false }
    if isQuoted { index += 1 }
    position = min(position + index, bytes.count)
    hereDocuments.append((name, isIndented))
    return true
  }

  private mutating func readHereDocuments() {
    for (name, _) in hereDocuments {
      let (start, first) = (position, line)
      while position < bytes.count {
        let lineStart = position
        while byte() == 0x20 || byte() == 0x09 { position += 1 }
        let isEnd = position + name.count <= bytes.count
          && bytes[position..<position + name.count].elementsEqual(name) && !isName(byte(name.count))
        if isEnd {
          let end = position
          position = lineStart
          add(.string, from: start, line: first)
          position = end + name.count
          break
        }
        while position < bytes.count, byte() != 0x0A { position += 1 }
        position += 1
        line += 1
      }
    }
    hereDocuments = []
    isAtLineStart = false
  }
}
