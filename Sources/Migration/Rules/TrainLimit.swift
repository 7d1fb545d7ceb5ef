/// How many steps a train takes at most. Long trains are cheap while all goes well; each failure makes them
/// shorter, so that a bad patch of steps does not hold many good ones up.
public struct TrainLimit: Equatable, Sendable {
  /// The limit now; at least 1.
  public private(set) var members: Int
  /// What the plan allows, and what a train begins with.
  public private(set) var maximum: Int

  /// What a train takes at most where the plan says nothing.
  public static let ordinary = 64
  /// What the first failure leaves.
  private static let afterFailure = 32
  /// What a train that passed adds.
  private static let growth = 4

  /// The limit of a migration that judged no train yet.
  public init(maximum: Int = TrainLimit.ordinary) {
    self.maximum = max(1, maximum)
    members = self.maximum
  }

  /// The limit that a checkpoint names.
  init(members: Int, maximum: Int) {
    self.maximum = max(1, maximum)
    self.members = min(max(1, members), self.maximum)
  }

  /// Takes over what a new plan allows. What was learned of shorter trains stays.
  mutating func allow(_ maximum: Int) {
    let wasFull = members == self.maximum
    self.maximum = max(1, maximum)
    members = wasFull ? self.maximum : min(members, self.maximum)
  }

  /// A train passed whole.
  public mutating func notePassed() { members = min(maximum, members + Self.growth) }

  /// A train had a member that could not land.
  public mutating func noteFailed() { members = max(1, min(Self.afterFailure, members / 2)) }
}

extension Plan {
  /// How many steps are judged together at most.
  public var longestTrain: Int { gate.train ?? TrainLimit.ordinary }
}
