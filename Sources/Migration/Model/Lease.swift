/// A worker's hold on a step.
public struct Lease: Equatable, Sendable {
  /// The worker's name.
  public var holder: String
  /// The worker's process.
  public var owner: Owner
  /// The commit the work starts from.
  public var base: ObjectID
  /// When it lapses.
  public var expiresAt: Timestamp
  /// How often it was renewed: an expiry names the renewal it saw.
  public var renewal: Int
  /// The worktree slot, or `nil` when the worker brings its own place.
  public var slot: String?
  /// The name of the plan's agent that works, or `nil` when none does or nobody said.
  public var agent: String?
  /// The values of the plan's resources that it was handed, by their names.
  public var resources: [String: String] = [:]

  /// Makes a lease.
  public init(
    holder: String, owner: Owner, base: ObjectID, expiresAt: Timestamp, renewal: Int, slot: String?,
    agent: String? = nil
  ) {
    self.agent = agent
    self.holder = holder
    self.owner = owner
    self.base = base
    self.expiresAt = expiresAt
    self.renewal = renewal
    self.slot = slot
  }
}

/// A result waiting for, or under, judgement.
public struct Submission: Equatable, Sendable {
  /// What was handed in.
  public var result: Result
  /// Who handed it in.
  public var holder: String
  /// The commit the work started from.
  public var base: ObjectID
  /// The earliest time of the next gate run.
  public var notBefore: Timestamp

  /// Makes a submission.
  public init(result: Result, holder: String, base: ObjectID, notBefore: Timestamp) {
    self.result = result
    self.holder = holder
    self.base = base
    self.notBefore = notBefore
  }

  /// The content of a result.
  public struct Result: Equatable, Sendable {
    /// The commit on the attempt ref; its first parent, or an ancestor, is the base.
    public var commit: ObjectID
    /// Its tree.
    public var tree: ObjectID
    /// Whether the worker declared that nothing was to be done.
    public var isNoOp: Bool
    /// What the worker wrote and the tree does not have, each with the reason, for people: ignored files, and
    /// files in a repository of their own. At most `maximumLeft`.
    public var left: [String]

    /// How many paths are named at most; one more line says how many there are besides.
    public static let maximumLeft = 20

    /// Makes a result.
    public init(commit: ObjectID, tree: ObjectID, isNoOp: Bool, left: [String] = []) {
      self.commit = commit
      self.tree = tree
      self.isNoOp = isNoOp
      self.left = left
    }
  }
}

/// A gate run under way, or passed and not merged yet.
public struct GateRun: Equatable, Sendable {
  /// What it was started with.
  public var start: GateStart
  /// Whether it passed.
  public var hasPassed: Bool

  /// Makes a run.
  public init(start: GateStart, hasPassed: Bool) {
    self.start = start
    self.hasPassed = hasPassed
  }
}
