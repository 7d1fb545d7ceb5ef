/// SHA-1 (FIPS 180-4), only for the checksum at the end of a pack: libgit2 hashes objects and nothing else,
/// and compares what it is given here with its own sum.
enum SHA1 {
  /// The 20 bytes of the digest.
  static func digest(of bytes: [UInt8]) -> [UInt8] {
    var state: (UInt32, UInt32, UInt32, UInt32, UInt32) = (
      0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0
    )
    var tail = Array(bytes.suffix(bytes.count % 64)) + [0x80]
    while tail.count % 64 != 56 { tail.append(0) }
    let bitCount = UInt64(bytes.count) << 3
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      tail.append(UInt8(truncatingIfNeeded: bitCount >> shift))
    }
    var words = [UInt32](repeating: 0, count: 80)
    for start in stride(from: 0, to: bytes.count - bytes.count % 64, by: 64) {
      compress(bytes, at: start, &state, &words)
    }
    for start in stride(from: 0, to: tail.count, by: 64) { compress(tail, at: start, &state, &words) }
    return [state.0, state.1, state.2, state.3, state.4].flatMap { word in
      ([24, 16, 8, 0] as [UInt32]).map { UInt8(truncatingIfNeeded: word >> $0) }
    }
  }

  private static func compress(
    _ bytes: [UInt8], at start: Int, _ state: inout (UInt32, UInt32, UInt32, UInt32, UInt32),
    _ words: inout [UInt32]
  ) {
    for index in 0..<16 {
      let at = start + index * 4
      words[index] =
        UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8
        | UInt32(bytes[at + 3])
    }
    for index in 16..<80 {
      words[index] = rotated(
        words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], by: 1)
    }
    var (a, b, c, d, e) = state
    for index in 0..<80 {
      let (mix, constant): (UInt32, UInt32) =
        switch index {
        case 0..<20: ((b & c) | (~b & d), 0x5a82_7999)
        case 20..<40: (b ^ c ^ d, 0x6ed9_eba1)
        case 40..<60: ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc)
        default: (b ^ c ^ d, 0xca62_c1d6)
        }
      (a, b, c, d, e) = (
        rotated(a, by: 5) &+ mix &+ e &+ constant &+ words[index], a, rotated(b, by: 30), c, d
      )
    }
    state.0 &+= a
    state.1 &+= b
    state.2 &+= c
    state.3 &+= d
    state.4 &+= e
  }

  private static func rotated(_ word: UInt32, by count: UInt32) -> UInt32 {
    word << count | word >> (32 - count)
  }
}
