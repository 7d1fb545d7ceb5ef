import Glibc
import System

extension GitProgram {
  /// What became of moving a ref by git.
  public enum RefUpdate: Equatable, Sendable {
    /// It was at the expected value and is at the new one now.
    case moved
    /// It was elsewhere; nothing was changed.
    case lost(String)
    /// A hook said no; nothing was changed. The text is what git and the hook printed.
    case denied(String)
    /// Somebody holds the ref's lock; nothing was changed.
    case busy(String)
    /// It failed in another way: read the ref to know where it is.
    case unknown(String)
  }

  /// Moves a ref from `old` (`nil`: it must not exist) to `new` by git, so that the `reference-transaction`
  /// hook decides. Throws when git cannot be started.
  public func updateRef(
    _ ref: String, to new: OID, from old: OID?, hooks: Hooks, message: String = ""
  ) throws(GitError) -> RefUpdate {
    let note = message.isEmpty ? [] : ["-m", message]
    let arguments = ["update-ref", "--no-deref"] + note + [ref, new.hex, (old ?? .zero).hex]
    let output = try run(arguments, hooks: hooks)
    if output.isSuccess { return .moved }
    return GitProgram.refusal(output.errorText)
  }

  /// Sorts git's reasons for not moving a ref. The texts are stable under `LC_ALL=C`: refs/files-backend.c,
  /// refs.c.
  static func refusal(_ text: String) -> RefUpdate {
    if text.contains("aborted by hook") { return .denied(text) }
    if text.contains("Unable to create '") && text.contains("File exists") { return .busy(text) }
    let signs = [
      "but expected", "reference already exists", "unable to resolve reference", "reference is missing",
    ]
    return signs.contains(where: text.contains) ? .lost(text) : .unknown(text)
  }

  /// Moves the branch that `workTree` has checked out forward to a commit, with its files and the hooks of
  /// the repository (`reference-transaction`, `post-merge`). Local changes and files that are in the way,
  /// ignored ones too, make it fail, with a status that is not 0, before anything moves. Throws when git
  /// cannot be started.
  ///
  /// git writes the files before it moves the branch: where a lock or a hook stops that, they stay, and
  /// `takeBackFiles` is for them.
  public func mergeFastForward(
    workTree: String, to commit: OID, hooks: Hooks = .effective, filters: Filters = .user
  ) throws(GitError) -> Output {
    try run(
      ["merge", "--ff-only", "--no-stat", "--no-autostash", "--no-overwrite-ignore", commit.hex],
      hooks: hooks, workTree: workTree, filters: filters)
  }

  /// Takes back from a work tree and its index what a fast-forward from `old` to `new` has written there
  /// before it failed. Files that somebody has changed since make it fail, and then nothing is changed; where
  /// all is as in `old`, nothing is to be done. Throws when git cannot be started.
  public func takeBackFiles(
    workTree: String, from new: OID, to old: OID, filters: Filters = .user
  ) throws(GitError) -> Output {
    try run(["read-tree", "-m", "-u", new.hex, old.hex], workTree: workTree, filters: filters)
  }

  /// What `Repository.checkoutTree` does, by git: for a repository with filters, submodules or a sparse
  /// checkout. Submodules stay empty. Throws with git's own words when it fails.
  public func checkoutWorktree(
    path: String, commit: OID, filters: Filters = .user, extra: [String: String] = [:]
  ) throws(GitError) {
    let steps = [
      ["checkout", "--quiet", "--force", "--detach", "--no-recurse-submodules", commit.hex],
      ["reset", "--quiet", "--hard", commit.hex],
      // Twice -f: repositories that were made inside go too. Without -x ignored files stay.
      ["clean", "--quiet", "-ffd"],
    ]
    for step in steps {
      try require(run(step, workTree: path, filters: filters, extra: extra), "check out", path)
    }
  }

  @discardableResult
  func require(_ output: Output, _ operation: String, _ subject: String) throws(GitError) -> Output {
    guard output.isSuccess else {
      throw GitError(
        message: GitWords.reason(in: output.errorText) ?? "git ended with \(output.status)",
        operation: operation, subject: subject)
    }
    return output
  }
}
