import Git
import Migration

/// Several clones, one ledger: its ref in the remote is the authority, and an append is a push from the value
/// that was decided on (DESIGN §2).
///
/// Whoever calls holds the queue of the clone.
package struct Sharing<Store: SharedStore> {
  let store: Store

  /// Makes it for a clone.
  package init(_ store: Store) { self.store = store }

  /// Brings the entries of others here and ours there; asks in any case.
  package func synchronize() throws(LedgerError) -> SyncReport {
    var report = SyncReport()
    let before = try store.read().sequence
    store.contact.renew()
    try pull(&report)
    // What was sent had been counted before, and so had what was refused.
    report.received = max(0, try store.read().sequence - before + report.refused.count)
    return report
  }

  /// Whether the remote knew more than `seen`; it is not asked when it answered a moment ago.
  package func catchUp(beyond seen: LedgerSnapshot) throws(LedgerError) -> Bool {
    guard store.remote != nil else { return false }
    let now = store.clock.now()
    // A clock that was put back says nothing about how old the answer is.
    if let answered = store.contact.answered, now >= answered,
      now < answered.adding(seconds: RemoteContact.freshSeconds)
    {
      return false
    }
    if let error = try pullIfReachable() {
      tellUnreachable(error)
      return false
    }
    return try store.read().tip != seen.tip
  }

  /// Brings over what waits here, if anything does. That the remote cannot be reached is no error.
  package func shareWaiting() throws(LedgerError) {
    guard let remote = store.remote, let tip = try store.currentTip() else { return }
    let known = try asGit { () throws(GitError) in try remote.knownTip() }
    if known == tip || isResting { return }
    if let error = try pullIfReachable() { tellUnreachable(error) }
  }

  /// Makes the ledger here follow the shared one. Moves the ref whatever it says: what it said is kept when
  /// the new value does not contain it. Of `redrafted` it contains what is worth keeping, in another form.
  func adopt(_ tip: OID, replacing redrafted: OID? = nil) throws(LedgerError) {
    var (losses, errors) = (0, 0)
    while losses < 10 {
      let now = try store.currentTip()
      if now == tip { return }
      if let now, now != redrafted {
        // Others went on from there, and we have theirs already.
        if try store.isAncestor(tip, of: now) { return }
        if try !store.isAncestor(now, of: tip) { _ = try store.keepRefused(now) }
      }
      switch try store.moveHere(to: tip, from: now) {
      case .won: return
      case .lost: losses += 1
      case .busy(let error):
        errors += 1
        if try !store.canWait(afterErrors: errors) { throw .git(error) }
      case .unknown(let error):
        errors += 1
        if errors >= Ledger.triesAfterErrors { throw .git(error) }
      }
    }
    throw .git(GitError(message: "it does not stand still", operation: "move", subject: Ledger.ref))
  }

  // MARK: Pieces

  /// Follows the remote; the error when it cannot be reached, which the caller gets over.
  func pullIfReachable() throws(LedgerError) -> LedgerError? {
    do throws(LedgerError) {
      var report = SyncReport()
      try pull(&report)
      store.contact.obstacle = nil
      return nil
    } catch {
      guard case .unreachable(_, let reason) = error else { throw error }
      store.contact.obstacle = reason
      return error
    }
  }

  /// Whether the remote is left alone, because it could not be reached a moment ago.
  var isResting: Bool {
    guard let end = store.contact.restUntil else { return false }
    let now = store.clock.now()
    return now < end && end <= now.adding(seconds: RemoteContact.restSeconds)
  }

  /// Asks the remote for its ledger, follows it, and brings over what waited here, decided anew.
  private func pull(_ report: inout SyncReport) throws(LedgerError) {
    guard let remote = store.remote else { return }
    var (last, isStill) = (OID?.none, true)
    for turn in 0..<Self.triesToShare {
      if turn > 0 { pause(turn) }
      let before = try asGit { () throws(GitError) in try remote.knownTip() }
      let mine = try store.currentTip()
      let tip: OID?
      do throws(GitError) {
        tip = try remote.fetch(branches: try integrationBranches())
      } catch {
        store.contact.restUntil = store.clock.now().adding(seconds: RemoteContact.restSeconds)
        throw .unreachable(remote: remote.name, reason: error.message)
      }
      store.contact.restUntil = nil
      store.contact.answered = store.clock.now()
      if turn > 0, tip != last { isStill = false }
      last = tip
      guard let tip else {
        if before != nil { throw .rewritten(remote: remote.name, reason: "it is gone") }
        guard let mine else { return }
        if try sendAll(mine, &report) { return }
        continue
      }
      if let before, try !store.isAncestor(before, of: tip) {
        throw .rewritten(remote: remote.name, reason: "'\(before.short)' is not in it any more")
      }
      if tip != mine { try store.inspect(tip, after: before) }
      try asGit { () throws(GitError) in try remote.remember(tip) }
      guard let mine else { return try adopt(tip) }
      if tip == mine { return }
      if try store.isAncestor(mine, of: tip) {
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
    "'\(Ledger.ref)' stands still there and cannot be moved; a lock may be left on it"
  }

  /// How often entries are brought to the remote before others are called too fast.
  private static var triesToShare: Int { 20 }

  /// Waits a moment, longer each time, and never as long as a rival.
  func pause(_ turn: Int) {
    store.pause(atMostMicroseconds: UInt64(20_000 << min(turn, 5)))
  }

  func tellUnreachable(_ error: LedgerError) {
    guard store.contact.outage.isNews(error.description, at: store.clock.now()) else { return }
    store.warn("\(error.description); \(store.contact.outage.advice)")
  }

  /// Takes note that the remote has what we sent. That it cannot be remembered undoes nothing: the next
  /// contact looks again.
  func answered(_ tip: OID) {
    store.contact.answered = store.clock.now()
    store.contact.outage.end()
    do throws(GitError) { try store.remote?.remember(tip) } catch {
      store.warn("it is recorded, but what the remote has is not remembered: \(error.description)")
    }
  }

  private func integrationBranches() throws(GitError) -> [String] {
    let state: State
    do throws(LedgerError) { state = try store.read().state } catch { return [] }
    return state.migrations.filter { !$0.phase.isTerminal }.map(\.intoRef)
  }
}
