/// What steps are blocked by: failures that are one thing for a person to look at.
public struct BlockedCause: Equatable, Sendable {
  /// The steps, in the plan's order.
  public var steps: [String]
  /// How many other steps wait for them.
  public var holds: Int
  /// What failed, in one line.
  public var words: String
  /// The failure of the first of the steps; `nil` when none was recorded.
  public var example: Failure?
}

extension MigrationState {
  /// Why steps are blocked, the cause that holds most first.
  public var blockedCauses: [BlockedCause] {
    let blocked = steps.indices.filter { if case .blocked = steps[$0].phase { true } else { false } }
    if blocked.isEmpty { return [] }
    var order: [String] = []
    var members: [String: [Int]] = [:]
    for index in blocked {
      let key = causeKey(index)
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(index)
    }
    let causes = order.compactMap { key -> BlockedCause? in
      guard let found = members[key], let first = found.first else { return nil }
      return BlockedCause(
        steps: found.map { steps[$0].id }, holds: held(by: found), words: causeWords(first),
        example: steps[first].lastFailure)
    }
    return causes.enumerated().sorted {
      ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset)
    }.map(\.element)
  }

  private func causeKey(_ index: Int) -> String {
    guard let failure = steps[index].lastFailure else { return causeWords(index) }
    return Fingerprint.of(failure, step: plan.steps[index])
  }

  private func causeWords(_ index: Int) -> String {
    guard let failure = steps[index].lastFailure else {
      if case .blocked(let reason) = steps[index].phase { return reason }
      return ""
    }
    return failure.firstLine
  }

  /// How many steps can only follow these.
  private func held(by roots: [Int]) -> Int {
    var seen = Set(roots)
    var next = roots
    while let index = next.popLast() {
      for dependent in graph.dependents[index] where seen.insert(dependent).inserted {
        next.append(dependent)
      }
    }
    return seen.count { !steps[$0].phase.isTerminal } - roots.count
  }
}

extension BlockedCause {
  fileprivate var weight: Int { steps.count + holds }

  /// `2 steps, hold 4`.
  public var counts: String {
    let count = Count.of(steps.count, "step")
    return holds == 0 ? count : "\(count), \(steps.count == 1 ? "holds" : "hold") \(holds)"
  }
}
