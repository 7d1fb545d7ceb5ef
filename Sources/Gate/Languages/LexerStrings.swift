/// Strings in all their forms, and texts of several lines.
extension Lexer {
  mutating func readString() -> Bool {
    let current = byte()
    if readRaw(current) || readHereDocumentStart() || readWordList() { return true }
    if current == UInt8(ascii: "`"), dialect.backquote != .none {
      readQuoted(quote: current, isRaw: dialect.backquote != .template, endsWithLine: false)
      // In Swift and Kotlin these are names.
      if dialect.backquote == .name, let last = tokens.last {
        tokens[tokens.count - 1].kind = last.text.isEmpty ? .mark : .word
      }
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

  /// Ruby's `%w[a b]`: a list of strings.
  private mutating func readWordList() -> Bool {
    guard dialect.hasRubyBlocks, byte() == UInt8(ascii: "%"), "wWiI".utf8.contains(byte(1)) else {
      return false
    }
    let pairs: [UInt8: UInt8] = [0x5B: 0x5D, 0x28: 0x29, 0x7B: 0x7D, 0x3C: 0x3E]
    guard let close = pairs[byte(2)] else { return false }
    position += 3
    let start = position
    while position < bytes.count, bytes[position] != close {
      if bytes[position] == 0x0A { line += 1 }
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    position = min(position + 1, bytes.count)
    add(.mark, "[")
    for (index, word) in text.split(whereSeparator: \.isWhitespace).enumerated() {
      if index > 0 { add(.mark, ",") }
      add(.string, String(word))
    }
    add(.mark, "]")
    return true
  }

  mutating func readQuoted(quote: UInt8, isRaw: Bool, endsWithLine: Bool) {
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
      } else if !isRaw, let mark = dialect.interpolation.first, bytes[position] == mark,
        byte(1) == UInt8(ascii: "{"),
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
    while end < bytes.count, end - start < 12, bytes[end] != UInt8(ascii: "'"), bytes[end] != 0x0A {
      end += 1
    }
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
      return read(
        after: index + 1, to: [UInt8(ascii: "\"")] + Array(repeating: UInt8(ascii: "#"), count: hashes))
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
      if last.kind == .word,
        !["return", "typeof", "in", "of", "if", "and", "or", "not", "when"].contains(last.text)
      {
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
    let isIndented =
      byte(index) == UInt8(ascii: "~") || byte(index) == UInt8(ascii: "-") || !dialect.hasRubyBlocks
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

  mutating func readHereDocuments() {
    for (name, _) in hereDocuments {
      let (start, first) = (position, line)
      while position < bytes.count {
        let lineStart = position
        while byte() == 0x20 || byte() == 0x09 { position += 1 }
        let isEnd =
          position + name.count <= bytes.count
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
