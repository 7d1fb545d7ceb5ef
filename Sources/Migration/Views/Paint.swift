/// The colours of a terminal, as ANSI "select graphic rendition" numbers.
public enum Paint: String, Sendable {
  /// Heavier letters.
  case bold = "1"
  /// Fainter ones.
  case dim = "2"
  /// What failed.
  case red = "31"
  /// What is done.
  case green = "32"
  /// What is under way.
  case yellow = "33"
  /// What rests.
  case magenta = "35"
  /// What can begin; a name.
  case cyan = "36"

  /// The colour of a state.
  public init(_ word: StepWord) {
    switch word {
    case .ready: self = .cyan
    case .leased, .submitted, .gating, .merging: self = .yellow
    case .merged: self = .green
    case .backoff: self = .magenta
    case .blocked: self = .red
    case .person, .proposed: self = .yellow
    case .waiting, .skipped, .cancelled, .undone: self = .dim
    }
  }

  /// The text in this colour.
  public func on(_ text: String) -> String { "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
}
