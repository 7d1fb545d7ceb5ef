import System

extension GitProgram {
  /// What `Repository.snapshot` does, by git, through a copy of the index: clean filters make LFS pointers
  /// out of files. A submodule is recorded at the commit that it has checked out. No program runs in a
  /// submodule. Throws with git's own words when it fails.
  public func snapshotWorktree(
    path: String, _ scope: Snapshot.Scope = Snapshot.Scope(), filters: Filters = .user,
    extra: [String: String] = [:]
  ) throws(GitError) -> Snapshot {
    let operation = "take a snapshot of"
    let repository = try Repository.open(gitDirectory: gitDirectory, environment: environment)
    let copy = try IndexCopy(of: repository, root: path, scope)
    let variables = extra.merging(["GIT_INDEX_FILE": copy.path]) { $1 }
    func git(_ arguments: [String], input: [UInt8]? = nil) throws(GitError) -> Output {
      try require(
        run(arguments, input: input, workTree: path, filters: filters, extra: variables), operation, path)
    }
    var snapshot = Snapshot(tree: .zero)
    snapshot.unmerged = copy.unmerged
    snapshot.leftOut = copy.leftOut
    try recordSubmodules(copy, path, repository, scope, &snapshot)
    // git would run in each submodule to see whether it is clean.
    let excluded = copy.submodules.map { ":(exclude,top,literal)\($0.path)" }
    let edits = copy.doubtful > GitProgram.looseLimit ? GitProgram.asPack : []
    _ = try git(edits + ["add", "--update", "--sparse", "--", "."] + excluded)
    var (added, count): ([UInt8], Int) = ([], 0)
    for name in names(try git(["ls-files", "-z", "--others", "--exclude-standard"])) {
      if name.hasSuffix("/") {
        snapshot.embeddedRepositories.append(String(name.dropLast()))
      } else if try scope.leavesOut(name, in: repository) {
        if !snapshot.leftOut.contains(name) { snapshot.leftOut.append(name) }
      } else if !WorkTreeListing.hasReservedName(name) {
        added += PathText.bytes(name) + [0]
        count += 1
      }
    }
    if count > 0 {
      let files = count > GitProgram.looseLimit ? GitProgram.asPack : []
      _ = try git(files + ["update-index", "--add", "--replace", "-z", "--stdin"], input: added)
    }
    snapshot.embeddedRepositories.sort(by: PathText.precedes)
    snapshot.ignored = names(
      try git(["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"]))
    let tree = try git(["write-tree"])
    guard let oid = OID(tree.text) else {
      throw GitError(message: "'\(tree.text)' is no object id", operation: operation, subject: path)
    }
    return snapshot.with(oid)
  }

  /// How many files are stored one by one at most.
  private static let looseLimit = 32
  /// Has git write files of any size to one pack, which is synced once.
  private static let asPack = ["-c", "core.bigfilethreshold=1"]

  /// What `Repository.surplus` gives, by git.
  public func surplus(
    path: String, extra: [String: String] = [:]
  ) throws(GitError) -> (ignored: [String], embeddedRepositories: [String]) {
    let list = ["ls-files", "-z", "--others", "--exclude-standard"]
    let ignored = try require(
      run(list + ["--ignored", "--directory"], workTree: path, extra: extra), "list the files of", path)
    let others = try require(run(list, workTree: path, extra: extra), "list the files of", path)
    return (
      names(ignored), names(others).filter { $0.hasSuffix("/") }.map { String($0.dropLast()) }
    )
  }

  /// The files that git neither tracks nor ignores; those of a repository inside are not among them.
  public func untrackedFiles(path: String) throws(GitError) -> [String] {
    let list = ["ls-files", "-z", "--others", "--exclude-standard"]
    return names(try require(run(list, workTree: path), "list the files of", path)).filter {
      !$0.hasSuffix("/")
    }
  }

  /// Writes the tracked files that are not what the index says, and leaves all others alone. No hook runs.
  public func writeTrackedFiles(path: String) throws(GitError) {
    _ = try require(
      run(["checkout-index", "--force", "--all", "--quiet"], workTree: path), "put back the files of", path)
  }

  /// The change from one commit or tree to another, as text. No program of the user's shows it.
  public func patch(from old: String, to new: String) throws(GitError) -> String {
    let options = ["diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames"]
    let output = try require(run(options + [old, new, "--"]), "compare", new)
    return String(decoding: output.stdout, as: UTF8.self)
  }

  private func names(_ output: Output) -> [String] {
    output.stdout.split(separator: 0).map { PathText.string($0) }
  }

  /// Has the copy of the index say where each submodule is now.
  private func recordSubmodules(
    _ copy: IndexCopy, _ root: String, _ repository: Repository, _ scope: Snapshot.Scope,
    _ snapshot: inout Snapshot
  ) throws(GitError) {
    for (path, recorded) in copy.submodules {
      var base: OID? = scope.base == nil ? recorded : nil
      if let tree = scope.base, let entry = try repository.entry(at: path, inTree: tree),
        entry.mode == .submodule
      {
        base = entry.oid
      }
      func note(_ commit: OID, _ obstacle: String?, _ dirty: [String] = []) {
        snapshot.submodules.append(
          Snapshot.Submodule(path: path, base: base, commit: commit, obstacle: obstacle, dirty: dirty))
      }
      if base == nil, !SubmoduleCheck.isDeclared(path, below: root) {
        // Somebody added a repository of their own, which git records as a commit that nobody else has.
        try copy.setSubmodule(path, to: nil)
        note(recorded, SubmoduleCheck.undeclared)
        continue
      }
      func obstacle() -> String? {
        SubmoduleCheck.obstacle(
          to: recorded, at: path, below: root, declared: SubmoduleCheck.declarations(below: root),
          in: repository)
      }
      let place = SubmoduleCheck.look(
        path, below: root, known: base.map { [$0] } ?? [], environment: environment)
      switch place {
      case .gone:
        try copy.setSubmodule(path, to: nil)
        // A folder that is gone is a deletion, but of what the base has.
        if base == nil { note(recorded, "its folder is not there") }
      case .empty where recorded == base: continue
      case .empty: note(recorded, obstacle())
      case .broken(let reason): note(recorded, reason)
      case .populated(let commit, _, let dirty) where commit == base && recorded != base:
        // It was set through the index alone, and the folder is as it was.
        note(recorded, obstacle(), dirty)
      case .populated(let commit, let obstacle, let dirty):
        if commit != recorded { try copy.setSubmodule(path, to: commit) }
        guard commit != base || !dirty.isEmpty else { continue }
        note(commit, commit == base ? nil : obstacle, dirty)
      }
    }
  }
}
