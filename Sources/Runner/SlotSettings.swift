import Git
import Processes

/// A worktree can have settings of its own (`extensions.worktreeConfig`), which whoever works in it writes.
/// In our worktrees the repository's own hold.
extension Slots {
  /// What a sparse checkout is made of: that is the worktree's own affair, and what it leaves out stays
  /// recorded.
  private static let sparse = ["core.sparsecheckout", "core.sparsecheckoutcone"]

  /// Takes out of a worktree's own settings those that change results. Commands stay, and do not run.
  func dropOwnSettings(_ slot: String) throws {
    let file = site.repository.registration(ofWorktree: Slots.worktreeName(slot)) + "/config.worktree"
    guard Files.kind(file) == .file else { return }
    let list = try site.git.run(["config", "--file", file, "--null", "--name-only", "--list"])
    // What git cannot read would stop it in this worktree for good.
    guard list.isSuccess else { return try Files.removeFile(file) }
    for name in Set(list.stdout.split(separator: 0)) {
      let key = String(decoding: name, as: UTF8.self)
      let isInclude = key == "include.path" || key.hasPrefix("includeif.")
      guard isInclude || CommandSetting.changesResults(key), !Slots.sparse.contains(key) else { continue }
      _ = try site.git.run(["config", "--file", file, "--unset-all", key])
    }
  }
}
