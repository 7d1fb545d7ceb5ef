import Migration

/// Text of a stranger on one line, cut.
enum PlainLine {
  static func of(_ text: String) -> String {
    let line = String(text.unicodeScalars.map { BranchName.isUnprintable($0) ? "?" : Character($0) })
    return line.count > 100 ? line.prefix(99) + "…" : line
  }
}
