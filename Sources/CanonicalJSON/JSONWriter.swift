/// Writes JSON to bytes, canonically: for shapes so large that a value of `JSON` would be waste.
package struct JSONWriter {
  /// What was written so far.
  package var bytes: [UInt8] = []
  /// Whether characters that are unsafe on a terminal (I-30) are written as `\uXXXX`.
  package var escapesUnsafe = false
  private static let digits = Array("0123456789abcdef".utf8)

  /// A writer that has written nothing.
  package init() {}

  /// Writes one value.
  package mutating func write(_ value: JSON) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let flag): bytes += (flag ? "true" : "false").utf8
    case .integer(let number): writeInteger(number)
    case .string(let text): writeString(text)
    case .array(let items):
      bytes.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        write(item)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in sorted(members).enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        writeString(member.key)
        bytes.append(UInt8(ascii: ":"))
        write(member.value)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// Writes a whole number.
  package mutating func writeInteger(_ number: Int64) {
    if (0...9).contains(number) {
      bytes.append(UInt8(ascii: "0") + UInt8(number))
    } else {
      bytes += String(number).utf8
    }
  }

  /// Writes text that is JSON already.
  package mutating func writeKey(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  /// Members in the order of their keys.
  package func sorted(_ members: [JSON.Member]) -> [JSON.Member] {
    let isSorted = zip(members, members.dropFirst()).allSatisfy {
      $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
    }
    return isSorted ? members : members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }

  /// Writes text, quoted and escaped.
  package mutating func writeString(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    var copy = text
    copy.withUTF8 { buffer in
      let end: UInt8 = escapesUnsafe ? 0x7F : 0xFF
      if buffer.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F && $0 <= end }) {
        bytes.append(contentsOf: buffer)
        return
      }
      if escapesUnsafe { return writeScalars(text) }
      for byte in buffer {
        switch byte {
        case UInt8(ascii: "\""): bytes += [0x5C, 0x22]
        case UInt8(ascii: "\\"): bytes += [0x5C, 0x5C]
        case 0x0A: bytes += [0x5C, 0x6E]
        case 0x0D: bytes += [0x5C, 0x72]
        case 0x09: bytes += [0x5C, 0x74]
        case 0x00..<0x20, 0x7F:
          bytes += [0x5C, 0x75, 0x30, 0x30, Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)]]
        default: bytes.append(byte)
        }
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func writeScalars(_ text: String) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes += [0x5C, 0x22]
      case "\\": bytes += [0x5C, 0x5C]
      case "\n": bytes += [0x5C, 0x6E]
      case "\r": bytes += [0x5C, 0x72]
      case "\t": bytes += [0x5C, 0x74]
      case _ where UnsafeCharacter.contains(scalar):
        for unit in String(scalar).utf16 {
          bytes += [0x5C, 0x75]
          for shift in [12, 8, 4, 0] { bytes.append(Self.digits[Int(unit >> UInt16(shift)) & 15]) }
        }
      default: bytes += String(scalar).utf8
      }
    }
  }
}
