/// A pause that nobody asked for: the migration stops itself.
public struct DuePause: Equatable, Sendable {
  /// Why, for people.
  public var reason: String
  /// What it comes from: one pause is told once for each.
  public var cause: String

  /// Makes one.
  public init(reason: String, cause: String) {
    self.reason = reason
    self.cause = cause
  }
}

extension MigrationState {
  /// Why the migration is to pause by itself, or `nil`. Where nothing could begin anyway it is left as it is.
  public var duePause: DuePause? {
    guard case .running = phase else { return nil }
    if let stop = line.stop(by: plan.stop), openCount > 0, !isStuck {
      return DuePause(reason: stop.reason, cause: stop.cause)
    }
    return spentPause
  }

  /// The pause of a migration whose budget is used up. What was paid for is judged and merged first, and what
  /// costs nothing is done.
  private var spentPause: DuePause? {
    guard inFlight.isEmpty, let words = shortage else { return nil }
    var isWanted = false
    for index in steps.indices {
      switch steps[index].phase {
      case .ready: break
      case .backoff: if hasOpenNeed(index) { continue }
      case .waiting, .leased, .submitted, .gating, .merging, .merged, .blocked, .person, .proposed, .skipped,
        .cancelled, .undone:
        continue
      }
      if agent(at: index) == nil { return nil }
      isWanted = true
    }
    return isWanted ? DuePause(reason: "\(words); \(Budget.remedy)", cause: "budget") : nil
  }
}

extension Budget {
  /// What a person can do about one that is used up.
  static let remedy = "'git migrate resume --budget +50usd' raises it"
}
