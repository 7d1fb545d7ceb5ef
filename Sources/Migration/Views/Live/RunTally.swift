/// What a run has brought about in a migration.
public struct RunTally: Equatable, Sendable {
  /// How many steps were merged, and how many had nothing to change.
  public private(set) var (merged, unchanged) = (0, 0)
  /// How many attempts failed, those that blocked their step among them.
  public private(set) var failed = 0
  /// How many steps were blocked, and how many a person skipped.
  public private(set) var (blocked, skipped) = (0, 0)

  /// Nothing yet.
  public init() {}

  /// Counts something in that has come to an end.
  public mutating func add(_ outcome: RunOutcome) {
    switch outcome.kind {
    case .merged: merged += 1
    case .unchanged: unchanged += 1
    case .failed: failed += 1
    case .blocked: (failed, blocked) = (failed + 1, blocked + 1)
    case .skipped: skipped += 1
    case .refused, .told: break
    }
  }

  /// Whether nothing came to an end.
  public var isEmpty: Bool { self == RunTally() }

  /// `41 merged, 2 unchanged, 7 failed attempts, 2 blocked`.
  public var words: String {
    var parts: [String] = []
    if merged > 0 { parts.append("\(merged) merged") }
    if unchanged > 0 { parts.append("\(unchanged) unchanged") }
    if failed > 0 { parts.append(Count.of(failed, "failed attempt")) }
    if blocked > 0 { parts.append("\(blocked) blocked") }
    if skipped > 0 { parts.append("\(skipped) skipped") }
    return parts.isEmpty ? "nothing was merged" : parts.joined(separator: ", ")
  }
}
