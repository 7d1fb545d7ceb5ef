import Migration

/// The text of a pull request, with a mark by which it is known whether a person has changed it since.
public enum PublicationText {
  private static let open = "<!-- git-migrate "

  /// The text with its mark, which knows the title as well; cut where it is too long for a forge.
  public static func marked(_ body: String, title: String, unit: String, of migration: String) -> String {
    let text = cut(body.trimmedEnd)
    return "\(text)\n\n\(open)\(migration)/\(unit) \(digest(text)) \(digest(title.trimmedEnd)) -->\n"
  }

  /// Whether a text is as it was made: nobody has written in it.
  public static func isOurs(_ body: String) -> Bool { ours(body) != nil }

  /// Whether a title is the one that a text was made with. A text that people have changed says nothing of
  /// it.
  public static func isOurs(title: String, with body: String) -> Bool {
    ours(body).map { $0.last == digest(title.trimmedEnd) } ?? false
  }

  /// What the mark of a text says after its unit, the text's own digest first; `nil` where there is none, or
  /// the text is not the one that it was made for.
  private static func ours(_ body: String) -> [String]? {
    let lines = body.replacing("\r\n", with: "\n")
    guard let range = lines.ranges(of: open).last else { return nil }
    let rest = lines[range.upperBound...]
    guard let end = rest.firstRange(of: " -->"), rest[end.upperBound...].allSatisfy(\.isWhitespace) else {
      return nil
    }
    let words = rest[..<end.lowerBound].split(separator: " ").dropFirst().map(String.init)
    guard words.count == 2, words.first == digest(String(lines[..<range.lowerBound]).trimmedEnd) else {
      return nil
    }
    return words
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

/// How forges without a switch for it mark a draft: by how its title begins.
struct DraftTitle {
  /// What it may begin with, the one that we write first.
  let marks: [String]

  static let gitlab = DraftTitle(marks: ["Draft:", "[Draft]", "(Draft)"])
  static let gitea = DraftTitle(marks: ["WIP:", "[WIP]"])

  /// The title of a draft.
  func marked(_ title: String) -> String { "\(marks.first ?? "") \(title)" }

  /// Whether a title is a draft's.
  func isMarked(_ title: String) -> Bool { plain(title) != title }

  /// The title without any mark.
  func plain(_ title: String) -> String {
    var rest = title[...]
    while let mark = marks.first(where: { rest.lowercased().hasPrefix($0.lowercased()) }) {
      rest = rest.dropFirst(mark.count).drop { $0 == " " }
    }
    return rest.utf8.count == title.utf8.count ? title : String(rest)
  }
}

extension String {
  fileprivate var trimmedEnd: String {
    var text = self[...]
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
