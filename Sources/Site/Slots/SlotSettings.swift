import Git
import System

/// A worktree can have settings of its own (`extensions.worktreeConfig`), which whoever works in it writes.
/// In our worktrees the repository's own hold.
extension Slots {
  /// What a sparse checkout is made of: that is the worktree's own affair, and what it leaves out stays
  /// recorded.
  private static let sparse = ["core.sparsecheckout", "core.sparsecheckoutcone"]

  /// Takes out of a worktree's own settings those that change results or say who commits. Commands stay, and
  /// do not run.
  package func dropOwnSettings(_ slot: String) throws {
    let file = site.repository.registration(ofWorktree: Slots.worktreeName(slot)) + "/config.worktree"
    guard Files.kind(file) == .file else { return }
    let list = try site.git.run(["config", "--file", file, "--null", "--name-only", "--list"])
    // What git cannot read would stop it in this worktree for good.
    guard list.isSuccess else { return try Files.removeFile(file) }
    for name in Set(list.stdout.split(separator: 0)) {
      let key = String(decoding: name, as: UTF8.self)
      let isInclude = key == "include.path" || key.hasPrefix("includeif.")
      let isOurs = CommandSetting.changesResults(key) || CommandSetting.decidesWhoCommits(key)
      guard isInclude || isOurs, !Slots.sparse.contains(key) else { continue }
      _ = try site.git.run(["config", "--file", file, "--unset-all", key])
    }
  }

  /// Makes a worktree whole again that a worker or a verifier has made sparse: what the next one finds is all
  /// that is in the commit. Says whether it was sparse; then nothing is known of its files.
  package func dropSparseness(_ slot: String) throws -> Bool {
    let folder = site.repository.registration(ofWorktree: Slots.worktreeName(slot))
    let file = folder + "/config.worktree"
    var isSparse = false
    if Files.kind(file) == .file {
      for key in Slots.sparse where try site.git.run(["config", "--file", file, "--get", key]).isSuccess {
        isSparse = true
        _ = try site.git.run(["config", "--file", file, "--unset-all", key])
      }
    }
    if Files.exists(folder + "/info/sparse-checkout") {
      isSparse = true
      try Files.removeTree(folder + "/info/sparse-checkout")
    }
    // The index says which files are not to be there.
    if isSparse { try Files.removeTree(folder + "/index") }
    return isSparse
  }
}
