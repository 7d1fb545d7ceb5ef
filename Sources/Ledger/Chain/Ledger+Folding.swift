import Git
import Migration

/// What folding the results of finished steps has come to.
public enum FoldOutcome: Equatable, Sendable {
  /// So many refs are gone from here; the archive keeps what they kept.
  case folded(Int)
  /// There were too few of them to be worth it.
  case few
  /// The remote does not take the archive: why. Everything is as before.
  case refused(String)
}

extension Ledger {
  /// Folds the refs of finished steps' claims into the archive of their migration, when there are at least so
  /// many. The archive moves first, and by compare-and-swap, so that at every moment something keeps each
  /// result; who finds the work half done does the rest of it.
  ///
  /// Of a shared ledger the archive is the remote's, and the refs go there, too. What only this clone has,
  /// the work of failed attempts, stays on its refs here. `report` is told when the remote keeps the refs.
  public func foldAttempts(
    of migration: MigrationState, atLeast count: Int, report: (String) -> Void
  ) throws(LedgerError) -> FoldOutcome {
    defer {
      repository.removeEmptyRefFolders(in: LedgerRefs.attemptFolder + migration.name) { step in
        migration.step(step)?.phase.satisfiesDependents == true
      }
    }
    var refs = try foldable(migration)
    guard refs.count >= count else { return .few }
    if let remote {
      let there = try asGit { () throws(GitError) in
        Set(try remote.refs(["\(LedgerRefs.attemptFolder)\(migration.name)/*"]))
      }
      let known = try sharedArchive(migration, remote)
      let kept = Set(try asGit { () throws(GitError) in try reader.archive.attempts(known) })
      refs = refs.filter { there.contains($0.ref) || kept.contains($0.attempt) }
      guard refs.count >= count else { return .few }
      if let reason = try push(refs, of: migration, to: remote, report) { return .refused(reason) }
    } else if try !keepHere(refs, of: migration) {
      return .few
    }
    var gone = 0
    for (ref, attempt) in refs {
      // Whoever changed it meanwhile wants it.
      if case .won = repository.deleteReference(ref, expected: attempt.commit) { gone += 1 }
    }
    return .folded(gone)
  }

  private typealias Folded = (ref: String, attempt: ArchivedAttempt)

  /// How often a rival may be faster before the work is left to it.
  private static var triesToFold: Int { 5 }

  /// The refs here that keep results of finished steps.
  private func foldable(_ migration: MigrationState) throws(LedgerError) -> [Folded] {
    let folder = "\(LedgerRefs.attemptFolder)\(migration.name)/"
    let refs = try asGit { () throws(GitError) in try repository.references(matching: folder + "*") }
    return refs.compactMap { (name, commit) in
      let claim = String(name.dropFirst(folder.count))
      let parts = claim.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let step = migration.step(String(parts[0])), step.phase.isTerminal,
        let epoch = Int(parts[1]), String(epoch) == parts[1], epoch >= 1, epoch <= step.epoch
      else { return nil }
      return (name, ArchivedAttempt(claim: claim, commit: commit))
    }
  }

  /// Has the archive here keep these; false when others are busy with it.
  private func keepHere(_ refs: [Folded], of migration: MigrationState) throws(LedgerError) -> Bool {
    let ref = LedgerRefs.archive(migration.name)
    for _ in 0..<Self.triesToFold {
      let old = try asGit { () throws(GitError) in try repository.resolve(ref) }
      let new = try grown(old, by: refs.map(\.attempt), migration)
      if new == old || new == nil { return true }
      if try moveArchive(ref, to: new, from: old) { return true }
    }
    return false
  }

  private func grown(
    _ tip: OID?, by attempts: [ArchivedAttempt], _ migration: MigrationState
  ) throws(LedgerError) -> OID? {
    try asGit { () throws(GitError) in
      let known = Set(try reader.archive.attempts(tip))
      return try reader.archive.append(
        attempts.filter { !known.contains($0) }, to: tip, of: migration.name, at: clock.now())
    }
  }

  private func moveArchive(_ ref: String, to new: OID?, from old: OID?) throws(LedgerError) -> Bool {
    guard let new else { return true }
    var outcome = repository.compareAndSwap(ref: ref, to: new, from: old)
    if case .busy = outcome, try StaleLock.recover(ref, in: repository, now: clock.now()) {
      outcome = repository.compareAndSwap(ref: ref, to: new, from: old)
    }
    switch outcome {
    case .won: return true
    case .lost: return false
    case .busy(let error), .unknown(let error): throw .git(error)
    }
  }

  // MARK: A shared ledger

  private func sharedArchive(
    _ migration: MigrationState, _ remote: any LedgerRemote
  ) throws(LedgerError) -> OID? {
    do throws(GitError) {
      return try remote.fetchArchive(LedgerRefs.archive(migration.name))
    } catch {
      throw .unreachable(remote: remote.name, reason: error.message)
    }
  }

  /// Has the archive of the remote keep these, then the one here, and takes the refs away there. Gives why
  /// the remote does not take it.
  private func push(
    _ refs: [Folded], of migration: MigrationState, to remote: any LedgerRemote, _ report: (String) -> Void
  ) throws(LedgerError) -> String? {
    let ref = LedgerRefs.archive(migration.name)
    for _ in 0..<Self.triesToFold {
      let there = try sharedArchive(migration, remote)
      let here = try asGit { () throws(GitError) in try repository.resolve(ref) }
      // What was kept here before the ledger was shared goes over as well.
      let own = try asGit { () throws(GitError) in try reader.archive.attempts(here) }
      let new = try grown(there, by: own.reversed() + refs.map(\.attempt), migration)
      guard let new else { return nil }
      if new != there {
        let update = GitProgram.PushUpdate(ref: ref, to: new, from: there)
        switch try asGit({ () throws(GitError) in try remote.push([update]) }) {
        case .won: break
        case .lost: continue
        case .rejected(let reason): return reason
        case .unknown(let reason): throw .unreachable(remote: remote.name, reason: reason)
        }
      }
      if here != new, try !moveArchive(ref, to: new, from: here) { continue }
      try deleteThere(refs, of: migration, on: remote, report)
      return nil
    }
    return "others move '\(ref)' faster than this clone can"
  }

  private func deleteThere(
    _ refs: [Folded], of migration: MigrationState, on remote: any LedgerRemote, _ report: (String) -> Void
  ) throws(LedgerError) {
    let there = try asGit { () throws(GitError) in
      Set(try remote.refs(["\(LedgerRefs.attemptFolder)\(migration.name)/*"]))
    }
    let gone = refs.filter { there.contains($0.ref) }.map { (ref: $0.ref, commit: $0.attempt.commit) }
    for start in stride(from: 0, to: gone.count, by: AttemptArchive.width) {
      let part = Array(gone[start..<min(start + AttemptArchive.width, gone.count)])
      guard let reason = try asGit({ () throws(GitError) in try remote.delete(part) }) else { continue }
      return report(
        "'\(remote.name)' keeps the refs of finished steps, so that each push to it takes longer: \(reason)")
    }
  }
}
