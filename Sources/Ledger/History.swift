import Git
import Migration

/// One entry with what it changed, as `git migrate replay` shows it.
public struct ReplayedEntry: Sendable {
  /// The entry.
  public var found: LedgerEntry
  /// The state before it.
  public var before: State
  /// The state after it.
  public var after: State
  /// What had to be done because of it.
  public var effects: [Effect]
}

extension Ledger {
  /// Every entry, oldest first. Reads the whole chain.
  public func entries() throws(LedgerError) -> [LedgerEntry] {
    var found: [LedgerEntry] = []
    for oid in try commits() { found.append(try chain.entry(of: try chain.commit(oid), plans: plans)) }
    return found
  }

  /// The commits of the chain, oldest first. Follows first parents from the tip.
  public func commits() throws(LedgerError) -> [OID] {
    let tip: OID?
    do throws(GitError) { tip = try repository.resolve(Ledger.ref) } catch { throw .git(error) }
    return try tip.map { (tip) throws(LedgerError) in try commits(to: tip, from: nil) } ?? []
  }

  /// The commits after `old` up to `tip`, oldest first; throws `damaged` when `old` is not behind `tip`.
  public func commits(to tip: OID, from old: OID?) throws(LedgerError) -> [OID] {
    var list: [OID] = []
    var next: OID? = tip
    while let oid = next, oid != old {
      list.append(oid)
      next = try chain.commit(oid).parents.first
    }
    guard next == old else {
      throw .damaged(commit: tip, reason: "it does not follow '\(old?.hex.prefix(10) ?? "")'")
    }
    return list.reversed()
  }

  /// The sentences of the entries after `old` up to `tip`, oldest first.
  public func sentences(to tip: OID, from old: OID?) throws(LedgerError) -> [String] {
    var sentences: [String] = []
    for oid in try commits(to: tip, from: old) { sentences.append(try chain.commit(oid).subject) }
    return sentences
  }

  /// Folds the chain from its beginning and hands each entry over with the states around it.
  public func replay(_ visit: (ReplayedEntry) -> Void) throws(LedgerError) {
    var snapshot = LedgerSnapshot.empty
    for oid in try commits() {
      let found = try chain.entry(of: try chain.commit(oid), plans: plans)
      let before = snapshot.state
      let effects = try advance(&snapshot, by: found)
      visit(ReplayedEntry(found: found, before: before, after: snapshot.state, effects: effects))
    }
  }

  /// Whether the chain may grow from `old` to `new`: every entry between is a legal successor by `decide`.
  /// Throws what is wrong with the first that is not.
  public func verifySuccession(from old: OID?, to new: OID) throws(LedgerError) {
    let added = try commits(to: new, from: old)
    var snapshot = try old.map { (old) throws(LedgerError) in try self.snapshot(at: old) } ?? .empty
    for oid in added {
      let commit = try chain.commit(oid)
      try advance(&snapshot, by: try chain.entry(of: commit, plans: plans))
      try verifyTree(of: commit, snapshot)
    }
  }

  /// The exact bytes of a plan file as it was given, or `nil` when the ledger has no such plan.
  public func planText(_ migration: String, number: Int, in snapshot: LedgerSnapshot) throws(LedgerError)
    -> [UInt8]?
  {
    guard let tree = snapshot.tree else { return nil }
    do throws(GitError) {
      let path = PlanStore.textPath(migration, number)
      return try repository.entry(at: path, inTree: tree).map { (found) throws(GitError) in
        try repository.blob(found.oid)
      }
    } catch {
      throw .git(error)
    }
  }

  /// An entry's tree must hold its plan with the digest it names, and a checkpoint that says what folding
  /// says. Nearly every entry has its parent's tree: what was read there is in `seen`.
  func verifyTree(
    of commit: Commit, _ snapshot: LedgerSnapshot, _ seen: inout SeenTree
  ) throws(LedgerError) {
    if seen.tree != commit.tree { seen.enter(commit.tree) }
    for migration in snapshot.state.migrations {
      let path = PlanStore.textPath(migration.name, migration.planNumber)
      guard try digest(path, commit.tree, &seen) == migration.planDigest else {
        throw .damaged(
          commit: commit.oid, reason: "the plan file of '\(migration.name)' is not the one that was approved")
      }
    }
    try verifyCheckpoint(of: commit, snapshot, &seen)
  }

  /// The digest of a plan file in a tree, `nil` when it is not there.
  private func digest(_ path: String, _ tree: OID, _ seen: inout SeenTree) throws(LedgerError) -> String? {
    if let known = seen.digests[path] { return known }
    do throws(GitError) {
      guard let found = try repository.entry(at: path, inTree: tree) else { return nil }
      let digest = try seen.blobs[found.oid] ?? SHA256.hexDigest(of: repository.blob(found.oid))
      seen.blobs[found.oid] = digest
      seen.digests[path] = digest
      return digest
    } catch {
      throw .git(error)
    }
  }

  private func verifyCheckpoint(
    of commit: Commit, _ snapshot: LedgerSnapshot, _ seen: inout SeenTree
  ) throws(LedgerError) {
    if let known = seen.checkpoint, known.sequence != snapshot.sequence { return }
    if try isCheckpoint(snapshot, in: commit.tree, &seen) { return }
    guard let saved = try savedCheckpoint(of: commit) else { return }
    seen.checkpoint?.sequence = saved.sequence
    guard saved.sequence == snapshot.sequence else { return }
    guard saved.state == snapshot.state else {
      throw .damaged(
        commit: commit.oid, reason: "its checkpoint differs from the state that its entries give")
    }
  }

  /// Whether a tree's checkpoint is byte for byte what would be written now, which is quicker to see than
  /// what it says. A checkpoint that an older version wrote may be right and yet not be the same.
  private func isCheckpoint(
    _ snapshot: LedgerSnapshot, in tree: OID, _ seen: inout SeenTree
  ) throws(LedgerError) -> Bool {
    do throws(GitError) {
      guard let found = try repository.entry(at: Checkpoint.path, inTree: tree) else { return false }
      if seen.checkpoint?.blob != found.oid { seen.checkpoint = (found.oid, nil) }
      guard try repository.blob(found.oid) == Checkpoint.bytes(snapshot.state, sequence: snapshot.sequence)
      else { return false }
      seen.checkpoint?.sequence = snapshot.sequence
      return true
    } catch {
      throw .git(error)
    }
  }
}
