import Git
import Ledger
import Migration

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
