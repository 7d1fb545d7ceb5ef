/// Who owns which paths, as `CODEOWNERS` tells it: the last rule that matches counts.
///
/// Read is what GitHub and GitLab have in common: a pattern as in `.gitignore` and the owners behind it. A
/// rule without owners takes its paths from all. GitLab's section heads are passed over.
public struct CodeOwners: Equatable, Sendable {
  private struct Rule: Equatable, Sendable {
    var globs: [PathGlob]
    var owners: [String]
  }

  private var rules: [Rule] = []

  /// Where services look for the file, the first one first.
  public static let places = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"]

  /// Reads the file's text; lines that are no rules are passed over.
  public init(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      let plain = line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
      let words = plain.split { $0 == " " || $0 == "\t" }.map(String.init)
      guard let pattern = words.first, !pattern.hasPrefix("["), !pattern.hasPrefix("^[") else { continue }
      let globs = CodeOwners.globs(pattern)
      if !globs.isEmpty { rules.append(Rule(globs: globs, owners: Array(words.dropFirst()))) }
    }
  }

  /// The owners of a path, from the top of the repository; none when nobody is said to own it.
  public func owners(of path: String) -> [String] {
    rules.last { rule in rule.globs.contains { $0.matches(path) } }?.owners ?? []
  }

  /// A pattern for files and for folders with all that is in them.
  private static func globs(_ pattern: String) -> [PathGlob] {
    var text = pattern[...]
    let isFolder = text.hasSuffix("/")
    if isFolder { text = text.dropLast() }
    // A slash anywhere but at the end ties a pattern to the top.
    let isTied = text.contains("/")
    if text.hasPrefix("/") { text = text.dropFirst() }
    if text.isEmpty { return [] }
    let fronts = isTied ? [""] : ["", "**/"]
    let ends = isFolder ? ["/**"] : text.hasSuffix("/*") ? [""] : ["", "/**"]
    return fronts.flatMap { front in ends.compactMap { PathGlob(front + text + $0) } }
  }
}
