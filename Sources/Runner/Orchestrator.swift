import Git
import Ledger
import Migration
import Processes

/// Drives a migration to its end with a number of workers: one thread, one loop, children for all that takes
/// long.
///
/// Everything it knows is in the ledger: a run that was killed is continued by the next one, by anybody.
public final class Orchestrator {
  let site: any Surroundings
  let migration: String
  let workers: Int
  let observer: any RunObserver
  let signals: Int32
  let claiming: Claiming
  var jobs: [any Attempt] = []
  /// Those of the jobs that have ended and whose files are being kept.
  private var ends: [AttemptEnd] = []
  var gate: GateTask?
  /// Steps whose gate has met with something in its way, so that others go first for a while.
  var resting = RestingSteps()
  var baseline: BaselineTask?
  private(set) var stops = 0
  /// The signal that said stop, when one did.
  public private(set) var stopSignal: Int32?
  /// Why the remote could not be reached, as far as that was told.
  private var told = ToldReasons()
  /// Why work that is due cannot go on before something happens elsewhere, as far as that was told.
  private var obstacles = Obstacles()
  /// What the user has to look at before anything more is done on this machine.
  private(set) var halt: CommandError?
  /// What the machine was short of when new work could have begun last.
  private var shortage: Shortage?
  /// When each claim of ours is to be renewed.
  var renewals: [Fence: HoldWatch] = [:]
  let late = LateWarnings()
  private let follower: BaseFollower
  private let housekeeping = Housekeeping()
  private var approved = ApprovedPlans()
  private(set) var seenTip: OID?
  private var hasSeenTip = false

  /// Makes a run with `workers` workers. `signals` is the descriptor of `SignalPipe` or -1.
  public convenience init(
    site: Site, migration: String, workers: Int, observer: any RunObserver, signals: Int32 = -1
  ) {
    self.init(in: site, migration: migration, workers: workers, observer: observer, signals: signals)
  }

  /// Makes a run in any world.
  package init(
    in site: any Surroundings, migration: String, workers: Int, observer: any RunObserver,
    signals: Int32 = -1
  ) {
    self.site = site
    self.migration = migration
    self.workers = max(1, workers)
    self.observer = observer
    self.signals = signals
    claiming = Claiming(in: site)
    follower = BaseFollower(site: site, migration: migration, observer: observer)
  }

  /// Runs until nothing is left to do here, or a signal says stop.
  public func run() throws(CommandError) -> Ending {
    defer {
      late.tell(observer)
      site.endRun()
    }
    while true {
      readSignals()
      do throws(CommandError) {
        switch try step() {
        case .more: continue
        case .nothing: wait()
        case .ended(let ending): return ending
        }
      } catch {
        if error.waitsForUser || error.isDamage, halt == nil {
          halt(error)
          continue
        }
        try bear(error)
        wait()
      }
    }
  }

  /// What a round of a run came to.
  package enum Round: Equatable {
    /// Something happened, so that there may be more to do at once.
    case more
    /// Nothing can be done before something happens elsewhere, or time passes.
    case nothing
    /// The run is over.
    case ended(Ending)
  }

  /// One round: takes back what the dead held, ends what has ended, begins what can begin. Never waits.
  package func step() throws(CommandError) -> Round {
    if halt == nil { try site.requireApprovedCommands() }
    let snapshot = try sweep()
    try tell(snapshot)
    late.tell(observer)
    guard let state = snapshot.state.migration(named: migration) else {
      throw CommandError("no migration '\(migration)'")
    }
    dropFenced(state)
    if try giveBackOrphans(state) { return .more }
    var didSomething = try finishJobs()
    if try advanceBaseline() { didSomething = true }
    if try advanceGate() { didSomething = true }
    if try follower.advance(state) { didSomething = true }
    if didSomething { return .more }
    let isApproved = try approved.admit(state, in: site, warn: observer.warn)
    if isApproved {
      if try startSomething(state, at: max(site.clock.now(), snapshot.state.at)) { return .more }
    } else if let objection = approved.objection, halt == nil, isIdle,
      !state.phase.isTerminal
    {
      throw objection
    }
    told = ToldReasons()
    if let halt, isIdle { throw halt }
    if isIdle, let ending = ending(state) {
      guard try isNewest(snapshot) else { return .more }
      if ending == .allDone, isApproved, try follower.lookOnceMore(state, at: site.clock.now()) {
        return .more
      }
      if let reason = try site.follow(state) {
        observer.warn("'\(state.into)' is not moved here yet: \(reason); the next command tries again")
      }
      if ending != .interrupted { housekeeping.end(state, in: site, report: observer.warn) }
      return .ended(ending)
    }
    housekeeping.tend(state, in: site, report: observer.warn)
    try renew(state)
    return .nothing
  }

