/// How much the texts of one entry may come to, so that it is never longer than an entry may be: what a
/// worker or verifier left has no bounds, and must not be what a run ends by.
public struct TextRoom {
  /// For all of them together, and for one, in bytes as they stand in the entry.
  private static let (most, each) = (40 << 10, 20 << 10)
  private static let ellipsis = "…"
  private var left = most

  /// Makes room for the texts of one entry.
  public init() {}

  /// The text, or as much of it as there is room for.
  public mutating func fit(_ text: String) -> String {
    let fitting = shortened(text, to: min(left, Self.each))
    left -= min(left, Self.size(fitting.utf8))
    return fitting
  }

  private func shortened(_ text: String, to room: Int) -> String {
    guard Self.size(text.utf8) > room else { return text }
    var (kept, used) = (String.UnicodeScalarView(), Self.ellipsis.utf8.count)
    for scalar in text.unicodeScalars {
      used += Self.size(String(scalar).utf8)
      guard used <= room else { break }
      kept.append(scalar)
    }
    return String(kept) + Self.ellipsis
  }

  private static func size(_ bytes: String.UTF8View) -> Int {
    bytes.reduce(0) { $0 + ($1 < 0x20 || $1 == 0x7F ? 6 : $1 == 0x22 || $1 == 0x5C ? 2 : 1) }
  }
}

extension Change {
  /// Whether it reports what machines found, in texts that nobody typed: those are shortened, where a person
  /// is told that his are too long.
  public var isReport: Bool {
    switch self {
    case .refresh, .baseline, .claim, .gate, .train, .merge, .agent, .machine, .loop, .publication, .notice,
      .forge, .fleet:
      true
    case .migration, .step, .ledger, .lesson, .reserved: false
    }
  }
}
