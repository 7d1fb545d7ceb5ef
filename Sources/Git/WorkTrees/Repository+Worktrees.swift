import Clibgit2
import Glibc
import System

extension Repository {
  /// The folder that holds the administrative files of the linked worktree `name`.
  public func registration(ofWorktree name: String) -> String { "\(commonDirectory)/worktrees/\(name)" }

  /// Every linked worktree, sorted by name, also broken ones. Throws when the list cannot be read; libgit2's
  /// own list is shorter then, and says nothing.
  public func worktrees() throws(GitError) -> [Worktree] {
    let operation = "list the worktrees of"
    // With the dot, a link in the folder's place is followed, as git does.
    guard let folder = try DirectoryHandle.open("\(commonDirectory)/worktrees/.", operation) else {
      return []
    }
    let names = try folder.names(operation).map { PathText.string($0) }.filter { name in
      ["commondir", "gitdir", "HEAD"].allSatisfy { file in
        Files.exists("\(registration(ofWorktree: name))/\(file)")
      }
    }
    return names.sorted(by: PathText.precedes).map(worktree(named:))
  }

  /// The linked worktree of a name; `nil` when there is none, or when the name is none of `WorktreeName`.
  public func worktree(_ name: String) -> Worktree? {
    guard WorktreeName.fault(name) == nil, Files.exists("\(commonDirectory)/worktrees/\(name)") else {
      return nil
    }
    return worktree(named: name)
  }

  private func worktree(named name: String) -> Worktree {
    let folder = registration(ofWorktree: name)
    let pointer = WorktreeFiles.line("gitdir", in: folder) ?? ""
    let path = pointer.hasSuffix("/.git") ? String(pointer.dropLast(5)) : pointer
    let isLocked = Files.exists("\(folder)/locked")
    let head = WorktreeFiles.line("HEAD", in: folder).map { text in
      text.hasPrefix("ref: ") ? String(text.dropFirst(5)) : text
    }
    var target: String?
    if let directory = try? DirectoryHandle.open(path, "open worktree") {
      target = (try? WorktreeFiles.pointer(in: directory)) ?? nil
    }
    return Worktree(
      name: name, path: path, isLocked: isLocked,
      lockReason: isLocked ? WorktreeFiles.line("locked", in: folder) ?? "" : nil,
      isValid: target.map { WorktreeFiles.isSameDirectory($0, folder) } ?? false, head: head,
      checkedOutBranch: WorktreeFiles.branch(in: folder))
  }

  /// The top directories of the worktrees, the main one first, that have a branch (full ref name) checked
  /// out. Moving such a branch pulls the ground from under their users: move the work tree along, or
  /// refuse.
  public func checkouts(ofBranch ref: String) throws(GitError) -> [String] {
    let linked = try worktrees().filter {
      $0.checkedOutBranch == ref && ($0.isLocked || Files.exists("\($0.path)/.git"))
    }.map(\.path)
    guard let main = try mainWorkingDirectory(), WorktreeFiles.branch(in: commonDirectory) == ref else {
      return linked
    }
    return [main] + linked
  }

  /// What somebody is in the middle of in this worktree, so that its branch cannot be led forward there: "a
  /// rebase", "a merge"; `nil` when there is nothing of the kind.
  public func unfinishedWork() throws(GitError) -> String? {
    let state = UInt32(bitPattern: git_repository_state(pointer))
    switch state {
    case GIT_REPOSITORY_STATE_MERGE.rawValue: return "a merge"
    case GIT_REPOSITORY_STATE_CHERRYPICK.rawValue, GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE.rawValue:
      return "a cherry-pick"
    case GIT_REPOSITORY_STATE_REBASE.rawValue, GIT_REPOSITORY_STATE_REBASE_INTERACTIVE.rawValue,
      GIT_REPOSITORY_STATE_REBASE_MERGE.rawValue:
      return "a rebase"
    case GIT_REPOSITORY_STATE_APPLY_MAILBOX.rawValue,
      GIT_REPOSITORY_STATE_APPLY_MAILBOX_OR_REBASE.rawValue:
      return "'git am'"
    default: break
    }
    if case .detached = try head() { return "a bisection" }
    return nil
  }

