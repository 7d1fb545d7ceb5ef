import Git
import Ledger
import Migration
import Site

/// What a command does for one wish. `Errand` is the loop around it.
package protocol ErrandWork: AnyObject {
  /// What becomes of it.
  associatedtype Outcome

  /// What is asked for.
  var wish: Wish { get }
  /// Whether what others left behind is put in order on the way; not by a command that records nothing.
  var sweeps: Bool { get }
  /// Whether what is due rests on where the integration branch is.
  var looksAtBranch: Bool { get }
  /// Whether something is under way.
  var isBusy: Bool { get }
  /// Readable when `advance` may have something to do.
  var descriptor: Int32 { get }
  /// Whoever has to be done before what is under way can go on.
  var waitsFor: String? { get }
  /// What it holds in the ledger while it judges.
  var watch: HoldWatch? { get }
  /// The result that it has found to pass as a whole.
  var goodResult: GoodResult? { get }
  /// How the command ends that is asked to stop with nothing under way.
  var interrupted: CommandError { get }
  /// Performs a duty of its wish; what takes long is under way then.
  func begin(_ duty: Duty, _ state: MigrationState) throws(CommandError) -> ErrandRound<Outcome>
  /// Goes on with what is under way, without waiting.
  func advance() throws(CommandError) -> ErrandRound<Outcome>
  /// Asks what is under way to end.
  func stop()
  /// Ends the verifiers: what was held is not its own any more.
  func loseHold()
}

/// What a round of a command came to.
package enum ErrandRound<Outcome> {
  /// Something happened, so that there may be more to do at once.
  case more
  /// Nothing can be done before something happens elsewhere, or time passes.
  case nothing
  /// This became of the wish.
  case ended(Outcome)
}

/// A command that waits, as a loop over the agenda: what is due for its wish it performs, everything else it
/// leaves to runs. Like a run it knows no rule, keeps nothing that the ledger does not know, and is gone on
/// with by whoever asks again.
package final class Errand<Work: ErrandWork> {
  private let site: any Surroundings
  private let migration: String
  private let work: Work
  private let report: (String) -> Void
  private var told = ToldReasons()
  private var isStopping = false
  private var others = OtherClones()

  /// Makes it for a migration; `report` gets lines for people.
  package init(
    in site: any Surroundings, _ migration: String, _ work: Work, report: @escaping (String) -> Void
  ) {
    self.site = site
    self.migration = migration
    self.work = work
    self.report = report
  }

  /// Readable when `step` may get further; -1 while only time helps.
  var descriptor: Int32 { work.descriptor }

  /// Goes on until the wish has its answer, or somebody asks to stop.
  package func run(_ interruption: Interruption) throws(CommandError) -> Work.Outcome {
    while true {
      if interruption.shouldStop() { stop() }
      switch try step() {
      case .more: continue
      case .nothing: site.wait(for: [work.descriptor, interruption.signals], atMost: 200)
      case .ended(let outcome): return outcome
      }
    }
  }

  /// Asks it to end.
  package func stop() {
    guard !isStopping else { return }
    isStopping = true
    work.stop()
  }

  /// One round. Never waits.
  package func step() throws(CommandError) -> ErrandRound<Work.Outcome> {
    if work.isBusy {
      let round = try work.advance()
      if case .ended = round { return round }
      guard work.isBusy else { return round }
      try keepHold()
      guard let mover = work.waitsFor else { return .nothing }
      tellWaiting(for: mover)
      // Whoever is waited for may be dead, or elsewhere.
      if work.sweeps { _ = try Recovery(in: site, DeadOwners(in: site)) { self.tell($0) }.sweep(migration) }
      return try lookElsewhere() ? .more : .nothing
    }
    let dead = DeadOwners(in: site)
    let snapshot: LedgerSnapshot
    if work.sweeps {
      snapshot = try Recovery(in: site, dead) { self.tell($0) }.sweep(migration)
    } else {
      snapshot = try site.snapshot()
    }
    guard let state = snapshot.state.migration(named: migration) else {
      throw CommandError(.noMigration(migration))
    }
    var seat = try site.seat(of: state, free: nil, looksAtBranch: work.looksAtBranch, dead)
    seat.wish = work.wish
    seat.goodResult = work.goodResult
    for duty in state.agenda(at: max(seat.clock, snapshot.state.at), seat: seat) {
      switch duty {
      case .answer: return try work.begin(duty, state)
      case .takeBaseIn, .gate, .tryGate, .judgeResult, .finish:
        if isStopping { throw work.interrupted }
        return try work.begin(duty, state)
      // Those were performed by the sweep, or cannot be before something changes.
      case .createBranch, .expire, .abandonGate, .abandonBase, .settle: continue
      // What only a run has.
      case .pause, .tell, .wake, .stopWork, .giveBack, .giveBackBase, .giveBackGate, .judgeBase, .followBase,
        .countUses, .join,
        .begin, .renew, .renewHold, .stopJudging, .end:
        continue
      }
    }
    if isStopping { throw work.interrupted }
    if let mover = state.holdUp(of: work.wish) { tellWaiting(for: mover) }
    return try lookElsewhere() ? .more : .nothing
  }

  /// Looks, now and then, at what other clones have recorded: what is waited for may have happened there.
  /// Says whether there was something. That the remote cannot be reached is told once, and ends nothing.
  private func lookElsewhere() throws(CommandError) -> Bool {
    let tip = try site.snapshot().tip
    do throws(CommandError) {
      return try others.haveRecorded(beyond: tip, Interpreter(in: site, report: report))
    } catch {
      guard error.isOffline else { throw error }
      tell(error.message)
      return false
    }
  }

  /// Keeps what it holds while it judges, as the agenda says. That the remote cannot be reached ends nothing:
  /// the next time it may.
  private func keepHold() throws(CommandError) {
    guard let watch = work.watch else { return }
    let snapshot = try site.snapshot()
    guard let state = snapshot.state.migration(named: migration) else { return }
    var seat = Seat(owner: site.owner, actor: site.actor, free: nil, clock: site.clock.now())
    seat.holds = [watch.fact(in: state, at: seat.clock)]
    for duty in state.agenda(at: max(seat.clock, snapshot.state.at), seat: seat) {
      if case .stopJudging = duty { work.loseHold() }
      guard case .renewHold = duty else { continue }
      do throws(CommandError) { try watch.renew(migration, by: site, report: report) } catch {
        guard error.isOffline else { throw error }
      }
    }
  }

  private func tell(_ reason: String) { if told.isNew(reason) { report(reason) } }

  private func tellWaiting(for mover: String) {
    // Whoever waits for a verdict of its own step has nothing to hear of others.
    if case .merge = work.wish { return }
    tell("waiting for '\(mover)', which is at its gate")
  }
}
