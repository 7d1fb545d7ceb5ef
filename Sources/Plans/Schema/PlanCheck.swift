import Migration

/// Something in a plan that is allowed and may still not be what was meant.
public struct PlanWarning: Equatable, Sendable, CustomStringConvertible {
  /// What was found, in git's grammar.
  public var message: String
  /// What to do if it was not meant.
  public var hint: String?
  /// The ids of the steps it is about, at most two of them.
  public var steps: [String]

  /// Makes a warning.
  public init(message: String, hint: String? = nil, steps: [String] = []) {
    self.message = message
    self.hint = hint
    self.steps = steps
  }

  /// The message.
  public var description: String { message }
}

/// Looks for what a person would want to know before a plan starts.
public enum PlanCheck {
  /// The most warnings about overlapping paths; one more says that there are others.
  static let maximumOverlaps = 20

  /// What stands out in an expanded plan.
  public static func warnings(for plan: Plan) -> [PlanWarning] {
    var warnings: [PlanWarning] = []
    if plan.gate.verifiers.isEmpty {
      warnings.append(
        PlanWarning(
          message: "the gate is 'none': every result is merged unchecked",
          hint: "add a verifier, if only one that builds"))
    }
    let isBlank = { (text: String) in text.allSatisfy(\.isWhitespace) }
    let byHand = plan.steps.filter { $0.run == nil && isBlank($0.prompt ?? plan.prompt) }
    if let first = byHand.first {
      let count = byHand.count == 1 ? "the step \(quoted(first.id)) has" : "\(byHand.count) steps have"
      let steps = byHand.prefix(2).map(\.id)
      if plan.allAgents.isEmpty {
        warnings.append(
          PlanWarning(
            message:
              "\(count) neither 'run' nor an agent nor a prompt: people or outside workers do the work",
            steps: steps))
      } else {
        warnings.append(
          PlanWarning(
            message: "\(count) an agent but no prompt",
            hint: "write the prompt after the front matter, or a 'prompt' in the step", steps: steps))
      }
    }
    let isOnNetwork =
      plan.hasNetwork && !(plan.gate.verifiers + plan.ownVerifiers).contains { $0.network == false }
    if plan.sandbox == .off, !isOnNetwork {
      warnings.append(
        PlanWarning(
          message: "'network: off' holds nobody where the plan says 'sandbox: off'",
          hint: "take one of the two out"))
    }
    var overlaps = OverlapSearch(plan.steps)
    return warnings + overlaps.warnings(atMost: maximumOverlaps)
  }
}

/// Finds steps that may run at the same time and change the same files.
///
/// Steps that share a pattern are looked at together: sorted so that needs come first, they are all ordered
/// when each is ordered after the one before. Different patterns are compared only when one's literal start
/// is the other's, or a directory above it. What is left is bounded by a budget.
private struct OverlapSearch {
  private static let maximumComparisons = 200_000
  private static let maximumVisits = 4_000_000

  private let steps: [PlannedStep]
  private let needs: [[Int]]
  private let levels: [Int]
  private var visited: [Int]
  private var stamp = 0
  private var comparisons = 0
  private var visits = 0
  /// Pairs of steps that may collide, each once, with the patterns by which they do.
  private var found: [Overlap] = []
  private var pairs: Set<[Int]> = []

  private struct Overlap {
    var one: Int
    var other: Int
    /// The pattern of `one`.
    var first: String
    /// The pattern of `other`.
    var second: String
  }

  /// How many pairs are looked for: many of them come from one step that stands across a group.
  private static let maximumPairs = 2_000