  /// Without the remote's word nothing is taken from others; what is known here will do to look at.
  private func sweep() throws(CommandError) -> LedgerSnapshot {
    do throws(CommandError) {
      return try Recovery(in: site) { self.tell(obstacle: $0) }.sweep(migration)
    } catch {
      guard error.isOffline else { throw error }
      return try reporting { try site.events.read() }
    }
  }

  /// Gets over a remote that cannot be reached: work under way goes on, and what comes of it waits; nothing
  /// new begins before the connection is back. Throws what cannot be got over.
  package func bear(_ error: CommandError) throws(CommandError) {
    guard error.isOffline, stops == 0 || !jobs.isEmpty else { throw error }
    if told.isNew(error.message) {
      observer.warn("\(error.message); the run goes on when it can be reached")
    }
  }

  // MARK: What it watches

  private func readSignals() {
    guard signals >= 0 else { return }
    for signal in SignalPipe.drain() where [1, 2, 13, 15].contains(signal) {
      stopSignal = stopSignal ?? signal
      stop()
    }
  }

  /// Asks the workers to end, and the run with them; the second time it kills them.
  package func stop() {
    stops += 1
    if stops == 1 {
      observer.warn("stopping: workers are asked to end; once more kills them")
      for job in jobs { job.stop() }
      stopJudging()
    } else {
      for job in jobs { job.kill() }
      for end in ends { end.kill() }
    }
  }

  /// Begins nothing more and asks the workers to end: what they leave is kept, and is looked at when the user
  /// has had his say.
  private func halt(_ error: CommandError) {
    halt = error
    if !jobs.isEmpty { observer.warn("\(error.message); workers are asked to end") }
    for job in jobs { job.stop() }
    stopJudging()
  }

  private func stopJudging() {
    gate?.stop()
    baseline?.stop()
    follower.stop()
  }

  /// Whether nothing is under way here.
  private var isIdle: Bool { jobs.isEmpty && gate == nil && baseline == nil && !follower.isBusy }

  private func tell(_ snapshot: LedgerSnapshot) throws(CommandError) {
    guard let tip = snapshot.tip, tip != seenTip else { return }
    let sentences = hasSeenTip ? try reporting { try site.events.sentences(to: tip, from: seenTip) } : []
    hasSeenTip = true
    seenTip = tip
    observer.ledgerGrew(snapshot, sentences: sentences)
  }

  private func wait() {
    site.wait(
      for: jobs.map(\.descriptor) + ends.map(\.descriptor) + [
        gate?.descriptor ?? -1, baseline?.descriptor ?? -1, follower.descriptor, signals,
      ])
  }

  /// A worker whose claim is no longer in force can change nothing: it is stopped, and what it did is kept.
  private func dropFenced(_ state: MigrationState) {
    for job in jobs where !job.isStopping && !isCurrent(job, in: state) {
      observer.warn(
        "\(job.step.id) is no longer ours (epoch \(job.claim.fence.epoch)); its worker is stopped")
      job.stop()
    }
  }

  /// Gives back the claims of this run that nobody here works on: one whose push was cut off comes through
  /// after all, when the run has long been told that it is not known.
  private func giveBackOrphans(_ state: MigrationState) throws(CommandError) -> Bool {
    if let claim = state.baselineRun, claim.owner == site.owner, claim.holder == site.actor,
      baseline == nil, gate?.isJudgingBase != true
    {
      let change = Migration.Change.baselineAbandoned(run: claim.run, evidence: .holder)
      if try Interpreter(in: site).record([Proposal(migration, change)]) == nil { return true }
    }
    for step in state.stepsInFlight {
      guard case .leased(let lease) = step.phase, lease.owner == site.owner,
        lease.holder.hasPrefix(site.actor + "/")
      else { continue }
      let fence = Fence(step: step.id, epoch: step.epoch)
      if jobs.contains(where: { $0.claim.fence == fence }) { continue }
      let change = Migration.Change.stepReleased(
        fence, forced: false, reason: "the claim was not known to be won, and nobody began to work on it")
      let outcome = try reporting {
        try site.events.append([Proposal(migration, change)], by: lease.holder)
      }
      if case .won = outcome { return true }
    }
    return false
  }

  private func isCurrent(_ job: any Attempt, in state: MigrationState) -> Bool {
    guard let step = state.step(job.step.id), step.epoch == job.claim.fence.epoch else { return false }
    switch step.phase {
    // A worker that hands in by itself is welcome, and may end in peace.
    case .leased, .submitted, .gating, .merging, .merged: return true
    case .waiting, .ready, .backoff, .blocked, .skipped, .cancelled: return false
    }
  }

  // MARK: What it brings to an end

  private func finishJobs() throws(CommandError) -> Bool {
    for job in jobs where !ends.contains(where: { $0.job === job }) {
      if let outcome = try job.poll() {
        ends.append(AttemptEnd(job, outcome, in: site, observer: late))
      }
    }
    var didSomething = false
    for end in ends {
      do throws(CommandError) {
        guard try end.advance() else { continue }
      } catch {
        forget(end)
        throw error
      }
      forget(end)
      didSomething = true
    }
    return didSomething
  }

