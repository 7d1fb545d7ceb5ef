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
    report.received = max(0, try read().sequence - before - report.sent + report.refused.count)
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
  func share(
    _ draft: Draft, after seen: LedgerSnapshot, _ proposals: [Proposal]
  ) throws(LedgerError) -> SharingOutcome {
    guard let remote else { return .shared }
    if contact.restUntil.map({ clock.now() < $0 }) ?? false {
      return try wait(proposals, "it could not be reached a moment ago")
    }
    let known = try asGit { () throws(GitError) in try remote.knownTip() }
    // With entries that wait in between, which `shareWaiting` could not bring over.
    guard known == seen.tip else { return try wait(proposals, "entries wait for it already") }
    let updates =
      [GitProgram.PushUpdate(ref: Ledger.ref, to: draft.tip, from: seen.tip)]
      + companions(of: proposals, from: seen.state, to: draft.snapshot.state)
    switch try asGit({ () throws(GitError) in try remote.push(updates) }) {
    case .won:
      try answered(draft.tip)
      return .shared
    case .lost(let refs):
      var report = SyncReport()
      try pull(&report)
      if !refs.contains(Ledger.ref), try read().tip == seen.tip, let ref = refs.first {
        throw .branchMoved(ref: ref, remote: remote.name)
      }
      return .lost
    case .rejected(let reason): throw .rejected(remote: remote.name, reason: reason)
    case .unknown(let reason):
      // The connection may have been cut before or after: what the remote has says which.
      do throws(LedgerError) {
        var report = SyncReport()
        try pull(&report)
      } catch {
        guard case .unreachable = error else { throw error }
        return try wait(proposals, reason)
      }
      return try contains(draft.tip) ? .shared : .lost
    }
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
      if let now, keepingOld, try !asGit({ () throws(GitError) in try repository.isAncestor(now, of: tip) }) {
        _ = try keepRefused(now)
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

  /// A ledger that was not shared until now goes over whole, with the branches and results it speaks of.
  /// False when somebody else was faster.
  private func sendAll(_ mine: OID, _ report: inout SyncReport) throws(LedgerError) -> Bool {
    let snapshot = try read()
    var updates = [GitProgram.PushUpdate(ref: Ledger.ref, to: mine, from: nil)]
    let attempts = try asGit { () throws(GitError) in
      try repository.references(matching: "refs/migrate/attempt/*")
    }
    for migration in snapshot.state.migrations where !migration.phase.isTerminal && !migration.isShared {
      let tip = try asGit { () throws(GitError) in try repository.resolve(migration.intoRef) }
      if let tip { updates.append(GitProgram.PushUpdate(ref: migration.intoRef, to: tip, from: nil)) }
    }
    updates += attempts.map { GitProgram.PushUpdate(ref: $0.name, to: $0.oid, from: nil) }
    guard try send(updates) else { return false }
    try answered(mine)
    report.sent = snapshot.sequence
    return true
  }

  /// Brings over what waited: as it is when nobody else was there, otherwise decided anew on what the others
  /// did. What is refused is told and kept. False when somebody else was faster.
  private func sendWaiting(
    _ mine: OID, onto tip: OID, _ report: inout SyncReport
  ) throws(LedgerError) -> Bool {
    let base = try snapshot(at: tip)
    var current = base
    var accepted: [Proposal] = []
    var refused: [RefusedEvent] = []
    for oid in try waiting(from: tip, to: mine) {
      let event = try chain.entry(of: try chain.commit(oid), plans: plans).entry.event
      var proposal = Proposal(event.migration, event.change)
      proposal.author = event.by
      if let number = event.change.planNumber {
        proposal.planText = try planText(event.migration, number: number, in: try read())
      }
      let again = Event(
        migration: event.migration, at: max(clock.now(), current.state.at), by: event.by, change: event.change
      )
      do throws(Refusal) {
        _ = try current.state.apply(again)
        accepted.append(proposal)
      } catch {
        refused.append(RefusedEvent(sentence: event.sentence, reason: error.message))
      }
    }
    var new = tip
    if try asGit({ () throws(GitError) in try repository.isAncestor(tip, of: mine) }) {
      (new, refused) = (mine, [])
      current = try snapshot(at: mine)
    } else if !accepted.isEmpty {
      let at = max(clock.now(), base.state.at)
      guard case .ready(let draft) = try draft(accepted, on: base, at: at, by: "") else { return false }
      (new, current) = (draft.tip, draft.snapshot)
    }
    if new != tip {
      let updates =
        [GitProgram.PushUpdate(ref: Ledger.ref, to: new, from: tip)]
        + companions(of: accepted, from: base.state, to: current.state)
      guard try send(updates) else { return false }
      try answered(new)
    }
    if !refused.isEmpty { report.keptOn = try keepRefused(mine) }
    for event in refused { warn("'\(event.sentence)' was refused: \(event.reason)") }
    report.refused += refused
    report.sent += accepted.count
    try adopt(new, keepingOld: false)
    return true
  }

  /// False when somebody else was faster.
  private func send(_ updates: [GitProgram.PushUpdate]) throws(LedgerError) -> Bool {
    guard let remote else { return true }
    switch try asGit({ () throws(GitError) in try remote.push(updates) }) {
    case .won: return true
    case .lost(let refs):
      guard refs.contains(Ledger.ref) || refs.isEmpty else {
        throw .branchMoved(ref: refs.first ?? "", remote: remote.name)
      }
      return false
    case .rejected(let reason): throw .rejected(remote: remote.name, reason: reason)
    case .unknown(let reason): throw .unreachable(remote: remote.name, reason: reason)
    }
  }

  /// The entries after `known`, oldest first.
  private func waiting(from known: OID?, to mine: OID) throws(LedgerError) -> [OID] {
    try asGit { () throws(GitError) in
      try repository.commits(from: mine, excluding: known.map { [$0] } ?? [], firstParentOnly: true)
        .reversed()
    }
  }

  /// Keeps a tip that will not be part of the chain.
  private func keepRefused(_ tip: OID) throws(LedgerError) -> String {
    let ref = Ledger.refusedFolder + tip.short
    switch repository.compareAndSwap(ref: ref, to: tip, from: nil) {
    case .won, .lost: return ref
    case .busy(let error), .unknown(let error): throw .git(error)
    }
  }

  /// What must move together with entries: the branch of a merge, so that nobody sees one without the other,
  /// and the result that a submission names, so that any machine can judge it.
  private func companions(
    of proposals: [Proposal], from before: State, to after: State
  ) -> [GitProgram.PushUpdate] {
    var updates: [GitProgram.PushUpdate] = []
    for proposal in proposals {
      let old = before.migration(named: proposal.migration)
      let ref = (old ?? after.migration(named: proposal.migration))?.intoRef ?? ""
      switch proposal.change {
      case .migrationStarted:
        guard let new = after.migration(named: proposal.migration), !new.isShared else { continue }
        updates.append(GitProgram.PushUpdate(ref: ref, to: new.start.oid, from: nil))
      case .stepSubmitted(let fence, let result):
        let attempt = Ledger.attemptRef(proposal.migration, fence)
        guard (try? repository.resolve(attempt)).flatMap(\.self) == result.commit.oid else { continue }
        updates.append(GitProgram.PushUpdate(ref: attempt, to: result.commit.oid, from: nil))
      case .stepMerged(let fence, let commit):
        guard case .merging(_, _, let target)? = old?.step(fence.step)?.phase else { continue }
        updates.append(GitProgram.PushUpdate(ref: ref, to: commit.oid, from: target.old.oid))
      case .refreshMerged(let commit):
        guard let refresh = old?.refresh else { continue }
        updates.append(GitProgram.PushUpdate(ref: ref, to: commit.oid, from: refresh.old.oid))
      case .planAmended, .migrationPaused, .migrationResumed, .migrationAborted, .migrationFinished,
        .refreshIntended, .refreshAbandoned, .baselineRecorded, .stepClaimed, .leaseRenewed, .leaseExpired,
        .stepReleased, .attemptFailed, .gateStarted, .gateFinished, .gateAbandoned, .mergeIntended,
        .mergeAbandoned, .stepRetried, .stepSkipped:
        continue
      }
    }
    return updates
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

  private func answered(_ tip: OID) throws(LedgerError) {
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

  private func asGit<Value>(_ body: () throws(GitError) -> Value) throws(LedgerError) -> Value {
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
