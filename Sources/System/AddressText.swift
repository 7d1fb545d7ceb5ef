/// Addresses as they may be shown: in many of them stands what opens a door.
public enum AddressText {
  /// A text in which no address holds a password any more. Of one for ssh the user stays, whom it goes to
  /// there; of one for HTTP nobody does, because a token may be given as a user.
  public static func withoutPasswords(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "@")) else { return text }
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let mark = firstMark(in: rest) {
      let scheme = rest[..<mark].reversed().prefix(while: isOfScheme).reversed()
      result += rest[..<(mark + 3)]
      rest = rest[(mark + 3)...]
      let place = rest.prefix { $0 > 0x20 && $0 != 0x7F && !"/?#".utf8.contains($0) }
      guard let at = place.lastIndex(of: UInt8(ascii: "@")) else { continue }
      if scheme.suffix(3).elementsEqual("ssh".utf8) {
        result += place[..<at].prefix { $0 != UInt8(ascii: ":") } + [UInt8(ascii: "@")]
      }
      rest = rest[(at + 1)...]
    }
    return String(decoding: result + rest, as: UTF8.self)
  }

  /// Where the next `://` begins.
  private static func firstMark(in bytes: ArraySlice<UInt8>) -> Int? {
    bytes.indices.first { bytes[$0...].starts(with: "://".utf8) }
  }

  private static func isOfScheme(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "+-.".utf8.contains(byte)
  }
}
