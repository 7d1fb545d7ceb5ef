import Git
import Migration

/// A move of an integration branch that the ledger has announced.
package struct PendingMove {
  /// Where the branch was.
  package var old: OID
  /// Where it goes.
  package var new: OID
  /// The tree there, which passed.
  package var tree: OID
  /// The base that it takes in, its second parent; `nil` for a step of the plan, which has one parent only.
  package var base: OID?
  /// The steps of a train with their commits, in order; the last one's is `new`. Empty for a step alone.
  package var members: [(step: String, commit: OID)] = []

  init(_ target: MergeTarget) {
    (old, new, tree, base) = (target.old.oid, target.new.oid, target.tree.oid, target.base?.oid)
    members = target.train?.members.map { ($0.fence.step, $0.commit.oid) } ?? []
  }

  init(_ refresh: Refresh) {
    (old, new, tree, base) = (refresh.old.oid, refresh.new.oid, refresh.tree.oid, refresh.base.oid)
  }

  /// The commits that it brings, oldest first; the last one is where the branch goes.
  package var commits: [OID] { members.isEmpty ? [new] : members.map(\.commit) }
}

extension Migration.Change {
  /// The move that the change announces.
  package var announcedMove: PendingMove? {
    switch self {
    case .merge(_, .intended(let target)): PendingMove(target)
    case .refresh(.intended(let refresh)): PendingMove(refresh)
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      nil
    }
  }
}

extension MigrationState {
  /// The moves of the integration branch that are under way: by the rules at most one.
  package var pendingMoves: [PendingMove] {
    let merges = steps.compactMap { step in
      if case .merging(_, _, let target) = step.phase, target.isLed(by: step.id) {
        PendingMove(target)
      } else {
        nil
      }
    }
    return (refresh.map { [PendingMove($0)] } ?? []) + merges
  }

  /// The announced move that, by this change, was done.
  package func move(doneBy change: Migration.Change) -> PendingMove? {
    switch change {
    case .merge(let fence, .merged):
      if case .merging(_, _, let target)? = step(fence.step)?.phase { PendingMove(target) } else { nil }
    case .refresh(.merged): refresh.map { PendingMove($0) }
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      nil
    }
  }
}
