import System

/// Labelled lines, as `show` and `check` print them.
package enum Rows {
  /// Two spaces, the label in a column of its own, the value made safe for a terminal.
  package static func text(_ rows: [(label: String, value: String)]) -> String {
    let width = rows.map(\.label.count).max() ?? 0
    return rows.map { row in
      let space = String(repeating: " ", count: width - row.label.count)
      return "  \(row.label)\(space)  \(TerminalText.sanitizedLine(row.value))\n"
    }.joined()
  }
}
