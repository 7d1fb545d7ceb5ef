import Git
import Ledger
import Migration

/// Takes back what holders left behind who are dead or too late. Safe to run anywhere, any time, by anybody:
/// every event it proposes is checked again by `decide`, against the newest state.
public struct Recovery {
  let site: any Surroundings
  /// Told why something cannot be settled yet, a line for people, each time that it is tried.
  let report: (String) -> Void

  /// Makes a recovery for a site. `report` is told why something cannot be settled yet.
  public init(site: Site, report: @escaping (String) -> Void = { _ in }) {
    self.init(in: site, report: report)
  }

  /// Makes a recovery in any world.
  package init(in site: any Surroundings, report: @escaping (String) -> Void = { _ in }) {
    self.site = site
    self.report = report
  }

  /// Expires leases and gives up runs of the gate whose holders are dead or whose time is over, then settles
  /// merges that were cut off, by looking at where the branch is (I-23). Gives the state afterwards.
  @discardableResult
  public func sweep(_ migration: String) throws(CommandError) -> LedgerSnapshot {
    let seen = try reporting { try site.events.read() }
    guard let state = seen.state.migration(named: migration), !state.phase.isTerminal else { return seen }
    try restoreBranch(state)
    try site.follow(state)
    let isQuiet = overdue(state, at: max(site.clock.now(), seen.state.at)).isEmpty
    if isQuiet { return try settle(state) ? reporting { try site.events.read() } : seen }
    let outcome = try reporting {
      try site.events.append(by: site.actor) { (snapshot, at) throws(Refusal) in
        guard let state = snapshot.state.migration(named: migration), !state.phase.isTerminal else {
          return []
        }
        return overdue(state, at: at)
      }
    }
    let snapshot: LedgerSnapshot
    switch outcome {
    case .won(let after, let effects):
      try Interpreter(in: site).perform(effects)
      snapshot = after
    case .nothing(let seen): snapshot = seen
    case .refused: snapshot = try reporting { try site.events.read() }
    }
    if let state = snapshot.state.migration(named: migration), try settle(state) {
      return try reporting { try site.events.read() }
    }
    return snapshot
  }

  /// Makes the integration branch when a start was cut off between its entry and the branch. A branch that
  /// has moved and is gone now is left to a person: only they know why.
  private func restoreBranch(_ state: MigrationState) throws(CommandError) {
    guard state.tip == state.start, try site.tip(of: state.intoRef) == nil
    else {
      return
    }
    try Interpreter(in: site).perform([
      .createBranch(migration: state.name, branch: state.into, commit: state.start.hex)
    ])
  }

  /// The holds that may be taken now.
  func overdue(_ state: MigrationState, at: Timestamp) -> [Proposal] {
    var proposals: [Proposal] = []
    if let claim = state.baselineRun, let evidence = evidence(claim.owner, claim.expiresAt, at) {
      proposals.append(Proposal(state.name, .baselineAbandoned(run: claim.run, evidence: evidence)))
    }
    for step in state.stepsInFlight {
      let fence = Fence(step: step.id, epoch: step.epoch)
      switch step.phase {
      case .leased(let lease):
        guard let evidence = self.evidence(lease.owner, lease.expiresAt, at) else { continue }
        proposals.append(
          Proposal(state.name, .leaseExpired(fence, renewal: lease.renewal, evidence: evidence)))
      case .gating(_, let run):
        guard let evidence = self.evidence(run.start.owner, run.start.expiresAt, at) else { continue }
        proposals.append(
          Proposal(state.name, .gateAbandoned(fence, gate: run.start.gate, evidence: evidence)))
      case .waiting, .ready, .submitted, .merging, .merged, .backoff, .blocked, .skipped, .cancelled: continue
      }
    }
    return proposals
  }

  func evidence(_ owner: Owner, _ expiresAt: Timestamp, _ at: Timestamp) -> Evidence? {
    if site.isProvablyDead(owner) { return .holderDead(owner) }
    #if KNOWN_BUGS
      if KnownBug.wallClockExpiry.isOn { return site.clock.now() > expiresAt ? .timeout : nil }
    #endif
    return at > expiresAt.adding(seconds: expiryGraceSeconds) ? .timeout : nil
  }

