/// What steps are blocked by: failures that are one thing for a person to look at.
public struct BlockedCause: Equatable, Sendable {
  /// What it is called; `nil` where nothing was recorded that could have a name.
  public var name: String?
  /// Its fingerprint.
  public var fingerprint: String
  /// The steps, in the plan's order.
  public var steps: [String]
  /// How many other steps wait for them.
  public var holds: Int
  /// What failed, in one line.
  public var words: String
  /// The failure of the first of the steps; `nil` when none was recorded.
  public var example: Failure?

  /// `2 steps, hold 4`.
  public static func counts(_ steps: Int, holds: Int) -> String {
    let count = Count.of(steps, "step")
    return holds == 0 ? count : "\(count), \(steps == 1 ? "holds" : "hold") \(holds)"
  }
}

extension MigrationState {
  /// Why steps are blocked, the cause that stops most first.
  public var blockedCauses: [BlockedCause] {
    var causes = CauseReport.causes(of: self).filter { !$0.blocked.isEmpty }.map { report in
      BlockedCause(
        name: report.id, fingerprint: report.fingerprint, steps: report.blocked, holds: 0,
        words: report.isLikelyPrompt
          ? "\(report.title) (likely the prompt: \(report.steps.count) of \(report.tried))" : report.title,
        example: report.blocked.first.flatMap { step($0)?.lastFailure })
    }
    // One that a person or a plan has blocked without a failure.
    for step in steps where step.lastFailure == nil {
      guard case .blocked(let reason) = step.phase else { continue }
      causes.append(BlockedCause(name: nil, fingerprint: "", steps: [step.id], holds: 0, words: reason))
    }
    for index in causes.indices { causes[index].holds = held(by: causes[index].steps) }
    return causes.enumerated().sorted {
      let (one, two) = ($0.element, $1.element)
      return (two.steps.count + two.holds, $0.offset) < (one.steps.count + one.holds, $1.offset)
    }.map(\.element)
  }

  /// How many steps can only follow these.
  private func held(by names: [String]) -> Int {
    let roots = names.compactMap { index(of: $0) }
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
