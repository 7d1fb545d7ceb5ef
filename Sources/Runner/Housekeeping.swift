import Git
import Ledger
import Migration
import Site
import System

/// What a run does beside its work, so that a long migration stays as fast as a short one. Nothing of it is
/// needed for any result: what fails is told, and the work goes on.
final class Housekeeping {
  /// How many new objects are worth a pack.
  static let looseLimit = 1024

  /// How many steps were finished when the refs were looked at last.
  private var seen = 0
  private var told = ToldReasons()

  /// Whether the refs of attempts are due to be looked at: so many steps were finished since.
  static func isDue(finished: Int, seen: Int, batch: Int) -> Bool { finished - seen >= batch }

  /// Folds the refs of finished steps' claims when there are many of them.
  func tend(_ state: MigrationState, in site: any Upkeep, report: (String) -> Void) {
    let finished = state.steps.count - state.openCount
    guard Housekeeping.isDue(finished: finished, seen: seen, batch: site.foldBatch) else { return }
    seen = finished
    bear(report) { () throws(CommandError) in
      try site.foldAttempts(of: state, isOver: false, report: report)
    }
  }

  /// The end of a run: where there is an archive, the last results of a migration that is over go into it,
  /// and what the runs have written is packed.
  func end(_ state: MigrationState, in site: any Upkeep, report: (String) -> Void) {
    if state.openCount == 0 || state.phase.isTerminal {
      bear(report) { () throws(CommandError) in
        try site.foldAttempts(of: state, isOver: true, report: report)
      }
    }
    bear(report) { () throws(CommandError) in try site.packObjects(of: state) }
  }

  private func bear(_ report: (String) -> Void, _ body: () throws(CommandError) -> Void) {
    do throws(CommandError) { try body() } catch {
      if told.isNew(error.message) { report(error.message) }
    }
  }
}

/// What keeps a repository fast that many steps are done in.
package protocol Upkeep: AnyObject {
  /// How many results of finished steps are folded together.
  var foldBatch: Int { get }
  /// Folds the refs of finished steps' claims into the archive, when they are many or, where there is one,
  /// when the migration is over.
  func foldAttempts(
    of migration: MigrationState, isOver: Bool, report: (String) -> Void
  ) throws(CommandError)
  /// Packs what the migration has written, when it is much.
  func packObjects(of migration: MigrationState) throws(CommandError)
}

extension Site: Upkeep {
  /// So few that a push hardly notices them, and so many that folding them does not hold up a run: git looks
  /// at each ref on both sides, which for 64 of them takes a tenth of what a push takes.
  package var foldBatch: Int { 64 }

  package func foldAttempts(
    of migration: MigrationState, isOver: Bool, report: (String) -> Void
  ) throws(CommandError) {
    let isBegun = try tip(of: LedgerRefs.archive(migration.name)) != nil
    let outcome = try reporting {
      try ledger.foldAttempts(
        of: migration, atLeast: isOver && isBegun ? 1 : foldBatch, report: report)
    }
    guard case .refused(let reason) = outcome else { return }
    report(
      "'\(ledger.remote?.name ?? "")' does not take '\(LedgerRefs.archive(migration.name))', so that the "
        + "refs of finished steps stay and each push takes longer: \(reason)")
  }

  package func packObjects(of migration: MigrationState) throws(CommandError) {
    try reporting {
      try Files.makeDirectories(localDirectory)
      // Another run that ends packs the same.
      guard let lock = try FileLock.acquire(path: localDirectory + "/packing", wait: false) else { return }
      defer { withExtendedLifetime(lock) {} }
      var (tips, others): ([OID], [OID]) = ([], [])
      for (ref, oid) in try repository.references(matching: "refs/*") {
        let isOurs =
          ref.hasPrefix("refs/migrate/") || ref == migration.intoRef && !migration.peopleShareBranch
        if isOurs { tips.append(oid) } else { others.append(oid) }
      }
      try git.packLooseObjects(
        reachedBy: tips, butNotBy: others, atLeast: Housekeeping.looseLimit)
    }
  }
}
