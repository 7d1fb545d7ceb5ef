import Git
import Ledger
import Migration
import Site

/// Which owners are provably dead. Each is looked up once: it is made anew for each round of a run, so that
/// many migrations, and all that look in a round, ask once.
final class DeadOwners {
  private let site: any ProcessWitness
  private var known: [Owner: Bool] = [:]

  init(in site: any ProcessWitness) { self.site = site }

  /// Those of them that are.
  func among(_ owners: Set<Owner>) -> Set<Owner> {
    owners.filter { owner in
      if let isDead = known[owner] { return isDead }
      let isDead = site.isProvablyDead(owner)
      known[owner] = isDead
      return isDead
    }
  }
}

extension Surroundings {
  /// The ledger as it is now.
  func snapshot() throws(CommandError) -> LedgerSnapshot { try reporting { try events.read() } }

  /// A migration as it is now; `nil` when there is none of that name.
  func state(of migration: String) throws(CommandError) -> MigrationState? {
    try snapshot().state.migration(named: migration)
  }

  /// What this process sees of a migration: who is dead, and with `looksAtBranch` where its branch is. With
  /// `free` it is a run that may begin so many more steps.
  func seat(
    of state: MigrationState, free: Int?, looksAtBranch: Bool, _ dead: DeadOwners
  ) throws(CommandError) -> Seat {
    var seat = Seat(owner: owner, actor: actor, free: free, clock: clock.now())
    seat.dead = dead.among(state.owners)
    guard looksAtBranch else { return seat }
    if let tip = try tip(of: state.intoRef) {
      seat.branch = .at(tip.objectID, tree: try tree(of: tip).objectID)
    } else {
      seat.branch = .absent
    }
    return seat
  }
}
