import Git
import Ledger
import Migration
import Site

/// How each duty is performed. Says whether anything changed, so that the agenda is worth another look.
extension Orchestrator {
  func perform(_ duty: Duty, at desk: Desk) throws(CommandError) -> Bool {
    switch duty {
    // Those were performed by the sweep, or cannot be before something changes.
    case .settle(let intent, .holder): return try moveBranch(intent, desk)
    case .createBranch, .expire, .abandonGate, .abandonBase, .settle, .pause: return false
    case .wake(let agent): return try wake(agent)
    case .tell: return try startTelling(desk)
    case .stopWork(let fence): return stopWork(fence, desk)
    case .giveBack(let fence, let holder): return try giveBack(fence, holder, desk)
    case .giveBackBase(let run):
      return try append(.baselineAbandoned(run: run, evidence: .holder), by: site.actor, desk) == nil
    case .giveBackGate(let fence, let gate):
      let change = Migration.Change.gateAbandoned(fence, gate: gate, evidence: .holder)
      return try append(change, by: site.actor, desk) == nil
    // The duty before it may have begun to judge something: the next look says what is due then.
    case .judgeBase: return try isGrounded(desk) ? try judgeBase(desk) : false
    case .followBase: return try desk.follower.begin(try state(desk), at: now(desk))
    case .countUses(let commit): return try countUses(at: commit.oid, desk)
    case .gate(let fence): return try isGrounded(desk) ? try startGate(fence, desk) : false
    case .join(let fence): return try desk.gate?.join(fence, state(desk)) ?? false
    case .begin: return try begin(desk)
    case .renew(let fence, let holder, _): return try renew(fence, holder, desk)
    case .renewHold(let hold, _):
      try desk.watch(hold)?.renew(desk.migration, by: site, report: late.voice(of: desk.migration))
      return false
    case .stopJudging(let hold):
      desk.stopJudging(hold)
      return false
    // What a run has not wished for.
    case .takeBaseIn, .tryGate, .judgeResult, .finish, .answer: return false
    case .end: return false
    }
  }

  /// Whether something may be judged now: nothing else is, and what it rests on is known.
  private func isGrounded(_ desk: Desk) throws(CommandError) -> Bool {
    desk.isIdle ? try desk.isGrounded(for: try state(desk), in: site) : false
  }

  private func stopWork(_ fence: Fence, _ desk: Desk) -> Bool {
    guard let job = attempts.job(desk.migration, fence) else { return false }
    observer.warn(
      "\(fence.step) is no longer ours (epoch \(fence.epoch)); its worker is stopped", of: desk.migration)
    job.stop()
    return false
  }

  /// Moves the branch as this run has announced it: when it was to, the remote went away. Whoever else looks
  /// would wait until the intent is too old.
  private func moveBranch(_ intent: BranchMoveIntent, _ desk: Desk) throws(CommandError) -> Bool {
    let before = try site.snapshot().tip
    let effect: Effect =
      switch intent {
      case .merge(let fence, let target):
        .moveBranch(migration: desk.migration, fence, old: target.old, new: target.new)
      case .refresh(let refresh):
        .moveRefreshedBranch(migration: desk.migration, old: refresh.old, new: refresh.new)
      }
    try Interpreter(in: site, report: late.voice(of: desk.migration)).perform([effect])
    return try site.snapshot().tip != before
  }

  private func giveBack(_ fence: Fence, _ holder: String, _ desk: Desk) throws(CommandError) -> Bool {
    let change = Migration.Change.stepReleased(
      fence, forced: false, reason: "the claim was not known to be won, and nobody began to work on it")
    return try append(change, by: holder, desk) == nil
  }

  /// Appends one event; gives the refusal when there was one.
  func append(_ change: Migration.Change, by author: String, _ desk: Desk) throws(CommandError)
    -> Refusal?
  {
    try Interpreter(in: site, report: late.voice(of: desk.migration)).append(
      [Proposal(desk.migration, change)], by: author
    ).refusal
  }

  private func state(_ desk: Desk) throws(CommandError) -> MigrationState {
    guard let state = try site.state(of: desk.migration)
    else { throw CommandError(.noMigration(desk.migration)) }
    return state
  }

  private func now(_ desk: Desk) throws(CommandError) -> Timestamp {
    max(site.clock.now(), try site.snapshot().state.at)
  }

  // MARK: Judging

  /// How many submitted steps are looked at in a row when something is in the way of each.
  private static let looksInRound = 4

  /// Tells people what is due. When somebody else was faster there is an entry to look at.
  private func startTelling(_ desk: Desk) throws(CommandError) -> Bool {
    guard desk.messages == nil else { return false }
    desk.messages = try MessageTask.begin(
      in: site, desk.migration, isLast: isIdle, report: late.voice(of: desk.migration))
    return desk.messages != nil
  }

  private func countUses(at commit: OID, _ desk: Desk) throws(CommandError) -> Bool {
    guard desk.isIdle else { return false }
    desk.count = try CountTask(in: site, state(desk), at: commit, report: late.voice(of: desk.migration))
    return true
  }

  func advanceCount(_ desk: Desk) throws(CommandError) -> Bool {
    guard let task = desk.count, let isKnown = try task.advance() else { return false }
    desk.count = nil
    if !isKnown { desk.uncountable = (task.commit.objectID, task.command) }
    return true
  }

