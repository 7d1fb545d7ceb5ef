import Git
import Migration

/// What is known of the remote's state of health.
struct RemoteContact {
  /// When it answered last.
  var answered: Timestamp?
  /// Until when it is not asked, because it could not be reached a moment ago.
  var restUntil: Timestamp?
  /// Whether the person was told that it cannot be reached.
  var isTold = false

  /// For how long an answer counts as new, in seconds: a run that finds nothing to do must not ask without
  /// end.
  static let freshSeconds = 2
  /// For how long a remote that cannot be reached is left alone, in seconds.
  static let restSeconds = 10
}

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

/// A refused event that had waited for a connection.
public struct RefusedEvent: Equatable, Sendable {
  /// The event as a sentence.
  public var sentence: String
  /// Why it was refused.
  public var reason: String
}

/// What `synchronize` did.
public struct SyncReport: Equatable, Sendable {
  /// How many entries of others came.
  public var received = 0
  /// How many entries of ours went.
  public var sent = 0
  /// What was refused after it had waited.
  public var refused: [RefusedEvent] = []
  /// The ref that keeps the refused entries, or `nil`.
  public var keptOn: String?
}

/// Several clones, one ledger: its ref in the remote is the authority, and an append is a push from the value
/// that was decided on (DESIGN §2).
extension Ledger {
  /// Where entries lie that waited and were refused: nothing that was recorded is ever thrown away.
  static let refusedFolder = "refs/migrate/refused/"

  /// The ref that keeps the result of a claim.
  public static func attemptRef(_ migration: String, _ fence: Fence) -> String {
    "refs/migrate/attempt/\(migration)/\(fence.step)/\(fence.epoch)"
  }

  /// Whether the ledger is shared.
  public var isShared: Bool { remote != nil }

  /// How many entries wait here for the remote to be reached; 0 for a ledger that is not shared.
  public func waitingCount() throws(LedgerError) -> Int {
    guard let remote, let tip = try currentTip() else { return 0 }
    let known = try asGit { () throws(GitError) in try remote.knownTip() }
    return try asGit { () throws(GitError) in
      try repository.commits(from: tip, excluding: known.map { [$0] } ?? [], firstParentOnly: true).count
    }
  }

  /// Brings the entries of others here and ours there. Does nothing for a ledger that is not shared.
  public func synchronize() throws(LedgerError) -> SyncReport {
    var report = SyncReport()
    guard remote != nil else { return report }
    let queue = try enterQueue()
    defer { withExtendedLifetime(queue) {} }
    let before = try read().sequence
    contact = RemoteContact()
    try pull(&report)
    // What was sent had been counted before, and so had what was refused.
    report.received = max(0, try read().sequence - before + report.refused.count)
    return report
  }

  /// Brings results of claims here that another machine handed in.
  public func fetchAttempt(_ migration: String, _ fence: Fence) throws(LedgerError) {
    guard let remote else { return }
    try asGit { () throws(GitError) in
      try remote.fetch(attempts: [Ledger.attemptRef(migration, fence)])
    }
  }

  // MARK: For append, which holds the queue

  /// Whether the remote knew more than `seen`; it is not asked when it answered a moment ago.
  func catchUp(beyond seen: LedgerSnapshot) throws(LedgerError) -> Bool {
    guard remote != nil else { return false }
    let now = clock.now()
    if let answered = contact.answered, now < answered.adding(seconds: RemoteContact.freshSeconds) {
      return false
    }
    do throws(LedgerError) {
      var report = SyncReport()
      try pull(&report)
    } catch {
      guard case .unreachable = error else { throw error }
      tellUnreachable(error)
      return false
    }
    return try read().tip != seen.tip
  }

  /// Pushes a draft whose parent is the tip that the remote is believed to have.
  func share(_ draft: Draft, after seen: LedgerSnapshot) throws(LedgerError) -> SharingOutcome {
    guard let remote else { return .isLocal }
    let proposals = draft.proposals
    if contact.restUntil.map({ clock.now() < $0 }) ?? false {
      return try wait(proposals, "it could not be reached a moment ago")
    }
    let known = try asGit { () throws(GitError) in try remote.knownTip() }
    // With entries that wait in between, which `shareWaiting` could not bring over.
    guard known == seen.tip else { return try wait(proposals, "entries wait for it already") }
    let updates =
      [GitProgram.PushUpdate(ref: Ledger.ref, to: draft.tip, from: seen.tip)]
      + companions(of: proposals, from: seen.state, to: draft.snapshot.state)
    var openReason = ""
    for _ in 0..<Ledger.triesAfterOpenPushes {
      switch try asGit({ () throws(GitError) in try remote.push(updates) }) {
      case .won:
        try answered(draft.tip)
        return .shared
      case .lost(let refs):
        var report = SyncReport()
        try pull(&report)
        // An earlier try may have come through after all.
        if try contains(draft.tip) { return .shared }
        if !refs.contains(Ledger.ref), try read().tip == seen.tip, let ref = refs.first {
          throw .branchMoved(ref: ref, remote: remote.name)
        }
        return .lost
      case .rejected(let reason): throw .rejected(remote: remote.name, reason: reason)
      case .unknown(let reason):
        openReason = reason
        // The connection may have been cut before or after: what the remote has says which.
        do throws(LedgerError) {
          var report = SyncReport()
          try pull(&report)
        } catch {
          guard case .unreachable = error else { throw error }
          return try wait(proposals, Ledger.open(reason))
        }
        if try contains(draft.tip) { return .shared }
        // From another tip it can never arrive. From this one it still can, so that only the very same entry
        // may be tried again: with a new one we could lose against ourselves.
        if try read().tip != seen.tip { return .lost }
      }
    }
    return try wait(proposals, Ledger.open(openReason))
  }

