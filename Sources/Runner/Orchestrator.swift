import Git
import Ledger
import Migration
import Processes

/// What a run tells whoever watches.
public protocol RunObserver {
  /// The ledger has grown, by this run or by somebody else: the state, and a sentence for each new entry.
  func ledgerGrew(_ snapshot: LedgerSnapshot, sentences: [String])
  /// Something a person should know that is no entry.
  func warn(_ text: String)
}

/// Drives a migration to its end with a number of workers: one thread, one loop, children for all that takes
/// long.
///
/// Everything it knows is in the ledger: a run that was killed is continued by the next one, by anybody.
public final class Orchestrator {
  /// How a run ended.
  public enum Ending: Equatable, Sendable {
    /// Every step is merged, skipped or cancelled.
    case allDone
    /// Nothing more can happen before a person acts; the ids of the blocked steps.
    case needsPerson(blocked: [String])
    /// What remains has no `run` and the plan no agent: outside workers must claim it.
    case needsWorkers(Int)
    /// The migration is paused.
    case paused(String)
    /// The migration was finished or aborted.
    case ended(String)
    /// A signal ended the run; leases were released and worktrees kept.
    case interrupted
  }

  let site: Site
  let migration: String
  let workers: Int
  let observer: any RunObserver
  let signals: Int32
  let claiming: Claiming
  let slots: Slots
  var jobs: [WorkJob] = []
  private var gate: GateTask?
  private var baseline: BaselineTask?
  private var stops = 0
  private var isOffline = false
  private var obstacle: String?
  private var seenTip: OID?
  private var hasSeenTip = false

  /// Makes a run with `workers` workers. `signals` is the descriptor of `SignalPipe` or -1.
  public init(site: Site, migration: String, workers: Int, observer: any RunObserver, signals: Int32 = -1) {
    self.site = site
    self.migration = migration
    self.workers = max(1, workers)
    self.observer = observer
    self.signals = signals
    claiming = Claiming(site: site)
    slots = Slots(site: site)
  }

  /// Runs until nothing is left to do here, or a signal says stop.
  public func run() throws(CommandError) -> Ending {
    defer { site.supervisors.end() }
    while true {
      do throws(CommandError) {
        if let ending = try turn() { return ending }
      } catch {
        // Work under way goes on, and what comes of it waits; nothing new begins before the connection is
        // back.
        guard error.isOffline, stops == 0 || !jobs.isEmpty else { throw error }
        if !isOffline { observer.warn("\(error.message); the run goes on when it can be reached") }
        isOffline = true
        wait(milliseconds: 1000)
      }
    }
  }

  /// One round: sees what changed, ends what is over, begins what can begin. Gives how the run ended, once it
  /// has.
  private func turn() throws(CommandError) -> Ending? {
    readSignals()
    let snapshot = try sweep()
    try tell(snapshot)
    guard let state = snapshot.state.migration(named: migration) else {
      throw CommandError("no migration '\(migration)'")
    }
    dropFenced(state)
    var didSomething = try finishJobs()
    if try advanceBaseline() { didSomething = true }
    if try advanceGate() { didSomething = true }
    if didSomething { return nil }
    if try startSomething(state, at: max(site.clock.now(), snapshot.state.at)) { return nil }
    isOffline = false
    if jobs.isEmpty && gate == nil && baseline == nil, let ending = ending(state) { return ending }
    try renew(state)
    wait(milliseconds: 500)
    return nil
  }

  private func sweep() throws(CommandError) -> LedgerSnapshot {
    do throws(CommandError) {
      return try Recovery(site: site).sweep(migration)
    } catch {
      guard error.isOffline else { throw error }
      return try reporting { try site.ledger.read() }
    }
  }

  // MARK: What it watches

  private func readSignals() {
    guard signals >= 0 else { return }
    for signal in SignalPipe.drain() where signal == 2 || signal == 15 {
      stops += 1
      if stops == 1 {
        observer.warn("stopping: workers are asked to end; once more kills them")
        for job in jobs { job.stop() }
        gate?.stop()
        baseline?.stop()
      } else {
        for job in jobs { job.kill() }
      }
    }
  }

