/// Something that a process holds in the ledger while it judges, beside the leases of its workers.
public enum Hold: Hashable, Sendable {
  /// The judgement of the base.
  case base(run: Int)
  /// A gate run on the result of a claim.
  case gate(Fence, gate: Int)
}

extension MigrationState {
  /// When a hold lapses, or `nil` when it is not in force: it was taken away, or is not known here yet.
  public func expiry(of hold: Hold) -> Timestamp? {
    switch hold {
    case .base(let number): return baselineRun?.run == number ? baselineRun?.expiresAt : nil
    case .gate(let fence, let gate):
      guard let step = step(fence.step), step.epoch == fence.epoch, case .gating(_, let run) = step.phase,
        run.start.gate == gate, !run.hasPassed
      else { return nil }
      return run.start.expiresAt
    }
  }

  /// What this process judges and the ledger does not let it any more: whoever sleeps in its gate holds the
  /// others up for one lease, and no longer.
  func lostHolds(_ seat: Seat) -> [Duty] {
    seat.holds.filter { $0.freshSince != nil && expiry(of: $0.hold) == nil }.map { .stopJudging($0.hold) }
  }

  /// Each hold of ours of which half is over, by the same rule as a lease.
  func holdRenewals(_ seat: Seat) -> [Duty] {
    let (now, seconds) = (seat.clock, plan.leaseSeconds)
    return seat.holds.compactMap { held in
      guard let expiresAt = expiry(of: held.hold),
        expiresAt.isToBeRenewed(at: now, renewed: held.freshSince ?? now, seconds: seconds)
      else { return nil }
      return .renewHold(held.hold, until: expiresAt.renewed(at: now, seconds: seconds))
    }
  }

  /// The event that lets a hold last for another lease, the ledger's clock being `at`; `nil` when it is not
  /// in force.
  public func renewal(of hold: Hold, at: Timestamp) -> Change? {
    guard let until = expiry(of: hold)?.renewed(at: at, seconds: plan.leaseSeconds) else { return nil }
    switch hold {
    case .base(let run): return .baselineRenewed(run: run, expiresAt: until)
    case .gate(let fence, let gate): return .gateRenewed(fence, gate: gate, expiresAt: until)
    }
  }
}
