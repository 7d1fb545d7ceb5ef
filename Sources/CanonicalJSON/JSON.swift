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

/// Why a text is not the JSON that the ledger takes.
public struct JSONFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, in git's grammar.
  public let description: String

  /// Makes a fault with its sentence.
  public init(_ description: String) { self.description = description }
}
