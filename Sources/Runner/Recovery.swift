import Git
import Ledger
import Migration
import Site

/// Takes back what holders left behind who are dead or too late. Safe to run anywhere, any time, by anybody:
/// every event it proposes is checked again by `decide`, against the newest state.
public struct Recovery {
  let site: any Surroundings
  /// Told why something cannot be settled yet, a line for people, each time that it is tried.
  let report: (String) -> Void
  private let dead: DeadOwners

  /// Makes a recovery for a site. `report` is told why something cannot be settled yet.
  public init(site: Site, report: @escaping (String) -> Void = { _ in }) {
    self.init(in: site, report: report)
  }

  /// Makes a recovery in any world.
  package init(in site: any Surroundings, report: @escaping (String) -> Void = { _ in }) {
    self.init(in: site, DeadOwners(in: site), report: report)
  }

  /// Makes a recovery that shares what is known of the dead.
  init(in site: any Surroundings, _ dead: DeadOwners, report: @escaping (String) -> Void) {
    self.site = site
    self.report = report
    self.dead = dead
  }

  /// Performs what others left behind in a migration: makes the branch that a start did not make, takes away
  /// the holds of those who are dead or too late, then settles moves that were cut off, by looking at where
  /// the branch is (I-23). Gives the state afterwards.
  @discardableResult
  public func sweep(_ migration: String) throws(CommandError) -> LedgerSnapshot {
    var snapshot = try site.snapshot()
    guard let state = snapshot.state.migration(named: migration), !state.phase.isTerminal else {
      return snapshot
    }
    let seat = try site.seat(of: state, free: nil, looksAtBranch: state.tip == state.start, dead)
    var duties = state.agenda(at: max(seat.clock, snapshot.state.at), seat: seat)
    for case .createBranch(let commit) in duties {
      try Interpreter(in: site).createBranch(state.into, at: commit)
    }
    try site.follow(state)
    if duties.contains(where: { $0.proposal(for: migration) != nil }) {
      (snapshot, duties) = try takeAway(migration, seat)
    }
    guard let now = snapshot.state.migration(named: migration) else { return snapshot }
    for case .settle(let intent, let evidence) in duties {
      try settle(now, intent, evidence)
      return try site.snapshot()
    }
    return snapshot
  }

  /// Sweeps every migration that has not ended.
  @discardableResult
  public func sweepAll() throws(CommandError) -> LedgerSnapshot {
    let snapshot = try site.snapshot()
    for migration in snapshot.state.migrations where !migration.phase.isTerminal {
      try sweep(migration.name)
    }
    return try site.snapshot()
  }

  /// Takes the holds away that may be taken; gives the state afterwards and what is due in it.
  private func takeAway(_ migration: String, _ seat: Seat) throws(CommandError) -> (LedgerSnapshot, [Duty]) {
    let outcome = try Interpreter(in: site).append(by: site.actor) { (snapshot, at) throws(Refusal) in
      guard let state = snapshot.state.migration(named: migration) else { return ((), []) }
      return (
        (),
        state.agenda(at: at, seat: seat).compactMap { duty in
          var proposal = duty.proposal(for: migration)
          if case .expire(let fence, _, .holderDead) = duty {
            proposal?.facts = site.facts(ofLost: fence, in: state)
          }
          return proposal
        }
      )
    }
    let snapshot: LedgerSnapshot
    switch outcome {
    case .recorded(let after, _), .nothing(let after, _): snapshot = after
    case .refused: snapshot = try site.snapshot()
    }
    let duties = snapshot.state.migration(named: migration)?.agenda(
      at: max(seat.clock, snapshot.state.at), seat: seat)
    return (snapshot, duties ?? [])
  }

  /// Settles the move that somebody began and cannot end.
  private func settle(
    _ state: MigrationState, _ intent: BranchMoveIntent, _ evidence: Evidence
  ) throws(CommandError) {
    switch intent {
    case .refresh(let refresh):
      try settle(
        state, refresh.new, merged: .refreshMerged(commit: refresh.new),
        abandoned: .refreshAbandoned(evidence: evidence, reason: Recovery.cutOff)
      ) { $0.refresh == refresh }
    case .merge(let fence, let target):
      try settle(
        state, target.new, merged: .stepMerged(fence, commit: target.new, train: target.train),
        abandoned: .mergeAbandoned(fence, evidence: evidence, reason: Recovery.cutOff)
      ) { now in
        guard case .merging(_, _, target)? = now.step(fence.step)?.phase else { return false }
        return true
      }
    }
  }

