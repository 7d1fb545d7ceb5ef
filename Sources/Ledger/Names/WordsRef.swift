import Git
import Migration

extension Ledger {
  /// Where the prompts and closing words of attempts lie.
  static let wordsFolder = "refs/migrate/words/"

  /// The ref that keeps what was said in an attempt: a commit with the exact prompt and the agent's closing
  /// words, without secrets.
  public static func wordsRef(_ migration: String, _ fence: Fence) -> String {
    "\(wordsFolder)\(migration)/\(fence.step)/\(fence.epoch)"
  }

  /// The words of an attempt that its end is pushed with; `nil` where there are none, or the user keeps them
  /// here (`migrate.shareWords`).
  func wordsUpdate(_ migration: String, _ fence: Fence) -> GitProgram.PushUpdate? {
    let ref = Ledger.wordsRef(migration, fence)
    guard let commit = (try? repository.resolve(ref)).flatMap(\.self),
      (try? repository.configBool("migrate.shareWords")).flatMap(\.self) != false
    else { return nil }
    return GitProgram.PushUpdate(ref: ref, to: commit, from: nil)
  }
}
