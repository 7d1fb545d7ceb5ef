import Git
import Ledger
import Migration
import Site

extension Site {
  /// Leads every open migration's own branch to where the ledger says it is; see `follow(_:)`.
  public func followAll(_ state: State) throws(CommandError) {
    for migration in state.migrations { try follow(migration) }
  }
}

extension Surroundings {
  /// Leads the integration branch of a shared ledger forward, by git and through the hooks: a migration's own
  /// to where the ledger says it is, one that people share to where the remote has it.
  ///
  /// A branch that cannot move now, because somebody works on it, moves later; gives the reason. Does nothing
  /// for a ledger that is not shared, and after the end.
  @discardableResult package func follow(_ migration: MigrationState) throws(CommandError) -> String? {
    guard hasRemote, !migration.phase.isTerminal, let tip = try place(of: migration),
      try self.tip(of: migration.intoRef) != tip
    else { return nil }
    try announceBranches()
    if try !has(tip) {
      try synchronize()
      guard try has(tip) else { return nil }
    }
    guard let now = try self.tip(of: migration.intoRef) else {
      return try createBranch(migration.into, at: tip)
    }
    guard try isAncestor(now, of: tip) else { return nil }
    let outcome = try BranchMove(site: self).move(migration.intoRef, from: now, to: tip, isOwn: true)
    return if case .notMoved(let reason) = outcome { reason } else { nil }
  }

  /// Where the integration branch is in the remote, as far as it is known here.
  private func place(of migration: MigrationState) throws(CommandError) -> OID? {
    let merged = migration.tip.oid
    guard migration.peopleShareBranch else { return merged }
    guard let seen = try sharedTip(of: migration.intoRef) else { return nil }
    // A merge of ours moved it after we had looked.
    guard try has(merged) else { return seen }
    return try isAncestor(seen, of: merged) ? merged : seen
  }

  /// Why nothing can be merged now on the remote, or `nil`: its branch is not what it is here, so that the
  /// push of a merge would be in vain, and so the gate before it.
  func obstacle(toSharing migration: MigrationState) throws(CommandError) -> String? {
    guard hasRemote else { return nil }
    return try migration.peopleShareBranch
      ? obstacle(toPeoplesBranchOf: migration) : obstacle(toOwnBranchOf: migration)
  }

  /// A migration's own branch is in the remote where the ledger says, or behind that as far as it was seen. A
  /// host may delete it, as some do after a merged pull request: then it is put back.
  private func obstacle(toOwnBranchOf seen: MigrationState) throws(CommandError) -> String? {
    if let there = try sharedTip(of: seen.intoRef), try isAncestor(there, of: seen.tip.oid) { return nil }
    try synchronize()
    guard let now = try state(of: seen.name), !now.isMoving
    else { return nil }
    guard let there = try sharedTip(of: now.intoRef) else {
      return try putBack(now.intoRef, at: now.tip.oid)
    }
    if try isAncestor(there, of: now.tip.oid) { return nil }
    return "'\(now.into)' is at '\(there.hex.prefix(10))' in the remote, where the ledger has "
      + "'\(now.tip.hex.prefix(10))'; put it back with 'git push "
      + "--force-with-lease=\(now.intoRef):\(there.hex) REMOTE \(now.tip.hex):\(now.intoRef)'"
  }

  private func obstacle(toPeoplesBranchOf migration: MigrationState) throws(CommandError) -> String? {
    guard let there = try place(of: migration) else {
      return "'\(migration.into)' is not in the remote yet; push it"
    }
    if try tip(of: migration.intoRef) == there { return nil }
    return "'\(migration.into)' is not here what it is in the remote; bring them together with 'git pull' "
      + "and 'git push'"
  }

  private func has(_ commit: OID) throws(CommandError) -> Bool { try isAncestor(commit, of: commit) }
}

extension Interpreter {
  /// Shared, a merge is one push of the entry and the branch together, from the values that both were decided
  /// on: nobody ever sees one without the other. The branch here follows.
  func share(
    _ done: Migration.Change, or abandoned: (MigrationState, String) -> Migration.Change?,
    _ migration: String
  ) throws(CommandError) {
    let appended: Appended<Void>
    do throws(LedgerError) {
      appended = try appendInLedger(by: site.actor) { (_, _) throws(Refusal) in
        ((), [Proposal(migration, done)])
      }
    } catch {
      switch error {
      // A host that does not take the merge, and why it does not, is told as what became of it.
      case .branchMoved, .rejected:
        if try hasArrived(done, migration) { return }
        return try record(migration) { [error] in abandoned($0, error.description) }
      default: throw CommandError(error)
      }
    }
    var left: CommandError?
    switch appended.recorded {
    case .recorded(let snapshot, _):
      do throws(CommandError) {
        if let state = snapshot.state.migration(named: migration) { try site.follow(state) }
      } catch {
        // The branch here follows with the next look; what follows from the entry is due now.
        if !error.isOffline { left = error }
      }
    case .refused(let refusal): report("the merge was not recorded: \(refusal.message)")
    case .nothing: break
    }
    try appended.perform(self)
    if let left { throw left }
  }

  /// Whether the remote's branch has the commit that a move leads to. A server that was killed within an
  /// earlier push of it may have moved the branch, and not have the entry: that one is sent again.
  private func hasArrived(_ done: Migration.Change, _ migration: String) throws(CommandError) -> Bool {
    let commit: OID
    switch done {
    case .merge(_, .merged(let object, _)), .refresh(.merged(let object)): commit = object.oid
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      return false
    }
    guard let state = try site.state(of: migration) else {
      return false
    }
    return try site.remoteHas(commit, on: state.intoRef)
  }
}

extension Surroundings {
  /// Whether the branch has the commit in the remote, which is asked now: one push moves entry and branch,
  /// but a server that is killed in the middle has the branch alone. People may have built on it since.
  func remoteHas(_ commit: OID, on ref: String) throws(CommandError) -> Bool {
    try synchronize()
    guard let there = try sharedTip(of: ref) else { return false }
    return there == commit ? true : try isAncestor(commit, of: there)
  }
}
