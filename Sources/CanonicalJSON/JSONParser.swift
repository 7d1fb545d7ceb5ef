extension JSON {
  /// Reads one JSON value and nothing after it but white space.
  ///
  /// Bounded: at most 32 levels deep; refuses floats, numbers beyond 64 bits, duplicate keys, invalid UTF-8
  /// and lone surrogates, so that two readers can never disagree about a text. A short text can hold many
  /// values, each of which takes more memory than its few bytes: no more than `maximumValues` are read.
  public static func parse(_ bytes: [UInt8], maximumValues: Int = .max) throws(JSONFault) -> JSON {
    var parser = JSONParser(bytes: bytes, remaining: maximumValues)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.isAtEnd else {
      throw JSONFault("unexpected text after the value at byte \(parser.position)")
    }
    return value
  }

  /// Reads one JSON value from text; see `parse(_:)` for bytes.
  public static func parse(_ text: String) throws(JSONFault) -> JSON { try parse(Array(text.utf8)) }
}

private struct JSONParser {
  let bytes: [UInt8]
  var position = 0
  static let maximumDepth = 32

  /// How many values may still follow.
  private var remaining: Int

  init(bytes: [UInt8], remaining: Int) { (self.bytes, self.remaining) = (bytes, remaining) }

  var isAtEnd: Bool { position >= bytes.count }
  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard current == byte else { return false }
    position += 1
    return true
  }

  private func fault(_ expected: String) -> JSONFault {
    JSONFault(
      isAtEnd ? "the text ends where \(expected) should be" : "expected \(expected) at byte \(position)")
  }

  mutating func value(depth: Int) throws(JSONFault) -> JSON {
    guard depth <= Self.maximumDepth else {
      throw JSONFault("nested deeper than \(Self.maximumDepth) levels")
    }
    guard remaining > 0 else { throw JSONFault("it holds too many values") }
    remaining -= 1
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ text: String, _ value: JSON) throws(JSONFault) -> JSON {
    for byte in text.utf8 {
      guard current == byte else { throw fault("'\(text)'") }
      position += 1
    }
    return value
  }

  private mutating func number() throws(JSONFault) -> JSON {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    while let byte = current, byte >= 0x30 && byte <= 0x39 { position += 1 }
    if let byte = current, byte == 0x2E || byte == 0x65 || byte == 0x45 {
      throw JSONFault("a number with a fraction or an exponent at byte \(start)")
    }
    if let number = plainNumber(start) { return .integer(number) }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let number = Int64(text), String(number) == text else { throw fault("a value") }
    return .integer(number)
  }

  /// The digits since `start` as a number, unless they begin with a sign or a zero or might not fit: then the
  /// long way decides.
  private func plainNumber(_ start: Int) -> Int64? {
    guard position > start, position - start <= 18, bytes[start] > 0x30 else { return nil }
    var number: Int64 = 0
    for index in start..<position { number = number * 10 + Int64(bytes[index] - 0x30) }
    return number
  }

  private mutating func array(depth: Int) throws(JSONFault) -> JSON {
    position += 1
    var items: [JSON] = []
    if take(UInt8(ascii: "]")) { return .array(items) }
    while true {
      items.append(try value(depth: depth + 1))
      // Growing a short list step by step takes a new place four times.
      if items.count == 1, current == UInt8(ascii: ",") { items.reserveCapacity(8) }
      if take(UInt8(ascii: "]")) { return .array(items) }
      guard take(UInt8(ascii: ",")) else { throw fault("',' or ']'") }
    }
  }

  private mutating func object(depth: Int) throws(JSONFault) -> JSON {
    position += 1
    var members: [JSON.Member] = []
    if take(UInt8(ascii: "}")) { return .object(members) }
    members.reserveCapacity(4)
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw fault("a key") }
      let key = try string()
      guard take(UInt8(ascii: ":")) else { throw fault("':'") }
      members.append(JSON.Member(key, try value(depth: depth + 1)))
      if take(UInt8(ascii: "}")) { break }
      guard take(UInt8(ascii: ",")) else { throw fault("',' or '}'") }
    }
    try refuseDuplicates(members)
    return .object(members)
  }

  private func refuseDuplicates(_ members: [JSON.Member]) throws(JSONFault) {
    if members.count <= 12 {
      for index in members.indices {
        for other in members.indices where other < index && members[other].key == members[index].key {
          throw JSONFault("the key '\(members[index].key)' stands twice in one object")
        }
      }
      return
    }
    var seen = Set<String>()
    for member in members where !seen.insert(member.key).inserted {
      throw JSONFault("the key '\(member.key)' stands twice in one object")
    }
  }

  private mutating func string() throws(JSONFault) -> String {
    position += 1
    let start = position
    var isASCII = true
    while let byte = current, byte != 0x22, byte != 0x5C, byte >= 0x20 {
      if byte >= 0x80 { isASCII = false }
      position += 1
    }
    if current == 0x22 {
      // Validation looks its types up at run time, again for each string: a tenth of reading a large plan.
      let slice = bytes[start..<position]
      let text = isASCII ? String(decoding: slice, as: UTF8.self) : try validated(slice)
      position += 1
      return text
    }
    var content = Array(bytes[start..<position])
    while let byte = current {
      position += 1
      switch byte {
      case 0x22: return try validated(content[...])
      case 0x5C: try escape(into: &content)
      case 0x00..<0x20: throw JSONFault("a control character in a string at byte \(position - 1)")
      default: content.append(byte)
      }
    }
    throw fault("'\"'")
  }

  private func validated(_ slice: ArraySlice<UInt8>) throws(JSONFault) -> String {
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw JSONFault("invalid UTF-8 in a string that ends at byte \(position)")
    }
    return text
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONFault) {
    guard let byte = current else { throw fault("an escape") }
    position += 1
    switch byte {
    case 0x22, 0x5C, 0x2F: content.append(byte)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "u"): try unicodeEscape(into: &content)
    default: throw JSONFault("an unknown escape at byte \(position - 1)")
    }
  }

  private mutating func unicodeEscape(into content: inout [UInt8]) throws(JSONFault) {
    var code = try hexUnit()
    if code >= 0xD800 && code < 0xDC00 {
      guard current == 0x5C else { throw JSONFault("a lone surrogate at byte \(position)") }
      position += 1
      guard current == UInt8(ascii: "u") else { throw JSONFault("a lone surrogate at byte \(position)") }
      position += 1
      let low = try hexUnit()
      guard low >= 0xDC00 && low < 0xE000 else { throw JSONFault("a lone surrogate at byte \(position)") }
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw JSONFault("a lone surrogate at byte \(position)") }
    content += Array(String(Character(scalar)).utf8)
  }

  private mutating func hexUnit() throws(JSONFault) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = hexDigit(byte) else { throw fault("four hexadecimal digits") }
      code = code << 4 | digit
      position += 1
    }
    return code
  }

  private func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte - 0x30)
    case 0x41...0x46: UInt32(byte - 0x41 + 10)
    case 0x61...0x66: UInt32(byte - 0x61 + 10)
    default: nil
    }
  }
}
