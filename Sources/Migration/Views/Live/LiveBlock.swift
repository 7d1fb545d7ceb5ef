/// Lines at the lower end of a terminal that are drawn again in place, while finished lines scroll away above
/// them. Makes the bytes and writes none.
///
/// Whoever writes anything else first takes the block away (`takeAway`) and draws it again afterwards. What
/// does not differ is not written; each change is one write, which a terminal that can shows at once.
public struct LiveBlock: Sendable {
  private var shown: [String] = []

  /// Nothing is shown.
  public init() {}

  /// Whether lines stand there.
  public var isShown: Bool { !shown.isEmpty }

  /// What is to be written so that these lines stand there, on a terminal that has so many columns now; `nil`
  /// when they do already. The lines of `above` scroll away above them.
  public mutating func draw(_ lines: [String], columns: Int, above: [String] = []) -> String? {
    if lines == shown, above.isEmpty { return nil }
    guard !lines.isEmpty else {
      let text = above.map { $0 + "\u{1B}[K\r\n" }.joined()
      return (takeAway(columns: columns) ?? "") + text
    }
    // Line by line over what stood there: terminals keep what is erased from their very first place on.
    let text = start(columns: columns) + (above + lines).joined(separator: "\u{1B}[K\r\n") + "\u{1B}[J"
    shown = lines
    return LiveBlock.begin + text + LiveBlock.end
  }

  /// What is to be written so that the lines are gone, and the cursor is where they began; `nil` when there
  /// are none.
  public mutating func takeAway(columns: Int) -> String? {
    guard isShown else { return nil }
    let text = start(columns: columns) + " \u{1B}[J\r\u{1B}[K"
    shown = []
    return text
  }

  /// What is to be written so that the lines stay for good, and the cursor is below them.
  public mutating func leave() -> String? {
    guard isShown else { return nil }
    shown = []
    return "\r\n"
  }

  /// One frame, for terminals that know synchronised output; others pass it over.
  private static let (begin, end) = ("\u{1B}[?2026h", "\u{1B}[?2026l")

  /// A terminal that was made narrower has wrapped the lines: up by the rows that they take now, not by their
  /// number.
  private func start(columns: Int) -> String {
    let rows = shown.reduce(0) { rows, line in
      rows + max(1, (LiveBlock.width(line) + columns - 1) / max(1, columns))
    }
    return rows > 1 ? "\r\u{1B}[\(rows - 1)A" : "\r"
  }

  /// The columns that a line takes; colours take none.
  static func width(_ line: String) -> Int {
    guard line.utf8.contains(0x1B) else { return PlainText.width(line) }
    var plain = ""
    var isColour = false
    for character in line {
      if isColour {
        isColour = character != "m"
      } else if character == "\u{1B}" {
        isColour = true
      } else {
        plain.append(character)
      }
    }
    return PlainText.width(plain)
  }
}
