import CanonicalJSON

/// Something that happened, or that somebody wants to happen: the only input of `decide`.
public struct Event: Equatable, Sendable {
  /// The migration's name.
  public var migration: String
  /// When it happened, by the clock of the machine that wrote it, never before the entry it follows.
  public var at: Timestamp
  /// Who says so: a worker's name or a person's; for people to read, never trusted.
  public var by: String
  /// What happened.
  public var change: Change
  /// The version of the rules that it is accepted under (`FormatVersion`).
  public var version: Int
  /// Members that the version knows and no rule reads yet.
  public var reserved: [JSON.Member]

  /// Makes an event from its parts.
  public init(
    migration: String, at: Timestamp, by: String, change: Change, version: Int = FormatVersion.ofNewLedgers,
    reserved: [JSON.Member] = []
  ) {
    self.migration = migration
    self.at = at
    self.by = by
    self.change = change
    self.version = version
    self.reserved = reserved
  }
}

/// The step and the claim an event speaks for. An event whose epoch is not the step's is refused (I-13).
public struct Fence: Equatable, Hashable, Sendable {
  /// The step's id.
  public var step: String
  /// The claim's number; the first claim is 1.
  public var epoch: Int

  /// Names a claim.
  public init(step: String, epoch: Int) {
    self.step = step
    self.epoch = epoch
  }
}

/// A process on a machine, so that a holder can be proven dead (I-15).
public struct Owner: Equatable, Hashable, Sendable {
  /// The machine's identity.
  public var machine: String
  /// Where the process id counts: the kernel's boot id, and the PID namespace. A process of another boot is
  /// dead, of one in another namespace nothing is known.
  public var boot: String
  /// The process id, or 0 when the claim is bound to no process (a person's shell, an outside worker).
  public var pid: Int
  /// When the process started, in clock ticks since boot: tells a reused pid from the real one.
  public var startTicks: Int64

  /// Names a process.
  public init(machine: String, boot: String, pid: Int, startTicks: Int64) {
    self.machine = machine
    self.boot = boot
    self.pid = pid
    self.startTicks = startTicks
  }
}

/// Why a lease, a gate run or a merge may be taken from its holder.
public enum Evidence: Equatable, Sendable {
  /// Its time, and the grace after it, is over.
  case timeout
  /// The process named in the lease is provably gone; the reader compares it with the lease.
  case holderDead(Owner)
  /// The holder says so itself.
  case holder
}

/// The start of a migration.
public struct MigrationStart: Equatable, Sendable {
  /// The expanded plan; in the ledger it lies beside the entry as `plans/<migration>/<number>.json`.
  public var plan: Plan
  /// SHA-256 of the plan file's exact bytes, 64 hexadecimal digits: what a user approves.
  public var digest: String
  /// The branch people work on, without `refs/heads/`.
  public var base: String
  /// Where the integration branch begins.
  public var commit: ObjectID
  /// Whether people share the integration branch, so that their commits pass too.
  public var shared: Bool

  /// Makes a start.
  public init(plan: Plan, digest: String, base: String, commit: ObjectID, shared: Bool) {
    self.plan = plan.normalized
    self.digest = digest
    self.base = base
    self.commit = commit
    self.shared = shared
  }
}

/// A new plan for a running migration.
public struct PlanAmendment: Equatable, Sendable {
  /// The expanded plan; in the ledger it lies beside the entry.
  public var plan: Plan
  /// One more than the plan it replaces.
  public var number: Int
  /// SHA-256 of the plan file's exact bytes.
  public var digest: String

  /// Makes an amendment.
  public init(plan: Plan, number: Int, digest: String) {
    self.plan = plan.normalized
    self.number = number
    self.digest = digest
  }
}

/// A claim on a step.
public struct Claim: Equatable, Sendable {
  /// The step, and the epoch this claim opens: one more than the last.
  public var fence: Fence
  /// The worker's name.
  public var holder: String
  /// The worker's process.
  public var owner: Owner
  /// The commit the work starts from.
  public var base: ObjectID
  /// When the claim lapses unless it is renewed.
  public var expiresAt: Timestamp
  /// The worktree slot the work is done in, or `nil` when the worker brings its own place.
  public var slot: String?

  /// Makes a claim.
  public init(
    fence: Fence, holder: String, owner: Owner, base: ObjectID, expiresAt: Timestamp, slot: String?
  ) {
    self.fence = fence
    self.holder = holder
    self.owner = owner
    self.base = base
    self.expiresAt = expiresAt
    self.slot = slot
  }
}

/// Why an attempt failed.
public struct Failure: Equatable, Sendable {
  /// What kind of failure it is.
  public var kind: Kind
  /// One line for people.
  public var reason: String
  /// What the next attempt is told, one text a fault; together at most `maximumDetailBytes`.
  public var details: [String]

  /// The most bytes of details an event carries.
  public static let maximumDetailBytes = 16 << 10

  /// Makes a failure; details beyond the limit are cut at a whole text and the cut is said.
  public init(kind: Kind, reason: String, details: [String] = []) {
    self.kind = kind
    self.reason = reason
    var kept: [String] = []
    var size = 0
    for (index, text) in details.enumerated() {
      size += text.utf8.count
      guard size <= Self.maximumDetailBytes else {
        kept.append("… \(details.count - index) more, see 'git migrate logs'")
        break
      }
      kept.append(text)
    }
    self.details = kept
  }

  /// Whether it is one of those with which a codemod leaves its step to an agent that is there for the rest.
  var isLeftOver: Bool { [.left, .noChange, .guardFinding].contains(kind) }

