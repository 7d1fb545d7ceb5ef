/// What of git's words tells a person why it gave up.
public enum GitWords {
  /// What git says at the end whatever went wrong on the other side or on the way there.
  private static let general = [
    "could not read from remote repository", "the remote end hung up unexpectedly", "early eof",
    "index-pack failed", "invalid index-pack output", "failed to push some refs to",
  ]

  /// The line of git's standard error that says most, without its sign (`fatal: `, `error: `): the last one
  /// that says more than that the other side could not be read; else what was said before that (by ssh, or by
  /// the server). `nil` when nothing was said.
  public static func reason(in text: String) -> String? {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
    let said = lines.indices.filter { words(lines[$0]) != nil }
    if let telling = said.last(where: { !isGeneral(lines[$0]) }) { return words(lines[telling]) }
    guard let first = said.first else { return lines.last.map(String.init) }
    return first > 0 ? String(lines[first - 1]) : words(lines[first])
  }

  private static func isGeneral(_ line: Substring) -> Bool {
    let small = line.lowercased()
    return general.contains { small.contains($0) }
  }

  /// What stands behind the sign; `nil` for a line without one.
  private static func words(_ line: Substring) -> String? {
    for sign in ["fatal: ", "error: "] where line.hasPrefix(sign) {
      return String(line.dropFirst(sign.count))
    }
    return nil
  }
}
