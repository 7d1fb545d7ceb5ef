import Migration

/// An answer that can be printed for people as well as for scripts.
package protocol PrintedAnswer: Answer {
  /// The text for people: whole lines, safe for a terminal.
  func text(_ palette: Palette) -> String
}
