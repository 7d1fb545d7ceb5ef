import Git
import Ledger
import Migration

extension RefGuard {
  /// A migration that begins with these entries finds its branch as the ledger says, or not at all: before,
  /// nobody watched what was put there.
  package func checkBegun(
    _ update: RefUpdate, _ after: LedgerSnapshot, _ moves: [RefUpdate]
  ) throws(RefObjection) {
    let known: State
    do throws(LedgerError) {
      known =
        try update.old.oid.map { (old) throws(LedgerError) in try ledger.snapshot(at: old).state }
        ?? State()
    } catch {
      throw RefObjection(update.ref, "it cannot be checked: \(error.description)", hint: error.hint)
    }
    for migration in after.state.migrations where !migration.phase.isTerminal && !migration.peopleShareBranch
    {
      let ref = migration.intoRef
      guard known.migration(named: migration.name) == nil, !moves.contains(where: { $0.ref.isBytewise(ref) }),
        let now = try? repository.resolve(ref)
      else { continue }
      do throws(RefObjection) {
        try checkBranch(RefUpdate(old: .none, new: .oid(now), ref: ref), by: after)
      } catch {
        throw RefObjection(
          update.ref, "'\(migration.into)' is here already, at '\(now.short)', which no gate has passed",
          hint: "delete it on this side first, or give the migration another branch with 'into'")
      }
    }
  }

  /// The rule for an integration branch; any other branch passes. After the end of a migration its branch is
  /// free.
  package func checkBranch(_ update: RefUpdate, by snapshot: LedgerSnapshot) throws(RefObjection) {
    let open = snapshot.state.migrations.first { !$0.phase.isTerminal && $0.intoRef.isBytewise(update.ref) }
    guard let migration = open else { return }
    let now = try current(update)
    guard let new = try target(update) else {
      if now == nil { return }
      throw RefObjection(
        update.ref, "'\(migration.into)' is the integration branch of the open migration '\(migration.name)'",
        hint: "end it first, with 'git migrate finish' or 'git migrate abort'")
    }
    if new == now { return }
    do {
      if migration.peopleShareBranch {
        try checkShared(migration, update.ref, from: now, to: new)
      } else {
        try checkOwn(migration, update.ref, from: now, to: new)
      }
    } catch let objection as RefObjection {
      throw objection
    } catch {
      throw RefObjection(
        update.ref, "it cannot be checked: \(error)",
        hint: "fetch what is missing with 'git fetch'")
    }
  }

  // MARK: A branch of the migration's own

  /// Only a move that the ledger intends, or one to a commit that it says was merged, may happen (I-22).
  private func checkOwn(_ migration: MigrationState, _ ref: String, from now: OID?, to new: OID) throws {
    let pending = migration.pendingMoves
    if let move = pending.first(where: { $0.new == new && $0.old == now }) {
      guard let fault = try move.fault(in: repository) else { return }
      throw RefObjection(
        ref, "'\(new.short)' is not the commit that passed the gate: \(fault)", hint: Self.remedy)
    }
    let (tip, start) = (migration.tip.oid, migration.start.oid)
    let isMoving = pending.contains { $0.new == now }
    // Back to where the ledger says the branch is: how a branch that went astray is put right.
    if new == tip && !isMoving { return }
    if try repository.objectExists(tip), try isMerged(new, start: start, tip: tip) {
      guard let now else { return }
      if try repository.isAncestor(now, of: new) { return }
    }
    if !pending.isEmpty && pending.contains(where: { $0.new == new }) {
      throw RefObjection(
        ref, "the move to '\(new.short)' was allowed from another commit than '\(now?.short ?? "none")'",
        hint: "put the branch back with 'git update-ref \(ref) \(tip.hex)'")
    }
    throw RefObjection(
      ref, "'\(new.short)' on '\(migration.into)' has no verdict of the gate of '\(migration.name)'",
      hint: Self.remedy)
  }

  private static var remedy: String {
    "hand work in with 'git migrate submit', bring the base in with 'git migrate refresh';\n"
      + "in a clone, fetch '\(LedgerRefs.ledger)' together with the branch, with '--atomic'"
  }

  /// Whether the branch once was at the commit, on its way from its start to the ledger's tip. It never was
  /// at one inside of a train: that tree was not judged.
  private func isMerged(_ commit: OID, start: OID, tip: OID) throws(GitError) -> Bool {
    if commit == start || commit == tip { return true }
    let commits = try repository.commits(from: tip, excluding: [start], firstParentOnly: true)
    guard let index = commits.firstIndex(of: commit) else { return false }
    guard index > 0 else { return true }
    return try !repository.commit(commit).isInsideTrain(before: repository.commit(commits[index - 1]))
  }

  // MARK: A branch that people share

  /// People's commits pass; a commit of a step passes only as the merge that the gate allowed.
  private func checkShared(_ migration: MigrationState, _ ref: String, from now: OID?, to new: OID) throws {
    var merged = migration.mergedCommits
    for move in migration.pendingMoves where move.new == new && move.old == now {
      if let fault = try move.fault(in: repository) {
        throw RefObjection(
          ref, "'\(new.short)' is not the commit that passed the gate: \(fault)", hint: Self.remedy)
      }
      merged.append(new)
    }
    let known = try ([now, migration.tip.oid, migration.start.oid].compactMap(\.self) + merged)
      .filter { (oid) throws(GitError) in try repository.objectExists(oid) }
    let attempts = try attempts(of: migration)
    let trailer = Array("Migrate-Step: \(migration.name)/".utf8)
    for oid in try added(by: new, to: known) {
      let isStep = try attempts.contains(oid) || hasLine(repository.commit(oid).messageBytes, trailer)
      guard isStep else { continue }
      throw RefObjection(
        ref, "'\(oid.short)' is the work of a step of '\(migration.name)' and has no verdict of its gate",
        hint: "hand it in with 'git migrate submit'; the gate merges it")
    }
  }

  /// The commits that the branch gains. In a shallow clone the walk ends where the history does.
  private func added(by new: OID, to known: [OID]) throws(GitError) -> [OID] {
    do throws(GitError) {
      return try repository.commits(from: new, excluding: known)
    } catch {
      guard repository.isShallow else { throw error }
    }
    var (list, seen, open) = ([OID](), Set(known), [new])
    while let oid = open.popLast() {
      guard seen.insert(oid).inserted, try repository.objectExists(oid) else { continue }
      list.append(oid)
      open += try repository.commit(oid).parents
    }
    return list
  }

  /// Every commit that is known to be made for a step: the attempt refs, and what lies between a result and
  /// its base.
  private func attempts(of migration: MigrationState) throws(GitError) -> Set<OID> {
    var found = Set(
      try repository.references(matching: "refs/migrate/attempt/\(migration.name)/*").map(\.oid))
    let archived = try repository.resolve(LedgerRefs.archive(migration.name))
    found.formUnion(try ledger.reader.archive.attempts(archived).map(\.commit))
    for step in migration.steps {
      guard let submission = step.phase.submission,
        case let (base, result) = (submission.base.oid, submission.result.commit.oid),
        try repository.objectExists(result)
      else { continue }
      found.formUnion(try repository.commits(from: result, excluding: [base]))
    }
    return found
  }

  private func hasLine(_ message: [UInt8], _ prefix: [UInt8]) -> Bool {
    message.split(separator: 0x0A).contains { $0.starts(with: prefix) }
  }
}

extension MigrationState {
  /// The commits that steps were merged as.
  package var mergedCommits: [OID] {
    steps.compactMap { step in
      guard case .merged(let commit?) = step.phase else { return nil }
      return commit.oid
    }
  }
}
