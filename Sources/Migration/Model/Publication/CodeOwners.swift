/// Who owns which files: a file `CODEOWNERS`, as GitHub, GitLab and Gitea read it. The last line that matches
/// decides; sections of GitLab decide each for itself.
public struct CodeOwners: Equatable, Sendable {
  private struct Rule: Equatable, Sendable {
    var globs: [PathGlob]
    var owners: [String]
    var section: Int
  }

  private var rules: [Rule] = []
  /// The lines that could not be read, by number.
  public private(set) var unreadable: [Int] = []

  /// Where such a file is looked for, in the order of GitHub.
  public static let places = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"]

  /// Reads the text of a file; lines that cannot be read are passed over.
  public init(_ text: String) {
    var (section, defaults): (Int, [String]) = (0, [])
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var words = CodeOwners.words(raw)
      guard let first = words.first else { continue }
      let header = first.hasPrefix("^[") ? String(first.dropFirst()) : first
      if header.hasPrefix("[") {
        section += 1
        guard let close = words.firstIndex(where: { $0.contains("]") }) else { continue }
        // `[Docs][2] @docs`: what follows are the owners of lines that name none.
        defaults = words[(close + 1)...].filter(CodeOwners.isOwner)
        continue
      }
      words.removeFirst()
      guard let globs = CodeOwners.globs(first) else {
        unreadable.append(index + 1)
        continue
      }
      let owners = words.filter(CodeOwners.isOwner)
      rules.append(Rule(globs: globs, owners: words.isEmpty ? defaults : owners, section: section))
    }
  }

  private static func isOwner(_ word: String) -> Bool {
    word.dropFirst().isEmpty ? false : word.contains("@")
  }

  /// The words of a line; `\ ` is a space of a name, `#` begins a comment.
  private static func words(_ line: Substring) -> [String] {
    var (words, word): ([String], String) = ([], "")
    var isEscaped = false
    for character in line {
      if isEscaped {
        word.append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "#", word.isEmpty {
        break
      } else if character == " " || character == "\t" || character == "\r" {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    return word.isEmpty ? words : words + [word]
  }

  private static func globs(_ pattern: String) -> [PathGlob]? {
    var name = pattern
    let isAnchored = name.hasPrefix("/") || name.dropLast().contains("/")
    if name.hasPrefix("/") { name.removeFirst() }
    let isFolder = name.hasSuffix("/")
    if isFolder { name.removeLast() }
    if name.isEmpty || name == "*" || name == "**" { return PathGlob("**").map { [$0] } ?? [] }
    let base = isAnchored ? name : "**/\(name)"
    var texts = isFolder ? [] : [base]
    // `docs/*` are the files of that folder alone.
    if !name.hasSuffix("/*"), !name.hasSuffix("**") { texts.append("\(base)/**") }
    let globs = texts.compactMap(PathGlob.init)
    return globs.count == texts.count ? globs : nil
  }

  /// The owners of a file, in the order of the file; empty when nobody owns it.
  public func owners(of path: String) -> [String] {
    var last: [Int: [String]] = [:]
    for rule in rules where rule.globs.contains(where: { $0.matches(path) }) {
      last[rule.section] = rule.owners
    }
    var found: [String] = []
    for section in last.keys.sorted() {
      for owner in last[section] ?? [] where !found.contains(owner) { found.append(owner) }
    }
    return found
  }
}
