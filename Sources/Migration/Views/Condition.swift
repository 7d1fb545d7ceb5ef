/// A condition on a migration that `git migrate ledger bisect` looks for: `blocked > 10`, `cost >= 50`.
public struct Condition: Equatable, Sendable {
  private let subject: Subject
  private let comparison: Comparison
  private let limit: Double

  private enum Subject: Equatable {
    case state(StepWord)
    case cost, failures, open, entries, uses, trials
  }

  private enum Comparison: String, CaseIterable {
    case atLeast = ">=", atMost = "<=", unequal = "!=", equal = "=", more = ">", less = "<"
  }

  /// The words that a condition may be about.
  public static let subjects =
    StepWord.allCases.map(\.rawValue) + ["cost", "failures", "open", "entries", "uses", "trials"]

  /// Reads it; `nil` when it is none.
  public init?(_ text: String) {
    var found: (Comparison, Range<String.Index>)?
    for comparison in Comparison.allCases where found == nil {
      if let range = text.firstRange(of: comparison.rawValue) { found = (comparison, range) }
    }
    guard let (comparison, range) = found else { return nil }
    func trimmed(_ part: Substring) -> String {
      String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    var number = trimmed(text[range.upperBound...].drop { $0 == "=" })
    if number.hasPrefix("$") { number.removeFirst() }
    guard let limit = Double(number), limit.isFinite else { return nil }
    let word = trimmed(text[..<range.lowerBound])
    switch word {
    case "cost": subject = .cost
    case "failures": subject = .failures
    case "open": subject = .open
    case "entries": subject = .entries
    case "uses": subject = .uses
    case "trials": subject = .trials
    default:
      guard let state = StepWord(rawValue: word) else { return nil }
      subject = .state(state)
    }
    (self.comparison, self.limit) = (comparison, limit)
  }

  /// Whether it holds in a migration after so many entries; one that is not counted yet never holds.
  public func holds(in migration: MigrationState, entries: Int) -> Bool {
    let value: Double
    switch subject {
    case .state(let word): value = Double(migration.steps.count { StepWord($0.phase) == word })
    case .cost: value = Double(migration.spending.total.microdollars) / 1_000_000
    case .failures: value = Double(migration.steps.reduce(0) { $0 + $1.failures })
    case .open: value = Double(migration.openCount)
    case .entries: value = Double(entries)
    case .trials: value = Double(migration.loop.trials)
    case .uses:
      guard let count = migration.loop.counts.last?.uses.count else { return false }
      value = Double(count)
    }
    switch comparison {
    case .more: return value > limit
    case .less: return value < limit
    case .atLeast: return value >= limit
    case .atMost: return value <= limit
    case .equal: return value == limit
    case .unequal: return value != limit
    }
  }
}
