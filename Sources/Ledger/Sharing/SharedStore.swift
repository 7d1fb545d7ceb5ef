import Git
import Migration

/// Several clones, one ledger: its ref in the remote is the authority, and an append is a push from the value
/// that was decided on (DESIGN §2).
///
/// Whoever calls holds the queue of the clone.
package struct SharedStore<Clone: CloneStore> {
  let clone: Clone
  let remote: any LedgerRemote
  /// What this process knows of the remote.
  let contact: RemoteContact

  /// Makes it over a clone's own copy.
  package init(_ clone: Clone, _ remote: any LedgerRemote, _ contact: RemoteContact) {
    self.clone = clone
    self.remote = remote
    self.contact = contact
  }

  /// Brings the entries of others here and ours there; asks in any case.
  package func synchronize() throws(LedgerError) -> SyncReport {
    var report = SyncReport()
    let before = try read().sequence
    contact.renew()
    try pull(&report)
    // What was sent had been counted before, and so had what was refused.
    report.received = max(0, try read().sequence - before + report.refused.count)
    return report
  }

  /// Whether the remote knew more than `seen`; it is not asked when it answered a moment ago.
  package func hasGrown(beyond seen: LedgerSnapshot) throws(LedgerError) -> Bool {
    let now = clone.clock.now()
    // A clock that was put back says nothing about how old the answer is.
    if let answered = contact.answered, now >= answered,
      now < answered.adding(seconds: RemoteContact.freshSeconds)
    {
      return false
    }
    if let error = try pullIfReachable() {
      tellUnreachable(error)
      return false
    }
    return try read().tip != seen.tip
  }

  /// Brings over what waits here, if anything does. That the remote cannot be reached is no error.
  package func shareWaiting() throws(LedgerError) {
    guard let tip = try clone.currentTip() else { return }
    let known = try asGit { () throws(GitError) in try remote.knownTip() }
    let mustLook = remote.takesDrafts && remote.pushesSinceFetch >= Crowd.pushesWithoutLook
    if known == tip && !mustLook || isResting { return }
    if let error = try pullIfReachable() { tellUnreachable(error) }
  }

  /// Makes the ledger here follow the shared one. Moves the ref whatever it says: what it said is kept when
  /// the new value does not contain it. Of `redrafted` it contains what is worth keeping, in another form.
  func adopt(_ tip: OID, replacing redrafted: OID? = nil) throws(LedgerError) {
    var (losses, errors) = (0, 0)
    while losses < 10 {
      let now = try clone.currentTip()
      if now == tip { return }
      if let now, now != redrafted {
        // Others went on from there, and we have theirs already.
        if try clone.isAncestor(tip, of: now) { return }
        if try !clone.isAncestor(now, of: tip) { _ = try clone.keepRefused(now) }
      }
      switch try clone.moveHere(to: tip, from: now) {
      case .won: return
      case .lost: losses += 1
      case .busy(let error):
        errors += 1
        if try !clone.canWait(afterErrors: errors) { throw .git(error) }
      case .unknown(let error):
        errors += 1
        if errors >= Tries.afterErrors { throw .git(error) }
      }
    }
    throw .git(GitError(message: "it does not stand still", operation: "move", subject: LedgerRefs.ledger))
  }

  // MARK: Pieces

  /// The same for what the remote has, whatever becomes of our own ref: the next contact leads that there.
  func follow(_ tip: OID) {
    do throws(LedgerError) {
      try adopt(tip)
    } catch {
      clone.warn("it is recorded, but not here yet: \(error.description)")
    }
  }

  /// Follows the remote; the error when it cannot be reached, which the caller gets over.
  func pullIfReachable() throws(LedgerError) -> LedgerError? {
    do throws(LedgerError) {
      var report = SyncReport()
      try pull(&report)
      contact.obstacle = nil
      return nil
    } catch {
      guard case .unreachable(_, let reason) = error else { throw error }
      contact.obstacle = reason
      return error
    }
  }

  /// Whether the remote is left alone, because it could not be reached a moment ago.
  var isResting: Bool {
    guard let end = contact.restUntil else { return false }
    let now = clone.clock.now()
    return now < end && end <= now.adding(seconds: RemoteContact.restSeconds)
  }

  /// Asks the remote for its ledger, follows it, and brings over what waited here, decided anew.
  private func pull(_ report: inout SyncReport) throws(LedgerError) {
    var (last, isStill) = (OID?.none, true)
    for turn in 0..<Self.triesToShare {
      if turn > 0 { pause(turn) }
      let before = try asGit { () throws(GitError) in try remote.knownTip() }
      let mine = try clone.currentTip()
      let tip: OID?
      do throws(GitError) {
        tip = try remote.fetch(branches: try integrationBranches())
      } catch {
        contact.restUntil = clone.clock.now().adding(seconds: RemoteContact.restSeconds)
        contact.obstacle = error.message
        throw .unreachable(remote: remote.name, reason: error.message)
      }
      contact.restUntil = nil
      contact.answered = clone.clock.now()
      contact.waiting = try asGit { () throws(GitError) in try remote.waiting() }
      if turn > 0, tip != last { isStill = false }
      last = tip
      guard let tip else {
        if before != nil { throw .rewritten(remote: remote.name, reason: "it is gone") }
        guard let mine else { return }
        if try sendAll(mine, &report) { return }
        continue
      }
      if let before, try !clone.isAncestor(before, of: tip) {
        throw .rewritten(remote: remote.name, reason: "'\(before.short)' is not in it any more")
      }
      if tip != mine { try clone.inspect(tip, after: before, from: remote.name) }
      try asGit { () throws(GitError) in try remote.remember(tip) }
      guard let mine else { return try adopt(tip) }
      if tip == mine { return }
      if try clone.isAncestor(mine, of: tip) {
        return try adopt(tip)
      }
      if try sendWaiting(mine, onto: tip, &report) { return }
    }
    throw .unreachable(
      remote: remote.name,
      reason: isStill ? Self.standsStill : "others append faster than this repository can")
  }

  /// Why the remote takes nothing although nobody else was faster.
  static var standsStill: String {
    "'\(LedgerRefs.ledger)' stands still there and cannot be moved; a lock may be left on it"
  }

  /// How often entries are brought to the remote before others are called too fast.
  private static var triesToShare: Int { 20 }

  /// Waits a moment, longer each time, and never as long as a rival.
  func pause(_ turn: Int) {
    clone.pause(atMostMicroseconds: UInt64(20_000 << min(turn, 5)))
  }

  func tellUnreachable(_ error: LedgerError) {
    guard contact.outage.isNews(error.description, at: clone.clock.now()) else { return }
    clone.warn("\(error.description); \(contact.outage.advice)")
  }

  /// Takes note that the remote has what we sent. That it cannot be remembered undoes nothing: the next
  /// contact looks again.
  func answered(_ tip: OID) {
    contact.answered = clone.clock.now()
    contact.outage.end()
    do throws(GitError) { try remote.remember(tip) } catch {
      clone.warn("it is recorded, but what the remote has is not remembered: \(error.description)")
    }
  }

  private func integrationBranches() throws(GitError) -> [String] {
    let state: State
    do throws(LedgerError) { state = try read().state } catch { return [] }
    return state.migrations.filter { !$0.phase.isTerminal }.map(\.intoRef)
  }
}
