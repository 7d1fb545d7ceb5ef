/// One thing that is due now. Whoever performs it looks at the newest state first, and what comes of it is
/// in the ledger: a duty that is performed twice, or late, does no harm.
public enum Duty: Equatable, Sendable {
  /// Make the integration branch: its start was cut off between the entry and the branch.
  case createBranch(at: ObjectID)
  /// Take a step away from a holder who is dead or too late.
  case expire(Fence, renewal: Int, Evidence)
  /// Give up a gate run whose holder is dead or too late.
  case abandonGate(Fence, gate: Int, Evidence)
  /// Give up the judgement of the base, whose holder is dead or too late.
  case abandonBase(run: Int, Evidence)
  /// Find out what became of a move of the branch that was cut off, and record it (I-23). Of one that this
  /// process intends itself: move it now.
  case settle(BranchMoveIntent, Evidence)
  /// Pause the migration, which stops itself.
  case pause(DuePause)
  /// Tell people these notices of the plan's `notify`.
  case tell([Int])
  /// Say that the service of an agent that rests serves again.
  case wake(agent: String)
  /// End a worker whose claim is not in force any more; what it did is kept.
  case stopWork(Fence)
  /// Give back a claim of this process that nobody here works on.
  case giveBack(Fence, holder: String)
  /// Give back the claim of this process on the base, which it does not judge.
  case giveBackBase(run: Int)
  /// Give back a gate of this process in which it does not judge.
  case giveBackGate(Fence, gate: Int)
  /// Judge the tree at the tip before any work is given out.
  case judgeBase
  /// See whether the base has moved, and take it in when it has.
  case followBase
  /// Count what is left of what is migrated away, at that commit.
  case countUses(at: ObjectID)
  /// Judge a result.
  case gate(Fence)
  /// Have a result judged with the train that a service judges for this process.
  case join(Fence)
  /// Claim the step that is next, and begin it; this one, unless the state has changed by then.
  case begin(step: String)
  /// Keep a step that a worker here works on.
  case renew(Fence, holder: String, until: Timestamp)
  /// Keep what this process judges.
  case renewHold(Hold, until: Timestamp)
  /// End the verifiers of what this process may not judge any more.
  case stopJudging(Hold)
  /// Take the moved base in, as somebody has asked.
  case takeBaseIn
  /// Try the gate on work that is not handed in.
  case tryGate(Fence)
  /// Judge the result as a whole, where nothing is kept.
  case judgeResult(ObjectID)
  /// End the migration with that result.
  case finish(result: ObjectID)
  /// Tell what became of what was asked for: the state says it.
  case answer
  /// Nothing more is to be done here.
  case end(Ending)
}

/// A move of the integration branch that was announced.
public enum BranchMoveIntent: Equatable, Sendable {
  /// A step's merge.
  case merge(Fence, MergeTarget)
  /// The moved base is taken in.
  case refresh(Refresh)

  /// The commit that the branch was to point to.
  public var target: ObjectID {
    switch self {
    case .merge(_, let target): target.new
    case .refresh(let refresh): refresh.new
    }
  }
}

/// How a run ends.
public enum Ending: Equatable, Sendable {
  /// Every step is merged, skipped or cancelled.
  case allDone
  /// Nothing more can happen before a person acts; the ids of the blocked steps.
  case needsPerson(blocked: [String])
  /// What remains has no `run` and the plan no agent: outside workers must claim these steps.
  case needsWorkers([String])
  /// What remains requires something that this machine is not said to have: these steps, the first of which
  /// requires that.
  case needsMachine([String], lacking: [String])
  /// Nothing could be done here for as long as the run was to wait; so many steps are left.
  case idle(left: Int)
  /// The time until which the run may work is over; so many steps are left.
  case outOfTime(left: Int)
  /// The steps that were asked for have come as far as they can; so many others are left.
  case partDone(left: Int)
  /// The migration is paused.
  case paused(String)
  /// What is left to do needs a program that this machine has not got; the reason.
  case machineCannot(String)
  /// The migration was finished or aborted.
  case ended(String)
  /// A signal ended the run; leases were released and worktrees kept.
  case interrupted
}

extension Ending {
  /// Which of several endings a person is told first: the higher one.
  public var urgency: Int {
    switch self {
    case .allDone: 0
    case .ended: 1
    case .outOfTime, .partDone, .idle: 2
    case .paused: 3
    case .machineCannot: 4
    case .needsWorkers, .needsMachine: 5
    case .needsPerson: 6
    case .interrupted: 7
    }
  }
}
