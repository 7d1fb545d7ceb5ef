/// A plan file cut in two: the YAML between the two `---` lines, and the Markdown after them.
struct FrontMatter: Equatable {
  /// The largest plan file, in bytes.
  static let maximumBytes = 1 << 20

  /// The bytes between the two `---` lines.
  var yaml: [UInt8]
  /// The line of the file on which `yaml` starts.
  var yamlLine: Int
  /// The prompt's template, with line feeds only.
  var body: String
  /// The line of the file on which `body` starts.
  var bodyLine: Int

  init(_ bytes: [UInt8]) throws(PlanFault) {
    let content = try Self.text(bytes)
    let first = Self.line(content, from: 0)
    guard Self.isFence(content[first.range]) else {
      throw Mark(line: 1, column: 1).fault(
        "the plan has no front matter",
        hint: "start the file with a line '---', the YAML keys, and another line '---'")
    }
    var start = first.next
    var number = 2
    while start < content.count {
      let line = Self.line(content, from: start)
      if Self.isFence(content[line.range]) {
        yaml = Array(content[first.next..<start])
        yamlLine = 2
        bodyLine = number + 1
        body = Self.withLineFeeds(content[line.next...])
        return
      }
      start = line.next
      number += 1
    }
    throw Mark(line: 1, column: 1).fault(
      "the front matter is never closed", hint: "end it with a line '---'")
  }

  /// Checks the encoding and takes the byte-order mark away.
  private static func text(_ bytes: [UInt8]) throws(PlanFault) -> [UInt8] {
    let top = Mark(line: 1, column: 1)
    if bytes.count > maximumBytes {
      throw top.fault(
        "the plan is \(bytes.count) bytes, more than \(maximumBytes)",
        hint: "let 'for:' make the steps that are alike")
    }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw top.fault("the plan is encoded as UTF-16", hint: "save it as UTF-8")
    }
    if let nul = bytes.firstIndex(of: 0) {
      throw place(of: nul, in: bytes).fault("the plan holds a NUL byte", hint: "save it as UTF-8 text")
    }
    if String(validating: bytes, as: UTF8.self) == nil {
      throw place(of: firstInvalid(bytes), in: bytes).fault(
        "the plan is not valid UTF-8", hint: "save it as UTF-8")
    }
    return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
  }

  private static func firstInvalid(_ bytes: [UInt8]) -> Int {
    var parser = Unicode.UTF8.ForwardParser()
    var input = bytes.makeIterator()
    var offset = 0
    while case .valid(let character) = parser.parseScalar(from: &input) { offset += character.count }
    return min(offset, bytes.count)
  }

  /// The line and column of a byte of a text that starts on `firstLine`.
  static func place(of offset: Int, in bytes: [UInt8], firstLine: Int = 1) -> Mark {
    let before = bytes.prefix(offset)
    let lineStart = (before.lastIndex(of: 0x0A) ?? -1) + 1
    let line = before.reduce(firstLine) { $1 == 0x0A ? $0 + 1 : $0 }
    // Continuation bytes do not start a character, so they do not count as columns.
    return Mark(line: line, column: before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1)
  }

  private static func line(_ bytes: [UInt8], from start: Int) -> (range: Range<Int>, next: Int) {
    var end = start
    while end < bytes.count, bytes[end] != 0x0A { end += 1 }
    return (start..<end, min(end + 1, bytes.count))
  }

  private static func isFence(_ line: ArraySlice<UInt8>) -> Bool {
    line.starts(with: [0x2D, 0x2D, 0x2D])
      && line.dropFirst(3).allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
  }

  private static func withLineFeeds(_ bytes: ArraySlice<UInt8>) -> String {
    var kept: [UInt8] = []
    kept.reserveCapacity(bytes.count)
    for byte in bytes {
      if byte == 0x0A, kept.last == 0x0D { kept.removeLast() }
      kept.append(byte)
    }
    return String(decoding: kept, as: UTF8.self)
  }
}
