/// Names of files in texts. A name is bytes; one that is no UTF-8 comes here with a private-use character in
/// place of each byte that is none (U+10FE80 for 0x80 to U+10FEFF for 0xFF), and leaves with the escapes of
/// C, as git prints it. No text of the ledger, of a prompt or on a terminal has such a character.
public enum NameText {
  /// The byte that a character stands for, or `nil` for every other character.
  public static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
    (0x10FE80...0x10FEFF).contains(scalar.value) ? UInt8(truncatingIfNeeded: scalar.value) : nil
  }

  /// Whether a name is UTF-8.
  public static func isText(_ name: String) -> Bool { !name.unicodeScalars.contains { byte($0) != nil } }

  /// A name between quotes, for a sentence: `'a b'`, or as git quotes it where that needs escapes,
  /// `"J\366rg"`. Two names never look the same.
  public static func quoted(_ name: String) -> String {
    let spelled = PlainText.quoted(name)
    return spelled == name ? "'\(name)'" : spelled
  }

  /// A text in which a name may stand anywhere: each byte that is no text as `\ooo`. A text without any stays
  /// as it is; in one with some, a backslash becomes two, so that both can be told apart.
  public static func spelled(_ text: String) -> String {
    guard !isText(text) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if let byte = byte(scalar) {
        result += PlainText.octal(byte)
      } else if scalar == "\\" {
        result += "\\\\"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
