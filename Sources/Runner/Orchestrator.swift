import Git
import Ledger
import Migration
import Site
import System

/// Drives migrations to their end with a number of workers: one thread, one loop, children for all that takes
/// long.
///
/// It knows no rule. What is due it asks the agenda (`State.agenda(at:seats:judges:)`), what is legal the
/// append; what it holds is under way: attempts, gates, the judgement of a base. Everything else is in the
/// ledger: a run that was killed is continued by the next one, by anybody.
public final class Orchestrator {
  /// How a run ends.
  public typealias Ending = Migration.Ending

  let site: any Surroundings
  let scope: Scope
  let workers: Int
  let observer: any RunObserver
  let claiming: Claiming
  let attempts: AttemptTable
  let late = LateWarnings()
  /// When it begins no more steps, and ends when what is under way has.
  package var until: Timestamp?
  /// The steps that it begins, when those are not all.
  package var only: Set<String>?
  /// How many steps it begins at most.
  package var limit: Int?
  /// What this machine is said to have, and how long it waits for work, where it is to.
  package var (has, patience): (Set<String>, Patience?) = ([], nil)
  /// Asked in each round whether there is something new in a plan file; says whether the ledger has changed.
  public var planWatch: (() throws(CommandError) -> Bool)?
  /// Of a fleet the targets in which nothing can be done here, as they were then.
  var parked: [String: MigrationState] = [:]
  /// Where the ledger was when it was last asked whether too many of a fleet's targets have failed.
  var countedFailures: OID?
  /// The steps that it has begun.
  var begun: Set<String> = []
  var obstacles = Obstacles()
  let signals: Int32
  var desks: [String: Desk] = [:]
  /// The agents whose services do not serve, where the ledger has no place for it.
  var agents = AgentRests()
  /// The migrations that are to pause because their agents cannot work.
  var pauses: [String: DuePause] = [:]
  /// The programs that work needs here.
  var programs = ProgramWatch()
  private var stops = 0
  /// How often something was begun.
  private var turns = 0
  /// The signal that said stop, when one did.
  public private(set) var stopSignal: Int32?
  /// How each migration of the run ended, by name, once the run has.
  public private(set) var endings: [String: Ending] = [:]
  /// What the remote had last against an entry, and since when.
  var rejection: (words: String, since: Timestamp)?
  /// For how long the remote may say no in the same words, in seconds.
  static let rejectionSeconds = 3
  private var others = OtherClones()
  /// The errors about what lies in the place of a file that were got over, so that each is only once.
  private var oddErrors: Set<String> = []
  /// What the user has to look at before anything more is done on this machine.
  private(set) var halt: CommandError?
  /// What the machine was short of when new work could have begun last.
  private var shortage: Shortage?
  /// Who of the holders is dead, as this round knows it.
  private var dead: DeadOwners
  /// Up to where the ledger was told; `nil` before the first look.
  var seen: LedgerSnapshot?

  /// Which migrations a run drives.
  public enum Scope: Equatable, Sendable {
    /// The one of that name.
    case migration(String)
    /// Every one that has not ended.
    case all
    /// Those of the fleet of that name.
    case fleet(String)
  }

  /// Makes a run with `workers` workers. `signals` is the descriptor of `SignalPipe` or -1.
  public convenience init(
    site: Site, _ scope: Scope, workers: Int, observer: any RunObserver, signals: Int32 = -1
  ) {
    self.init(in: site, scope, workers: workers, observer: observer, signals: signals)
  }