  private static let cutOff = "it was cut off before the branch moved"

  /// Records what became of a move by looking at the branch (I-23). That it did not move is recorded with the
  /// branch held: whoever sleeps in the middle of it finds, with the branch held, that it is no longer
  /// intended. When the branch does not stand still, or the intent is another one by now (`isSame`), the next
  /// sweep looks again.
  private func settle(
    _ state: MigrationState, _ commit: ObjectID, merged: Migration.Change, abandoned: Migration.Change,
    while isSame: (MigrationState) -> Bool
  ) throws(CommandError) {
    let tip = try site.tip(of: state.intoRef)
    if let tip, try isReached(commit.oid, by: tip) {
      return try record(Proposal(state.name, merged), while: isSame).perform(interpreter)
    }
    if site.hasRemote, try site.remoteHas(commit.oid, on: state.intoRef) {
      return try record(Proposal(state.name, merged), while: isSame).perform(interpreter)
    }
    // Shared, whoever sleeps pushes the branch with its entry, which is refused; and a branch that is gone
    // moves nowhere.
    guard let tip, !site.hasRemote else {
      return try record(Proposal(state.name, abandoned), while: isSame).perform(interpreter)
    }
    var due = Due([])
    let locked: String?
    do throws(CommandError) {
      locked = try site.holdStill(state.intoRef, at: tip, isOwn: !state.peopleShareBranch) {
        () throws(CommandError) in
        due = try record(Proposal(state.name, abandoned), while: isSame)
      }
    } catch {
      // What was recorded before is, whatever became of the branch's lock afterwards.
      try due.perform(interpreter)
      throw error
    }
    #if KNOWN_BUGS
      if KnownBug.leftLockNotNamed.isOn { return try due.perform(interpreter) }
    #endif
    if let locked { report("a merge that was cut off cannot be settled yet: \(locked)") }
    try due.perform(interpreter)
  }

  /// Whether the commit is the tip or, on a shared branch, lies behind what people added.
  private func isReached(_ commit: OID, by tip: OID) throws(CommandError) -> Bool {
    if tip == commit { return true }
    return try site.isAncestor(commit, of: tip)
  }

  /// Appends one event and gives what is due then; that somebody else was faster is no error.
  private func record(
    _ proposal: Proposal, while isSame: (MigrationState) -> Bool
  ) throws(CommandError) -> Due {
    try interpreter.appendOnly(by: site.actor) { (snapshot, _) throws(Refusal) in
      guard let state = snapshot.state.migration(named: proposal.migration), isSame(state) else {
        return ((), [])
      }
      return ((), [proposal])
    }.takeDue()
  }

  private var interpreter: Interpreter { Interpreter(in: site) }
}

extension Duty {
  /// What is recorded of a duty that anybody performs by an entry alone.
  fileprivate func proposal(for migration: String) -> Proposal? {
    if case .pause(let pause) = self { return Proposal(migration, pause) }
    return taking.map { Proposal(migration, $0) }
  }

  /// The event that takes a hold away, for a duty that is to do that.
  fileprivate var taking: Migration.Change? {
    switch self {
    case .expire(let fence, let renewal, let evidence):
      .leaseExpired(fence, renewal: renewal, evidence: evidence)
    case .abandonGate(let fence, let gate, let evidence):
      .gateAbandoned(fence, gate: gate, evidence: evidence)
    case .abandonBase(let run, let evidence): .baselineAbandoned(run: run, evidence: evidence)
    case .createBranch, .settle, .pause, .tell, .wake, .stopWork, .giveBack, .giveBackBase, .giveBackGate,
      .judgeBase, .followBase, .countUses, .gate, .join, .begin, .renew, .renewHold, .stopJudging,
      .takeBaseIn, .tryGate,
      .judgeResult, .finish, .answer, .end:
      nil
    }
  }
}
