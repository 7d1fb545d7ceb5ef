/// What attempts cost by one of their sides: where a migration is hard.
public struct Insight: Sendable {
  /// By what attempts are counted together.
  public enum Side: String, CaseIterable, Sendable {
    case dir, owner, agent, plan, cause, `import`
  }

  /// One value of the side, and all attempts that have it.
  public struct Group: Equatable, Sendable {
    /// The value; of a step without one, `-`.
    public var name: String
    /// The steps that were tried.
    public var steps: Set<String> = []
    /// How many attempts ended.
    public var attempts = 0
    /// How many of them were merged.
    public var merged = 0
    /// What they cost, in millionths of a US dollar.
    public var cost = 0
    /// How long they took, in milliseconds.
    public var milliseconds: Int64 = 0
  }

  /// The groups, those with the most attempts a step first.
  public private(set) var groups: [Group] = []
  private var index: [String: Int] = [:]

  /// Nothing counted.
  public init() {}

  /// Counts an attempt that has ended under each of `names`.
  public mutating func add(_ attempt: TracedAttempt, of migration: String, names: [String]) {
    guard let ended = attempt.ended else { return }
    for name in names.isEmpty ? ["-"] : Array(Set(names)) {
      let place = index[name] ?? groups.count
      if place == groups.count {
        index[name] = place
        groups.append(Group(name: name))
      }
      groups[place].steps.insert(migration + "/" + attempt.step)
      groups[place].attempts += 1
      groups[place].merged += attempt.word == .merged ? 1 : 0
      groups[place].cost += attempt.used?.microdollars ?? 0
      groups[place].milliseconds += max(0, ended.milliseconds - attempt.began.milliseconds)
    }
  }

  /// The groups in the order of what they take: most attempts a step, then most attempts.
  public var sorted: [Group] {
    groups.sorted { one, other in
      let (left, right) = (one.attempts * other.steps.count, other.attempts * one.steps.count)
      if left != right { return left > right }
      return one.attempts != other.attempts ? one.attempts > other.attempts : one.name < other.name
    }
  }

  /// The values that a step has of the sides that its plan decides: the folders and the owners of its paths.
  public static func folders(of step: PlannedStep) -> [String] {
    paths(of: step).map { path in
      let parts = path.split(separator: "/").map(String.init)
      let fixed = parts.prefix { !$0.contains(where: { "*?[".contains($0) }) }
      let folder = fixed.count == parts.count ? fixed.dropLast() : fixed
      return folder.isEmpty ? "." : folder.joined(separator: "/")
    }
  }

  /// Where a step works: what its loop found, else its globs.
  public static func paths(of step: PlannedStep) -> [String] {
    step.match["path"].map { [$0] } ?? step.paths
  }
}
