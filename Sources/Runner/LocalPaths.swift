import Ledger
import Migration
import Processes

/// Where the files of this clone lie that belong to a migration: logs, prompts and results. None of them is
/// ever committed.
extension Site {
  /// The folder of a step's logs: `<git directory>/migrate/logs/<migration>/<step>`.
  public func logDirectory(_ migration: String, _ step: String) -> String {
    "\(localDirectory)/logs/\(migration)/\(step)"
  }

  /// The log of one thing done for a claim: `<epoch>-<what>.log`.
  public func logFile(_ migration: String, _ fence: Fence, _ what: String) -> String {
    "\(logDirectory(migration, fence.step))/\(fence.epoch)-\(what).log"
  }

  /// The rendered prompt of a claim.
  public func promptFile(_ migration: String, _ fence: Fence) -> String {
    "\(localDirectory)/prompts/\(migration)/\(fence.step)-\(fence.epoch).md"
  }

  /// Where the worker of a claim may say how it ended.
  public func resultFile(_ migration: String, _ fence: Fence) -> String {
    "\(localDirectory)/prompts/\(migration)/\(fence.step)-\(fence.epoch).result.json"
  }

  /// The text with paths below `directory` made relative to it.
  static func relative(_ text: String, to directory: String) -> String {
    text.split(separator: directory + "/", omittingEmptySubsequences: false).joined()
  }

  /// The ref that keeps what a claim brought about: only this epoch can ever write it (PEERS §3.3).
  public static func attemptRef(_ migration: String, _ fence: Fence) -> String {
    Ledger.attemptRef(migration, fence)
  }
}