  private func forget(_ end: AttemptEnd) {
    ends.removeAll { $0 === end }
    jobs.removeAll { $0 === end.job }
    renewals[end.job.claim.fence] = nil
  }

  private func advanceBaseline() throws(CommandError) -> Bool {
    guard let ending = try baseline?.advance() else { return false }
    baseline = nil
    if case .failed(let reason) = ending { late.warn("the base does not pass its own gate: \(reason)") }
    return true
  }

  /// Tells what is in the way, now and then.
  func tell(obstacle reason: String) {
    if obstacles.isNew(reason, at: site.clock.now()) { observer.warn(reason) }
  }

  // MARK: What it begins

  /// Begins the baseline, a gate or an attempt if one can begin now; says whether anything changed.
  private func startSomething(_ state: MigrationState, at now: Timestamp) throws(CommandError) -> Bool {
    guard stops == 0, halt == nil, case .running = state.phase else { return false }
    if try isShort() { return false }
    if let reason = try site.obstacle(astray: state) {
      tell(obstacle: reason)
      return false
    }
    // Before the baseline: the base may have been mended.
    if gate == nil, baseline == nil, try follower.begin(state, at: now) { return true }
    switch try startBaseline(state) {
    case .begun: return true
    case .awaited: return false
    case .notNeeded: break
    }
    var didStart = false
    let isJudging = gate != nil || baseline != nil || follower.isBusy
    let waiting = isJudging ? nil : state.gateable(at: now)
    if waiting != nil {
      if try startGate(state, at: now) { return true }
      didStart = gate != nil
    }
    let sparing = isJudging || waiting != nil ? Resources(state, machine: site.owner.machine) : nil
    var isHeldUp = false
    if follower.isBusy, jobs.isEmpty { isHeldUp = try needsBaseline(state) != nil }
    if jobs.count < workers, baseline == nil, !isHeldUp, try startJob(sparing: sparing) { return true }
    return didStart
  }

  /// Whether the machine is short of something; said when that begins and when it is over. What is under way
  /// goes on.
  private func isShort() throws(CommandError) -> Bool {
    let found = try site.shortage(after: shortage)
    if let found, found.kind != shortage?.kind { observer.warn("\(found.text): no new work begins") }
    if found == nil, shortage != nil { observer.warn("memory and disk are free enough again: work goes on") }
    shortage = found
    return found != nil
  }

  private enum BaselineStart { case notNeeded, begun, awaited }

  /// The base is judged before any work is given out: agents that build on a broken base work in vain. Who is
  /// not the first to claim it waits for what the other finds.
  private func startBaseline(_ state: MigrationState) throws(CommandError) -> BaselineStart {
    guard baseline == nil, gate == nil, jobs.isEmpty, !follower.isBusy,
      let (tip, tree) = try needsBaseline(state)
    else { return .notNeeded }
    if state.baselineRun != nil { return .awaited }
    switch try BaselineTask.begin(
      site: site, state: state, commit: tip, tree: tree, report: observer.warn)
    {
    case .success(let task):
      baseline = task
      return .begun
    case .failure: return .awaited
    }
  }

  /// The branch and its tree, when its gate has not passed that yet.
  private func needsBaseline(_ state: MigrationState) throws(CommandError) -> (tip: OID, tree: OID)? {
    guard let tip = try site.tip(of: state.intoRef) else { throw site.isGone(state) }
    let tree = try site.tree(of: tip)
    return BaselineTask.isNeeded(state, tree: tree) && !state.isStuck ? (tip, tree) : nil
  }

  /// Claims and begins a step; with `sparing` none that would take the gate's resources away.
  private func startJob(sparing: Resources?) throws(CommandError) -> Bool {
    let names = Set(jobs.map(\.claim.holder))
    let number = (1...workers).first { !names.contains(holder($0)) } ?? workers
    let answer = try claiming.claim(
      migration, step: nil, holder: holder(number), owner: site.owner, seconds: nil, usesSlot: true,
      accepting: { ($0.run != nil || $1.agent != nil) && sparing?.leavesRoom($0) ?? true })
    guard case .won(let held) = answer else { return false }
    // The plan may have been amended just before the claim was decided.
    guard approved.numbers.contains(held.planNumber) else {
      let change = Migration.Change.stepReleased(
        held.claim.fence, forced: false, reason: AttemptEnd.waitsForUser)
      _ = try reporting {
        try site.events.append([Proposal(migration, change)], by: held.claim.holder)
      }
      return true
    }
    do throws(CommandError) {
      jobs.append(try claiming.orGiveBack(held) { () throws(CommandError) in try site.begin(held) })
    } catch {
      if error.waitsForUser || error.isDamage { throw error }
      observer.warn("\(held.step.id) could not be begun: \(error.message)")
    }
    return true
  }

  private func holder(_ number: Int) -> String { "\(site.actor)/\(number)" }
}
