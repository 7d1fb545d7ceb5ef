import Git
import Ledger
import Migration

/// Takes back what holders left behind who are dead or too late. Safe to run anywhere, any time, by anybody:
/// every event it proposes is checked again by `decide`, against the newest state.
public struct Recovery {
  let site: Site

  /// Makes a recovery for a site.
  public init(site: Site) { self.site = site }

  /// Expires leases and gives up gate runs whose holders are dead or whose time is over, then settles merges
  /// that were cut off, by looking at where the branch is (I-23). Gives the state afterwards.
  @discardableResult
  public func sweep(_ migration: String) throws(CommandError) -> LedgerSnapshot {
    let seen = try reporting { try site.ledger.read() }
    guard let state = seen.state.migration(named: migration), !state.phase.isTerminal else { return seen }
    try restoreBranch(state)
    try BranchFollow(site: site).follow(state)
    let isQuiet = Recovery.overdue(state, at: max(site.clock.now(), seen.state.at)).isEmpty
    if isQuiet { return try settle(state) ? reporting { try site.ledger.read() } : seen }
    let outcome = try reporting {
      try site.ledger.append(by: site.actor) { (snapshot, at) throws(Refusal) in
        guard let state = snapshot.state.migration(named: migration), !state.phase.isTerminal else {
          return []
        }
        return Recovery.overdue(state, at: at)
      }
    }
    let snapshot: LedgerSnapshot
    switch outcome {
    case .won(let after, let effects):
      try Interpreter(site: site).perform(effects)
      snapshot = after
    case .nothing(let seen): snapshot = seen
    case .refused: snapshot = try reporting { try site.ledger.read() }
    }
    if let state = snapshot.state.migration(named: migration), try settle(state) {
      return try reporting { try site.ledger.read() }
    }
    return snapshot
  }

  /// Makes the integration branch when a start was cut off between its entry and the branch. A branch that
  /// has moved and is gone now is left to a person: only they know why.
  private func restoreBranch(_ state: MigrationState) throws(CommandError) {
    guard state.tip == state.start, try reporting({ try site.repository.resolve(state.intoRef) }) == nil
    else {
      return
    }
    try Interpreter(site: site).perform([
      .createBranch(migration: state.name, branch: state.into, commit: state.start.hex)
    ])
  }

  /// The holds that may be taken now.
  static func overdue(_ state: MigrationState, at: Timestamp) -> [Proposal] {
    var proposals: [Proposal] = []
    for step in state.steps {
      let fence = Fence(step: step.id, epoch: step.epoch)
      switch step.phase {
      case .leased(let lease):
        guard let evidence = evidence(lease.owner, lease.expiresAt, at) else { continue }
        proposals.append(
          Proposal(state.name, .leaseExpired(fence, renewal: lease.renewal, evidence: evidence)))
      case .gating(_, let run):
        guard let evidence = evidence(run.start.owner, run.start.expiresAt, at) else { continue }
        proposals.append(
          Proposal(state.name, .gateAbandoned(fence, gate: run.start.gate, evidence: evidence)))
      case .waiting, .ready, .submitted, .merging, .merged, .backoff, .blocked, .skipped, .cancelled: continue
      }
    }
    return proposals
  }

  private static func evidence(_ owner: Owner, _ expiresAt: Timestamp, _ at: Timestamp) -> Evidence? {
    if Site.isProvablyDead(owner) { return .holderDead(owner) }
    return at > expiresAt.adding(seconds: expiryGraceSeconds) ? .timeout : nil
  }

  /// Settles the merge or refresh that somebody began and cannot end. Says whether there was one.
  private func settle(_ state: MigrationState) throws(CommandError) -> Bool {
    let now = max(site.clock.now(), Timestamp(milliseconds: 0))
    if let refresh = state.refresh, let evidence = Recovery.evidence(refresh.owner, refresh.expiresAt, now) {
      let isThere = try reached(refresh.new, state)
      try record(
        Proposal(
          state.name,
          isThere
            ? .refreshMerged(commit: refresh.new)
            : .refreshAbandoned(evidence: evidence, reason: "it was cut off before the branch moved")))
      return true
    }
    for step in state.steps {
      guard case .merging(_, _, let target) = step.phase,
        let evidence = Recovery.evidence(target.owner, target.expiresAt, now)
      else { continue }
      let fence = Fence(step: step.id, epoch: step.epoch)
      let isThere = try reached(target.new, state)
      try record(
        Proposal(
          state.name,
          isThere
            ? .stepMerged(fence, commit: target.new)
            : .mergeAbandoned(fence, evidence: evidence, reason: "it was cut off before the branch moved")))
      return true
    }
    return false
  }

  /// Whether the branch holds the commit: it is the tip or, on a shared branch, lies behind what people
  /// added.
  private func reached(_ commit: ObjectID, _ state: MigrationState) throws(CommandError) -> Bool {
    try reporting {
      // A commit that only another machine has was never on the branch here, and on the shared one it is
      // together with its entry or not at all.
      guard try site.repository.objectExists(commit.oid),
        let tip = try site.repository.resolve(state.intoRef)
      else { return false }
      return try tip == commit.oid || site.repository.isAncestor(commit.oid, of: tip)
    }
  }

  /// Appends one event; that somebody else was faster is no error.
  private func record(_ proposal: Proposal) throws(CommandError) {
    let outcome = try reporting { try site.ledger.append([proposal], by: site.actor) }
    if case .won(_, let effects) = outcome { try Interpreter(site: site).perform(effects) }
  }
}