  /// Settles the merge or refresh that somebody began and cannot end. Says whether there was one.
  private func settle(_ state: MigrationState) throws(CommandError) -> Bool {
    let now = max(site.clock.now(), Timestamp(milliseconds: 0))
    if let refresh = state.refresh, let evidence = self.evidence(refresh.owner, refresh.expiresAt, now) {
      try settle(
        state, refresh.new, merged: .refreshMerged(commit: refresh.new),
        abandoned: .refreshAbandoned(evidence: evidence, reason: Recovery.cutOff)
      ) { $0.refresh == refresh }
      return true
    }
    for step in state.stepsInFlight {
      guard case .merging(_, _, let target) = step.phase,
        let evidence = self.evidence(target.owner, target.expiresAt, now)
      else { continue }
      let fence = Fence(step: step.id, epoch: step.epoch)
      try settle(
        state, target.new, merged: .stepMerged(fence, commit: target.new),
        abandoned: .mergeAbandoned(fence, evidence: evidence, reason: Recovery.cutOff)
      ) { now in
        guard case .merging(_, _, target)? = now.step(step.id)?.phase else { return false }
        return true
      }
      return true
    }
    return false
  }

  private static let cutOff = "it was cut off before the branch moved"

  /// Records what became of a move by looking at the branch (I-23). That it did not move is recorded with the
  /// branch held: whoever sleeps in the middle of it finds, with the branch held, that it is no longer
  /// intended. When the branch does not stand still, or the intent is another one by now (`isSame`), the next
  /// sweep looks again.
  private func settle(
    _ state: MigrationState, _ commit: ObjectID, merged: Migration.Change, abandoned: Migration.Change,
    while isSame: (MigrationState) -> Bool
  ) throws(CommandError) {
    let tip = try site.tip(of: state.intoRef)
    if let tip, try isReached(commit.oid, by: tip) {
      return try perform(record(Proposal(state.name, merged), while: isSame))
    }
    if site.isShared {
      // One push moves entry and branch, but a server that is killed in the middle has the branch alone.
      try site.synchronize()
      if let there = try site.sharedTip(of: state.intoRef), try isReached(commit.oid, by: there) {
        return try perform(record(Proposal(state.name, merged), while: isSame))
      }
    }
    // Shared, whoever sleeps pushes the branch with its entry, which is refused; and a branch that is gone
    // moves nowhere.
    guard let tip, !site.isShared else {
      return try perform(record(Proposal(state.name, abandoned), while: isSame))
    }
    var effects: [Effect] = []
    let locked = try site.holdStill(state.intoRef, at: tip, isOwn: !state.isShared) {
      () throws(CommandError) in
      effects = try record(Proposal(state.name, abandoned), while: isSame)
    }
    #if KNOWN_BUGS
      if KnownBug.leftLockNotNamed.isOn { return try perform(effects) }
    #endif
    if let locked { report("a merge that was cut off cannot be settled yet: \(locked)") }
    try perform(effects)
  }

  /// Whether the commit is the tip or, on a shared branch, lies behind what people added.
  private func isReached(_ commit: OID, by tip: OID) throws(CommandError) -> Bool {
    if tip == commit { return true }
    return try site.isAncestor(commit, of: tip)
  }

  /// Appends one event and gives its effects; that somebody else was faster is no error.
  private func record(
    _ proposal: Proposal, while isSame: (MigrationState) -> Bool
  ) throws(CommandError) -> [Effect] {
    let outcome = try reporting {
      try site.events.append(by: site.actor) { (snapshot, _) throws(Refusal) in
        guard let state = snapshot.state.migration(named: proposal.migration), isSame(state) else {
          return []
        }
        return [proposal]
      }
    }
    guard case .won(_, let effects) = outcome else { return [] }
    return effects
  }

  private func perform(_ effects: [Effect]) throws(CommandError) {
    try Interpreter(in: site).perform(effects)
  }
}
