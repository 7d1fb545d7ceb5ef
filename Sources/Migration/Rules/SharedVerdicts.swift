import CanonicalJSON

/// The newest trees that passed, of all migrations of a ledger: what one migration or clone has found out no
/// other has to. A verdict counts only for the same tree, verifiers, kept folders, set-up, sandbox and
/// toolchain.
public struct SharedVerdicts: Equatable, Sendable {
  /// A tree that passed.
  struct Known: Equatable, Sendable {
    var tree: ObjectID
    /// The digest of all else that counts.
    var key: String
    /// Whose verdict it is.
    var migration: String
  }

  /// Oldest first; at most `limit`.
  private(set) var list: [Known] = []

  /// How many are kept: every checkpoint is written with all of them.
  static let limit = 128

  init() {}

  /// The migration whose verifiers have passed that tree, all else being the same.
  func migration(tree: ObjectID, key: String) -> String? {
    #if KNOWN_BUGS
      if KnownBug.verdictOfAnyTree.isOn { return list.last { $0.key == key }?.migration }
    #endif
    return list.last { $0.tree == tree && $0.key == key }?.migration
  }

  mutating func record(_ known: Known) {
    list.removeAll { $0.tree == known.tree && $0.key == known.key }
    list.append(known)
    if list.count > SharedVerdicts.limit { list.removeFirst(list.count - SharedVerdicts.limit) }
  }

  var json: JSON {
    .array(list.map { .array([.string($0.tree.hex), .string($0.key), .string($0.migration)]) })
  }

  init(items: [JSON]) throws(JSONFault) {
    for item in items {
      guard case .array(let parts) = item, parts.count == 3, case .string(let hex) = parts[0],
        let tree = ObjectID(hex), case .string(let key) = parts[1], case .string(let migration) = parts[2]
      else { throw JSONFault("a shared verdict of the checkpoint is damaged") }
      list.append(Known(tree: tree, key: key, migration: migration))
    }
  }
}

extension MigrationState {
  /// All that a verdict counts for beside its tree.
  func key(_ basis: VerdictBasis) -> String {
    let text = [verdictDigest, basis.setup ?? "", basis.sandbox, basis.toolchain].joined(separator: "\n")
    return String(SHA256.hexDigest(of: Array(text.utf8)).prefix(32))
  }
}

extension State {
  /// The migration whose verifiers have passed that tree, which are those of `migration` and ran on that
  /// basis. `nil` when somebody has to run them.
  public func passed(tree: ObjectID, for migration: MigrationState, on basis: VerdictBasis?) -> String? {
    guard let basis else { return nil }
    return shared.migration(tree: tree, key: migration.key(basis))
  }
}

extension Reducer {
  /// Takes a passing verdict into what all migrations know. One of a verifier that was not sure, or without a
  /// basis, is of use to nobody else.
  mutating func share(_ tree: ObjectID, _ evidence: VerdictEvidence) {
    guard let basis = evidence.basis, evidence.flaky.isEmpty else { return }
    let known = SharedVerdicts.Known(
      tree: tree, key: migration.key(basis), migration: evidence.reused ?? migration.name)
    state.shared.record(known)
  }

  /// A verdict that is said to be another one's must be known here.
  func requireKnown(_ tree: ObjectID, _ evidence: VerdictEvidence, _ verdict: Verdict) throws(Refusal) {
    guard let reused = evidence.reused else { return }
    guard verdict == .passed, state.passed(tree: tree, for: migration, on: evidence.basis) == reused else {
      throw Refusal(.stale, "no verdict of '\(reused)' on that tree counts for '\(migration.name)'")
    }
  }
}
