import Migration

/// The text of a pull request, with a mark by which it is known whether a person has changed it since.
public enum PublicationText {
  private static let open = "<!-- git-migrate "

  /// The text with its mark; cut where it is too long for a forge.
  public static func marked(_ body: String, unit: String, of migration: String) -> String {
    let text = cut(body.trimmedEnd)
    return "\(text)\n\n\(open)\(migration)/\(unit) \(digest(text)) -->\n"
  }

  /// Whether a text is as it was made: nobody has written in it.
  public static func isOurs(_ body: String) -> Bool {
    let lines = body.replacing("\r\n", with: "\n")
    guard let range = lines.ranges(of: open).last else { return false }
    let rest = lines[range.upperBound...]
    guard let end = rest.firstRange(of: " -->"), rest[end.upperBound...].allSatisfy(\.isWhitespace) else {
      return false
    }
    let words = rest[..<end.lowerBound].split(separator: " ")
    return words.count == 2 && words[1] == digest(String(lines[..<range.lowerBound]).trimmedEnd)
  }

  /// Whether two texts say something else: forges change line ends, and what stands at the end.
  static func differs(_ text: String, from other: String) -> Bool {
    text.trimmedEnd != other.replacing("\r\n", with: "\n").trimmedEnd
  }

  private static func digest(_ text: String) -> String {
    String(SHA256.hexDigest(of: Array(text.utf8)).prefix(16))
  }

  private static func cut(_ text: String) -> String {
    let most = PullRequestDraft.longestBody - 200
    guard text.utf8.count > most else { return text }
    // Whole characters alone.
    var count = 0
    let kept = text.prefix { character in
      count += character.utf8.count
      return count <= most
    }
    return kept + "\n\n…"
  }
}

extension String {
  fileprivate var trimmedEnd: String {
    var text = self[...]
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
