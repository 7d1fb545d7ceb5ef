import Git
import Ledger
import Migration
import Site

extension Surroundings {
  /// Why nothing can be merged now, whatever it is, or `nil`.
  func obstacle(toMerging state: MigrationState) throws(CommandError) -> String? {
    if let found = try obstacle(toMoving: state.intoRef, isOwn: !state.peopleShareBranch) { return found }
    if let found = try obstacle(astray: state) { return found }
    return try obstacle(toSharing: state)
  }

  /// Why nothing can be judged or merged on a migration's own branch, or `nil`: the branch is not where the
  /// ledger says it is, and no move of it is under way. Whatever is there came past the gate and the hooks.
  func obstacle(astray seen: MigrationState) throws(CommandError) -> String? {
    guard !seen.peopleShareBranch, let found = try tip(of: seen.intoRef), found != seen.tip.oid,
      // It may have been moved, and the entry written, since `seen` was read.
      let now = try state(of: seen.name),
      !now.isMoving, found != now.tip.oid, try tip(of: seen.intoRef) == found
    else { return nil }
    // Where the ledger is shared, another clone merged, and the branch here is still to follow.
    if hasRemote, try isAncestor(found, of: now.tip.oid) { return nil }
    return
      "'\(now.into)' is at '\(found.hex.prefix(10))', which came there past the gate, where the ledger has "
      + "'\(now.tip.hex.prefix(10))'; put it back with 'git update-ref \(now.intoRef) \(now.tip.hex)'"
  }
}

extension MigrationState {
  /// Whether a move of the integration branch is intended and not settled yet.
  var isMoving: Bool {
    refresh != nil || stepsInFlight.contains { if case .merging = $0.phase { true } else { false } }
  }
}

/// Moves an integration branch, by git and through the hooks: the tool has no privileged path (DESIGN §6).
struct BranchMove {
  let site: any Surroundings

  /// What became of a move.
  enum Outcome: Equatable {
    /// The branch is at the new commit.
    case moved
    /// It is where it was; the reason is for people.
    case notMoved(String)
    /// It is somewhere else altogether.
    case elsewhere(OID?)
  }

  /// Moves `ref` from `old` to `new`. The answer is read from the branch, never from an exit code.
  ///
  /// A lock that a killed program left on a branch that only git-migrate moves (`isOwn`) is taken away.
  /// `objection` is asked with the branch held, just before it moves.
  func move(
    _ ref: String, from old: OID, to new: OID, isOwn: Bool = false,
    unless objection: () -> String? = { nil }
  ) throws(CommandError) -> Outcome {
    let refused = try site.requestMove(of: ref, from: old, to: new, isOwn: isOwn, unless: objection)
    let now = try site.tip(of: ref)
    if now == new { return .moved }
    // On a shared branch somebody may have built on ours before we looked.
    if let now, try site.isAncestor(new, of: now) { return .moved }
    if now == old { return .notMoved(refused ?? "the branch did not move") }
    return .elsewhere(now)
  }
}
