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

  /// Rows in columns, two spaces between them; the last cell of a row ends its line.
  package static func table(_ rows: [[String]]) -> String {
    let rows = rows.map { $0.map { TerminalText.sanitizedLine($0) } }
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: max(0, width - cell.count))
      }.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
