import Ledger
import Migration
import Site

/// A run over the targets of a fleet: a few at a time, so that thousands cost no more in each round than
/// those that something is to be done in.
extension Orchestrator {
  /// The migrations that are looked at now.
  func wanted(_ state: State) throws(CommandError) -> [MigrationState] {
    switch scope {
    case .all:
      return state.migrations.filter { !$0.phase.isTerminal || desks[$0.name] != nil }
    case .migration(let name):
      guard let found = state.migration(named: name) else { throw CommandError(.noMigration(name)) }
      return [found]
    case .fleet(let name): return window(of: name, in: state)
    }
  }

  /// The targets that are looked at now: all that this run works in, and of the others as many as its
  /// workers can get at soon.
  func window(of fleet: String, in state: State) -> [MigrationState] {
    let most = max(8, 2 * workers)
    let busy = Set(desks.filter { !$0.value.isIdle }.keys).union(attempts.jobs.map(\.migration))
    var chosen: [MigrationState] = []
    // By their places: of thousands, a copy of each in each round takes longer than all the rest.
    for index in state.migrations.indices {
      let isBusy = !busy.isEmpty && busy.contains(state.migrations[index].name)
      guard isBusy || (chosen.count < most && !isEnding && !state.isPassed(index)),
        state.migrations[index].plan.fleet?.fleet == fleet
      else { continue }
      if isBusy
        || (state.isWorkable(index) || isToBeTold(state.migrations[index], of: state))
          && !isParked(index, in: state)
      {
        chosen.append(state.migrations[index])
      }
    }
    return chosen
  }

  /// Whether nothing could be done in a target when it was as it is.
  private func isParked(_ index: Int, in state: State) -> Bool {
    guard let known = parked[state.migrations[index].name] else { return false }
    return known == state.migrations[index]
  }

  /// Whether people are to be told something of a target: nobody else may come by to do it. Of a bad base
  /// hears who has the fleet checked.
  private func isToBeTold(_ member: MigrationState, of state: State) -> Bool {
    guard !member.notices.items.isEmpty, member.plan.messages != nil, halt == nil,
      member.standingInFleet(isOpen: true) != .badBase
    else { return false }
    let now = max(site.clock.now(), state.at)
    return !member.dueNotices(at: now, site.moment(at: now), isLast: true).isEmpty
  }

  /// Whether an attempt or a judgement of this run is under way in a migration.
  private func isAtWork(in migration: String) -> Bool {
    desks[migration].map { !$0.isIdle } ?? false || attempts.jobs.contains { $0.migration == migration }
  }

  /// Lets the next targets take the place of those in which nothing can be done here now. Says whether there
  /// were some.
  func park(_ states: [MigrationState], _ ends: [String: Ending]) -> Bool {
    guard case .fleet = scope, !isEnding else { return false }
    var hasParked = false
    for state in states where ends[state.name] != nil && !isAtWork(in: state.name) {
      parked[state.name] = state
      // Who is looked at again has a desk again: those of all that were done would be asked in each round.
      if desks[state.name]?.messages == nil {
        desks[state.name]?.forgetAnswer()
        desks[state.name] = nil
      }
      hasParked = true
    }
    return hasParked
  }

  /// Stops the fleet when too many of its targets have failed. Says whether it did. What a ledger says of
  /// that is asked once.
  func stopFleet(_ snapshot: LedgerSnapshot) throws(CommandError) -> Bool {
    guard case .fleet(let name) = scope, snapshot.tip == nil || snapshot.tip != countedFailures else {
      return false
    }
    let state = snapshot.state
    guard let reason = state.dueStop(of: name) else {
      countedFailures = snapshot.tip
      return false
    }
    let change = Migration.Change.fleet(
      .waveStopped(fleet: name, wave: state.fleets[name].wave, reason: reason))
    let refusal = try Interpreter(in: site, report: { [late] in late.warn($0) }).append(
      [Proposal(FormatVersion.everyMigration, change)], by: site.actor
    ).refusal
    guard refusal == nil else { return false }
    observer.warn("'\(name)' is stopped: \(reason)")
    return true
  }
}
