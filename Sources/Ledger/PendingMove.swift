import Git
import Migration

/// A move that the ledger has announced and not settled yet.
struct PendingMove {
  var old: OID
  var new: OID
  var tree: OID
  /// The base that it takes in, its second parent; `nil` for a step of the plan, which has one parent only.
  var base: OID?
  /// The steps of a train with their commits, in order; the last one's is `new`. Empty for a step alone.
  var members: [(step: String, commit: OID)] = []

  init?(_ target: MergeTarget) {
    guard let old = OID(target.old.hex), let new = OID(target.new.hex), let tree = OID(target.tree.hex) else {
      return nil
    }
    (self.old, self.new, self.tree) = (old, new, tree)
    base = target.base?.oid
    members = target.train?.members.map { ($0.fence.step, $0.commit.oid) } ?? []
  }

  init?(_ refresh: Refresh) {
    guard let old = OID(refresh.old.hex), let new = OID(refresh.new.hex), let tree = OID(refresh.tree.hex),
      let base = OID(refresh.base.hex)
    else { return nil }
    (self.old, self.new, self.tree, self.base) = (old, new, tree, base)
  }

  /// The commits that it brings, oldest first; the last one is where the branch goes.
  var commits: [OID] { members.isEmpty ? [new] : members.map(\.commit) }

  /// Why the commit is not the one that the gate allowed, or `nil`. Of a train only the last tree was judged;
  /// each commit before it is one of its members, alone on the one before.
  func fault(in repository: Repository) throws(GitError) -> String? {
    guard try repository.objectHeader(new).kind == .commit else { return "it is no commit" }
    let commit = try repository.commit(new)
    if commit.tree != tree { return "its tree is not the one that passed the gate" }
    if !members.isEmpty { return try trainFault(in: repository) }
    if commit.parents.first != old { return "it does not follow '\(old.short)'" }
    let others = Array(commit.parents.dropFirst())
    if let base { return others == [base] ? nil : "its second parent is not the base '\(base.short)'" }
    return others.isEmpty ? nil : "it has \(commit.parents.count) parents, and a step's has one"
  }

  private func trainFault(in repository: Repository) throws(GitError) -> String? {
    var before = old
    for (step, oid) in members {
      guard try repository.objectExists(oid), try repository.objectHeader(oid).kind == .commit else {
        return "the commit of '\(step)', '\(oid.short)', is not here"
      }
      guard try repository.commit(oid).parents == [before] else {
        return "the commit of '\(step)', '\(oid.short)', does not follow '\(before.short)' alone"
      }
      before = oid
    }
    return before == new ? nil : "it is not the last commit of its train"
  }
}

extension MigrationState {
  /// The moves of the integration branch that are under way: by the rules at most one.
  var pendingMoves: [PendingMove] {
    var moves: [PendingMove] = []
    if let refresh, let move = PendingMove(refresh) {
      moves.append(move)
    }
    for step in stepsInFlight {
      guard case .merging(_, _, let target) = step.phase, target.isLed(by: step.id) else { continue }
      if let move = PendingMove(target) { moves.append(move) }
    }
    return moves
  }

  /// The commits that steps were merged as.
  var mergedCommits: [OID] {
    steps.compactMap { step in
      guard case .merged(let commit?) = step.phase else { return nil }
      return OID(commit.hex)
    }
  }
}

extension StepPhase {
  /// What was handed in and is not settled yet.
  var submission: Submission? {
    switch self {
    case .submitted(let submission), .gating(let submission, _), .merging(let submission, _, _): submission
    case .waiting, .ready, .leased, .merged, .backoff, .blocked, .skipped, .cancelled: nil
    }
  }
}
