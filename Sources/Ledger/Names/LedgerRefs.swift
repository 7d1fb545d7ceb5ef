import Migration

/// The names of the refs that are the ledger, and of those that go with it.
public enum LedgerRefs {
  /// The ledger.
  public static let ledger = "refs/migrate/ledger"
  /// Where the results of claims lie.
  package static let attemptFolder = "refs/migrate/attempt/"
  /// Where the prompts and closing words of attempts lie.
  package static let wordsFolder = "refs/migrate/words/"
  /// Where the archives of results lie, one ref for each migration.
  public static let archiveFolder = "refs/migrate/archive/"
  /// Where entries lie that waited and were refused: nothing that was recorded is ever thrown away.
  package static let refusedFolder = "refs/migrate/refused/"
  /// Where what was fetched is kept: nothing here is ours to change, and no hook asks about it.
  public static let remoteFolder = "refs/migrate/remotes/"
  /// Where entries lie that others may take along: each ref, named by the nonce of its first entry, keeps a
  /// few that follow a tip of the ledger, and goes away in the very push that brings them into it.
  package static let inboxFolder = "refs/migrate/inbox/"
  /// A ref under this name says nothing: it is made and deleted to see whether the server takes our refs.
  package static let probeFolder = "refs/migrate/probe/"
  /// Refs that only one clone has.
  package static let own = [remoteFolder, refusedFolder]

  /// Where the results of trials lie.
  package static let trialFolder = "refs/migrate/trial/"

  /// What stands for a migration where the files and the result of one of its trials lie: no migration can be
  /// called that.
  public static func trialPlace(of migration: String) -> String { migration + trialEnd }

  private static let trialEnd = "/trial"

  /// The same for a judge's prompt and answer.
  public static func judgePlace(of migration: String) -> String { migration + "/judge" }

  /// The ref that keeps the result of a claim, or of a trial.
  public static func attempt(_ migration: String, _ fence: Fence) -> String {
    if migration.hasSuffix(trialEnd) {
      return "\(trialFolder)\(migration.dropLast(trialEnd.count))/\(fence.step)/\(fence.epoch)"
    }
    return "\(attemptFolder)\(migration)/\(fence.step)/\(fence.epoch)"
  }

  /// The ref that keeps what was said in an attempt: a commit with the exact prompt and the agent's closing
  /// words, without secrets.
  public static func words(_ migration: String, _ fence: Fence) -> String {
    "\(wordsFolder)\(migration)/\(fence.step)/\(fence.epoch)"
  }

  /// The ref that keeps entries of which the first has this nonce until somebody takes them along.
  package static func inbox(_ nonce: String) -> String { inboxFolder + nonce }

  /// The ref that keeps what finished steps of a migration have brought about.
  public static func archive(_ migration: String) -> String { archiveFolder + migration }

  /// Why a ref below `refs/migrate/` keeps the result of no claim, or `nil`.
  package static func fault(_ ref: String, _ state: State) -> String? {
    let parts = ref.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if parts.count == 6, parts[2] == "trial", let trial = Int(parts[5]), String(trial) == parts[5] {
      let migration = state.migration(named: parts[3])
      if migration?.step(parts[4]) != nil, (1...max(1, migration?.loop.trials ?? 0)).contains(trial) {
        return nil
      }
      return "the ledger has no trial \(trial) of the step '\(parts[4])' of '\(parts[3])'"
    }
    guard parts.count == 6, ["attempt", "words"].contains(parts[2]), let epoch = Int(parts[5]),
      String(epoch) == parts[5]
    else {
      return "only '\(ledger)', '\(attemptFolder)<migration>/<step>/<epoch>', "
        + "'\(wordsFolder)<migration>/<step>/<epoch>', "
        + "'\(trialFolder)<migration>/<step>/<trial>' and '\(archiveFolder)<migration>' lie there"
    }
    let step = state.migration(named: parts[3])?.step(parts[4])
    if let step, epoch >= 1, epoch <= step.epoch { return nil }
    return "the ledger has no claim \(epoch) of the step '\(parts[4])' of '\(parts[3])'"
  }

  /// Why the result of a claim that is in force may not be pushed, or `nil`: who holds the claim pushes it
  /// together with the entry that hands it in. In any other way a stranger could take the ref away.
  package static func strangerFault(_ ref: String, _ new: ObjectID, _ state: State) -> String? {
    let parts = ref.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, let step = state.migration(named: parts[3])?.step(parts[4]),
      String(step.epoch) == parts[5]
    else { return nil }
    if parts[2] == "words" {
      guard case .leased = step.phase else { return nil }
      return "the attempt has not ended yet"
    }
    if let submission = step.phase.submission {
      return submission.result.commit == new ? nil : "the ledger has another result of this claim"
    }
    guard case .leased = step.phase else { return nil }
    return "nothing was handed in for this claim yet"
  }
}
