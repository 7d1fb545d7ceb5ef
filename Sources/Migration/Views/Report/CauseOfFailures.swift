/// Failures of one cause, over all attempts: what blocks, what is tried again, and what was overcome.
public struct CauseOfFailures: Equatable, Sendable {
  /// What became of the steps that met with it.
  public enum Standing: String, CaseIterable, Sendable {
    case blocks, retried, overcome
  }

  /// A short name, `F1`; that of `status` where steps are blocked by it.
  public var name: String
  /// What became of it.
  public var standing: Standing
  /// What kind of failure it is.
  public var kind: Failure.Kind
  /// What failed, in one line.
  public var words: String
  /// One of the failures.
  public var example: Failure
  /// The steps, those that it blocks alone where it blocks any.
  public var steps: [String]
  /// How many others wait for them.
  public var holds: Int
  /// How many attempts failed for it.
  public var attempts: Int
  /// What those cost, in millionths of a US dollar.
  public var cost: Int
}

extension Chronicle {
  /// The causes of all failures: those that block first, in the order of `status`; then by attempts.
  public func causes(_ now: MigrationState) -> [CauseOfFailures] {
    var attempts: [String: (first: Int, count: Int, cost: Int, steps: [Int])] = [:]
    for change in changes {
      guard let failure = change.failure else { continue }
      let key = failures[failure].fingerprint
      var found = attempts[key] ?? (failure, 0, 0, [])
      found.count += 1
      found.cost += change.cost
      if !found.steps.contains(change.step) { found.steps.append(change.step) }
      attempts[key] = found
    }
    var causes: [CauseOfFailures] = []
    for blocked in now.blockedCauses {
      guard let example = blocked.example else { continue }
      let found = attempts.removeValue(forKey: blocked.fingerprint)
      causes.append(
        CauseOfFailures(
          name: blocked.name ?? "", standing: .blocks, kind: example.kind, words: blocked.words,
          example: example, steps: blocked.steps, holds: blocked.holds,
          attempts: found?.count ?? blocked.steps.count, cost: found?.cost ?? 0))
    }
    let others = attempts.sorted { ($1.value.count, $0.value.first) < ($0.value.count, $1.value.first) }
    for (fingerprint, other) in others {
      let failure = failures[other.first].failure
      let ids = other.steps.map { names[$0] }
      let isOpen = ids.contains { now.step($0)?.phase.isTerminal == false }
      let known = now.causes[fingerprint]
      causes.append(
        CauseOfFailures(
          name: known?.id ?? String(fingerprint.prefix(6)), standing: isOpen ? .retried : .overcome,
          kind: failure.kind, words: known?.label ?? known?.name ?? failure.headline, example: failure,
          steps: ids, holds: 0, attempts: other.count, cost: other.cost))
    }
    return causes
  }

  /// What came to an end from a time on: attempts that failed, steps that were merged, what was spent.
  public func tally(since: Timestamp) -> (merged: Int, failed: Int, blocked: Int, cost: Int) {
    var tally = (merged: 0, failed: 0, blocked: 0, cost: 0)
    for change in changes where change.at >= since {
      if change.word == .merged { tally.merged += 1 }
      if change.failure != nil { tally.failed += 1 }
      if change.word == .blocked { tally.blocked += 1 }
      tally.cost += change.cost
    }
    return tally
  }
}
