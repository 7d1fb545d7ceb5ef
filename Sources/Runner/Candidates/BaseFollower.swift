import Git
import Ledger
import Migration
import Site

/// Follows the base of a migration while a run is at work, as often as its plan says: looks whether it has
/// moved, which is cheap, and takes it in through the gate when it has.
final class BaseFollower {
  /// How often in a row the branch may move on before the base is judged with it, until the next look is due.
  private static let mostTries = 5
  /// When what was in the way is looked at again, in seconds.
  private static let pause = 60

  private let site: any Surroundings
  private let migration: String
  private let observer: any RunObserver
  private var task: RefreshTask?
  private(set) var lastLook: Timestamp?
  private var tries = 0
  /// When to look again before the plan says so.
  private(set) var retryAt: Timestamp?
  /// What did not fit together when it was tried last; it would not fit any better now.
  private var fruitless: Pair?
  private var told: String?
  /// Where the branch was when it was looked at for the last time before the end.
  private var lastTip: ObjectID?

  private struct Pair: Equatable {
    var tip: OID
    var base: OID
    var gate: String
  }

  /// Makes one that has not looked yet. The observer is told what keeps the base out.
  init(site: any Surroundings, migration: String, observer: any RunObserver) {
    self.site = site
    self.migration = migration
    self.observer = observer
  }

  /// Whether the base is being taken in now.
  var isBusy: Bool { task != nil }

  /// Readable when `advance` may have something to do.
  var descriptor: Int32 { task?.descriptor ?? -1 }

  /// Stops what runs.
  func stop() { task?.stop() }

  /// Looks at the base when it is time to, and begins to take it in. Says whether the ledger has changed.
  func begin(_ state: MigrationState, at now: Timestamp) throws(CommandError) -> Bool {
    let isDue = state.looksAtBase(at: now, last: lastLook)
    let isRetry = retryAt.map { now >= $0 && state.looksAtBase(at: now, last: nil) } ?? false
    guard task == nil, isDue || isRetry, GateResources(state, machine: site.owner.machine).areFree else {
      return false
    }
    if isDue { tries = 0 }
    lastLook = now
    retryAt = nil
    guard let tip = try site.tip(of: state.intoRef) else { return false }
    guard let base = try site.base(of: state) else {
      return try tell("the base cannot be followed: there is no branch '\(state.base)' here")
    }
    let pair = Pair(tip: tip, base: base, gate: state.gateDigest)
    if pair == fruitless { return false }
    if try site.isAncestor(base, of: tip) { return try skipResolved(state, at: tip) }
    fruitless = pair
    task = RefreshTask(site: site, migration: migration, report: observer.voice(of: migration))
    return try advance(state)
  }

  /// Looks once more when every step is done, so that the result can be handed back. Says whether there is
  /// something to wait for.
  func lookOnceMore(_ state: MigrationState, at now: Timestamp) throws(CommandError) -> Bool {
    guard lastTip != state.tip else { return false }
    lastTip = state.tip
    lastLook = nil
    let didChange = try begin(state, at: now)
    return didChange || isBusy
  }

  /// Goes on with what was begun. Says whether the ledger has changed.
  func advance(_ state: MigrationState) throws(CommandError) -> Bool {
    guard let ending = try task?.advance() else { return false }
    task = nil
    let now = site.clock.now()
    switch ending {
    case .upToDate, .stopped: fruitless = nil
    case .refreshed:
      (fruitless, told) = (nil, nil)
      if let tip = try site.tip(of: state.intoRef) { _ = try skipResolved(state, at: tip) }
      try expandAgain()
      return true
    case .conflicts(let paths, let base):
      let more = paths.count > 3 ? " and \(paths.count - 3) more" : ""
      let list = paths.prefix(3).map(NameText.quoted).joined(separator: ", ")
      let conflict = "'\(state.base)' has moved and conflicts with '\(state.into)' in \(list)\(more)"
      if let step = try addStep(state, base, paths) {
        _ = try tell("\(conflict): the step '\(step)' was added, in which the agent puts the two together")
        return true
      }
      let wayOut =
        state.openResolution.map { "see to the step '\($0.id)'" }
        ?? "add a step that resolves that with 'git migrate amend'"
      return try tell("\(conflict); it is not taken in: \(wayOut), or revert it on '\(state.base)'")
    case .failed(let verdict, let failure):
      // What could not be run says nothing about the two.
      if verdict == .couldNotRun { fruitless = nil }
      return try tell(
        "'\(state.base)' has moved and is not taken in, as the gate says no with it (\(verdict.words)): "
          + "\(failure.reason); see 'git migrate refresh'")
    case .obstructed(let reason):
      fruitless = nil
      retryAt = now.adding(seconds: BaseFollower.pause)
      return try tell("'\(state.base)' has moved and cannot be taken in now: \(reason)")
    case .outrun:
      fruitless = nil
      tries += 1
      if tries < BaseFollower.mostTries { retryAt = now }
    case .refused(let refusal):
      fruitless = nil
      if ![.limited, .wrongPhase].contains(refusal.code) { return try tell(refusal.message) }
    }
    return false
  }

