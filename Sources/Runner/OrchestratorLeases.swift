import Ledger
import Migration

extension Orchestrator {
  /// Renews each lease of ours once half of it is over: by what the lease says and, as the ledger's clock may
  /// be ahead of ours, by the time that has passed here.
  func renew(_ state: MigrationState) throws(CommandError) {
    let now = site.clock.now()
    let length = state.plan.leaseSeconds
    for job in jobs where !job.isStopping {
      guard let step = state.step(job.step.id), case .leased(let lease) = step.phase,
        step.epoch == job.claim.fence.epoch
      else { continue }
      let held = renewals[job.claim.fence] ?? now
      renewals[job.claim.fence] = held
      let isHalfOver = now < held || now >= held.adding(seconds: length / 2)
      guard isHalfOver || now.adding(seconds: length / 2) >= lease.expiresAt else { continue }
      renewals[job.claim.fence] = now
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
  }
}
