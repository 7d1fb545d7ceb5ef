import CanonicalJSON
import Git
import Migration

/// Reads the ledger of a repository: follows the chain, and folds it. Knows no remote, no clock and nobody
/// who writes.
///
/// One instance serves one thread. It remembers the last state that it folded, so that a long-lived caller
/// pays only for what is new.
public final class ChainReader {
  /// The repository the ledger lives in.
  public let repository: Repository
  let chain: Chain
  let plans: PlanStore
  /// What finished steps have left.
  package let archive: AttemptArchive
  /// The state that was read or written last.
  private(set) var remembered = LedgerSnapshot.empty

  /// Makes a reader of a repository's ledger; reads nothing yet.
  public init(repository: Repository) {
    self.repository = repository
    chain = Chain(repository: repository)
    plans = PlanStore(repository: repository)
    archive = AttemptArchive(repository)
  }

  /// Where the ledger ends.
  package func tip() throws(LedgerError) -> OID? {
    do throws(GitError) { return try repository.resolve(LedgerRefs.ledger) } catch { throw .git(error) }
  }

  /// The state at the tip. Costs one checkpoint and the entries after it, or only what is new since the last
  /// call.
  ///
  /// Throws `damaged` for a chain that breaks the format and `newer` for an entry of a newer version.
  public func read() throws(LedgerError) -> LedgerSnapshot {
    guard let tip = try tip() else {
      remembered = .empty
      return remembered
    }
    #if KNOWN_BUGS
      if KnownBug.unknownEventIgnored.isOn { return try withoutNewer(tip) }
    #endif
    if tip != remembered.tip { remembered = try snapshot(at: tip, known: remembered) }
    return remembered
  }

  /// Takes note of a state that was just made the ledger's.
  func remember(_ snapshot: LedgerSnapshot) { remembered = snapshot }

  #if KNOWN_BUGS
    private func withoutNewer(_ tip: OID) throws(LedgerError) -> LedgerSnapshot {
      do throws(LedgerError) {
        return try snapshot(at: tip, known: .empty)
      } catch {
        guard case .newer = error, let parent = try chain.commit(tip).parents.first else { throw error }
        return try withoutNewer(parent)
      }
    }
  #endif

  /// The state at any entry of the chain.
  public func snapshot(at tip: OID) throws(LedgerError) -> LedgerSnapshot {
    try snapshot(at: tip, known: .empty)
  }

  // MARK: Pieces

  /// Folds what lies between a state we have, or the tip's checkpoint, and the tip.
  private func snapshot(at tip: OID, known: LedgerSnapshot) throws(LedgerError) -> LedgerSnapshot {
    let commit = try chain.commit(tip)
    let newest = try chain.entry(of: commit, plans: plans)
    let distance = newest.entry.sequence - known.sequence
    let isNear = known.tip != nil && distance >= 0 && distance <= 2 * Checkpoint.interval
    let base = isNear ? known : try checkpoint(of: commit) ?? .empty
    var entries: [LedgerEntry] = []
    var current = (commit: commit, entry: newest)
    while current.entry.entry.sequence > base.sequence {
      entries.append(current.entry)
      guard let parent = current.commit.parents.first else {
        if base.sequence == 0 { break }
        throw .damaged(
          commit: current.commit.oid,
          reason: "the chain ends here, after entry \(base.sequence) of a checkpoint")
      }
      let next = try chain.commit(parent)
      current = (next, try chain.entry(of: next, plans: plans))
    }
    if isNear && current.commit.oid != known.tip {
      // Somebody put another chain in the ledger's place; nothing that we remember holds for it.
      return try snapshot(at: tip, known: .empty)
    }
    var snapshot = base
    for entry in entries.reversed() { try advance(&snapshot, by: entry) }
    snapshot.tip = tip
    snapshot.tree = commit.tree
    return snapshot
  }

  private func checkpoint(of commit: Commit) throws(LedgerError) -> LedgerSnapshot? {
    guard let saved = try savedCheckpoint(of: commit) else { return nil }
    return LedgerSnapshot(tip: nil, tree: nil, sequence: saved.sequence, state: saved.state)
  }

  func savedCheckpoint(of commit: Commit) throws(LedgerError) -> (sequence: Int, state: State)? {
    do {
      guard let found = try repository.entry(at: Checkpoint.path, inTree: commit.tree) else { return nil }
      let bytes = try repository.blob(found.oid)
      return try Checkpoint.read(bytes) { (migration, number) throws(JSONFault) in
        try plans.plan(migration, number, inTree: commit.tree)
      }
    } catch {
      throw .damaged(commit: commit.oid, reason: "its checkpoint cannot be read: \(error)")
    }
  }

  /// Folds one entry onto a snapshot; an entry out of place, or one that `decide` refuses, is damage.
  @discardableResult
  func advance(_ snapshot: inout LedgerSnapshot, by found: LedgerEntry) throws(LedgerError) -> [Effect] {
    guard found.entry.sequence == snapshot.sequence + 1 else {
      throw .damaged(
        commit: found.commit,
        reason: "it has number \(found.entry.sequence) where \(snapshot.sequence + 1) should be")
    }
    do throws(Refusal) {
      let effects = try snapshot.state.apply(found.entry.event)
      snapshot.sequence += 1
      snapshot.tip = found.commit
      return effects
    } catch {
      throw .damaged(commit: found.commit, reason: "its event was not allowed: \(error.message)")
    }
  }
}