  private func tell(_ snapshot: LedgerSnapshot) throws(CommandError) {
    guard let tip = snapshot.tip, tip != seenTip else { return }
    let sentences = hasSeenTip ? try reporting { try site.ledger.sentences(to: tip, from: seenTip) } : []
    hasSeenTip = true
    seenTip = tip
    observer.ledgerGrew(snapshot, sentences: sentences)
  }

  private func wait(milliseconds: Int) {
    var poller = Poller(reading: jobs.map(\.descriptor))
    if let gate { poller.add(reading: gate.descriptor) }
    if let baseline { poller.add(reading: baseline.descriptor) }
    poller.add(reading: signals)
    _ = poller.wait(milliseconds: milliseconds)
  }

  /// A worker whose claim is no longer in force can change nothing: it is stopped, and what it did is kept.
  private func dropFenced(_ state: MigrationState) {
    for job in jobs where !job.isStopping && !isCurrent(job, in: state) {
      observer.warn(
        "\(job.step.id) is no longer ours (epoch \(job.claim.fence.epoch)); its worker is stopped")
      job.stop()
    }
  }

  private func isCurrent(_ job: WorkJob, in state: MigrationState) -> Bool {
    guard let step = state.step(job.step.id), step.epoch == job.claim.fence.epoch else { return false }
    switch step.phase {
    // A worker that hands in by itself is welcome, and may end in peace.
    case .leased, .submitted, .gating, .merging, .merged: return true
    case .waiting, .ready, .backoff, .blocked, .skipped, .cancelled: return false
    }
  }

  // MARK: What it brings to an end

  private func finishJobs() throws(CommandError) -> Bool {
    var ended: [(WorkJob, WorkJob.Outcome)] = []
    for job in jobs {
      if let outcome = try job.poll() { ended.append((job, outcome)) }
    }
    for (job, outcome) in ended {
      jobs.removeAll { $0 === job }
      try AttemptEnd(site: site, observer: observer).record(job, outcome)
    }
    return !ended.isEmpty
  }

  private func advanceBaseline() throws(CommandError) -> Bool {
    guard let ending = try baseline?.advance() else { return false }
    baseline = nil
    if case .failed(let reason) = ending { observer.warn("the base does not pass its own gate: \(reason)") }
    return true
  }

  private func advanceGate() throws(CommandError) -> Bool {
    guard let task = gate, let ending = try task.advance() else { return false }
    gate = nil
    switch ending {
    case .merged, .sentBack, .baseFails, .unjudged: obstacle = nil
    case .notNow(let refusal):
      // That another run was faster is no news.
      if stops == 0, ![.limited, .wrongPhase].contains(refusal.code) { observer.warn(refusal.message) }
    case .obstructed(let reason):
      // Said once; looked at again when the next wait is over, without an entry in between.
      if reason != obstacle { observer.warn(reason) }
      obstacle = reason
      return false
    }
    return true
  }

  // MARK: What it begins

  /// Begins the baseline, a gate or an attempt if one can begin now; says whether anything changed.
  private func startSomething(_ state: MigrationState, at now: Timestamp) throws(CommandError) -> Bool {
    guard stops == 0, case .running = state.phase else { return false }
    if try startBaseline(state) { return true }
    var didStart = false
    let waiting = gate == nil ? gateable(state, at: now) : nil
    if gate == nil, let fence = waiting, Resources(state).areFreeForGate {
      let task = GateTask(site: site, migration: migration, fence: fence, report: observer.warn)
      gate = task
      if try advanceGate() { return true }
      didStart = gate != nil
    }
    let sparing = gate != nil || waiting != nil ? Resources(state) : nil
    if jobs.count < workers, baseline == nil, try startJob(sparing: sparing) { return true }
    return didStart
  }

  /// The base is judged before any work is given out: agents that build on a broken base work in vain.
  private func startBaseline(_ state: MigrationState) throws(CommandError) -> Bool {
    guard baseline == nil, gate == nil, jobs.isEmpty else { return false }
    let tip = try reporting { () throws -> (OID, OID)? in
      guard let tip = try site.repository.resolve(state.intoRef) else { return nil }
      return (tip, try site.repository.treeOf(commit: tip))
    }
    guard let tip else {
      throw CommandError(
        "the integration branch '\(state.into)' is gone",
        hint: "run 'git update-ref \(state.intoRef) \(state.tip.hex)'")
    }
    guard BaselineTask.isNeeded(state, tree: tip.1), !state.isStuck else { return false }
    baseline = try BaselineTask(site: site, state: state, commit: tip.0, tree: tip.1)
    return true
  }

