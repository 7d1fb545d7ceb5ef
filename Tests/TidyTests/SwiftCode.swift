/// Swift source without its comments and texts: what is left are the words, marks and line ends of the code.
///
/// What stands in an interpolation is code and stays. Regular expressions between slashes are not known.
struct SwiftCode {
  /// The code, line by line; as many lines as the source has.
  let lines: [String]
  /// The lines, from 0, that begin inside of a text of several lines.
  let textLines: Set<Int>

  init(_ source: String) {
    var reader = Reader(bytes: Array(source.utf8))
    reader.readCode(untilParenthesis: false)
    lines = String(decoding: reader.code, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    textLines = reader.textLines
  }

  /// The words and marks of a line: identifiers, and every other character but blanks by itself.
  static func tokens(of line: String) -> [Substring] {
    var tokens: [Substring] = []
    let bytes = line.utf8
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let start = position
      // The bytes of a character that is not ASCII stay together, as the letters of a word do.
      while position < bytes.endIndex, isOfWord(bytes[position]) { position = bytes.index(after: position) }
      if position == start {
        position = bytes.index(after: position)
        if bytes[start] == UInt8(ascii: " ") || bytes[start] == UInt8(ascii: "\t") { continue }
      }
      tokens.append(line[start..<position])
    }
    return tokens
  }

  private static func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...: true
    default: false
    }
  }
}

/// Reads source byte by byte; every byte that begins or ends something is ASCII.
private struct Reader {
  let bytes: [UInt8]
  var code: [UInt8] = []
  var textLines: Set<Int> = []
  private var position = 0
  private var line = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  private func has(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard position + count <= bytes.count else { return false }
    return (0..<count).allSatisfy { bytes[position + $0] == text.utf8Start[$0] }
  }

  /// Goes on by one byte, which is kept when it is code or a line's end.
  private mutating func take(isCode: Bool) {
    let byte = bytes[position]
    if byte == UInt8(ascii: "\n") { line += 1 }
    if isCode || byte == UInt8(ascii: "\n") { code.append(byte) }
    position += 1
  }

  mutating func readCode(untilParenthesis: Bool) {
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "/") where has("//"):
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { take(isCode: false) }
      case UInt8(ascii: "/") where has("/*"): skipComment()
      case UInt8(ascii: "\""): readText(hashes: 0)
      case UInt8(ascii: "#"):
        guard let hashes = hashesBeforeText() else {
          take(isCode: true)
          continue
        }
        for _ in 0..<hashes { take(isCode: false) }
        readText(hashes: hashes)
      case UInt8(ascii: "("):
        depth += 1
        take(isCode: true)
      case UInt8(ascii: ")"):
        depth -= 1
        take(isCode: true)
        if untilParenthesis && depth == 0 { return }
      default: take(isCode: true)
      }
    }
  }

  private mutating func skipComment() {
    var depth = 0
    repeat {
      if has("/*") { depth += 1 } else if has("*/") { depth -= 1 } else { take(isCode: false); continue }
      take(isCode: false)
      take(isCode: false)
    } while depth > 0 && position < bytes.count
  }

  private func hashesBeforeText() -> Int? {
    let count = bytes[position...].prefix { $0 == UInt8(ascii: "#") }.count
    guard position + count < bytes.count, bytes[position + count] == UInt8(ascii: "\"") else { return nil }
    return count
  }

  /// Reads a text from its first quote to its last; leaves a pair of quotes in the code.
  private mutating func readText(hashes: Int) {
    let isLong = has("\"\"\"")
    let quotes = isLong ? 3 : 1
    let first = line
    code += [UInt8(ascii: "\""), UInt8(ascii: "\"")]
    for _ in 0..<quotes { take(isCode: false) }
    while position < bytes.count {
      if isLong ? has("\"\"\"") : has("\""), areHashes(at: position + quotes, hashes) {
        for _ in 0..<(quotes + hashes) { take(isCode: false) }
        break
      }
      if has("\\"), areHashes(at: position + 1, hashes) {
        for _ in 0...hashes { take(isCode: false) }
        if has("(") {
          readCode(untilParenthesis: true)
        } else if position < bytes.count {
          take(isCode: false)
        }
      } else {
        take(isCode: false)
      }
    }
    if line > first { textLines.formUnion((first + 1)...line) }
  }

  private func areHashes(at start: Int, _ count: Int) -> Bool {
    guard start + count <= bytes.count else { return false }
    return bytes[start..<(start + count)].allSatisfy { $0 == UInt8(ascii: "#") }
  }
}
