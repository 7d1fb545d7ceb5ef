/// A source text as tokens, with its brackets matched.
struct SourceCode {
  let tokens: [Token]
  /// For each bracket the index of its partner, else -1.
  let partner: [Int]
  /// Where each word stands.
  let places: [String: [Int]]

  init(_ text: String, _ dialect: Dialect) {
    let tokens = Lexer.tokens(of: text, dialect)
    self.tokens = tokens
    var partner = [Int](repeating: -1, count: tokens.count)
    var open: [Int] = []
    for (index, token) in tokens.enumerated() where token.kind == .mark {
      switch token.text {
      case "(", "[", "{": open.append(index)
      case ")", "]", "}":
        let wanted = token.text == ")" ? "(" : token.text == "]" ? "[" : "{"
        // A bracket that was forgotten must not swallow the rest.
        guard let position = open.lastIndex(where: { tokens[$0].text == wanted }) else { continue }
        partner[open[position]] = index
        partner[index] = open[position]
        open.removeSubrange(position...)
      default: break
      }
    }
    self.partner = partner
    var places: [String: [Int]] = [:]
    for (index, token) in tokens.enumerated() where token.kind == .word {
      places[token.text, default: []].append(index)
    }
    self.places = places
  }

  var indices: Range<Int> { tokens.indices }

  func text(_ index: Int) -> String { tokens.indices.contains(index) ? tokens[index].text : "" }

  func kind(_ index: Int) -> Token.Kind? { tokens.indices.contains(index) ? tokens[index].kind : nil }

  func isMark(_ index: Int, _ text: String) -> Bool {
    tokens.indices.contains(index) && tokens[index].isMark(text)
  }

  func isWord(_ index: Int, _ text: String) -> Bool {
    tokens.indices.contains(index) && tokens[index].isWord(text)
  }

  func isWord(_ index: Int) -> Bool { kind(index) == .word }

  /// The index after the bracket that closes the one at `index`; the end of the text when nothing does.
  func end(of index: Int) -> Int {
    guard tokens.indices.contains(index), partner[index] > index else { return tokens.count }
    return partner[index] + 1
  }

  /// The next token that is no end of a line.
  func next(after index: Int) -> Int {
    var next = index + 1
    while next < tokens.count, tokens[next].kind == .newline { next += 1 }
    return next
  }

  /// The token before that is no end of a line, or -1.
  func previous(before index: Int) -> Int {
    var previous = index - 1
    while previous >= 0, tokens[previous].kind == .newline { previous -= 1 }
    return previous
  }

  /// The first `{` from `index` on that comes before a `;` and outside of other brackets.
  func brace(from index: Int) -> Int? {
    var position = index
    while position < tokens.count {
      let token = tokens[position]
      if token.kind == .mark {
        if token.text == "{" { return position }
        if token.text == ";" || token.text == "}" { return nil }
        if token.text == "(" || token.text == "[" {
          position = end(of: position)
          continue
        }
      }
      position += 1
    }
    return nil
  }

  /// Where the statement that holds `index` ends (exclusive).
  func statementEnd(from index: Int) -> Int {
    var position = index
    while position < tokens.count {
      let token = tokens[position]
      if token.kind == .mark {
        switch token.text {
        case "(", "[", "{":
          position = end(of: position)
          continue
        case ")", "]", "}", ";": return position
        default: break
        }
      } else if token.kind == .newline {
        let following = next(after: position)
        let goesOn = isMark(following, ".") || isMark(following, "?.") || isMark(following, "->")
        let before = text(position - 1)
        let isOpen =
          kind(position - 1) == .mark
          && ["=", "==", "+", "&&", "||", ",", ".", "===", "!=", ":="].contains(before)
        if !goesOn && !isOpen { return position }
      }
      position += 1
    }
    return tokens.count
  }

  /// The parts between commas inside the brackets that open at `index`.
  func arguments(of index: Int) -> [Range<Int>] {
    let close = end(of: index) - 1
    guard close > index + 1 else { return [] }
    var parts: [Range<Int>] = []
    var start = index + 1
    var position = start
    while position < close {
      if isMark(position, ","), start <= position {
        parts.append(start..<position)
        start = position + 1
      }
      position = partner[position] > position ? partner[position] + 1 : position + 1
    }
    if start < close { parts.append(start..<close) }
    return parts.filter { part in tokens[part].contains { $0.kind != .newline } }
  }

  /// The string or the words of a part, for names.
  /// The token behind type arguments that begin at `index`, as in `new Queue<number>(`; `index` itself when
  /// none do.
  func afterTypeArguments(_ index: Int) -> Int {
    guard isMark(index, "<") else { return index }
    var depth = 0
    for position in index..<min(index + 24, tokens.count) {
      let text = tokens[position].text
      if tokens[position].kind == .newline || text == ";" || text == "{" { return index }
      depth += text.utf8.count { $0 == UInt8(ascii: "<") } - text.utf8.count { $0 == UInt8(ascii: ">") }
      if text == "=>" || text == "->" { depth += 1 }
      if depth <= 0 { return position + 1 }
    }
    return index
  }

