import System

/// Makes a stream of bytes safe for a terminal, piece by piece: colours are taken out, every other control is
/// shown.
package struct TerminalCleaner {
  private var held: [UInt8] = []

  /// A cleaner at the beginning of a stream.
  package init() {}

  /// The clean text of the next piece. A character or a colour that may go on in the next piece is held back.
  package mutating func clean(_ bytes: some Sequence<UInt8>) -> String {
    held += bytes
    let end = TerminalCleaner.completeEnd(held)
    let text = TerminalCleaner.text(held[..<end])
    held.removeFirst(end)
    return text
  }

  /// What was held back.
  package mutating func rest() -> String {
    defer { held = [] }
    return TerminalCleaner.text(held[...])
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if let end = colourEnd(bytes, index) {
        index = end
      } else if bytes[index] == 0x0D, index + 1 < bytes.endIndex, bytes[index + 1] == 0x0A {
        index += 1
      } else {
        plain.append(bytes[index])
        index += 1
      }
    }
    return TerminalText.sanitized(plain)
  }

  /// Where the colour sequence that begins at `start` ends, if one does: ESC `[`, digits and `;`, `m`.
  private static func colourEnd(_ bytes: ArraySlice<UInt8>, _ start: Int) -> Int? {
    guard bytes[start] == 0x1B, start + 1 < bytes.endIndex, bytes[start + 1] == 0x5B else { return nil }
    var index = start + 2
    while index < bytes.endIndex, (0x30...0x39).contains(bytes[index]) || bytes[index] == 0x3B { index += 1 }
    return index < bytes.endIndex && bytes[index] == 0x6D ? index + 1 : nil
  }

  /// How much of the bytes can be judged without what follows.
  private static func completeEnd(_ bytes: [UInt8]) -> Int {
    if let escape = bytes.suffix(32).lastIndex(of: 0x1B), colourEnd(bytes[...], escape) == nil,
      bytes[(escape + 1)...].allSatisfy({ $0 == 0x5B || $0 == 0x3B || (0x30...0x39).contains($0) })
    {
      return escape
    }
    if bytes.last == 0x0D { return bytes.count - 1 }
    for back in 1...4 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte < 0x80 { break }
      if byte >= 0xC0 {
        let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
        return length > back ? bytes.count - back : bytes.count
      }
    }
    return bytes.count
  }
}
