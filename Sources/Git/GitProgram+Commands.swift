import Glibc
import Processes

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

  /// What `Repository.snapshot` does, by git, through a copy of the index: clean filters make LFS pointers
  /// out of files. Submodules stay at the recorded commit. Throws with git's own words when it fails.
  public func snapshotWorktree(
    path: String, filters: Filters = .user, extra: [String: String] = [:]
  ) throws(GitError) -> Snapshot {
    let operation = "take a snapshot of"
    let copy = "\(gitDirectory)/migrate-index-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    defer {
      unlink(copy)
      unlink("\(copy).lock")
    }
    do throws(FileError) {
      if let bytes = try Files.readFile("\(gitDirectory)/index", limit: 1 << 30) {
        try Files.writeAtomically(copy, bytes)
      }
    } catch {
      throw GitError(message: error.description, operation: operation, subject: path)
    }
    let variables = extra.merging(["GIT_INDEX_FILE": copy]) { $1 }
    let before = try submodules(path, variables)
    try require(
      run(["add", "--all", "--", "."], workTree: path, filters: filters, extra: variables), operation, path)
    let after = try submodules(path, variables)
    var lines: [UInt8] = []
    // git has recorded what each submodule has checked out, which may be a commit that nobody else has.
    for (name, oid) in before where after[name] != oid {
      lines += Array("160000 \(oid)\t".utf8) + name + [0]
    }
    let embedded = after.keys.filter { before[$0] == nil }
    for name in embedded { lines += Array("0 \(OID.zero)\t".utf8) + name + [0] }
    if !lines.isEmpty {
      try require(
        run(["update-index", "-z", "--index-info"], input: lines, workTree: path, extra: variables),
        operation, path)
    }
    let tree = try require(run(["write-tree"], workTree: path, extra: variables), operation, path)
    guard let oid = OID(tree.text) else {
      throw GitError(message: "'\(tree.text)' is no object id", operation: operation, subject: path)
    }
    return Snapshot(
      tree: oid,
      embeddedRepositories: embedded.sorted { $0.lexicographicallyPrecedes($1) }.map { PathText.string($0) })
  }

  private func submodules(_ path: String, _ variables: [String: String]) throws(GitError) -> [[UInt8]: String]
  {
    let output = try require(
      run(["ls-files", "--stage", "-z"], workTree: path, extra: variables), "list the files of", path)
    var result: [[UInt8]: String] = [:]
    for line in output.stdout.split(separator: 0) where line.starts(with: Array("160000 ".utf8)) {
      let parts = line.split(separator: 0x09, maxSplits: 1)
      guard parts.count == 2, let head = parts.first, let name = parts.last else { continue }
      result[Array(name)] = String(decoding: head.dropFirst(7).prefix(40), as: UTF8.self)
    }
    return result
  }

  @discardableResult
  private func require(_ output: Output, _ operation: String, _ subject: String) throws(GitError) -> Output {
    guard output.isSuccess else {
      let lines = output.errorText.split(separator: "\n")
      let reason = lines.last(where: { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") }) ?? lines.last
      throw GitError(
        message: reason.map {
          String($0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") ? $0.dropFirst(7) : $0)
        }
          ?? "git ended with \(output.status)", operation: operation, subject: subject)
    }
    return output
  }
}
