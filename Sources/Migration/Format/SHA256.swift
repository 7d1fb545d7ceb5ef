/// SHA-256 (FIPS 180-4), for the digests that a user approves and that verdicts are keyed by. Ours because
/// the only packaged one brings twelve megabytes of sources with it.
public enum SHA256 {
  /// The digest of `bytes` as 64 lower-case hexadecimal digits.
  public static func hexDigest(of bytes: [UInt8]) -> String {
    var stream = Stream()
    bytes.withUnsafeBufferPointer { stream.update($0) }
    return stream.hexDigest()
  }

  /// A digest of bytes that come in pieces.
  public struct Stream {
    private var state: [UInt32] = [
      0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
      0x5be0_cd19,
    ]
    /// What does not fill a block yet.
    private var rest: [UInt8] = []
    private var count: UInt64 = 0
    private var words = [UInt32](repeating: 0, count: 64)

    /// The digest of nothing so far.
    public init() {}

    /// Takes the next bytes.
    public mutating func update(_ bytes: UnsafeBufferPointer<UInt8>) {
      count &+= UInt64(bytes.count)
      var start = 0
      if !rest.isEmpty {
        start = min(64 - rest.count, bytes.count)
        rest += bytes[..<start]
        guard rest.count == 64 else { return }
        let block = rest
        rest = []
        block.withUnsafeBufferPointer { compress($0) }
      }
      let whole = (bytes.count - start) / 64 * 64
      if whole > 0 { compress(UnsafeBufferPointer(rebasing: bytes[start..<start + whole])) }
      rest += bytes[(start + whole)...]
    }

    /// The digest of all that came, as 64 lower-case hexadecimal digits.
    public func hexDigest() -> String {
      var last = self
      var message = rest
      message.append(0x80)
      while message.count % 64 != 56 { message.append(0) }
      let bitCount = count &* 8
      for shift in stride(from: UInt64(56), through: 0, by: -8) {
        message.append(UInt8(truncatingIfNeeded: bitCount >> shift))
      }
      message.withUnsafeBufferPointer { last.compress($0) }
      let digits = Array("0123456789abcdef".utf8)
      var text: [UInt8] = []
      for word in last.state {
        for shift in stride(from: UInt32(28), through: 0, by: -4) {
          text.append(digits[Int(word >> shift & 15)])
        }
      }
      return String(decoding: text, as: UTF8.self)
    }

    /// Takes whole blocks.
    private mutating func compress(_ blocks: UnsafeBufferPointer<UInt8>) {
      state.withUnsafeMutableBufferPointer { state in
        words.withUnsafeMutableBufferPointer { words in
          SHA256.constants.withUnsafeBufferPointer { constants in
            for start in stride(from: 0, to: blocks.count, by: 64) {
              SHA256.compress(blocks, start, state, words, constants)
            }
          }
        }
      }
    }
  }

  private static func compress(
    _ block: UnsafeBufferPointer<UInt8>, _ start: Int, _ state: UnsafeMutableBufferPointer<UInt32>,
    _ words: UnsafeMutableBufferPointer<UInt32>, _ constants: UnsafeBufferPointer<UInt32>
  ) {
    for index in 0..<16 {
      let at = start &+ index &* 4
      words[index] =
        UInt32(block[at]) << 24 | UInt32(block[at + 1]) << 16 | UInt32(block[at + 2]) << 8
        | UInt32(block[at + 3])
    }
    for index in 16..<64 {
      let fifteen = words[index - 15]
      let two = words[index - 2]
      let low = rotated(fifteen, 7) ^ rotated(fifteen, 18) ^ (fifteen &>> 3)
      let high = rotated(two, 17) ^ rotated(two, 19) ^ (two &>> 10)
      words[index] = words[index - 16] &+ low &+ words[index - 7] &+ high
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in 0..<64 {
      let sigmaE = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      let first = h &+ sigmaE &+ ((e & f) ^ (~e & g)) &+ constants[index] &+ words[index]
      let sigmaA = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
      let second = sigmaA &+ ((a & b) ^ (a & c) ^ (b & c))
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
    }
    state[0] &+= a
    state[1] &+= b
    state[2] &+= c
    state[3] &+= d
    state[4] &+= e
    state[5] &+= f
    state[6] &+= g
    state[7] &+= h
  }

  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word &>> count | word &<< (32 &- count)
  }

  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]
}
