import Git
import Ledger
import Migration
import System

/// The worktrees that people have a branch checked out in: what stands in the way of moving it there.
extension Site {
  /// A branch that is locked, that is checked out twice, or in a worktree that is in the middle of
  /// something or cannot be looked at, stays where it is.
  package func obstacle(toMoving ref: String, isOwn: Bool) throws(CommandError) -> String? {
    if let locked = try lockHeld(on: ref, isOwn: isOwn) { return locked }
    return try reporting { () throws -> String? in
      let checkouts = try checkouts(ref)
      guard let place = checkouts.first else { return nil }
      guard checkouts.count == 1 else {
        return "'\(Site.short(ref))' is checked out in \(checkouts.count) worktrees: "
          + checkouts.joined(separator: ", ")
      }
      let words = "'\(Site.short(ref))' is checked out in '\(place)'"
      let worktree: Repository
      do throws(GitError) { worktree = try checkout(place) } catch {
        // Only a lock keeps a worktree whose folder is gone: it may lie on a disk that comes back.
        if !Files.exists(place) {
          return words + ", which is locked and not there now; bring it back, or forget it with "
            + "'git worktree unlock' and 'git worktree prune'"
        }
        return words + ", which cannot be looked at (\(error.message)); try 'git worktree repair' there"
      }
      let lock = worktree.gitDirectory + "/index.lock"
      if Files.exists(lock) {
        return words + ", where git is at work, or was killed; when it is not, remove '\(lock)'"
      }
      return try worktree.unfinishedWork().map {
        words + " in the middle of \($0); end it there, or check out another branch"
      }
    }
  }

  /// git would refuse to write over what is changed there, or over a file that it does not know, after the
  /// gate has run for nothing. What the move does not touch is in nobody's way.
  package func obstacle(
    toMoving ref: String, from old: OID, toTree new: OID
  ) throws(CommandError) -> String? {
    try reporting { () throws -> String? in
      guard let place = try checkouts(ref).first else { return nil }
      let changes = try repository.changes(from: repository.treeOf(commit: old), to: new)
      guard !changes.isEmpty else { return nil }
      let worktree = try checkout(place)
      let touched = PathSet(changes.map(\.path))
      if let changed = try changedFiles(of: worktree).first(where: touched.meets) {
        return "'\(Site.short(ref))' is checked out in '\(place)' with uncommitted changes in the way, first "
          + "'\(changed)'; commit or stash them, or check out another branch there"
      }
      let added = changes.filter { $0.kind == .added }.map(\.path)
      guard !added.isEmpty else { return nil }
      let leaving = Set(changes.filter { $0.kind == .deleted }.map(\.path))
      let places = PathSet(added)
      let found =
        try untrackedFiles(of: worktree).first(where: places.meets)
        ?? added.lazy.compactMap { self.fileInTheWay(of: $0, in: place, leaving) }.first
      return found.map {
        "'\($0)' in '\(place)' is in the way of a new file and would be overwritten by the merge; "
          + "move it away, or check out another branch there"
      }
    }
  }

  /// The tracked files of a worktree that are not as its commit has them. Where files pass through a filter,
  /// only git can tell: they are never as their blobs.
  package func changedFiles(of worktree: Repository) throws -> [String] {
    let changed: [String]
    do throws(GitError) { changed = try worktree.status(includingUntracked: false) } catch {
      guard error.isUnreadableIndex, let path = worktree.workingDirectory else { throw error }
      return try program(of: worktree).changedFiles(workTree: path)
    }
    guard !changed.isEmpty, let path = worktree.workingDirectory, let head = try worktree.head().oid,
      try worktree.needsGitProgram(forCommit: head) != nil
    else { return changed }
    return try program(of: worktree).changedFiles(workTree: path)
  }

  /// The files that git does not know, and those that have changes; none where only git can read the index:
  /// it refuses by itself.
  private func untrackedFiles(of worktree: Repository) throws(GitError) -> [String] {
    do throws(GitError) { return try worktree.status() } catch {
      guard error.isUnreadableIndex else { throw error }
      return []
    }
  }

  /// A file that lies where a new one or one of its folders would, ignored or not, and is none of `leaving`.
  private func fileInTheWay(of path: String, in place: String, _ leaving: Set<String>) -> String? {
    var place = place
    var name = ""
    for part in path.split(separator: "/") {
      name += (name.isEmpty ? "" : "/") + part
      place += "/" + part
      switch Files.kind(place) {
      case nil: return nil
      case .directory: continue
      default: return leaving.contains(name) ? nil : name
      }
    }
    return nil
  }

  /// Where people have the branch checked out. A worker that checks it out in its slot must not hold up the
  /// others, and nothing moves along under its hands: what it hands in are its files, wherever `HEAD` is.
  package func checkouts(_ ref: String) throws -> [String] {
    let all = try repository.checkouts(ofBranch: ref)
    guard !all.isEmpty else { return [] }
    let slots = try Slots(site: self).folders()
    return all.filter { !slots.contains($0) }
  }

  /// The repository as seen from a worktree of it, and never another one that happens to lie in its place.
  package func checkout(_ place: String) throws(GitError) -> Repository {
    if !repository.isLinkedWorktree, repository.workingDirectory == place { return repository }
    let environment = environment.filter {
      !["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"].contains($0.key)
    }
    if try repository.mainWorkingDirectory() == place {
      return try Repository.open(gitDirectory: repository.commonDirectory, environment: environment)
    }
    return try Repository.openWorktree(
      path: place, expectedCommonDirectory: repository.commonDirectory, environment: environment)
  }

  private static func short(_ ref: String) -> String {
    ref.utf8.starts(with: "refs/heads/".utf8) ? String(ref.dropFirst("refs/heads/".count)) : ref
  }
}

/// Paths of files, with the folders above them.
private struct PathSet {
  private let paths: Set<[UInt8]>
  private var folders: Set<[UInt8]> = []

  init(_ paths: [String]) {
    self.paths = Set(paths.map(PathText.bytes))
    for path in self.paths {
      for (index, byte) in path.enumerated() where byte == 0x2F { folders.insert(Array(path[..<index])) }
    }
  }

  /// Whether the path is one of these, or one of them is a folder of the other.
  func meets(_ path: String) -> Bool {
    let path = PathText.bytes(path)
    if paths.contains(path) || folders.contains(path) { return true }
    return path.indices.contains { path[$0] == 0x2F && paths.contains(Array(path[..<$0])) }
  }
}
