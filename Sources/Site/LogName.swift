import Ledger
import Migration

/// The log of one thing that is done for a migration: what it is called, and where it lies.
public struct LogName: Equatable, Sendable {
  /// The migration.
  public var migration: String
  /// The claim; `nil` for a log of the whole migration.
  public var fence: Fence?
  /// What was done, as the file's name says it.
  public var what: String

  private init(_ migration: String, _ what: String, of fence: Fence? = nil) {
    self.migration = migration
    self.fence = fence
    self.what = what
  }

  /// What brings the base of a target, and of others after it.
  package static func bring(_ migration: String) -> LogName { LogName(migration, "bring") }

  /// The codemod or agent of a claim.
  package static func work(_ migration: String, _ fence: Fence) -> LogName {
    LogName(migration, "work", of: fence)
  }

  /// The set-up command of a claim's worktree.
  package static func setup(_ migration: String, _ fence: Fence) -> LogName {
    LogName(migration, "setup", of: fence)
  }

  /// What was said while a claim's files were taken.
  package static func harvest(_ migration: String, _ fence: Fence) -> LogName {
    LogName(migration, "harvest", of: fence)
  }

  /// A verifier, or the gate's `setup`, of one gate run of a claim.
  package static func gate(_ migration: String, _ fence: Fence, run: Int, _ verifier: String) -> LogName {
    LogName(migration, "gate-\(run)-\(verifier)", of: fence)
  }

  /// The same for work that is tried before it is handed in.
  package static func verify(_ migration: String, _ fence: Fence, _ verifier: String) -> LogName {
    LogName(migration, "verify-\(verifier)", of: fence)
  }

  /// The same for the base.
  package static func baseline(_ migration: String, _ verifier: String) -> LogName {
    LogName(migration, "baseline-\(verifier)")
  }

  /// The same for the branch with the base in it.
  package static func refresh(_ migration: String, _ verifier: String) -> LogName {
    LogName(migration, "refresh-\(verifier)")
  }

  /// The same for the result as a whole.
  package static func result(_ migration: String, _ verifier: String) -> LogName {
    LogName(migration, "finish-\(verifier)")
  }

  /// The judge, of one gate run of a claim.
  package static func judge(_ migration: String, _ fence: Fence, gate: Int) -> LogName {
    LogName(migration, "judge-\(gate)", of: fence)
  }

  /// The command that counts what is left.
  package static func count(_ migration: String) -> LogName { LogName(migration, "until") }

  /// The plan's `notify` command, when it ran last.
  package static func notify(_ migration: String) -> LogName { LogName(migration, "notify") }

  /// What pushes the branches of targets of a fleet, the first of which is this.
  package static func push(_ migration: String) -> LogName { LogName(migration, "push") }

  /// What sends a run's traces.
  package static func traces(_ migration: String) -> LogName { LogName(migration, "traces") }

  /// What sends the message of that place in what was sent together last.
  package static func notify(_ migration: String, _ index: Int) -> LogName {
    LogName(migration, "notify-\(index + 1)")
  }

  /// Whether it is what verifiers printed of the base.
  package var isOfBase: Bool { fence == nil && what.hasPrefix("baseline-") }

  // MARK: Files

  private static let end = ".log"

  /// The file's name: `<epoch>-<what>.log` of a claim, `<what>.log` of the whole migration.
  package var file: String { (fence.map { "\($0.epoch)-" } ?? "") + what + LogName.end }

  /// Reads a file's name, in the folder of a step or, without one, in that of the migration; `nil` when that
  /// is no log of ours.
  package init?(file: String, of step: String?, in migration: String) {
    guard file.hasSuffix(LogName.end) else { return nil }
    let stem = file.dropLast(LogName.end.count)
    guard let step else {
      self.init(migration, String(stem))
      return
    }
    let parts = stem.split(separator: "-", maxSplits: 1)
    guard let epoch = parts.first.flatMap({ Int($0) }) else { return nil }
    self.init(
      migration, parts.dropFirst().first.map(String.init) ?? "", of: Fence(step: step, epoch: epoch))
  }

  /// The log of a command whose lines a plan's `for:` is over, in a folder that goes when it has ended.
  public static func list(in folder: String) -> String { "\(folder)/list\(end)" }
}

extension Site {
  /// The folder of a migration's logs: `<git directory>/migrate/logs/<migration>`.
  public func logDirectory(_ migration: String) -> String { "\(localDirectory)/logs/\(migration)" }

  /// The folder of a step's logs, in that of its migration.
  public func logDirectory(_ migration: String, _ step: String) -> String {
    "\(logDirectory(migration))/\(step)"
  }

  /// The path of a log: `<step>/<epoch>-<what>.log` or `<what>.log` in the migration's folder.
  public func logFile(_ name: LogName) -> String {
    let folder =
      name.fence.map { logDirectory(name.migration, $0.step) } ?? logDirectory(name.migration)
    return "\(folder)/\(name.file)"
  }
}
