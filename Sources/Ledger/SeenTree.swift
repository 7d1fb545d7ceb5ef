import Git
import Migration

/// What was read in an entry's tree: nearly every entry has its parent's tree, so that a walk along the chain
/// reads each of them once.
struct SeenTree {
  /// What is known of a tree's checkpoint.
  enum Saved {
    case unknown
    case absent
    /// It stands after the entry of this number.
    case after(Int)
  }

  fileprivate var tree: OID?
  fileprivate var digests: [String: String] = [:]
  fileprivate var saved = Saved.unknown

  /// Begins before an entry whose parent has this tree; `nil` for the first entry of a chain.
  init(after tree: OID? = nil) { self.tree = tree }

  fileprivate mutating func enter(_ next: OID) {
    guard tree != next else { return }
    tree = next
    digests = [:]
    saved = .unknown
  }
}

extension Ledger {
  /// An entry's tree must hold its plan with the digest it names, and a checkpoint that says what folding
  /// says.
  ///
  /// Between two entries only that may differ in the tree which the later one brings.
  func verifyTree(
    of commit: Commit, _ entry: Entry, _ snapshot: LedgerSnapshot, _ seen: inout SeenTree
  ) throws(LedgerError) {
    let parent = seen.tree
    seen.enter(commit.tree)
    if parent != commit.tree { try verifyDifference(of: commit, entry, from: parent, snapshot) }
    for migration in snapshot.state.migrations {
      guard try digest(of: migration, in: commit.tree, &seen) == migration.planDigest else {
        throw .damaged(
          commit: commit.oid, reason: "the plan file of '\(migration.name)' is not the one that was approved")
      }
    }
    try verifyCheckpoint(of: commit, snapshot, &seen)
  }

  /// An entry with a tree of its own brings a checkpoint of itself and, when its event brings one, a plan.
  private func verifyDifference(
    of commit: Commit, _ entry: Entry, from parent: OID?, _ snapshot: LedgerSnapshot
  ) throws(LedgerError) {
    var allowed: Set = [Checkpoint.path, Checkpoint.statusPath]
    if let number = entry.event.change.planNumber {
      allowed.insert(PlanStore.textPath(entry.event.migration, number))
      allowed.insert(PlanStore.expandedPath(entry.event.migration, number))
    }
    do throws(GitError) {
      let changes = try repository.changes(from: parent, to: commit.tree)
      if let other = changes.first(where: { !allowed.contains($0.path) }) {
        throw GitError(message: "", operation: "", subject: other.path)
      }
    } catch {
      throw .damaged(commit: commit.oid, reason: "it changes '\(error.subject)', which it does not bring")
    }
    guard try savedCheckpoint(of: commit)?.sequence == snapshot.sequence else {
      throw .damaged(
        commit: commit.oid, reason: "its tree is not its parent's, and holds no checkpoint of it")
    }
  }

  /// The digest of a migration's plan file in a tree, `nil` when it is not there.
  private func digest(
    of migration: MigrationState, in tree: OID, _ seen: inout SeenTree
  ) throws(LedgerError) -> String? {
    let path = PlanStore.textPath(migration.name, migration.planNumber)
    if let known = seen.digests[path] { return known }
    do throws(GitError) {
      guard let found = try repository.entry(at: path, inTree: tree) else { return nil }
      let digest = try SHA256.hexDigest(of: repository.blob(found.oid))
      seen.digests[path] = digest
      return digest
    } catch {
      throw .git(error)
    }
  }

  private func verifyCheckpoint(
    of commit: Commit, _ snapshot: LedgerSnapshot, _ seen: inout SeenTree
  ) throws(LedgerError) {
    switch seen.saved {
    case .absent: return
    case .after(let sequence) where sequence != snapshot.sequence: return
    case .unknown, .after: break
    }
    // Whether it is what would be written now is quicker to see than what it says. An older version may have
    // written it otherwise, and be right.
    let wanted = Checkpoint.bytes(snapshot.state, sequence: snapshot.sequence)
    if let bytes = try? checkpointBytes(inTree: commit.tree), bytes == wanted {
      seen.saved = .after(snapshot.sequence)
      return
    }
    guard let saved = try savedCheckpoint(of: commit) else {
      seen.saved = .absent
      return
    }
    seen.saved = .after(saved.sequence)
    guard saved.sequence == snapshot.sequence else { return }
    guard saved.state == snapshot.state else {
      throw .damaged(
        commit: commit.oid, reason: "its checkpoint differs from the state that its entries give")
    }
  }

  private func checkpointBytes(inTree tree: OID) throws(GitError) -> [UInt8]? {
    guard let found = try repository.entry(at: Checkpoint.path, inTree: tree) else { return nil }
    return try repository.blob(found.oid)
  }
}
