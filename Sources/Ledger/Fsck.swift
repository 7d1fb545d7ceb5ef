import Git
import Migration

/// Something `git migrate fsck` found.
public struct Finding: Equatable, Sendable {
  /// The number of the invariant that is broken, e.g. `I-1`.
  public var rule: String
  /// The entry, ref or path it was seen at.
  public var subject: String
  /// What is wrong.
  public var message: String
  /// What to do about it.
  public var remedy: String

  /// Makes a finding.
  public init(rule: String, subject: String, message: String, remedy: String) {
    self.rule = rule
    self.subject = subject
    self.message = message
    self.remedy = remedy
  }
}

extension Ledger {
  /// Checks the chain and the branches against the invariants that a repository can show. Never writes.
  ///
  /// Gives every finding it can reach; damage to the chain ends the walk there.
  public func fsck() throws(LedgerError) -> [Finding] {
    var findings: [Finding] = []
    var snapshot = LedgerSnapshot.empty
    var seen = SeenTree()
    var nonces: [String: OID] = [:]
    var moves: [String: [OID: OID]] = [:]
    do throws(LedgerError) {
      for oid in try commits() {
        let commit = try chain.commit(oid)
        let found = try chain.entry(of: commit, plans: plans)
        if let other = nonces.updateValue(oid, forKey: found.entry.nonce) {
          findings.append(
            Finding(
              rule: "I-3", subject: short(oid), message: "it has the nonce of entry '\(short(other))'",
              remedy: "an entry was copied; restore the ledger from a copy without it"))
        }
        noteMove(found.entry.event, in: snapshot.state, &moves)
        try advance(&snapshot, by: found)
        snapshot.tree = commit.tree
        try verifyTree(of: commit, found.entry, snapshot, &seen)
      }
    } catch {
      guard case .damaged(let commit, let reason) = error else { throw error }
      findings.append(
        Finding(
          rule: "I-6", subject: short(commit), message: reason,
          remedy: error.hint ?? "restore the ledger from a copy"))
      return findings
    }
    for migration in snapshot.state.migrations {
      findings += try branchFindings(migration, moves[migration.name] ?? [:])
    }
    return findings
  }

  private func short(_ oid: OID) -> String { String(oid.hex.prefix(10)) }

  /// Remembers every move of an integration branch that the ledger allowed: new commit → tree that passed.
  private func noteMove(_ event: Event, in state: State, _ moves: inout [String: [OID: OID]]) {
    let target: (new: ObjectID, tree: ObjectID)
    switch event.change {
    case .mergeIntended(_, let merge): target = (merge.new, merge.tree)
    case .refreshIntended(let refresh): target = (refresh.new, refresh.tree)
    case .migrationStarted, .planAmended, .migrationPaused, .migrationResumed, .migrationAborted,
      .migrationFinished, .refreshMerged, .refreshAbandoned, .baselineRecorded, .stepClaimed,
      .leaseRenewed, .leaseExpired, .stepReleased, .attemptFailed, .stepSubmitted, .gateStarted,
      .gateFinished, .gateAbandoned, .mergeAbandoned, .stepMerged, .stepRetried, .stepSkipped:
      return
    }
    guard let new = OID(target.new.hex), let tree = OID(target.tree.hex) else { return }
    moves[event.migration, default: [:]][new] = tree
  }

  /// I-22: every commit that the integration branch gained was named by an entry, with the tree that passed.
  private func branchFindings(
    _ migration: MigrationState, _ moves: [OID: OID]
  ) throws(LedgerError) -> [Finding] {
    guard !migration.isShared, let start = OID(migration.start.hex) else { return [] }
    do throws(GitError) {
      guard let tip = try repository.resolve(migration.intoRef) else {
        if migration.phase.isTerminal { return [] }
        return [
          Finding(
            rule: "I-22", subject: migration.into, message: "the integration branch is gone",
            remedy: "run 'git update-ref \(migration.intoRef) \(migration.tip.hex)'")
        ]
      }
      var findings: [Finding] = []
      for oid in try repository.commits(from: tip, excluding: [start], firstParentOnly: true) {
        let commit = try repository.commit(oid)
        guard let tree = moves[oid] else {
          findings.append(
            Finding(
              rule: "I-22", subject: short(oid),
              message: "'\(migration.into)' has a commit that no gate passed: \(commit.subject)",
              remedy: "put the branch back with 'git update-ref \(migration.intoRef) \(migration.tip.hex)'"))
          continue
        }
        if commit.tree != tree {
          findings.append(
            Finding(
              rule: "I-22", subject: short(oid), message: "its tree is not the one that passed",
              remedy: "put the branch back before this commit"))
        }
      }
      return findings
    } catch {
      throw .git(error)
    }
  }
}
