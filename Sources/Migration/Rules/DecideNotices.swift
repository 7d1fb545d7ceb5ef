/// The rules of telling people: each thing is told once, by one process at a time.
extension Reducer {
  mutating func apply(_ change: NoticeChange) throws(Refusal) {
    try requireNotEnded()
    switch change {
    case .raised(let notice): try raise(notice)
    case .claimed(let claim, let evidence): try claimNotifier(claim, evidence)
    case .sent(let report): try noteSent(report)
    }
  }

  /// What a plan's `notify` is to tell stays until somebody has.
  mutating func keepNotice(_ notice: Notice) {
    guard event.version >= NoticeChange.version, let policy = migration.plan.messages,
      policy.tells(notice.severity)
    else { return }
    var cause: String?
    if case .stepBlocked(let step, _) = notice { cause = migration.step(step)?.cause }
    migration.notices.add(notice, cause: cause, at: at)
  }

  /// Where owners are told of their own steps, a cause that was told may be news to the owner of one more.
  mutating func keepMore(of cause: String) {
    guard event.version >= NoticeChange.version, migration.plan.messages?.isByOwner == true else { return }
    migration.notices.noteMore(of: cause)
  }

  private mutating func raise(_ notice: Notice) throws(Refusal) {
    guard case .baseHeld = notice else {
      throw Refusal(.invalid, "only that a base is held is told by an entry of its own")
    }
    guard let policy = migration.plan.messages, policy.tells(notice.severity) else {
      throw Refusal(.wrongPhase, "the plan of '\(migration.name)' does not tell that")
    }
    guard !migration.notices.items.contains(where: { $0.notice == notice }) else {
      throw Refusal(.stale, "people of '\(migration.name)' are told that already")
    }
    keepNotice(notice)
  }

  private mutating func claimNotifier(_ claim: NotifierClaim, _ evidence: Evidence?) throws(Refusal) {
    guard migration.plan.messages != nil else {
      throw Refusal(.wrongPhase, "the plan of '\(migration.name)' tells nobody")
    }
    guard !claim.claim.holder.isEmpty else { throw Refusal(.invalid, "a claim needs a holder") }
    try requireProcess(claim.claim.owner)
    try requireLength(until: claim.claim.expiresAt)
    if let held = migration.notices.notifier?.claim, held.owner != claim.claim.owner, held.expiresAt > at {
      guard let evidence, case .holderDead = evidence else {
        throw Refusal(
          .held, "people are told of '\(migration.name)' by \(held.holder) until \(held.expiresAt.utc)")
      }
      try require(evidence, owner: held.owner, expiresAt: held.expiresAt)
    }
    guard !claim.notices.isEmpty, claim.notices.allSatisfy({ migration.notices[$0] != nil }) else {
      throw Refusal(.stale, "there is no such notice any more")
    }
    migration.notices.notifier = claim
  }

  private mutating func noteSent(_ report: NoticeReport) throws(Refusal) {
    guard let held = migration.notices.notifier, held.claim.holder == event.by,
      held.notices == report.notices
    else { throw Refusal(.held, "somebody else tells people of '\(migration.name)' now") }
    guard Set(report.failed.map(\.channel)).count == report.failed.count,
      report.failed.allSatisfy({ !report.to.contains($0.channel) })
    else { throw Refusal(.invalid, "a way to people works or fails, once") }
    migration.notices.note(report, at: at)
    // What is settled is told to nobody any more.
    let state = migration
    migration.notices.items.removeAll { !state.isOpen($0) }
  }
}
