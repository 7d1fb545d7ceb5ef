/// Steps that are judged together on one candidate: what each has changed, one commit a step, in queue order.
public struct TrainStart: Equatable, Sendable {
  /// One more than the migration's last train: fences the verdict, and is named by the commits.
  public var train: Int
  /// The members in queue order; at least two, or one that others may join.
  public var members: [TrainMember]
  /// The tip of the integration branch that the first member's commit stands on.
  public var tip: ObjectID
  /// Who judges it.
  public var holder: String
  /// The process that does.
  public var owner: Owner
  /// When the run counts as lost.
  public var expiresAt: Timestamp

  /// Makes a start.
  public init(
    train: Int, members: [TrainMember], tip: ObjectID, holder: String, owner: Owner, expiresAt: Timestamp
  ) {
    self.train = train
    self.members = members
    self.tip = tip
    self.holder = holder
    self.owner = owner
    self.expiresAt = expiresAt
  }
}

/// Steps that join a train while a service judges it.
public struct TrainJoin: Equatable, Sendable {
  /// The train.
  public var train: Int
  /// Those that join, in queue order, behind those that are in it.
  public var members: [TrainMember]

  /// Makes it.
  public init(train: Int, members: [TrainMember]) {
    self.train = train
    self.members = members
  }
}

/// A step of a train.
public struct TrainMember: Equatable, Sendable {
  /// The claim whose result is judged.
  public var fence: Fence
  /// One more than the step's last gate run.
  public var gate: Int
  /// The tree with this member and all before it.
  public var tree: ObjectID

  /// Makes a member.
  public init(fence: Fence, gate: Int, tree: ObjectID) {
    self.fence = fence
    self.gate = gate
    self.tree = tree
  }
}

/// How far a train passed that did not pass whole. The members before the culprit land with the tree that was
/// judged, the culprit is looked at alone, and those behind it wait for the next train.
public struct TrainSplit: Equatable, Sendable {
  /// The train.
  public var train: Int
  /// How many members from the front passed together.
  public var passed: Int
  /// The step of the next one, with which they do not pass.
  public var culprit: String
  /// The digest of the verifiers that ran.
  public var verifiers: String
  /// The ignored folders that were kept from what was judged before.
  public var kept: [String]
  /// How the verdict came about.
  public var evidence: VerdictEvidence

  /// Makes a split.
  public init(
    train: Int, passed: Int, culprit: String, verifiers: String, kept: [String] = [],
    evidence: VerdictEvidence = VerdictEvidence()
  ) {
    self.train = train
    self.passed = passed
    self.culprit = culprit
    self.verifiers = verifiers
    self.kept = kept
    self.evidence = evidence
  }
}

/// The end of a train: all passed, or why its culprit cannot land.
public struct TrainReport: Equatable, Sendable {
  /// The train.
  public var train: Int
  /// The digest of the verifiers that ran.
  public var verifiers: String
  /// `passed` when all members passed together; of a train that was split, the verdict on its culprit.
  public var verdict: Verdict
  /// What was found; `nil` only when the verdict is `passed`.
  public var failure: Failure?
  /// The step that it speaks of, when the train was split.
  public var culprit: String?
  /// The member without which the culprit passes: the fault is in how the two go together.
  public var partner: String?
  /// The ignored folders that were kept from what was judged before.
  public var kept: [String]
  /// How the verdict came about.
  public var evidence: VerdictEvidence

  /// Makes a report.
  public init(
    train: Int, verifiers: String, verdict: Verdict, failure: Failure? = nil, culprit: String? = nil,
    partner: String? = nil, kept: [String] = [], evidence: VerdictEvidence = VerdictEvidence()
  ) {
    self.train = train
    self.verifiers = verifiers
    self.verdict = verdict
    self.failure = failure
    self.culprit = culprit
    self.partner = partner
    self.kept = kept
    self.evidence = evidence
  }
}

/// What a move of the branch by a train brings: one commit a step, each on the one before.
public struct TrainMerge: Equatable, Sendable {
  /// The train that passed.
  public var train: Int
  /// The steps in queue order; the last one's commit is where the branch goes.
  public var members: [Member]

  /// The trailer by which a commit names the train that it was judged in.
  public static let trailer = "Migrate-Train"

  /// The steps, in queue order.
  var steps: [String] { members.map(\.fence.step) }

  /// Makes it.
  public init(train: Int, members: [Member]) {
    self.train = train
    self.members = members
  }

  /// A step and the commit that it is merged as.
  public struct Member: Equatable, Sendable {
    /// The claim whose result it is.
    public var fence: Fence
    /// The step's own commit.
    public var commit: ObjectID

    /// Makes a member.
    public init(fence: Fence, commit: ObjectID) {
      self.fence = fence
      self.commit = commit
    }
  }
}

extension MergeTarget {
  /// Whether that step speaks for the move: it is alone, or the last one of its train.
  public func isLed(by step: String) -> Bool { train.map { $0.members.last?.fence.step == step } ?? true }
}

/// A train under judgement.
public struct Train: Equatable, Sendable {
  /// Its number.
  public var number: Int
  /// The members that are still under judgement, in queue order.
  public var members: [TrainMember]
  /// How many of them passed, once the train was split: the one behind them is the culprit.
  public var passed: Int?

  /// Makes a train.
  public init(number: Int, members: [TrainMember], passed: Int?) {
    self.number = number
    self.members = members
    self.passed = passed
  }

  /// Whether the result of that claim is judged in it.
  public func has(_ fence: Fence) -> Bool { members.contains { $0.fence == fence } }
}
