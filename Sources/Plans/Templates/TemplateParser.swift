/// Reads a template in one pass over its bytes.
struct TemplateParser {
  private(set) var names: [Template.Name] = []
  /// What is wrong, in the order of the text; then the parts say nothing.
  private(set) var faults: [TemplateFault] = []

  private typealias Open = (name: Template.Name, inverted: Bool, parts: [Template.Part])

  private static let maximumDepth = 32
  private static let braces = UInt8(ascii: "{")
  private let bytes: [UInt8]
  private var offset = 0
  private var line = 1
  private var column = 1
  private var marked = 0
  private var parts: [Template.Part] = []
  private var open: [Open] = []
  /// Sections whose end was told to be in the wrong place.
  private var misplaced: [String] = []

  init(_ text: String) { bytes = Array(text.utf8) }

  /// The parts of the whole template.
  mutating func parse() -> [Template.Part] {
    while offset < bytes.count, faults.count < Faults.limit {
      guard let start = find([Self.braces, Self.braces], from: offset) else { break }
      let before = offset
      do throws(TemplateFault) {
        try tag(at: start)
      } catch {
        faults.append(error)
        // Where a tag has no end nothing behind it can be told apart.
        if offset == before { return [] }
      }
    }
    append(text: offset..<bytes.count)
    for section in open {
      faults.append(
        section.name.fault(
          "the section '\(section.name.name)' is never closed", hint: "add {{/\(section.name.name)}}"))
    }
    return parts
  }

  /// Reads the tag that starts at `start`, with the text before it.
  private mutating func tag(at start: Int) throws(TemplateFault) {
    let place = mark(start)
    let isTriple = start + 2 < bytes.count && bytes[start + 2] == Self.braces
    let closing = Array(repeating: UInt8(ascii: "}"), count: isTriple ? 3 : 2)
    let inside = start + closing.count
    guard let end = find(closing, from: inside) else {
      throw TemplateFault(
        line: place.line, column: place.column, message: "the tag is never closed",
        hint: "close it with '\(isTriple ? "}}}" : "}}")', or write {{braces.open}} for two braces")
    }
    let after = end + closing.count
    let sigil = isTriple ? nil : bytes[inside..<end].first
    let isAlone = sigil.map { Array("#^/!".utf8).contains($0) } ?? false
    let lines = isAlone ? standalone(start..<after) : nil
    append(text: offset..<(lines?.lowerBound ?? start))
    offset = lines?.upperBound ?? after
    switch sigil {
    case UInt8(ascii: "!"): return
    case UInt8(ascii: "#"), UInt8(ascii: "^"):
      let name = try name(bytes[(inside + 1)..<end], isSection: true, place)
      guard open.count < Self.maximumDepth else {
        (open, offset) = ([], bytes.count)
        throw name.fault("sections are nested deeper than \(Self.maximumDepth) levels")
      }
      open.append((name, sigil == UInt8(ascii: "^"), parts))
      parts = []
    case UInt8(ascii: "/"):
      try close(try name(bytes[(inside + 1)..<end], isSection: false, place))
    case UInt8(ascii: ">"), UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: "$"):
      throw TemplateFault(
        line: place.line, column: place.column,
        message: "partials and changes of delimiters are not supported",
        hint: "write the text out, or {{braces.open}} for two braces")
    case UInt8(ascii: "&"):
      parts.append(.value(try used(try name(bytes[(inside + 1)..<end], isSection: false, place))))
    default:
      parts.append(.value(try used(try name(bytes[inside..<end], isSection: false, place))))
    }
  }

  private mutating func close(_ name: Template.Name) throws(TemplateFault) {
    if let index = misplaced.firstIndex(of: name.name), open.last?.name.name != name.name {
      misplaced.remove(at: index)
      return
    }
    guard let section = open.popLast() else {
      throw name.fault("{{/\(name.name)}} closes no section")
    }
    guard section.name.name == name.name else {
      misplaced.append(section.name.name)
      if let outer = open.lastIndex(where: { $0.name.name == name.name }) {
        misplaced += open[(outer + 1)...].map(\.name.name)
        open.removeSubrange(outer...)
      }
      throw name.fault(
        "{{/\(name.name)}} closes '\(section.name.name)'", hint: "write {{/\(section.name.name)}} first")
    }
    let inner = parts
    parts = section.parts
    parts.append(.section(section.name, inverted: section.inverted, inner))
  }

  /// Checks a name's spelling; sections are noted at once, so that `names` has the order of the text.
  private mutating func name(
    _ raw: ArraySlice<UInt8>, isSection: Bool, _ place: (line: Int, column: Int)
  ) throws(TemplateFault) -> Template.Name {
    let isSpace = { (byte: UInt8) in byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }
    let trimmed = raw.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    let keys = trimmed.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let name = Template.Name(
      name: String(decoding: trimmed, as: UTF8.self), isSection: isSection, line: place.line,
      column: place.column, keys: keys.map { String(decoding: $0, as: UTF8.self) })
    if name.name == "." {
      if isSection || open.isEmpty {
        throw name.fault("'{{.}}' stands outside a section", hint: "name the value")
      }
      return name
    }
    guard keys.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isWordByte) }) else {
      throw name.fault(
        "\(quoted(name.name)) is not a name", hint: "write {{braces.open}} where two braces are meant as text"
      )
    }
    if isSection { names.append(name) }
    return name
  }

  private mutating func used(_ name: Template.Name) throws(TemplateFault) -> Template.Name {
    if name.name != "." { names.append(name) }
    return name
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: true
    default: false
    }
  }

  /// The whole line or lines of a tag that stands alone on them, or `nil`.
  private func standalone(_ tag: Range<Int>) -> Range<Int>? {
    var start = tag.lowerBound
    // Nothing before `offset` is text: it belongs to an earlier tag or to a line that was taken away.
    while start > offset, bytes[start - 1] == 0x20 || bytes[start - 1] == 0x09 { start -= 1 }
    guard start == 0 || bytes[start - 1] == 0x0A else { return nil }
    var end = tag.upperBound
    while end < bytes.count, bytes[end] == 0x20 || bytes[end] == 0x09 { end += 1 }
    if end + 1 < bytes.count, bytes[end] == 0x0D, bytes[end + 1] == 0x0A { end += 1 }
    guard end == bytes.count || bytes[end] == 0x0A else { return nil }
    return start..<min(end + 1, bytes.count)
  }

  private mutating func append(text range: Range<Int>) {
    guard !range.isEmpty else { return }
    parts.append(.text(String(decoding: bytes[range], as: UTF8.self)))
  }

  private func find(_ pattern: [UInt8], from start: Int) -> Int? {
    guard start <= bytes.count - pattern.count else { return nil }
    return (start...(bytes.count - pattern.count)).first { bytes[$0...].starts(with: pattern) }
  }

  /// The line and column of an offset; offsets come in rising order, so the whole text is counted once.
  private mutating func mark(_ offset: Int) -> (line: Int, column: Int) {
    for byte in bytes[marked..<max(marked, offset)] {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    marked = max(marked, offset)
    return (line, column)
  }
}