  /// Makes a run in any world.
  package init(
    in site: any Surroundings, _ scope: Scope, workers: Int, observer: any RunObserver, signals: Int32 = -1
  ) {
    self.site = site
    self.scope = scope
    self.workers = max(1, workers)
    self.observer = observer
    self.signals = signals
    claiming = Claiming(in: site)
    dead = DeadOwners(in: site)
    attempts = AttemptTable(in: site, late: late)
    attempts.isJudging = { [unowned self] in desks.values.contains { !$0.isIdle } }
    site.events.contact.outage.advice =
      "the run goes on when it can be reached; what is recorded now waits for 'git migrate sync'"
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
        // What could be moved away again is told in the next round.
        if error.isOddPlace, oddErrors.insert(error.message).inserted,
          (try? site.requireApprovedCommands()) != nil
        {
          continue
        }
        // What lies in the place of a file matters more than what ended the work before.
        if error.waitsForUser || error.isDamage, error.isOddPlace ? halt?.isOddPlace != true : halt == nil {
          halt(error)
          continue
        }
        if let ending = try bear(error) { return ending }
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

  /// One round: ends what has ended, then performs what is due until something has changed. Never waits.
  package func step() throws(CommandError) -> Round {
    if let halt, halt.isOddPlace { return try endUnseeing(halt) }
    if halt == nil { try site.requireApprovedCommands() } else { try site.requirePlainPlaces() }
    for what in site.takeOddPlaces() { tell(oddPlace: what) }
    dead = DeadOwners(in: site)
    let snapshot = try sweep()
    if seen == nil || seen?.tip != snapshot.tip {
      try reporting { try site.events.requireWitnessed() }
    }
    try tell(snapshot)
    if halt == nil, stops == 0, let planWatch, try planWatch() { return .more }
    if try advance(snapshot.state) { return .more }
    if try stopFleet(snapshot) { return .more }
    let states = try wanted(snapshot.state)
    var ends: [String: Ending] = [:]
    for assignment in snapshot.state.agenda(
      at: max(site.clock.now(), snapshot.state.at), seats: try seats(states, snapshot.state), judges: workers)
    {
      if case .end(let ending) = assignment.duty {
        ends[assignment.migration] = ending
      } else if try perform(assignment.duty, at: desk(assignment.migration)) {
        if case .begins = assignment.duty.urgency { noteTurn(assignment.migration) }
        return .more
      }
    }
    for state in states {
      desk(state.name).housekeeping.tend(state, in: site, report: observer.warn)
    }
    if try hasGrownElsewhere(snapshot) || park(states, ends) { return .more }
    guard isIdle else {
      patience?.hasWork()
      return .nothing
    }
    if let halt { throw halt }
    for state in states where !state.phase.isTerminal && stops == 0 {
      guard let objection = desk(state.name).approved.objection else { continue }
      if case .migration = scope { throw objection }
      ends[state.name] = .paused(objection.message)
    }
    if park(states, ends) { return .more }
    if case .fleet(let name) = scope, isEnding { ends[name] = .interrupted }
    guard let ends = try idleRound(states, ends) else { return .nothing }
    guard try isNewest(snapshot) else { return .more }
    for state in states where ends[state.name] == .allDone && desk(state.name).approved.objection == nil {
      if try desk(state.name).follower.lookOnceMore(state, at: site.clock.now()) { return .more }
    }
    return .ended(try end(states, ends))
  }

  // MARK: What it knows

  /// The desk of a migration.
  func desk(_ migration: String) -> Desk {
    if let desk = desks[migration] { return desk }
    let desk = Desk(migration, in: site, observer: observer)
    desks[migration] = desk
    return desk
  }

  /// A migration had its turn: the others come first now.
  private func noteTurn(_ migration: String) {
    turns += 1
    desk(migration).turn = turns
  }

  var isIdle: Bool { attempts.jobs.isEmpty && desks.values.allSatisfy { $0.isIdle && $0.messages == nil } }

  /// Whether it is asked to end.
  var isEnding: Bool { stops > 0 }

  private func seats(
    _ states: [MigrationState], _ ledger: State
  ) throws(CommandError) -> [String: Seat] {
    var seats: [String: Seat] = [:]
    if halt == nil, stops == 0, states.contains(where: { $0.phase == .running }) { try noteShortage() }
    for state in states {
      let desk = desk(state.name)
      let jobs = attempts.jobs.filter { $0.migration == state.name }
      var seat = try site.seat(
        of: state, free: workers - attempts.jobs.count,
        looksAtBranch: jobs.isEmpty && desk.gate == nil && desk.baseline == nil, dead)
      seat.work = Set(jobs.map(\.claim.fence))
      seat.stopping = Set(jobs.filter(\.isStopping).map(\.claim.fence))
      seat.renewed = attempts.renewals(of: state.name)
      seat.judging = desk.judging
      seat.unfit = desk.gate?.unfit
      seat.uncountable = desk.uncountable(in: state.plan)
      seat.holds = desk.holds(in: state, at: seat.clock)
      seat.resting = desk.resting.fences(at: seat.clock)
      (seat.baseLook, seat.baseRetry) = (desk.follower.lastLook, desk.follower.retryAt)
      (seat.isEnding, seat.turn) = (isEnding, desk.turn)
      seat.mayClaim = until.map { seat.clock < $0 } ?? true
      (seat.only, seat.has) = (scopeOfSteps, has)
      seat.mayBegin = try mayBegin(state, desk)
      try see(messagesOf: state, desk, &seat)
      seat.rests = rests(in: ledger)
      programs.see(state.plan, state.planNumber) { site.missing(among: $0) }
      seat.missing = programs.known(in: ledger, site.owner.machine)
      seat.awaitsMissing = programs.awaits(seat.missing)
      seat.served = Set(jobs.filter { $0.step.run == nil && $0.isServed }.map(\.claim.fence))
      seats[state.name] = seat
    }
    return seats
  }

  /// The steps that may be begun now, when those are not all: once as many as it may begin were begun, those
  /// alone go on.
  var scopeOfSteps: Set<String>? {
    guard let limit, begun.count >= limit else { return only }
    return only.map { $0.intersection(begun) } ?? begun
  }

  /// Whether anything new may begin: the user has approved the plan, and nobody moved the branch aside.
  private func mayBegin(_ state: MigrationState, _ desk: Desk) throws(CommandError) -> Bool {
    guard halt == nil, stops == 0, shortage == nil else { return false }
    let voice = observer.voice(of: state.name)
    guard try desk.approved.admit(state, in: site, warn: voice), case .running = state.phase else {
      return false
    }
    if let reason = try site.obstacle(astray: state) {
      tell(obstacle: reason)
      return false
    }
    return true
  }

  /// Sees whether the machine is short of something, and says when that begins and when it is over. What is
  /// under way goes on.
  private func noteShortage() throws(CommandError) {
    let found = try site.shortage(after: shortage)
    if let found, found.kind != shortage?.kind { observer.warn("\(found.text): no new work begins") }
    if found == nil, shortage != nil { observer.warn("memory and disk are free enough again: work goes on") }
    shortage = found
  }

  /// What others left behind is put in order first. Without the remote's word nothing is taken from others;
  /// what is known here will do to look at.
  private func sweep() throws(CommandError) -> LedgerSnapshot {
    let recovery = Recovery(in: site, dead) { self.tell(obstacle: $0) }
    do throws(CommandError) {
      switch scope {
      case .migration(let name): return try recovery.sweep(name)
      case .all: return try recovery.sweepAll()
      case .fleet(let name):
        for state in window(of: name, in: try site.snapshot().state) { try recovery.sweep(state.name) }
        return try site.snapshot()
      }
    } catch {
      guard error.isOffline else { throw error }
      return try site.snapshot()
    }
  }

  // MARK: Ends

  private func advance(_ state: State) throws(CommandError) -> Bool {
    var didSomething = try attempts.advance()
    heedBudgets(state)
    if try heedAgents(state) { didSomething = true }
    if try heedPrograms(state) { didSomething = true }
    for desk in desks.values {
      if try advanceBaseline(desk) { didSomething = true }
      if try advanceGate(desk) { didSomething = true }
      if try advanceCount(desk) { didSomething = true }
      if try advanceMessages(desk) { didSomething = true }
      guard let migration = state.migration(named: desk.migration) else { continue }
      if try desk.follower.advance(migration) { didSomething = true }
    }
    return didSomething
  }

  private func end(
    _ states: [MigrationState], _ ends: [String: Ending]
  ) throws(CommandError) -> Ending {
    for state in states {
      if let reason = try site.follow(state) {
        observer.warn("'\(state.into)' is not moved here yet: \(reason); the next command tries again")
      }
      if ends[state.name] != .interrupted {
        desk(state.name).housekeeping.end(state, in: site, report: observer.warn)
      }
    }
    endings = ends
    return ends.values.max { $0.urgency < $1.urgency } ?? .allDone
  }

  /// Whether nobody has done anything that is not known here. Asked before a run ends: another clone may have
  /// resumed what is paused. That the remote cannot be reached is no reason to stay.
  private func isNewest(_ snapshot: LedgerSnapshot) throws(CommandError) -> Bool {
    guard site.hasRemote, stops == 0 else { return true }
    do throws(CommandError) {
      try Interpreter(in: site).synchronize()
    } catch {
      guard error.isOffline else { throw error }
      return true
    }
    return try site.snapshot().tip == snapshot.tip
  }

  /// Looks, now and then, at what other clones have recorded, while there is a worker that could do something
  /// about it; whoever appends looks anyway. Says whether there was something.
  private func hasGrownElsewhere(_ snapshot: LedgerSnapshot) throws(CommandError) -> Bool {
    guard stops == 0, halt == nil, attempts.jobs.count < workers else { return false }
    return try others.haveRecorded(beyond: snapshot.tip, Interpreter(in: site))
  }

  /// Gets over a remote that cannot be reached: work under way goes on, and what comes of it waits; nothing
  /// new begins before the connection is back. Gives how the run ends when it was to end anyway, and only the
  /// remote is not told yet. Throws what cannot be got over.
  package func bear(_ error: CommandError) throws(CommandError) -> Ending? {
    if error.isRejection, isNewRejection(error) { return nil }
    guard error.isOffline else { throw error }
    if site.events.contact.outage.isNews(error.message, at: site.clock.now()) {
      observer.warn("\(error.message); \(site.events.contact.outage.advice)")
    }
    guard stops > 0, attempts.jobs.isEmpty else { return nil }
    endings = desks.mapValues { _ in .interrupted }
    return .interrupted
  }

  private func readSignals() {
    for signal in signals >= 0 ? SignalPipe.drain() : [] {
      observer.noticed(signal)
      guard Signal.askToEnd.contains(signal) else { continue }
      stopSignal = stopSignal ?? signal
      stop()
    }
  }

  /// Asks the workers to end, and the run with them; the second time it kills them.
  package func stop() {
    stops += 1
    guard stops == 1 else { return attempts.kill() }
    observer.warn("stopping: workers are asked to end; once more kills them")
    attempts.stop()
    desks.values.forEach { $0.stop() }
  }

  /// Begins nothing more and asks the workers to end: what they leave is kept, and is looked at when the user
  /// has had his say.
  private func halt(_ error: CommandError) {
    var error = error
    if error.changedSetting != nil, !attempts.suspects().isEmpty {
      let names = attempts.suspects().map { "'\($0.step)' (epoch \($0.epoch))" }
      error.message += "; at work then: \(names.joined(separator: ", "))"
    }
    halt = error
    if !attempts.jobs.isEmpty { observer.warn("\(error.message); workers are asked to end") }
    attempts.stop()
    desks.values.forEach { $0.stop() }
  }
}
