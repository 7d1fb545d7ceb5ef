import Git
import Migration

/// What became of bringing a draft to the remote.
enum SharingOutcome {
  /// It has it.
  case shared
  /// Somebody else was faster; the ledger here is as new as theirs now.
  case lost
  /// It could not be reached, and the events may wait.
  case waits
  /// The ledger is not shared.
  case isLocal
}

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
    store.contact = RemoteContact()
    try pull(&report)
    // What was sent had been counted before, and so had what was refused.
    report.received = max(0, try store.read().sequence - before + report.refused.count)
    return report
  }

  // MARK: For append

  /// Brings a draft to where it is decided whether it counts: to the remote or, when there is none or the
  /// draft may wait for it, to the ref here.
  package func swap(to draft: Draft, from seen: LedgerSnapshot) throws(LedgerError) -> SwapOutcome {
    switch try share(draft, after: seen) {
    case .shared:
      do throws(LedgerError) {
        try adopt(draft.tip)
      } catch {
        // It is recorded, whatever becomes of our own ref: the next contact leads that there.
        store.warn("it is recorded, but not here yet: \(error.description)")
      }
      return .won
    case .lost: return .lost
    case .waits, .isLocal: return try store.moveHere(to: draft.tip, from: seen.tip)
    }
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

  /// Pushes a draft whose parent is the tip that the remote is believed to have.
  private func share(_ draft: Draft, after seen: LedgerSnapshot) throws(LedgerError) -> SharingOutcome {
    guard let remote = store.remote else { return .isLocal }
    let proposals = draft.proposals
    if isResting {
      return try wait(proposals, "it could not be reached a moment ago")
    }
    let known = try asGit { () throws(GitError) in try remote.knownTip() }
    // With entries that wait in between, which `shareWaiting` could not bring over.
    guard known == seen.tip else { return try wait(proposals, "entries wait for it already") }
    let updates =
      [GitProgram.PushUpdate(ref: Ledger.ref, to: draft.tip, from: seen.tip)]
      + companions(of: proposals, from: seen.state, to: draft.snapshot.state)
    var openReason = ""
    for _ in 0..<Self.triesAfterOpenPushes {
      switch try asGit({ () throws(GitError) in try remote.push(updates) }) {
      case .won:
        try answered(draft.tip)
        return .shared
      case .lost(let refs):
        let unreachable = try pullIfReachable()
        // An earlier try may have come through after all.
        if try hasArrived(draft) { return .shared }
        if unreachable != nil { return try wait(proposals, "others were faster, and it is gone") }
        if !refs.contains(Ledger.ref), try store.read().tip == seen.tip, let ref = refs.first {
          guard openReason.isEmpty else { return try wait(proposals, Self.open(openReason)) }
          throw .branchMoved(ref: ref, remote: remote.name)
        }
        return .lost
      case .rejected(let reason):
        guard openReason.isEmpty else { return try wait(proposals, Self.open(openReason)) }
        throw .rejected(remote: remote.name, reason: reason)
      case .unknown(let reason):
        openReason = reason
        // The connection may have been cut before or after: what the remote has says which.
        let isReached = try pullAfterOpenPush(of: draft)
        if try hasArrived(draft) { return .shared }
        if !isReached { return try wait(proposals, Self.open(reason)) }
        // From another tip it can never arrive. From this one it still can, so that only the very same entry
        // may be tried again: with a new one we could lose against ourselves.
        if try store.read().tip != seen.tip { return .lost }
      }
    }
    return try wait(proposals, Self.open(openReason))
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
  private func pullIfReachable() throws(LedgerError) -> LedgerError? {
    do throws(LedgerError) {
      var report = SyncReport()
      try pull(&report)
      return nil
    } catch {
      guard case .unreachable = error else { throw error }
      return error
    }
  }

  /// Looks what the remote has after a push of unknown outcome; says whether it could be reached. That our
  /// own ref could not follow is no error when it has the draft.
  private func pullAfterOpenPush(of draft: Draft) throws(LedgerError) -> Bool {
    do throws(LedgerError) {
      return try pullIfReachable() == nil
    } catch {
      if try hasArrived(draft) { return true }
      throw error
    }
  }

  /// Whether the remote is left alone, because it could not be reached a moment ago.
  private var isResting: Bool {
    guard let end = store.contact.restUntil else { return false }
    let now = store.clock.now()
    return now < end && end <= now.adding(seconds: RemoteContact.restSeconds)
  }

  /// Asks the remote for its ledger, follows it, and brings over what waited here, decided anew.
  private func pull(_ report: inout SyncReport) throws(LedgerError) {
    guard let remote = store.remote else { return }
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
      guard let tip else {
        if before != nil { throw .rewritten(remote: remote.name, reason: "it is gone") }
        guard let mine else { return }
        if try sendAll(mine, &report) { return }
        continue
      }
      if let before, try !store.isAncestor(before, of: tip) {
        try asGit { () throws(GitError) in try remote.remember(before) }
        throw .rewritten(remote: remote.name, reason: "'\(before.short)' is not in it any more")
      }
      guard let mine else {
        try store.inspect(tip, after: before)
        return try adopt(tip)
      }
      if tip == mine { return }
      try store.inspect(tip, after: before)
      if try store.isAncestor(mine, of: tip) {
        return try adopt(tip)
      }
      if try sendWaiting(mine, onto: tip, &report) { return }
    }
    throw .unreachable(remote: remote.name, reason: "others append faster than this repository can")
  }

  /// How often entries are brought to the remote before others are called too fast.
  private static var triesToShare: Int { 20 }

  /// How often the same entries are pushed while it is not known whether they arrived.
  private static var triesAfterOpenPushes: Int { 3 }

  /// What to say when it stays unknown.
  private static func open(_ reason: String) -> String { reason + " (it may have the entry all the same)" }

  /// Waits a moment, longer each time, and never as long as a rival.
  private func pause(_ turn: Int) {
    store.pause(atMostMicroseconds: UInt64(20_000 << min(turn, 5)))
  }

  /// Whether events may be recorded here alone for now. Reports on one's own work may; what would take
  /// something from others, or promise it, may not.
  private func wait(_ proposals: [Proposal], _ reason: String) throws(LedgerError) -> SharingOutcome {
    let error = LedgerError.unreachable(remote: store.remote?.name ?? "", reason: reason)
    guard proposals.allSatisfy(\.change.mayWait) else { throw error }
    tellUnreachable(error)
    return .waits
  }

  private func tellUnreachable(_ error: LedgerError) {
    if !store.contact.isTold {
      store.warn("\(error.description); what is recorded now waits for 'git migrate sync'")
    }
    store.contact.isTold = true
  }

  func answered(_ tip: OID) throws(LedgerError) {
    store.contact.answered = store.clock.now()
    store.contact.isTold = false
    try asGit { () throws(GitError) in try store.remote?.remember(tip) }
  }

  /// Whether the remote was seen to have a draft.
  private func hasArrived(_ draft: Draft) throws(LedgerError) -> Bool {
    guard let tip = try asGit({ () throws(GitError) in try store.remote?.knownTip() }) else { return false }
    return try store.isAncestor(draft.tip, of: tip)
  }

  private func integrationBranches() throws(GitError) -> [String] {
    let state: State
    do throws(LedgerError) { state = try store.read().state } catch { return [] }
    return state.migrations.filter { !$0.phase.isTerminal }.map(\.intoRef)
  }
}

extension Migration.Change {
  /// Whether it is a report on its author's own work, which stays true until it can be shared.
  fileprivate var mayWait: Bool {
    switch self {
    case .leaseRenewed, .stepSubmitted, .attemptFailed, .gateFinished, .gateAbandoned: true
    case .stepReleased(_, let forced, _): !forced
    case .migrationStarted, .planAmended, .migrationPaused, .migrationResumed, .migrationAborted,
      .migrationFinished, .refreshIntended, .refreshMerged, .refreshAbandoned, .baselineRecorded,
      .stepClaimed, .leaseExpired, .gateStarted, .mergeIntended, .mergeAbandoned, .stepMerged, .stepRetried,
      .stepSkipped:
      false
    }
  }
}
