/// Reads a `StreamValue`. Values deeper than the bound are passed over and become `null`.
struct StreamParser {
  private let bytes: [UInt8]
  private let passesOverLists: Bool
  private var position = 0
  private var remaining: Int

  init(bytes: [UInt8], passesOverLists: Bool, mostValues: Int) {
    self.bytes = bytes
    self.passesOverLists = passesOverLists
    remaining = mostValues
  }

  /// The one value that the bytes are, or `nil`.
  mutating func whole() -> StreamValue? {
    guard let value = value(depth: 0) else { return nil }
    skipSpace()
    return position == bytes.count ? value : nil
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard current == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) -> StreamValue? {
    skipSpace()
    guard remaining > 0 else { return nil }
    remaining -= 1
    switch current {
    case UInt8(ascii: "{"):
      return depth < StreamValue.maximumDepth ? object(depth: depth) : passOver()
    case UInt8(ascii: "["):
      return depth < StreamValue.maximumDepth && !passesOverLists ? array(depth: depth) : passOver()
    case UInt8(ascii: "\""): return string().map(StreamValue.string)
    case UInt8(ascii: "t"): return word("true", .bool(true))
    case UInt8(ascii: "f"): return word("false", .bool(false))
    case UInt8(ascii: "n"): return word("null", .null)
    default: return number()
    }
  }

  private mutating func word(_ text: StaticString, _ value: StreamValue) -> StreamValue? {
    let end = position + text.utf8CodeUnitCount
    let isThere = text.withUTF8Buffer { end <= bytes.count && bytes[position..<end].elementsEqual($0) }
    guard isThere else { return nil }
    position = end
    return value
  }

  private mutating func number() -> StreamValue? {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    guard skipDigits() else { return nil }
    if current == UInt8(ascii: ".") {
      position += 1
      guard skipDigits() else { return nil }
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      guard skipDigits() else { return nil }
    }
    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func skipDigits() -> Bool {
    let start = position
    while let byte = current, (0x30...0x39).contains(byte) { position += 1 }
    return position > start
  }

  private mutating func array(depth: Int) -> StreamValue? {
    position += 1
    var items: [StreamValue] = []
    if take(UInt8(ascii: "]")) { return .array(items) }
    while true {
      guard let item = value(depth: depth + 1) else { return nil }
      items.append(item)
      if take(UInt8(ascii: "]")) { return .array(items) }
      guard take(UInt8(ascii: ",")) else { return nil }
    }
  }

  private mutating func object(depth: Int) -> StreamValue? {
    position += 1
    var members: [String: StreamValue] = [:]
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\""), let key = string(), take(UInt8(ascii: ":")),
        let value = value(depth: depth + 1)
      else { return nil }
      members[key] = value
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { return nil }
    }
  }

  /// Goes to the end of a list or object, whatever it holds, without recursion.
  private mutating func passOver() -> StreamValue? {
    var depth = 0
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""): guard skipString() else { return nil }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        position += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        position += 1
        if depth == 0 { return .null }
      default: position += 1
      }
    }
    return nil
  }

  private mutating func skipString() -> Bool {
    position += 1
    while let byte = current {
      position += byte == 0x5C ? 2 : 1
      if byte == 0x22 { return true }
    }
    return false
  }

  private mutating func string() -> String? {
    let start = position + 1
    guard skipString() else { return nil }
    let content = bytes[start..<(position - 1)]
    guard content.contains(0x5C) else { return String(decoding: content, as: UTF8.self) }
    return String(decoding: StreamParser.unescaped(content), as: UTF8.self)
  }

  /// The bytes with their escapes replaced; an unknown escape stands for the character behind it.
  private static func unescaped(_ content: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(content.count)
    var rest = content
    while let byte = rest.popFirst() {
      guard byte == 0x5C, let escape = rest.popFirst() else {
        result.append(byte)
        continue
      }
      switch escape {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "u"): result += String(Character(scalar(&rest))).utf8
      default: result.append(escape)
      }
    }
    return result
  }

  /// The character of a `\u` escape, or of two that are a pair; U+FFFD for half a pair or for no digits.
  private static func scalar(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar {
    guard let first = unit(&rest) else { return "\u{FFFD}" }
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
    var ahead = rest
    guard ahead.popFirst() == 0x5C, ahead.popFirst() == UInt8(ascii: "u"), let second = unit(&ahead),
      (0xDC00..<0xE000).contains(second)
    else { return "\u{FFFD}" }
    rest = ahead
    return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)) ?? "\u{FFFD}"
  }

  private static func unit(_ rest: inout ArraySlice<UInt8>) -> UInt32? {
    guard rest.count >= 4, let value = UInt32(String(decoding: rest.prefix(4), as: UTF8.self), radix: 16)
    else { return nil }
    rest = rest.dropFirst(4)
    return value
  }
}