  /// The submitted step that has waited longest in the plan's order, when nobody's gate is under way.
  private func gateable(_ state: MigrationState, at now: Timestamp) -> Fence? {
    guard state.refresh == nil, baseline == nil else { return nil }
    var found: Fence?
    for step in state.steps {
      switch step.phase {
      case .gating, .merging: return nil
      case .submitted(let submission):
        if found == nil, submission.notBefore <= now { found = Fence(step: step.id, epoch: step.epoch) }
      case .waiting, .ready, .leased, .merged, .backoff, .blocked, .skipped, .cancelled: continue
      }
    }
    return found
  }

  /// Claims and begins a step; with `sparing` none that would take the gate's resources away.
  private func startJob(sparing: Resources?) throws(CommandError) -> Bool {
    let names = Set(jobs.map(\.claim.holder))
    let number = (1...workers).first { !names.contains(holder($0)) } ?? workers
    let answer = try claiming.claim(
      migration, step: nil, holder: holder(number), owner: Site.owner(), seconds: nil, usesSlot: true,
      accepting: { ($0.run != nil || !canOnlyBeDoneOutside($0)) && sparing?.leavesRoom($0) ?? true })
    guard case .won(let held) = answer else { return false }
    do throws(CommandError) {
      let prepared = try claiming.prepare(held)
      jobs.append(
        try WorkJob(
          site: site, held: held, slot: held.claim.slot ?? "", path: prepared.path, place: prepared.place))
    } catch {
      observer.warn("\(held.step.id) could not be begun: \(error.message)")
    }
    return true
  }

  private func holder(_ number: Int) -> String { "\(site.actor)/\(number)" }

  private func canOnlyBeDoneOutside(_ step: PlannedStep) -> Bool {
    guard step.run == nil, let state = try? site.ledger.read().state.migration(named: migration) else {
      return false
    }
    return state.plan.agent == nil
  }

  // MARK: Leases and the end

  /// Renews each lease of ours once half of it is over.
  private func renew(_ state: MigrationState) throws(CommandError) {
    let now = site.clock.now()
    let length = state.plan.leaseSeconds
    for job in jobs where !job.isStopping {
      guard let step = state.step(job.step.id), case .leased(let lease) = step.phase,
        step.epoch == job.claim.fence.epoch, now.adding(seconds: length / 2) >= lease.expiresAt
      else { continue }
      let outcome = try reporting {
        try site.ledger.append(by: job.claim.holder) { (_, at) throws(Refusal) in
          [Proposal(migration, .leaseRenewed(job.claim.fence, expiresAt: at.adding(seconds: length)))]
        }
      }
      if case .refused(let refusal) = outcome { observer.warn(refusal.message) }
    }
  }

  private func ending(_ state: MigrationState) -> Ending? {
    if stops > 0 { return .interrupted }
    switch state.phase {
    case .aborted, .finished: return .ended(state.phase.word)
    case .paused(let reason): return .paused(reason)
    case .running: break
    }
    if state.steps.allSatisfy(\.phase.isTerminal) { return .allDone }
    if state.isStuck {
      return .needsPerson(
        blocked: state.steps.filter { if case .blocked = $0.phase { true } else { false } }.map(\.id))
    }
    if state.plan.agent == nil {
      // Only steps that nobody here can do are left, and nobody is at work on one.
      var open = 0
      for (step, planned) in zip(state.steps, state.plan.steps) {
        switch step.phase {
        case .ready, .backoff:
          if planned.run != nil { return nil }
          open += 1
        case .leased, .submitted, .gating, .merging: return nil
        case .waiting, .merged, .blocked, .skipped, .cancelled: continue
        }
      }
      if open > 0 { return .needsWorkers(open) }
    }
    return nil
  }
}
