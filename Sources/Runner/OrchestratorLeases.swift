import Ledger
import Migration

extension Orchestrator {
  /// Renews what this run holds, each once half of its time is over: leases, the base, the gate.
  func renew(_ state: MigrationState) throws(CommandError) {
    let now = site.clock.now()
    let length = state.plan.leaseSeconds
    for job in jobs where !job.isStopping {
      guard let step = state.step(job.step.id), case .leased(let lease) = step.phase,
        step.epoch == job.claim.fence.epoch,
        renewals[job.claim.fence, default: HoldWatch()]
          .isDue(at: now, seconds: length, until: lease.expiresAt)
      else { continue }
      let outcome = try reporting {
        try site.events.append(by: job.claim.holder) { (_, at) throws(Refusal) in
          [
            Proposal(
              migration, .leaseRenewed(job.claim.fence, expiresAt: lease.renewed(at: at, seconds: length)))
          ]
        }
      }
      if case .refused(let refusal) = outcome { observer.warn(refusal.message) }
    }
    try baseline?.renew(state, at: now)
    try gate?.renew(state, at: now)
  }
}
