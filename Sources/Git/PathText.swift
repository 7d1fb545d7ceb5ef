/// Paths and ref names are bytes in git and text in Swift. This is the one mapping between the two, and it
/// loses nothing: what is not UTF-8 becomes private-use characters, one a byte (U+10FE80 for 0x80 to
/// U+10FEFF for 0xFF), and comes back as the same bytes. A path that really holds one of these characters
/// is mapped byte by byte too, so every path has exactly one text.
///
/// Mind that Swift compares text by canonical equivalence: two files whose names differ only in their
/// Unicode form are `==` as `String` and different in git. Compare `Array(path.utf8)` where that matters.
public enum PathText {
  private static let escapes: ClosedRange<UInt32> = 0x10FE80...0x10FEFF
  private static let escapeBase: UInt32 = 0x10FE00

  /// The text of a path's bytes.
  public static func string(_ bytes: some Collection<UInt8>) -> String {
    // Nearly every path is plain ASCII, and a tree can have 100,000 of them.
    if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
    var result = String.UnicodeScalarView()
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      guard let (scalar, length) = firstScalar(of: rest), !escapes.contains(scalar.value) else {
        // Of a broken sequence one byte only: the next may begin a good character again.
        let length = firstScalar(of: rest)?.length ?? 1
        for byte in rest.prefix(length) { append(escaping: byte, to: &result) }
        rest = rest.dropFirst(length)
        continue
      }
      result.append(scalar)
      rest = rest.dropFirst(length)
    }
    return String(result)
  }

  /// The bytes of a path's text: the inverse of `string`.
  public static func bytes(_ text: String) -> [UInt8] {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return Array(text.utf8) }
    var result: [UInt8] = []
    for scalar in text.unicodeScalars {
      if escapes.contains(scalar.value) {
        result.append(UInt8(truncatingIfNeeded: scalar.value))
      } else {
        result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      }
    }
    return result
  }

  static func string(_ pointer: UnsafePointer<CChar>?) -> String? {
    guard let pointer else { return nil }
    var length = 0
    while pointer[length] != 0 { length += 1 }
    return string(UnsafeBufferPointer(start: pointer, count: length).map { UInt8(bitPattern: $0) })
  }

  /// The text of NUL-terminated bytes.
  static func string(_ terminated: [CChar]) -> String {
    string(terminated.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
  }

  /// The NUL-terminated bytes for a C call. A NUL inside would silently cut the path short, so it is an
  /// error.
  static func terminated(_ text: String, _ operation: String) throws(GitError) -> [CChar] {
    var result = bytes(text)
    guard !result.contains(0) else {
      throw GitError(message: "the name holds a NUL byte", operation: operation, subject: text)
    }
    result.append(0)
    return result.map { CChar(bitPattern: $0) }
  }

  /// Git's order: by bytes, not by Swift's rules for text.
  public static func precedes(_ left: String, _ right: String) -> Bool {
    bytes(left).lexicographicallyPrecedes(bytes(right))
  }

  private static func append(escaping byte: UInt8, to text: inout String.UnicodeScalarView) {
    if byte < 0x80 {
      text.append(Unicode.Scalar(byte))
    } else if let scalar = Unicode.Scalar(escapeBase + UInt32(byte)) {
      text.append(scalar)
    }
  }

  private static func firstScalar(of bytes: ArraySlice<UInt8>) -> (scalar: Unicode.Scalar, length: Int)? {
    guard let lead = bytes.first else { return nil }
    let length =
      switch lead {
      case 0x00..<0x80: 1
      case 0xC2..<0xE0: 2
      case 0xE0..<0xF0: 3
      case 0xF0..<0xF5: 4
      default: 0
      }
    guard length > 0, bytes.count >= length else { return nil }
    guard let text = String(validating: bytes.prefix(length), as: UTF8.self) else { return nil }
    guard let scalar = text.unicodeScalars.first, UTF8.width(scalar) == length else { return nil }
    return (scalar, length)
  }
}