  func spelled(_ range: Range<Int>) -> String {
    let parts = tokens[range].filter { $0.kind != .newline }
    if parts.count == 1, let only = parts.first { return only.text }
    return parts.map(\.text).joined(separator: " ")
  }

  /// The block that follows a line of Python, by its indentation: up to the first token that is not deeper.
  func indentedBlock(after header: Int, deeperThan indentation: Int) -> Range<Int> {
    var position = header
    var depth = 0
    // The end of the header's logical line.
    while position < tokens.count {
      let token = tokens[position]
      if token.kind == .newline, depth == 0 { break }
      if partner[position] > position { depth += 1 }
      if partner[position] >= 0, partner[position] < position { depth -= 1 }
      position += 1
    }
    let start = min(position + 1, tokens.count)
    position = start
    var isLineStart = true
    depth = 0
    while position < tokens.count {
      let token = tokens[position]
      if isLineStart, depth == 0, token.kind != .newline, token.indentation <= indentation { break }
      if partner[position] > position { depth += 1 }
      if partner[position] >= 0, partner[position] < position { depth = max(0, depth - 1) }
      isLineStart = token.kind == .newline
      position += 1
    }
    return start..<position
  }

  /// The block between the keyword at `index` and its `end`, for Ruby.
  func endBlock(from index: Int) -> Range<Int> {
    var depth = 0
    var position = index
    while position < tokens.count {
      let token = tokens[position]
      if token.kind == .word, !isMark(position - 1, "."), !isMark(position - 1, ":") || text(position) == "do"
      {
        let isFirst = position == 0 || kind(position - 1) == .newline || text(position - 1) == ";"
        let isValue = text(position - 1) == "="
        switch token.text {
        case "do", "def", "class", "module", "begin", "case": depth += 1
        case "if", "unless", "while", "until", "for": if isFirst || isValue { depth += 1 }
        case "end":
          depth -= 1
          if depth <= 0 { return (index + 1)..<position }
        default: break
        }
        // The `do` of `while … do` opens nothing of its own.
        if token.text == "do", loopLine(position) { depth -= 1 }
      }
      position += 1
    }
    return min(index + 1, tokens.count)..<tokens.count
  }

  private func loopLine(_ index: Int) -> Bool {
    var position = index
    while position > 0, kind(position - 1) != .newline { position -= 1 }
    return ["while", "until", "for"].contains(text(position))
  }
}

/// A sequence of tokens to look for: their texts between blanks. A `*` at the end of one takes any rest of a
/// word, `#n`, `#s` and `#w` any number, string and word.
struct TokenPattern: Sendable {
  let parts: [String]
  let spelling: String

  init(_ text: String) {
    parts = text.split(separator: " ").map(String.init)
    spelling = text.split(separator: " ").joined(separator: " ")
  }

  func matches(_ code: SourceCode, at index: Int) -> Bool {
    var position = index
    for (offset, part) in parts.enumerated() {
      if offset > 0 {
        while code.kind(position) == .newline { position += 1 }
      }
      guard code.tokens.indices.contains(position) else { return false }
      let token = code.tokens[position]
      switch part {
      case "#n": guard token.kind == .number else { return false }
      case "#s": guard token.kind == .string else { return false }
      case "#w": guard token.kind == .word else { return false }
      default:
        if token.kind == .string { return false }
        if part.utf8.count > 1, part.hasSuffix("*") {
          guard token.text.hasPrefix(part.dropLast()) else { return false }
        } else if token.text != part {
          return false
        }
      }
      position += 1
    }
    return true
  }

  /// The spelling for people: without the blanks that only part the tokens.
  var name: String { parts.joined() }
}

/// Patterns by the text of their first token, so that a file is searched in one go.
struct PatternTable: Sendable {
  private var exact: [String: [TokenPattern]] = [:]
  private var open: [TokenPattern] = []

  init(_ texts: [String]) {
    for text in texts {
      let pattern = TokenPattern(text)
      guard let first = pattern.parts.first else { continue }
      if first.hasPrefix("#") && first.utf8.count > 1 || first.utf8.count > 1 && first.hasSuffix("*") {
        open.append(pattern)
      } else {
        exact[first, default: []].append(pattern)
      }
    }
  }

  /// Every place where one of the patterns stands, in order; the longest at each.
  func hits(in code: SourceCode, _ range: Range<Int>? = nil) -> [(index: Int, pattern: TokenPattern)] {
    var hits: [(Int, TokenPattern)] = []
    for index in range ?? code.indices {
      let token = code.tokens[index]
      guard token.kind == .word || token.kind == .mark else { continue }
      let found = ((exact[token.text] ?? []) + open).filter { $0.matches(code, at: index) }
      if let longest = found.max(by: { $0.parts.count < $1.parts.count }) { hits.append((index, longest)) }
    }
    return hits
  }
}
