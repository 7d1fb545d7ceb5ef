import Glibc
import System

extension GitProgram {
  /// What `checkoutWorktree` does, for a tree whose last user could write its index too: the index of the
  /// seal counts, or, without one, every file is written anew. With `time` the files that were written get
  /// it, in seconds since the Unix epoch.
  public func checkoutWorktree(
    path: String, commit: OID, in worktree: Repository, believing seal: WorkTreeSeal?, writingAt time: Int64?
  ) throws(GitError) {
    if let seal {
      try worktree.restoreIndexForGit(of: seal)
    } else {
      unlink("\(gitDirectory)/index")
    }
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    try checkoutWorktree(path: path, commit: commit)
    guard let time else { return }
    try worktree.setTimes(ofFilesWrittenSince: Int64(now.tv_sec), to: time)
    _ = try run(["update-index", "-q", "--refresh"], workTree: path, filters: .user)
  }

  /// What `Repository.changedFiles` says, by git: for a repository with filters, submodules or a sparse
  /// checkout. What a submodule's own files are like does not count.
  public func changedFiles(path: String, since seal: WorkTreeSeal, in worktree: Repository) throws(GitError)
    -> [String]
  {
    try worktree.restoreIndexForGit(of: seal)
    let output = try run(
      [
        "status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=dirty",
      ],
      workTree: path, filters: .user)
    guard output.isSuccess else {
      throw GitError(message: output.errorText, operation: "compare", subject: path)
    }
    // `XY PATH`: the index against HEAD, which somebody may have moved, and the files against the index.
    return output.stdout.split(separator: 0).filter { $0.count > 3 && $0.dropFirst().first != 0x20 }
      .map { PathText.string($0.dropFirst(3)) }.sorted(by: PathText.precedes)
  }
}
