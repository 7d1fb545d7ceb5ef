import Ledger
import Migration
import System

/// Where the files of this clone lie that belong to a migration: prompts and results (of logs see `LogName`).
/// None of them is ever committed.
extension Site {
  /// The rendered prompt of a claim.
  public func promptFile(_ migration: String, _ fence: Fence) -> String {
    "\(localDirectory)/prompts/\(migration)/\(fence.step)-\(fence.epoch).md"
  }

  /// Where the worker of a claim may say how it ended: in a folder of its own, which is all that it can write
  /// of ours.
  public func resultFile(_ migration: String, _ fence: Fence) -> String {
    "\(localDirectory)/prompts/\(migration)/\(fence.step)-\(fence.epoch).said/result.json"
  }

  /// The temporary folder of what is shut in and works in a slot.
  package func temporaryFolder(_ slot: String) -> String { "\(localDirectory)/tmp/\(slot)" }

  /// The text with paths below `directory` made relative to it.
  package static func relative(_ text: String, to directory: String) -> String {
    text.split(separator: directory + "/", omittingEmptySubsequences: false).joined()
  }

  /// The ref that keeps what a claim brought about: only this epoch can ever write it (PEERS §3.3).
  public static func attemptRef(_ migration: String, _ fence: Fence) -> String {
    LedgerRefs.attempt(migration, fence)
  }
}
