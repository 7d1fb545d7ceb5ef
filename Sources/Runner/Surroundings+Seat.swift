import Git
import Ledger
import Migration

extension Surroundings {
  /// What this process sees of a migration: who is dead, and with `looksAtBranch` where its branch is. With
  /// `free` it is a run that may begin so many more steps.
  func seat(of state: MigrationState, free: Int?, looksAtBranch: Bool) throws(CommandError) -> Seat {
    var seat = Seat(owner: owner, actor: actor, free: free, clock: clock.now())
    seat.dead = state.owners.filter(isProvablyDead)
    guard looksAtBranch else { return seat }
    if let tip = try tip(of: state.intoRef) {
      seat.branch = .at(tip.objectID, tree: try tree(of: tip).objectID)
    } else {
      seat.branch = .absent
    }
    return seat
  }
}
