/// A JSON value as reporters write it: with fractions, which the ledger's own JSON refuses.
enum ReportJSON {
  case null, bool(Bool), number(Double), string(String), array([ReportJSON]), object([String: ReportJSON])

  subscript(_ key: String) -> ReportJSON? {
    if case .object(let members) = self { return members[key] }
    return nil
  }
  subscript(_ index: Int) -> ReportJSON? {
    if case .array(let items) = self, items.indices.contains(index) { return items[index] }
    return nil
  }
  var items: [ReportJSON] {
    if case .array(let items) = self { return items }
    return []
  }
  var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }
  var int: Int? {
    if case .number(let number) = self, number.magnitude < 1e15 { return Int(number) }
    return nil
  }
  var isTrue: Bool {
    if case .bool(true) = self { return true }
    return false
  }

  /// Reads one value; `nil` when the text is none, or is nested deeper than anybody would.
  init?(_ text: some StringProtocol) {
    var parser = Parser(bytes: Array(text.utf8))
    guard let value = parser.value(0) else { return nil }
    parser.skipSpace()
    guard parser.position == parser.bytes.count else { return nil }
    self = value
  }

  private struct Parser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
      while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    mutating func value(_ depth: Int) -> ReportJSON? {
      skipSpace()
      guard depth < 64, let byte = current else { return nil }
      switch byte {
      case UInt8(ascii: "{"): return object(depth)
      case UInt8(ascii: "["): return array(depth)
      case UInt8(ascii: "\""): return string().map { .string($0) }
      case UInt8(ascii: "t"): return word("true", .bool(true))
      case UInt8(ascii: "f"): return word("false", .bool(false))
      case UInt8(ascii: "n"): return word("null", .null)
      default: return number()
      }
    }

    private mutating func word(_ text: String, _ value: ReportJSON) -> ReportJSON? {
      guard bytes[position...].starts(with: text.utf8) else { return nil }
      position += text.utf8.count
      return value
    }

    private mutating func number() -> ReportJSON? {
      let start = position
      while let byte = current, (byte >= 0x30 && byte <= 0x39) || "+-.eE".utf8.contains(byte) {
        position += 1
      }
      return Double(String(decoding: bytes[start..<position], as: UTF8.self)).map { .number($0) }
    }

    private mutating func array(_ depth: Int) -> ReportJSON? {
      position += 1
      var items: [ReportJSON] = []
      skipSpace()
      if current == UInt8(ascii: "]") {
        position += 1
        return .array([])
      }
      while let item = value(depth + 1) {
        items.append(item)
        skipSpace()
        guard let byte = current else { return nil }
        position += 1
        if byte == UInt8(ascii: "]") { return .array(items) }
        guard byte == UInt8(ascii: ",") else { return nil }
      }
      return nil
    }

    private mutating func object(_ depth: Int) -> ReportJSON? {
      position += 1
      var members: [String: ReportJSON] = [:]
      skipSpace()
      if current == UInt8(ascii: "}") {
        position += 1
        return .object([:])
      }
      while true {
        skipSpace()
        guard let key = string() else { return nil }
        skipSpace()
        guard current == UInt8(ascii: ":") else { return nil }
        position += 1
        guard let item = value(depth + 1) else { return nil }
        members[key] = item
        skipSpace()
        guard let byte = current else { return nil }
        position += 1
        if byte == UInt8(ascii: "}") { return .object(members) }
        guard byte == UInt8(ascii: ",") else { return nil }
      }
    }

    private mutating func string() -> String? {
      guard current == UInt8(ascii: "\"") else { return nil }
      position += 1
      var content: [UInt8] = []
      while let byte = current {
        position += 1
        if byte == UInt8(ascii: "\"") { return String(decoding: content, as: UTF8.self) }
        guard byte == UInt8(ascii: "\\") else {
          content.append(byte)
          continue
        }
        guard let escaped = current else { return nil }
        position += 1
        switch escaped {
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "b"), UInt8(ascii: "f"): content.append(0x20)
        case UInt8(ascii: "u"):
          guard var unit = hex() else { return nil }
          if unit >= 0xD800, unit < 0xDC00, current == UInt8(ascii: "\\"), position + 1 < bytes.count,
            bytes[position + 1] == UInt8(ascii: "u")
          {
            position += 2
            guard let low = hex(), low >= 0xDC00, low < 0xE000 else { return nil }
            unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
          }
          content += String(Character(Unicode.Scalar(unit) ?? "\u{FFFD}")).utf8
        default: content.append(escaped)
        }
      }
      return nil
    }

    private mutating func hex() -> UInt32? {
      guard position + 4 <= bytes.count,
        let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
      else { return nil }
      position += 4
      return value
    }
  }
}
