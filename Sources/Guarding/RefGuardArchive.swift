import Git
import Ledger
import Migration

extension RefGuard {
  /// An archive only grows, by results of finished steps.
  package func checkArchive(_ update: RefUpdate, by seen: LedgerSnapshot) throws(RefObjection) {
    let now = try current(update)
    guard let new = try target(update) else {
      if now == nil { return }
      throw RefObjection(
        update.ref, "it keeps the work of finished steps",
        hint: "after the end of the migration 'git migrate clean' removes it here when nothing is lost by it")
    }
    if new == now { return }
    let reason: String?
    do throws(GitError) {
      reason = try ledger.reader.archiveFault(update.ref, from: now, to: new, seen.state)
    } catch {
      throw RefObjection(
        update.ref, "it cannot be checked: \(error.description)",
        hint: "fetch what is missing with 'git fetch'")
    }
    guard let reason else { return }
    throw RefObjection(update.ref, reason, hint: "let git-migrate write it; 'git migrate run' does")
  }

  /// Whether an archive keeps a result, so that its own ref can go: the archive that is here, or the one that
  /// comes with it. What this side does not have, the other side has to judge.
  package func isArchived(_ ref: String, _ commit: OID, _ moves: [RefUpdate]) throws(RefObjection) -> Bool {
    let parts = ref.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, parts[2] == "attempt" else { return false }
    let archive = LedgerRefs.archive(parts[3])
    let moved = moves.first { $0.ref.isBytewise(archive) }?.new.oid
    do throws(GitError) {
      let tip = if let moved { moved } else { try repository.resolve(archive) }
      let wanted = ArchivedAttempt(claim: "\(parts[4])/\(parts[5])", commit: commit)
      return try ledger.reader.archive.attempts(tip).contains(wanted)
    } catch {
      throw RefObjection(ref, "it cannot be checked: \(error.description)")
    }
  }
}
