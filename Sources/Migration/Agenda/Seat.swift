/// What one process can see of the world when it asks what is due: plain facts, gathered before the question,
/// so that the answer is a function of them.
public struct Seat: Equatable, Sendable {
  /// The process that asks.
  public var owner: Owner
  /// Its name; the workers of a run hold their claims as `<actor>/<number>`.
  public var actor: String
  /// How many more steps it may begin; `nil` for a command that only puts in order what others left.
  public var free: Int?
  /// Those of the owners named in the state that are provably dead (I-15).
  public var dead: Set<Owner> = []
  /// Where the integration branch is.
  public var branch: Branch = .unknown
  /// The claims that this process works on, until their end is recorded.
  public var work: Set<Fence> = []
  /// Those of them whose workers were asked to end.
  public var stopping: Set<Fence> = []
  /// When each of them was last known to be fresh, by the clock here.
  public var renewed: [Fence: Timestamp] = [:]
  /// The clock here, which the ledger's may be ahead of.
  public var clock: Timestamp
  /// What this process judges.
  public var judging: Judging = .nothing
  /// The results that may not join the train that it judges; `nil` when none may.
  public var unfit: Set<Fence>?
  /// What it holds in the ledger while it judges.
  public var holds: [Held] = []
  /// The claims whose result is passed over for a while: something was in the way of it.
  public var resting: Set<Fence> = []
  /// The commit at which it could not count the uses.
  public var uncountable: ObjectID?
  /// When the base was looked at last; `nil` before the first time.
  public var baseLook: Timestamp?
  /// When it is to be looked at again before the plan says so.
  public var baseRetry: Timestamp?
  /// Whether this process begins nothing new and ends when its work has: a signal came.
  public var isEnding = false
  /// Whether steps may be claimed: the time until which the run may is not over. Results are judged and
  /// merged all the same.
  public var mayClaim = true
  /// The steps that it may begin, when those are not all.
  public var only: Set<String>?
  /// What this machine is said to have, for steps that require something.
  public var has: Set<String> = []
  /// Whether new work may begin: the plan is approved and the machine has room.
  public var mayBegin = true
  /// When this migration was given something to begin last: a number that grows with each time, 0 before the
  /// first.
  public var turn = 0
  /// What a command is to bring about; `nil` for a run.
  public var wish: Wish?
  /// The result that this process has found to pass as a whole.
  public var goodResult: GoodResult?
  /// The agents that rest because their services do not serve.
  public var rests = AgentRests()
  /// The time where people live, for what they are told; `nil` when nobody knows.
  public var moment: WeekMoment?
  /// Whether this process may tell people what the plan has told, and whether it does.
  public var (mayTell, isTelling) = (false, false)
  /// What this machine has not got.
  public var missing: [MissingProgram] = []
  /// Whether it waits for what is missing: it was there when the run began.
  public var awaitsMissing = false
  /// Those of the claims that this process works on whose agents' services have answered.
  public var served: Set<Fence> = []

  /// Where a branch is.
  public enum Branch: Equatable, Sendable {
    /// It was not looked at.
    case unknown
    /// There is no such branch.
    case absent
    /// It points to a commit with that tree.
    case at(ObjectID, tree: ObjectID)
  }

  /// Something that this process holds while it judges.
  public struct Held: Equatable, Sendable {
    /// What it is.
    public var hold: Hold
    /// Since when it is known to be fresh; `nil` as long as the ledger was not seen to have it.
    public var freshSince: Timestamp?

    /// Makes a fact.
    public init(_ hold: Hold, freshSince: Timestamp?) {
      self.hold = hold
      self.freshSince = freshSince
    }
  }

  /// What a process judges.
  public enum Judging: Equatable, Sendable {
    /// Nothing.
    case nothing
    /// The base.
    case base
    /// The result of a claim; maybe the base first, on which it stands.
    case result(Fence, baseFirst: Bool = false)
    /// The moved base, taken in.
    case refresh
    /// Nothing, and it counts the uses where the gate judges.
    case uses

    /// Whether anything is.
    var isAny: Bool { self != .nothing }

    /// Whether the base is judged, by itself or before a result.
    var isOfBase: Bool {
      switch self {
      case .base: true
      case .result(_, let baseFirst): baseFirst
      case .nothing, .refresh, .uses: false
      }
    }
  }

  /// Makes a seat of a process that does nothing yet.
  public init(owner: Owner, actor: String, free: Int?, clock: Timestamp) {
    self.owner = owner
    self.actor = actor
    self.free = free
    self.clock = clock
  }

  /// Whether a worker of this process holds the lease.
  func holds(_ lease: Lease) -> Bool {
    lease.owner == owner && lease.holder.hasPrefix(actor + "/")
  }
}

extension MigrationState {
  /// The processes that hold something in this migration: those of which a seat has to say who is dead.
  public var owners: Set<Owner> {
    var found: Set<Owner> = []
    if let refresh { found.insert(refresh.owner) }
    if let baselineRun { found.insert(baselineRun.owner) }
    if let notifier = notices.notifier { found.insert(notifier.claim.owner) }
    for step in stepsInFlight {
      switch step.phase {
      case .leased(let lease): found.insert(lease.owner)
      case .gating(_, let run): found.insert(run.start.owner)
      case .merging(_, _, let target): found.insert(target.owner)
      case .waiting, .ready, .submitted, .merged, .backoff, .blocked, .person, .proposed, .skipped,
        .cancelled, .undone:
        continue
      }
    }
    return found
  }
}