  /// The kinds of failure.
  public enum Kind: String, Sendable, CaseIterable {
    /// The agent or codemod said that it failed.
    case worker
    /// It took too long.
    case timeout
    /// It changed nothing and did not say that nothing was to be done.
    case noChange
    /// Its result cannot be merged with what has been merged since.
    case conflict
    /// What was handed in is no commit that can be merged.
    case unusable
    /// A verifier found a fault.
    case gate
    /// A guard found a fault in the change itself.
    case guardFinding
    /// The lease ran out.
    case expired
    /// The place to work could not be made (set-up command, disk).
    case setup
    /// Its index has entries that a merge left undecided.
    case unmerged
    /// It made a repository of its own, whose files no commit of the migration would have.
    case nested
    /// It moved a submodule to a commit that nobody could fetch.
    case submodule
    /// A file cannot be recorded the way its filter demands.
    case filter
    /// The worktree's `.git` file is gone, or leads elsewhere.
    case gitFile = "git_file"
    /// Its worker says that it cannot be done, by another attempt either.
    case cannot
    /// The codemod says that what is left is not its to do.
    case left
    /// A person or a judge did not take it.
    case rejected
  }
}

/// Who judges which candidate.
public struct GateStart: Equatable, Sendable {
  /// One more than the step's last gate run: fences the verdict.
  public var gate: Int
  /// Who runs it.
  public var holder: String
  /// The process that runs it.
  public var owner: Owner
  /// When the run counts as lost.
  public var expiresAt: Timestamp
  /// The tip of the integration branch the candidate was built on.
  public var tip: ObjectID
  /// The candidate's tree: the only tree the verdict speaks of.
  public var tree: ObjectID

  /// Makes a gate start.
  public init(
    gate: Int, holder: String, owner: Owner, expiresAt: Timestamp, tip: ObjectID, tree: ObjectID
  ) {
    self.gate = gate
    self.holder = holder
    self.owner = owner
    self.expiresAt = expiresAt
    self.tip = tip
    self.tree = tree
  }
}

/// The outcome of a gate run.
public struct GateReport: Equatable, Sendable {
  /// The gate run that came to the verdict.
  public var gate: Int
  /// The tree that was judged; must be the run's candidate.
  public var tree: ObjectID
  /// The digest of the verifiers that ran.
  public var verifiers: String
  /// The verdict on that tree.
  public var verdict: Verdict
  /// What was found; `nil` only when the verdict is `passed`.
  public var failure: Failure?
  /// Whether the candidate equals the tip, so that there is nothing to merge.
  public var isNoChange: Bool
  /// Whether a codemod made the result: what it makes again is the same, and so is the verdict.
  public var isOfCodemod: Bool
  /// The ignored folders that were kept from what was judged before.
  public var kept: [String]
  /// How the verdict came about.
  public var evidence: VerdictEvidence
  /// The start of the run, where the verdict was known in that very moment: the report is both then. Its
  /// number and its tree are the report's.
  public var start: GateStart?

  /// Makes a report.
  public init(
    gate: Int, tree: ObjectID, verifiers: String, verdict: Verdict, failure: Failure?, isNoChange: Bool,
    isOfCodemod: Bool = false, kept: [String] = [], evidence: VerdictEvidence = VerdictEvidence(),
    start: GateStart? = nil
  ) {
    self.start = start
    self.gate = gate
    self.tree = tree
    self.verifiers = verifiers
    self.verdict = verdict
    self.failure = failure
    self.isNoChange = isNoChange
    self.isOfCodemod = isOfCodemod
    self.kept = kept
    self.evidence = evidence
  }
}

/// A move of the integration branch that is about to happen.
public struct MergeTarget: Equatable, Sendable {
  /// The gate run whose verdict allows it.
  public var gate: Int
  /// Where the branch is.
  public var old: ObjectID
  /// Where it goes.
  public var new: ObjectID
  /// The tree of `new`; must be the tree that passed.
  public var tree: ObjectID
  /// Who moves it.
  public var owner: Owner
  /// When the intent counts as lost.
  public var expiresAt: Timestamp
  /// The commit of the base that the step takes in, which is the second parent of `new`; `nil` for a step of
  /// the plan, whose commit has one parent only.
  public var base: ObjectID?
  /// The steps that the move brings, when a train passed; `nil` for a step alone.
  public var train: TrainMerge?

  /// Makes a target.
  public init(
    gate: Int, old: ObjectID, new: ObjectID, tree: ObjectID, owner: Owner, expiresAt: Timestamp,
    base: ObjectID? = nil, train: TrainMerge? = nil
  ) {
    self.gate = gate
    self.old = old
    self.new = new
    self.tree = tree
    self.owner = owner
    self.expiresAt = expiresAt
    self.base = base
    self.train = train
  }
}

/// A merge of the moved base into the integration branch, already gated.
public struct Refresh: Equatable, Sendable {
  /// The base commit that is merged in.
  public var base: ObjectID
  /// Where the integration branch is.
  public var old: ObjectID
  /// Where it goes.
  public var new: ObjectID
  /// The tree that passed.
  public var tree: ObjectID
  /// The digest of the verifiers that ran.
  public var verifiers: String
  /// The verdict; only `passed` is accepted.
  public var verdict: Verdict
  /// Who moves the branch.
  public var owner: Owner
  /// When the intent counts as lost.
  public var expiresAt: Timestamp
  /// How the verdict came about.
  public var evidence = VerdictEvidence()

  /// Makes a refresh.
  public init(
    base: ObjectID, old: ObjectID, new: ObjectID, tree: ObjectID, verifiers: String, verdict: Verdict,
    owner: Owner, expiresAt: Timestamp
  ) {
    self.base = base
    self.old = old
    self.new = new
    self.tree = tree
    self.verifiers = verifiers
    self.verdict = verdict
    self.owner = owner
    self.expiresAt = expiresAt
  }
}
