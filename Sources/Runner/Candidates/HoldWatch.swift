import Ledger
import Migration
import Site

/// A hold of this process, and since when it is known to be fresh by the clock here.
package final class HoldWatch {
  /// What is held.
  let hold: Hold
  private var freshSince: Timestamp?

  init(_ hold: Hold) { self.hold = hold }

  /// What the agenda is told: a hold counts from when the ledger was first seen to have it.
  func fact(in state: MigrationState, at now: Timestamp) -> Seat.Held {
    if freshSince == nil, state.expiry(of: hold) != nil { freshSince = now }
    return Seat.Held(hold, freshSince: freshSince)
  }

  /// Records that it goes on. What it records is decided on the newest state.
  func renew(_ migration: String, by site: any Surroundings, report: @escaping (String) -> Void)
    throws(CommandError)
  {
    freshSince = site.clock.now()
    _ = try Interpreter(in: site, report: report).append(by: site.actor) { [hold] (snapshot, at) in
      let change = snapshot.state.migration(named: migration)?.renewal(of: hold, at: at)
      return ((), change.map { [Proposal(migration, $0)] } ?? [])
    }
  }
}
