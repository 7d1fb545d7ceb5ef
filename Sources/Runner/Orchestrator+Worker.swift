import Ledger
import Migration
import Site

/// A run that waits for work: one of many workers of a cluster, each with a machine of its own.
extension Orchestrator {
  /// What becomes of a round in which nothing is under way here, with the ends that migrations have come to:
  /// a run with patience waits for work until it is over, any other one for the last end.
  func idleRound(
    _ states: [MigrationState], _ ends: [String: Ending]
  ) throws(CommandError) -> [String: Ending]? {
    let isComplete = ends.count >= states.count
    guard patience != nil else { return isComplete ? ends : nil }
    if isComplete, !ends.values.contains(where: \.mayPass) { return ends }
    guard patience?.isOver(at: site.clock.now()) == true else { return nil }
    var all = ends
    for state in states where all[state.name] == nil { all[state.name] = .idle(left: state.openCount) }
    return all
  }
}
