import Git
import Ledger
import Migration

/// Looks at the commits that new entries put on integration branches: each is the one that its intent named,
/// with the tree that passed, on the commit that the branch was at (I-22, I-23).
package struct MoveCheck {
  let repository: Repository
  /// Commits that are not here, by their migration, with the entry that names them.
  private var missing: [String: (entry: OID, commit: OID)] = [:]
  /// The entries that handed results in, by their claims.
  private var results: [String: [Fence: OID]] = [:]

  init(repository: Repository) { self.repository = repository }

  /// Takes an entry and the state before it.
  package mutating func note(_ found: LedgerEntry, _ before: State) throws(InspectionFault) {
    let event = found.entry.event
    guard let migration = before.migration(named: event.migration) else { return }
    if let (fence, _) = event.change.result {
      results[migration.name, default: [:]][fence] = found.commit
    }
    if let move = migration.move(doneBy: event.change) { try check(move, found, isDone: true) }
    if let move = event.change.announcedMove { try check(move, found, isDone: false) }
  }

  /// What was handed in and is to be judged must be here, and be what git can merge: otherwise nobody gets
  /// past it. What was settled meanwhile may be gone.
  package func requireResults(in state: State) throws(InspectionFault) {
    for migration in state.migrations where !migration.phase.isTerminal {
      for (fence, entry) in results[migration.name] ?? [:] {
        guard let step = migration.step(fence.step), step.epoch == fence.epoch,
          let submission = step.phase.submission
        else { continue }
        let reason: String?
        do throws(GitError) {
          reason = try ResultFault.of(submission.result, base: submission.base, in: repository)
        } catch {
          throw .unreadable(.git(error))
        }
        guard let reason else { continue }
        throw .breach(
          Breach(rule: "I-26", commit: entry, reason: "the result of '\(fence.step)' is of no use: \(reason)")
        )
      }
    }
  }

  /// An open migration's branch must be able to be where the ledger says it is.
  package func requireAll(in state: State) throws(InspectionFault) {
    for migration in state.migrations where !migration.phase.isTerminal {
      guard let (entry, commit) = missing[migration.name] else { continue }
      throw .breach(
        Breach(
          rule: "I-22", commit: entry,
          reason: "it says that '\(migration.into)' is at '\(commit.short)', which is not here; push the "
            + "branch together with the ledger, with '--atomic'"))
    }
  }

  private mutating func check(
    _ move: PendingMove, _ found: LedgerEntry, isDone: Bool
  ) throws(InspectionFault) {
    let migration = found.entry.event.migration
    let reason: String?
    do throws(GitError) {
      guard try repository.objectExists(move.new) else {
        if isDone { missing[migration] = (found.commit, move.new) }
        return
      }
      if isDone { missing[migration] = nil }
      reason = try move.fault(in: repository)
    } catch {
      throw .unreadable(.git(error))
    }
    guard let reason else { return }
    throw .breach(
      Breach(
        rule: "I-22", commit: found.commit, reason: "'\(move.new.short)' cannot be merged: \(reason)"))
  }
}