  init(_ steps: [PlannedStep]) {
    self.steps = steps
    let positions = Dictionary(
      steps.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    needs = steps.map { $0.needs.compactMap { positions[$0] } }
    levels = Self.levels(needs)
    visited = Array(repeating: 0, count: steps.count)
  }

  /// How many steps the longest way to each step has.
  private static func levels(_ needs: [[Int]]) -> [Int] {
    var dependents = Array(repeating: [Int](), count: needs.count)
    var missing = needs.map(\.count)
    for (step, needed) in needs.enumerated() { for need in needed { dependents[need].append(step) } }
    var levels = Array(repeating: 0, count: needs.count)
    var ready = needs.indices.filter { missing[$0] == 0 }
    while let step = ready.popLast() {
      for next in dependents[step] {
        levels[next] = max(levels[next], levels[step] + 1)
        missing[next] -= 1
        if missing[next] == 0 { ready.append(next) }
      }
    }
    return levels
  }

  private var isEnough: Bool { isSpent || found.count >= Self.maximumPairs }

  private var isSpent: Bool { comparisons > Self.maximumComparisons || visits > Self.maximumVisits }

  mutating func warnings(atMost limit: Int) -> [PlanWarning] {
    var members: [String: [Int]] = [:]
    for (index, step) in steps.enumerated() {
      for path in Set(step.paths) { members[path, default: []].append(index) }
    }
    let patterns = members.keys.sorted().map { PathPattern($0) }
    let groups = patterns.map { members[$0.text] ?? [] }
    var starts: [String: [Int]] = [:]
    for (index, pattern) in patterns.enumerated() { starts[pattern.literalStart, default: []].append(index) }
    for (index, pattern) in patterns.enumerated() {
      report(groups[index], [], pattern, pattern)
      for start in pattern.startsAbove {
        for other in starts[start] ?? [] {
          // Patterns with the same start would meet twice.
          if start == pattern.literalStart && other >= index { continue }
          comparisons += 1
          if isEnough { return lines(limit) }
          if pattern.mayOverlap(patterns[other]) {
            report(groups[other], groups[index], patterns[other], pattern)
          }
        }
      }
      if isEnough { return lines(limit) }
    }
    return lines(limit)
  }

  /// At most `limit` warnings, one a group: a step that may collide with several others is told once.
  private func lines(_ limit: Int) -> [PlanWarning] {
    var rest = found
    var lines: [PlanWarning] = []
    while let next = rest.first, lines.count < limit {
      let hub = hub(of: rest, or: next)
      let group = rest.filter { $0.one == hub || $0.other == hub }
      if group.count > 1 {
        lines.append(warning(hub, group))
        rest.removeAll { $0.one == hub || $0.other == hub }
      } else {
        lines.append(warning(next))
        rest.removeFirst()
      }
    }
    if isSpent {
      lines.append(PlanWarning(message: "the plan has too many paths to compare them all"))
    } else if !rest.isEmpty || isEnough {
      lines.append(PlanWarning(message: "more steps may change the same paths"))
    }
    return lines
  }

  /// The step that occurs most often in these pairs; of several that of the first pair.
  private func hub(of pairs: [Overlap], or next: Overlap) -> Int {
    var counts: [Int: Int] = [:]
    for pair in pairs {
      counts[pair.one, default: 0] += 1
      counts[pair.other, default: 0] += 1
    }
    let most = counts.values.max() ?? 0
    for pair in pairs {
      if counts[pair.one] == most { return pair.one }
      if counts[pair.other] == most { return pair.other }
    }
    return next.one
  }

  private func warning(_ hub: Int, _ group: [Overlap]) -> PlanWarning {
    let partners = group.map { $0.one == hub ? $0.other : $0.one }.sorted()
    let first = partners.first ?? hub
    return PlanWarning(
      message: "the step \(quoted(steps[hub].id)) may run at the same time as \(partners.count) others"
        + " and change the same paths (first \(quoted(steps[first].id)))",
      hint: Self.hint, steps: [steps[hub].id, steps[first].id])
  }

  private func warning(_ pair: Overlap) -> PlanWarning {
    let (one, other) = (steps[pair.one].id, steps[pair.other].id)
    return PlanWarning(
      message: "the steps \(quoted(one)) and \(quoted(other)) may run at the same time and"
        + (pair.first == pair.second
          ? " both change \(quoted(pair.first))"
          : " change the same paths: \(quoted(pair.first)) and \(quoted(pair.second))"),
      hint: Self.hint, steps: [one, other])
  }

  private static let hint = "let one need the other, or give both the same 'lock'"

  /// Reports one pair of unordered steps, if there is one: from `left` alone when `right` is empty, else
  /// one of each.
  private mutating func report(_ left: [Int], _ right: [Int], _ first: PathPattern, _ second: PathPattern) {
    guard let (one, other) = unordered(left, right) else { return }
    guard pairs.insert([one, other]).inserted else { return }
    found.append(Overlap(one: one, other: other, first: first.text, second: second.text))
  }

  private mutating func unordered(_ left: [Int], _ right: [Int]) -> (Int, Int)? {
    let all = Set(left + right).sorted { (levels[$0], $0) < (levels[$1], $1) }
    var isChain = true
    for (one, next) in zip(all, all.dropFirst()) where isChain { isChain = isOrdered(one, next) }
    if isChain { return nil }
    let second = Set(right)
    for (position, one) in all.enumerated() {
      for other in all[(position + 1)...] {
        comparisons += 1
        if isSpent { return nil }
        if !right.isEmpty && second.contains(one) == second.contains(other) { continue }
        if let lock = steps[one].lock, lock == steps[other].lock { continue }
        if !isOrdered(one, other) { return (min(one, other), max(one, other)) }
      }
    }
    return nil
  }

  /// Whether `late` needs `early`, maybe over other steps; steps between must be on levels between.
  private mutating func isOrdered(_ early: Int, _ late: Int) -> Bool {
    guard levels[early] < levels[late] else { return false }
    stamp += 1
    var way = [late]
    while let step = way.popLast() {
      for need in needs[step] {
        visits += 1
        if need == early { return true }
        if visits > Self.maximumVisits { return true }
        if levels[need] > levels[early], visited[need] != stamp {
          visited[need] = stamp
          way.append(need)
        }
      }
    }
    return false
  }
}