  /// Brings over what waits here, if anything does. That the remote cannot be reached is no error.
  func shareWaiting() throws(LedgerError) {
    guard let remote, let tip = try currentTip() else { return }
    let known = try asGit { () throws(GitError) in try remote.knownTip() }
    if known == tip || contact.restUntil.map({ clock.now() < $0 }) ?? false { return }
    do throws(LedgerError) {
      var report = SyncReport()
      try pull(&report)
    } catch {
      guard case .unreachable = error else { throw error }
      tellUnreachable(error)
    }
  }

  /// Makes the ledger here follow the shared one. Moves the ref whatever it says: what it said is kept when
  /// the new value does not contain it.
  func adopt(_ tip: OID, keepingOld: Bool = true) throws(LedgerError) {
    for _ in 0..<10 {
      let now = try currentTip()
      if now == tip { return }
      if let now, keepingOld {
        // Others went on from there, and we have theirs already.
        if try asGit({ () throws(GitError) in try repository.isAncestor(tip, of: now) }) { return }
        if try !asGit({ () throws(GitError) in try repository.isAncestor(now, of: tip) }) {
          _ = try keepRefused(now)
        }
      }
      switch move(repository, tip, now) {
      case .won: return
      case .lost: continue
      case .busy(let error): throw .busy(error)
      case .unknown(let error): throw .notWritten(error)
      }
    }
    throw .busy(GitError(message: "it does not stand still", operation: "move", subject: Ledger.ref))
  }

  // MARK: Pieces

  /// Asks the remote for its ledger, follows it, and brings over what waited here, decided anew.
  private func pull(_ report: inout SyncReport) throws(LedgerError) {
    guard let remote else { return }
    for turn in 0..<Ledger.triesToShare {
      if turn > 0 { pause(turn) }
      let before = try asGit { () throws(GitError) in try remote.knownTip() }
      let mine = try currentTip()
      let tip: OID?
      do throws(GitError) {
        tip = try remote.fetch(branches: try integrationBranches())
      } catch {
        contact.restUntil = clock.now().adding(seconds: RemoteContact.restSeconds)
        throw .unreachable(remote: remote.name, reason: error.message)
      }
      contact.restUntil = nil
      contact.answered = clock.now()
      guard let tip else {
        if before != nil { throw .rewritten(remote: remote.name, reason: "it is gone") }
        guard let mine else { return }
        if try sendAll(mine, &report) { return }
        continue
      }
      if let before, try !asGit({ () throws(GitError) in try repository.isAncestor(before, of: tip) }) {
        try asGit { () throws(GitError) in try remote.remember(before) }
        throw .rewritten(remote: remote.name, reason: "'\(before.short)' is not in it any more")
      }
      guard let mine else {
        try inspect(tip, after: before, remote.name)
        return try adopt(tip)
      }
      if tip == mine { return }
      try inspect(tip, after: before, remote.name)
      if try asGit({ () throws(GitError) in try repository.isAncestor(mine, of: tip) }) {
        return try adopt(tip)
      }
      if try sendWaiting(mine, onto: tip, &report) { return }
    }
    throw .unreachable(remote: remote.name, reason: "others append faster than this repository can")
  }

  /// How often entries are brought to the remote before others are called too fast.
  private static let triesToShare = 20

  /// How often the same entries are pushed while it is not known whether they arrived.
  private static let triesAfterOpenPushes = 3

  /// What to say when it stays unknown.
  private static func open(_ reason: String) -> String { reason + " (it may have the entry all the same)" }

  /// Waits a moment, longer each time, and never as long as a rival.
  private func pause(_ turn: Int) {
    let longest = UInt64(20_000 << min(turn, 5))
    RetryPolicy.pause(microseconds: Int(randomness.next() % longest))
  }

  /// What the remote says is believed only when every entry is a legal one.
  private func inspect(_ tip: OID, after before: OID?, _ name: String) throws(LedgerError) {
    do throws(InspectionFault) {
      try verifySuccession(from: before, to: tip)
    } catch {
      switch error {
      case .unreadable(let error): throw error
      case .breach(let breach):
        throw .damaged(commit: breach.commit, reason: "\(breach.rule): \(breach.reason), in '\(name)'")
      }
    }
  }

  /// Whether events may be recorded here alone for now. Reports on one's own work may; what would take
  /// something from others, or promise it, may not.
  private func wait(_ proposals: [Proposal], _ reason: String) throws(LedgerError) -> SharingOutcome {
    let error = LedgerError.unreachable(remote: remote?.name ?? "", reason: reason)
    guard proposals.allSatisfy(\.change.mayWait) else { throw error }
    tellUnreachable(error)
    return .waits
  }

  private func tellUnreachable(_ error: LedgerError) {
    if !contact.isTold { warn("\(error.description); what is recorded now waits for 'git migrate sync'") }
    contact.isTold = true
  }

  func answered(_ tip: OID) throws(LedgerError) {
    contact.answered = clock.now()
    contact.isTold = false
    try asGit { () throws(GitError) in try remote?.remember(tip) }
  }

  private func contains(_ commit: OID) throws(LedgerError) -> Bool {
    guard let tip = try currentTip() else { return false }
    return try asGit { () throws(GitError) in try repository.isAncestor(commit, of: tip) }
  }

  private func integrationBranches() throws(GitError) -> [String] {
    let state: State
    do throws(LedgerError) { state = try read().state } catch { return [] }
    return state.migrations.filter { !$0.phase.isTerminal }.map(\.intoRef)
  }

  func asGit<Value>(_ body: () throws(GitError) -> Value) throws(LedgerError) -> Value {
    do throws(GitError) { return try body() } catch { throw .git(error) }
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
