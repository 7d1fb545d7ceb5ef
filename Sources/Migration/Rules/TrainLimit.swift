/// How many steps a train takes at most. Long trains are cheap while all goes well; each failure makes them
/// shorter, so that a bad patch of steps does not hold many good ones up.
///
/// A service judges all beginnings of a train at once, which costs it a run for each member: there a train
/// begins short, and grows slowly.
public struct TrainLimit: Equatable, Sendable {
  /// The limit now; at least 1.
  public private(set) var members: Int
  /// What the plan allows, and what a train begins with.
  public private(set) var maximum: Int
  /// Whether a service judges.
  private var isRemote = false

  /// What a train takes at most where the plan says nothing.
  public static let ordinary = 64
  /// What the first failure leaves.
  private static let afterFailure = 32
  /// What a train that passed adds.
  private static let growth = 4
  /// What a train takes at most that a service judges, and what its first one takes.
  public static let remote = (most: 30, first: 8)

  /// The limit of a migration that judged no train yet.
  public init(maximum: Int = TrainLimit.ordinary) {
    self.maximum = max(1, maximum)
    members = self.maximum
  }

  /// The limit that a checkpoint names.
  init(members: Int?, plan: Plan) {
    maximum = plan.longestTrain
    isRemote = plan.gate.isRemote
    self.members = min(max(1, members ?? maximum), maximum)
  }

  /// Takes over what a new plan allows. What was learned of shorter trains stays.
  mutating func allow(_ plan: Plan) {
    let wasFull = members == maximum
    maximum = plan.longestTrain
    if plan.gate.isRemote != isRemote {
      isRemote = plan.gate.isRemote
      members = isRemote ? min(TrainLimit.remote.first, maximum) : maximum
    } else {
      members = wasFull ? maximum : min(members, maximum)
    }
  }

  /// A train passed whole.
  public mutating func notePassed() { members = min(maximum, members + (isRemote ? 1 : Self.growth)) }

  /// A train had a member that could not land.
  public mutating func noteFailed() { members = max(1, min(Self.afterFailure, members / 2)) }
}

extension Plan {
  /// How many steps are judged together at most.
  ///
  /// Whether a step's tests fail without its code is asked of each step alone, as is a judge.
  public var longestTrain: Int {
    if gate.falsifies || gate.judge != nil { return 1 }
    return gate.isRemote
      ? min(gate.train ?? TrainLimit.remote.most, TrainLimit.remote.most) : gate.train ?? TrainLimit.ordinary
  }
}

extension Plan.Gate {
  /// Whether a service judges candidates.
  public var isRemote: Bool { verifiers.contains { $0.remote != nil } }

  /// Whether services judge everything, so that many candidates cost this machine no more than one, and a
  /// train that is judged holds nobody up.
  public var isOnlyRemote: Bool { !verifiers.isEmpty && verifiers.allSatisfy { $0.remote != nil } }
}