  /// What the base brought of what is migrated away becomes steps.
  private func expandAgain() throws(CommandError) {
    guard let state = try site.state(of: migration) else {
      return
    }
    do throws(CommandError) {
      let new = try site.expandAgain(state, report: observer.voice(of: migration))
      if !new.isEmpty {
        observer.warn("'\(state.base)' brought \(ExpandedAgain.words(new))", of: migration)
      }
    } catch {
      if error.isDamage || error.isOffline { throw error }
      // The base is taken in, whatever becomes of that.
      observer.warn(error.message, of: migration)
    }
  }

  /// Adds the step in which an agent takes that base in; `nil` where none is there to do it, or it was tried
  /// already.
  private func addStep(
    _ state: MigrationState, _ base: OID, _ paths: [String]
  ) throws(CommandError) -> String? {
    guard state.plan.agent != nil, state.openResolution == nil else { return nil }
    do throws(CommandError) {
      try site.requireTrust(state)
    } catch {
      guard error.waitsForUser else { throw error }
      return nil
    }
    let outcome = try Interpreter(in: site, report: observer.voice(of: migration)).append(by: site.actor) {
      [migration] (snapshot, _) throws(Refusal) -> (value: String?, proposals: [Proposal]) in
      guard let now = snapshot.state.migration(named: migration) else { return (nil, []) }
      let addition = StepAddition(
        step: now.resolutionID(of: base.objectID), base: base.objectID, paths: paths)
      return (addition.step, [Proposal(migration, .stepAdded(addition))])
    }
    return outcome.value ?? nil
  }

  /// Nobody need look at a blocked step whose base came in by another way. Says whether the ledger has
  /// changed.
  private func skipResolved(_ state: MigrationState, at tip: OID) throws(CommandError) -> Bool {
    guard let step = state.openResolution, case .blocked = step.phase,
      let base = state.base(takenInBy: step.id), (try? site.isAncestor(base.oid, of: tip)) == true
    else { return false }
    let skip = Migration.Change.stepSkipped(step: step.id, reason: "'\(state.base)' was taken in without it")
    let interpreter = Interpreter(in: site, report: observer.voice(of: migration))
    return try interpreter.append([Proposal(migration, skip)], by: site.actor).refusal == nil
  }

  /// Said once: until something else is to be said, or the base was taken in. Says whether the ledger has
  /// changed.
  private func tell(_ reason: String) throws(CommandError) -> Bool {
    guard told != reason else { return false }
    observer.warn(reason, of: migration)
    let didChange: Bool
    do throws(CommandError) {
      didChange = try tellPeople(.baseHeld(reason: reason))
    } catch {
      fruitless = nil
      throw error
    }
    told = reason
    return didChange
  }

  /// Where a plan has ways to people it waits in the ledger, once, for who sends it.
  private func tellPeople(_ notice: Notice) throws(CommandError) -> Bool {
    let voice = observer.voice(of: migration)
    guard let state = try site.state(of: migration), state.plan.messages != nil else {
      site.tell(migration, notice, report: voice)
      return false
    }
    let change = Migration.Change.notice(.raised(notice))
    return try Interpreter(in: site, report: voice).append(
      [Proposal(migration, change)], by: site.actor
    ).refusal == nil
  }
}
