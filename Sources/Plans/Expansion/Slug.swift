import Migration

/// Makes legal ids out of any text.
enum Slug {
  /// A value as a piece of an id: runs of what an id cannot hold become one '-'.
  static func piece(_ value: String) -> String {
    var bytes: [UInt8] = []
    var isGap = false
    for byte in value.utf8 {
      if isLegal(byte) {
        if isGap, !bytes.isEmpty { bytes.append(UInt8(ascii: "-")) }
        bytes.append(byte)
        isGap = false
      } else {
        isGap = true
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The whole id, mended where the pieces met; `raw` is what it was before any value was slugged.
  static func id(_ rendered: String, raw: String) -> String {
    var bytes: [UInt8] = []
    for byte in rendered.utf8 {
      if byte == UInt8(ascii: "."), bytes.last == byte { continue }
      if bytes.isEmpty, !isAlphanumeric(byte) { continue }
      bytes.append(byte)
    }
    while let last = bytes.last, last == UInt8(ascii: ".") || last == UInt8(ascii: "-") { bytes.removeLast() }
    let id = String(decoding: bytes, as: UTF8.self)
    // Too long, empty, a device's name, or ending in '.lock'.
    return Identifier.stepFault(id) == nil ? id : withDigest(id, of: raw)
  }

  /// The id, shortened if need be, and a digest of what it was made from.
  static func withDigest(_ id: String, of raw: String) -> String {
    let digest = "-" + Slug.digest(raw)
    let kept = String(decoding: id.utf8.prefix(Identifier.maximumLength - digest.utf8.count), as: UTF8.self)
    // A name such as 'con.x' is reserved whatever follows its dot.
    let full = (kept.isEmpty ? "m" : kept) + digest
    return Identifier.stepFault(full) == nil ? full : "m" + digest
  }

  /// Ten hexadecimal digits of FNV-1a: the same on every machine and in every release, unlike `Hasher`.
  static func digest(_ text: String) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 {
      hash ^= UInt64(byte)
      hash = hash &* 0x100_0000_01B3
    }
    let digits = String(hash, radix: 16)
    return String(String(repeating: "0", count: 16 - digits.utf8.count) + digits).prefix(10).description
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  private static func isLegal(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "-")
  }
}
