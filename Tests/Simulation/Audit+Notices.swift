import Migration

/// What the audit knows of what people are told.
struct ToldLog {
  /// Who tells now, and what.
  var claim: NotifierClaim?
  /// The numbers of what was told.
  var told: Set<Int> = []
}

/// Each thing is told once, by one process at a time.
extension Audit {
  mutating func checkNotice(_ change: NoticeChange, _ event: Event, _ world: World) {
    switch change {
    case .raised: return
    case .claimed(let claim, let evidence):
      if let held = told.claim?.claim, held.owner != claim.claim.owner, held.expiresAt > event.at {
        guard case .holderDead(let dead)? = evidence, dead == held.owner, world.isGone(dead) else {
          return world.fail("I-16", "\(claim.claim.holder) tells people what \(held.holder) tells them now")
        }
      }
      told.claim = claim
    case .sent(let report):
      guard let claim = told.claim, claim.notices == report.notices, claim.claim.holder == event.by else {
        return world.fail("I-16", "\(event.by) has told what it had not claimed")
      }
      told.claim = nil
      if report.to.isEmpty, !report.failed.isEmpty { return }
      for number in report.notices where !told.told.insert(number).inserted {
        world.fail("I-16", "notice \(number) was told twice")
      }
    }
  }
}
