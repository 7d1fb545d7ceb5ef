/// A JSON value of the ledger: canonical on the way out, strict on the way in (INVARIANTS I-6).
///
/// Canonical means: keys sorted by their UTF-8 bytes, no white space, integers only (no floats, so that no
/// library's rounding is part of a hash), and the shortest escapes. It is our own because the bytes of an
/// entry must never depend on the version of a library.
public enum JSON: Equatable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A whole number that fits 64 bits.
  case integer(Int64)
  /// Text.
  case string(String)
  /// A list.
  case array([JSON])
  /// Members in the order given; written sorted by key.
  case object([Member])

  /// One key and its value.
  public struct Member: Equatable, Sendable {
    /// The key, unique in its object.
    public var key: String
    /// The value.
    public var value: JSON

    /// Pairs a key with its value.
    public init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// The value under `key` when this is an object that has it.
  public subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The canonical text on one line.
  public var canonical: String { String(decoding: canonicalBytes, as: UTF8.self) }

  /// The canonical text's bytes.
  public var canonicalBytes: [UInt8] {
    var writer = JSONWriter()
    writer.write(self)
    return writer.bytes
  }
}

extension JSON {
  /// The canonical text with every character that is unsafe on a terminal (I-30) as `\uXXXX`: the same value
  /// to every reader. Only for output; the ledger keeps the canonical bytes.
  public var printableBytes: [UInt8] {
    var writer = JSONWriter()
    writer.escapesUnsafe = true
    writer.write(self)
    return writer.bytes
  }

  /// `printableBytes` as text.
  public var printable: String { String(decoding: printableBytes, as: UTF8.self) }
}

struct JSONWriter {
  var bytes: [UInt8] = []
  /// Whether characters that are unsafe on a terminal (I-30) are written as `\uXXXX`.
  var escapesUnsafe = false
  private static let digits = Array("0123456789abcdef".utf8)

  mutating func write(_ value: JSON) {
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

  mutating func writeInteger(_ number: Int64) {
    if (0...9).contains(number) {
      bytes.append(UInt8(ascii: "0") + UInt8(number))
    } else {
      bytes += String(number).utf8
    }
  }

  /// Writes text that is JSON already.
  mutating func writeKey(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  func sorted(_ members: [JSON.Member]) -> [JSON.Member] {
    let isSorted = zip(members, members.dropFirst()).allSatisfy {
      $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
    }
    return isSorted ? members : members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }

  mutating func writeString(_ text: String) {
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
      case _ where PlainText.isUnsafe(scalar):
        for unit in String(scalar).utf16 {
          bytes += [0x5C, 0x75]
          for shift in [12, 8, 4, 0] { bytes.append(Self.digits[Int(unit >> UInt16(shift)) & 15]) }
        }
      default: bytes += String(scalar).utf8
      }
    }
  }
}

/// Why a text is not the JSON that the ledger takes.
public struct JSONFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, in git's grammar.
  public let description: String

  /// Makes a fault with its sentence.
  public init(_ description: String) { self.description = description }
}