  /// The top of the main work tree, seen from any worktree; `nil` for a bare repository.
  public func mainWorkingDirectory() throws(GitError) -> String? {
    if !isLinkedWorktree { return workingDirectory }
    let main = try Repository.open(gitDirectory: commonDirectory, environment: environment)
    return main.workingDirectory
  }

  /// Opens the linked worktree at `path` after checking that it is the one we think it is.
  ///
  /// The agent in a worktree can rewrite its `.git` file (PITFALLS F12, THREATS T2). So `.git` must be a
  /// plain file that names a folder `worktrees/<name>` of `expectedCommonDirectory` (exactly `name`, when
  /// given), that folder must name `path`, and what is opened in the end is that folder and not the
  /// pointer. The user's own configuration (ignored files, filters) is found through `environment`.
  ///
  /// `ignoringPointer` is for a worktree whose `.git` is gone or leads elsewhere: `name` must be given then,
  /// and nothing in the folder decides what is opened.
  public static func openWorktree(
    path: String, expectedCommonDirectory: String, name: String? = nil, ignoringPointer: Bool = false,
    environment: [String: String]
  ) throws(GitError) -> Repository {
    let operation = "open worktree"
    func refuse(_ reason: String) -> GitError {
      GitError(message: reason, operation: operation, subject: path)
    }
    guard let common = Files.realPath(expectedCommonDirectory) else {
      throw refuse("no such directory '\(expectedCommonDirectory)'")
    }
    guard let directory = try DirectoryHandle.open(path, operation) else {
      throw GitError(
        code: GIT_ENOTFOUND.rawValue, message: "it does not exist", operation: operation, subject: path)
    }
    let found: String
    if let name, ignoringPointer {
      try WorktreeName.require(name, operation)
      found = name
    } else {
      guard let target = try WorktreeFiles.pointer(in: directory) else { throw refuse("it has no .git file") }
      guard let read = registeredName(target: target, common: common), name == nil || name == read else {
        throw refuse("its .git file points to '\(target.prefix(200))', not into '\(common)/worktrees'")
      }
      found = read
    }
    let folder = "\(common)/worktrees/\(found)"
    for (place, files) in [(folder, Self.registrationFiles), (common, Self.sharedFiles)] {
      for file in files {
        let path = "\(place)/\(file)"
        if Files.kind(path) == .other { throw refuse("'\(path)' is not a plain file") }
        if PlaceCheck.isOversized(path) { throw refuse("'\(path)' is too large to be one of git's files") }
      }
    }
    let named = WorktreeFiles.line("gitdir", in: folder) ?? ""
    guard named.hasSuffix("/.git"), WorktreeFiles.isSameDirectory(String(named.dropLast(5)), path) else {
      throw refuse("'\(folder)' is the registration of '\(named)'")
    }
    let flags = GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue | GIT_REPOSITORY_OPEN_NO_DOTGIT.rawValue
    let repository = try openHandle(folder, flags: flags, environment: environment, operation)
    guard WorktreeFiles.isSameDirectory(repository.commonDirectory, common) else {
      throw refuse("its registration belongs to '\(repository.commonDirectory)'")
    }
    try repository.setWorkTree(path)
    return repository
  }

  /// The files of a registration, and of the git directory, that libgit2 and git open when they look at a
  /// work tree: a pipe in the place of one would have them wait for ever.
  private static let registrationFiles = [
    "HEAD", "commondir", "config.worktree", "gitdir", "index", "info/sparse-checkout", "logs/HEAD",
  ]
  private static let sharedFiles = ["config", "info/attributes", "info/exclude", "packed-refs"]

  /// The name in `<common>/worktrees/<name>`, when `target` is such a path by its text.
  static func registeredName(target: String, common: String) -> String? {
    let prefix = "\(common)/worktrees/"
    var name = target
    if !target.hasPrefix(prefix) {
      // The pointer may spell the same place in another way (a link above the repository).
      guard let real = Files.realPath(target), real.hasPrefix(prefix) else { return nil }
      name = real
    }
    name = String(name.dropFirst(prefix.count))
    return WorktreeName.fault(name) == nil ? name : nil
  }
}
