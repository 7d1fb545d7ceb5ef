/// Text from outside made safe for a terminal (I-30): no escape sequence, no overwritten line, no reversed
/// text.
public enum TerminalText {
  /// `text` with every control character but tab and newline in caret form (`^[` for ESC), and C1 controls,
  /// bidirectional overrides and invisible characters as `<U+202E>`. What is left prints as itself.
  public static func sanitized(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars { append(scalar, to: &result) }
    return result
  }

  /// The same for bytes; invalid UTF-8 becomes U+FFFD.
  public static func sanitized(_ bytes: some Collection<UInt8>) -> String {
    sanitized(foreign(String(decoding: bytes, as: UTF8.self)))
  }

  /// A text that is no name of ours: what a program printed, a person typed, or a variable says. A character
  /// that stands for a byte in our names (U+10FE80 to U+10FEFF) stands for nothing there, and is spelled
  /// `<U+10FE80>`, so that nobody takes it for that byte.
  public static func foreign(_ text: String) -> String {
    guard text.utf8.contains(0xF4) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if byteStandIns.contains(scalar.value) {
        result += "<U+\(String(scalar.value, radix: 16, uppercase: true))>"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static let byteStandIns: ClosedRange<UInt32> = 0x10FE80...0x10FEFF

  /// The same as one line: newlines and tabs are escaped as well.
  public static func sanitizedLine(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar == "\n" || scalar == "\t" {
        result += caret(scalar.value)
      } else {
        append(scalar, to: &result)
      }
    }
    return result
  }

  private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
    switch scalar.value {
    case 0x09, 0x0A: result.unicodeScalars.append(scalar)
    case 0x00...0x1F, 0x7F: result += caret(scalar.value)
    case 0x80...0x9F, 0x061C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
      0xFFF9...0xFFFB, 0xE0000...0xE007F:
      let hex = String(scalar.value, radix: 16, uppercase: true)
      result += "<U+\(String(repeating: "0", count: max(0, 4 - hex.utf8.count)))\(hex)>"
    // What stands for a byte of a name that is no UTF-8 is spelled as git does.
    case 0x10FE80...0x10FEFF: result += "\\" + String(scalar.value & 0xFF, radix: 8)
    default: result.unicodeScalars.append(scalar)
    }
  }

  private static func caret(_ value: UInt32) -> String {
    value == 0x7F ? "^?" : "^\(Character(Unicode.Scalar(UInt8(value + 0x40))))"
  }
}
