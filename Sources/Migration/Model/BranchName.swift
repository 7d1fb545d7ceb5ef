/// The rules of `git check-ref-format --branch` for a branch name, and one of ours.
public enum BranchName {
  /// The longest name, so that it and a `.lock` fit in any file system.
  public static let maximumBytes = 200

  /// Why `name` can be no integration branch, or `nil` when it can be one.
  ///
  /// It looks at bytes, as git does: to Swift a dot with a combining accent is no dot at all. Nor is a slash
  /// with one a slash: git takes a name that begins with an accent, and we do not.
  public static func fault(_ name: String) -> String? {
    let bytes = Array(name.utf8)
    guard let last = bytes.last else { return "is empty" }
    if bytes.count > maximumBytes { return "is longer than \(maximumBytes) bytes" }
    if bytes.first == UInt8(ascii: "-") { return "must not start with '-'" }
    if name == "@" || name == "HEAD" { return "is reserved by git" }
    if bytes.starts(with: "refs/".utf8) { return "must be the short name, without 'refs/heads/'" }
    if last == UInt8(ascii: ".") { return "must not end in '.'" }
    if contains(bytes, "..") { return "must not hold '..'" }
    if contains(bytes, "@{") { return "must not hold '@{'" }
    for scalar in name.unicodeScalars where scalar == " " || Self.isUnprintable(scalar) {
      return "must not hold spaces or control characters"
    }
    if bytes.contains(where: "~^:?*[\\".utf8.contains) {
      return "must not hold any of '~', '^', ':', '?', '*', '[' and '\\'"
    }
    for part in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      if part.isEmpty { return "must not start or end with '/', or hold '//'" }
      if "/\(String(decoding: part, as: UTF8.self))".first != "/" {
        return "must not have a part that starts with a combining mark"
      }
      if part.first == UInt8(ascii: ".") { return "must not have a part that starts with '.'" }
      if part.suffix(5).elementsEqual(".lock".utf8) { return "must not have a part that ends in '.lock'" }
    }
    return nil
  }

  /// The first of `refs` that keeps git from having a branch `name`: one that is called like a folder in
  /// which it would lie, or one that lies in a folder called like it. `refs` are full names; the answer is
  /// short.
  public static func inTheWay(of name: String, among refs: [String]) -> String? {
    let prefix = "refs/heads/"
    let mine = Array((prefix + name).utf8)
    let other = refs.first { ref in
      let other = Array(ref.utf8)
      return other.starts(with: prefix.utf8)
        && (mine.starts(with: other + [UInt8(ascii: "/")]) || other.starts(with: mine + [UInt8(ascii: "/")]))
    }
    return other.map { String($0.dropFirst(prefix.count)) }
  }

  /// Patterns of `git ls-remote` for all that could be in the way of a branch `name`.
  public static func patterns(besides name: String) -> [String] {
    var patterns = ["refs/heads/\(name)/*"]
    var parts = name.split(separator: "/").map(String.init)
    while parts.count > 1 {
      parts.removeLast()
      patterns.append("refs/heads/" + parts.joined(separator: "/"))
    }
    return patterns
  }

  /// What may not reach a terminal (`PlainText`), and what joins letters unseen, so that two names look
  /// alike. What stands for a byte of a name that is no UTF-8 is no character of it.
  public static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
    if NameText.byte(scalar) != nil { return false }
    return PlainText.isUnsafe(scalar) || scalar.value == 0x200C || scalar.value == 0x200D
  }

  private static func contains(_ bytes: [UInt8], _ pair: String) -> Bool {
    zip(bytes, bytes.dropFirst()).contains { [$0, $1].elementsEqual(pair.utf8) }
  }
}
