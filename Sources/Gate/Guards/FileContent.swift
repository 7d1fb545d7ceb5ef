/// What a path of a tree holds.
public enum FileContent: Sendable {
  /// Text in UTF-8.
  case text(String)
  /// Text in another encoding, as far as it can be read.
  case foreign(String, encoding: String)
  /// Something that is no text; `strings` are the readable parts.
  case binary(size: Int, strings: String)
  /// More than a guard reads, in bytes.
  case tooLarge(size: Int)
  /// A symbolic link and where it leads.
  case link(String)
  /// No file.
  case missing

  /// The most bytes that a guard reads of one file.
  public static let readLimit = 16 << 20

  /// The text, when it is UTF-8; bytes in another encoding are no text to a language's tools.
  public var text: String? {
    if case .text(let text) = self { return text }
    return nil
  }

  /// All that can be read, for those who look for words in anything.
  var readable: String? {
    switch self {
    case .text(let text), .foreign(let text, _): text
    case .binary(_, let strings): strings
    case .tooLarge, .link, .missing: nil
    }
  }

  /// Reads a file's bytes. Linear.
  public init(bytes: [UInt8]) {
    if bytes.count > FileContent.readLimit {
      self = .tooLarge(size: bytes.count)
    } else if bytes.starts(with: [0xFF, 0xFE]) {
      self = .foreign(FileContent.utf16(bytes.dropFirst(2), isBigEndian: false), encoding: "UTF-16")
    } else if bytes.starts(with: [0xFE, 0xFF]) {
      self = .foreign(FileContent.utf16(bytes.dropFirst(2), isBigEndian: true), encoding: "UTF-16")
    } else if !bytes.contains(0) {
      if let text = String(validating: bytes, as: UTF8.self) {
        self = .text(text)
      } else if FileContent.isLatin(bytes) {
        let scalars = bytes.map { Unicode.Scalar($0) }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        self = .foreign(String(text), encoding: "Latin-1")
      } else {
        self = .binary(size: bytes.count, strings: FileContent.strings(bytes))
      }
    } else if let isBigEndian = FileContent.looksLikeUTF16(bytes) {
      self = .foreign(FileContent.utf16(bytes[...], isBigEndian: isBigEndian), encoding: "UTF-16")
    } else {
      self = .binary(size: bytes.count, strings: FileContent.strings(bytes))
    }
  }

  private static func utf16(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool) -> String {
    var units: [UInt16] = []
    var index = bytes.startIndex
    while index + 1 < bytes.endIndex {
      let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
      units.append(isBigEndian ? first << 8 | second : second << 8 | first)
      index += 2
    }
    return String(decoding: units, as: UTF16.self)
  }

  private static func looksLikeUTF16(_ bytes: [UInt8]) -> Bool? {
    let head = bytes.prefix(400)
    guard head.count >= 8 else { return nil }
    var (even, odd) = (0, 0)
    for (index, byte) in head.enumerated() where byte == 0 {
      if index % 2 == 0 { even += 1 } else { odd += 1 }
    }
    if odd * 10 >= head.count * 3, even * 20 < head.count { return false }
    if even * 10 >= head.count * 3, odd * 20 < head.count { return true }
    return nil
  }

  /// Mostly letters, with some bytes that are accented ones in Latin-1.
  private static func isLatin(_ bytes: [UInt8]) -> Bool {
    let odd = bytes.prefix(1 << 16).reduce(0) { count, byte in
      count
        + (byte < 0x09 || (byte > 0x0D && byte < 0x20 && byte != 0x1B) || (byte >= 0x80 && byte < 0xA0)
          ? 1 : 0)
    }
    return odd * 50 <= min(bytes.count, 1 << 16)
  }

  /// The runs of eight or more readable characters, a line each.
  private static func strings(_ bytes: [UInt8]) -> String {
    var (result, run) = ([UInt8](), [UInt8]())
    for byte in bytes {
      if byte >= 0x20 && byte < 0x7F {
        run.append(byte)
        continue
      }
      if run.count >= 8 { result += run + [0x0A] }
      run.removeAll(keepingCapacity: true)
    }
    if run.count >= 8 { result += run }
    return String(decoding: result, as: UTF8.self)
  }
}
