/// The letter of a series of patches.
public enum MailText {
  /// What git has left a place for is filled in: the title, and the text.
  public static func letter(_ draft: String, title: String, body: String) -> String {
    var lines = draft.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let end = lines.firstIndex(of: "") ?? lines.endIndex
    for index in lines.indices {
      lines[index] = lines[index].replacing("*** BLURB HERE ***", with: body)
      guard index < end else { continue }
      lines[index] = lines[index].replacing("*** SUBJECT HERE ***", with: encoded(title))
    }
    let isPlain = (title + body).utf8.allSatisfy { $0 < 0x80 }
    if !isPlain, !lines[..<end].contains(where: { $0.lowercased().hasPrefix("content-type:") }) {
      lines.insert(
        contentsOf: [
          "MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit",
        ], at: end)
    }
    return lines.joined(separator: "\n")
  }

  /// A header's text: as it is, or in words of RFC 2047, each short enough for one.
  static func encoded(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
    var (words, word) = ([String](), "")
    for character in text {
      var escaped = ""
      for byte in String(character).utf8 {
        let isPlain =
          (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        let digits = String(byte, radix: 16, uppercase: true)
        escaped += isPlain ? String(UnicodeScalar(byte)) : "=" + (digits.count == 1 ? "0" : "") + digits
      }
      if word.utf8.count + escaped.utf8.count > 60 {
        words.append(word)
        word = ""
      }
      word += escaped
    }
    words.append(word)
    return words.map { "=?UTF-8?Q?\($0)?=" }.joined(separator: "\n ")
  }

  /// Whether a reviewer or an owner is reached by mail.
  public static func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
      && text.allSatisfy { !$0.isWhitespace && !"<>,;\"".contains($0) }
  }
}