  private func judgeBase(_ desk: Desk) throws(CommandError) -> Bool {
    let state = try state(desk)
    guard let tip = try site.tip(of: state.intoRef) else { throw site.isGone(state) }
    let tree = try site.tree(of: tip)
    guard state.needsBaseline(tree: tree.objectID) else { return false }
    let voice = observer.voice(of: desk.migration)
    switch try BaselineTask.begin(site: site, state: state, commit: tip, tree: tree, report: voice) {
    case .success(let task):
      desk.baseline = task
      return true
    // Somebody else was faster.
    case .failure: return false
    }
  }

  func advanceBaseline(_ desk: Desk) throws(CommandError) -> Bool {
    guard let ending = try desk.baseline?.advance() else { return false }
    desk.baseline = nil
    desk.forgetAnswer()
    if case .failed(let reason) = ending {
      late.warn("the base does not pass its own gate: \(reason)", of: desk.migration)
    }
    return true
  }

  /// Begins the gate of a submitted step. What is in the way of it may not be in the way of the next, so that
  /// others are tried then, not all of them in one go.
  private func startGate(_ first: Fence, _ desk: Desk) throws(CommandError) -> Bool {
    var next: Fence? = first
    for _ in 0..<Self.looksInRound {
      guard let fence = next else { return false }
      let resting = desk.resting.fences(at: site.clock.now())
      let report = late.voice(of: desk.migration)
      desk.gate =
        try TrainTask(site: site, state: state(desk), passing: resting, from: fence, report: report)
        ?? GateTask(site: site, migration: desk.migration, fence: fence, report: report)
      if try advanceGate(desk) { return true }
      let restingNow = desk.resting.fences(at: site.clock.now())
      guard desk.gate == nil, restingNow.contains(fence) else { return desk.gate != nil }
      next = try state(desk).gateable(at: now(desk), passing: restingNow)
    }
    return false
  }

  func advanceGate(_ desk: Desk) throws(CommandError) -> Bool {
    guard let task = desk.gate, let ending = try task.advance() else { return false }
    desk.gate = nil
    desk.forgetAnswer()
    switch ending {
    case .merged, .sentBack, .baseFails, .unjudged: return true
    case .notNow(let refusal):
      // Without a new entry the next try would end as this one did: it waits, like everything else.
      let isNew = try site.snapshot().tip != seen?.tip
      // That another run was faster is no news: the entry says so.
      let isTold = isNew && [.limited, .wrongPhase].contains(refusal.code)
      if !isEnding, halt == nil, !isTold { tell(obstacle: refusal.message) }
      if isNew { return true }
      desk.resting.add(task.fence, at: site.clock.now())
      return false
    case .obstructed(let reason):
      // Looked at again when the next wait is over, without an entry in between.
      tell(obstacle: reason)
      #if KNOWN_BUGS
        if KnownBug.foreignCommitSpins.isOn { return true }
      #endif
      return false
    case .stepObstructed(let reason):
      tell(obstacle: reason)
      desk.resting.add(task.fence, at: site.clock.now())
      return false
    }
  }

  // MARK: Work

  /// Claims the step that is next by the newest state, and begins it.
  private func begin(_ desk: Desk) throws(CommandError) -> Bool {
    let names = Set(attempts.jobs.map(\.claim.holder))
    let number = (1...workers).first { !names.contains(holder($0)) } ?? workers
    var seat = Seat(owner: site.owner, actor: site.actor, free: 1, clock: site.clock.now())
    let ledger = try site.snapshot().state
    seat.rests = rests(in: ledger)
    seat.missing = programs.known(in: ledger, site.owner.machine)
    (seat.only, seat.has) = (scopeOfSteps, has)
    let sparesGate = { [judging = desk.judging] (state: MigrationState, at: Timestamp) in
      judging != .nothing || state.gateable(at: at) != nil
    }
    let answer = try claiming.claim(
      desk.migration, step: nil, holder: holder(number), owner: site.owner, seconds: nil, usesSlot: true,
      byAgent: true, has: has,
      offer: { [seat] in $0.nextOffer(at: $1, seat: seat, sparingGate: sparesGate($0, $1)) })
    guard case .won(let held) = answer else { return false }
    begun.insert(held.step.id)
    // The plan may have been amended just before the claim was decided.
    guard desk.approved.numbers.contains(held.planNumber) else {
      let change = Migration.Change.stepReleased(
        held.claim.fence, forced: false, reason: AttemptEnd.waitsForUser)
      _ = try append(change, by: held.claim.holder, desk)
      return true
    }
    do throws(CommandError) {
      attempts.add(try claiming.orGiveBack(held) { () throws(CommandError) in try site.begin(held) })
      noteBegin(held)
    } catch {
      if error.waitsForUser || error.isDamage { throw error }
      observer.warn("\(held.step.id) could not be begun: \(error.message)", of: desk.migration)
    }
    return true
  }

  private func holder(_ number: Int) -> String { "\(site.actor)/\(number)" }

  private func renew(_ fence: Fence, _ holder: String, _ desk: Desk) throws(CommandError) -> Bool {
    attempts.noteRenewal(desk.migration, fence)
    let outcome = try Interpreter(in: site, report: late.voice(of: desk.migration)).append(by: holder) {
      (snapshot, at) throws(Refusal) in
      guard let state = snapshot.state.migration(named: desk.migration), let step = state.step(fence.step),
        step.epoch == fence.epoch, case .leased(let lease) = step.phase
      else { return ((), []) }
      let until = lease.renewed(at: at, seconds: state.plan.leaseSeconds)
      return ((), [Proposal(desk.migration, .leaseRenewed(fence, expiresAt: until))])
    }
    if let refusal = outcome.refusal { observer.warn(refusal.message, of: desk.migration) }
    return false
  }
}
