import Git
import Ledger
import Migration
import Processes

extension Site {
  package func tip(of ref: String) throws(CommandError) -> OID? {
    try reporting { try repository.resolve(ref) }
  }

  package func tree(of commit: OID) throws(CommandError) -> OID {
    try reporting { try repository.treeOf(commit: commit) }
  }

  package func isAncestor(_ commit: OID, of tip: OID) throws(CommandError) -> Bool {
    try reporting { try repository.objectExists(commit) && repository.isAncestor(commit, of: tip) }
  }

  package func createBranch(_ branch: String, at commit: OID) throws(CommandError) -> String? {
    let ref = "refs/heads/" + branch
    try announceBranches()
    let locked = try lockHeld(on: ref, isOwn: true)
    return try reporting { () throws -> String? in
      guard try repository.resolve(ref) == nil else { return nil }
      if let locked { return locked }
      switch try git.updateRef(
        ref, to: commit, from: nil, hooks: .effective, message: "git-migrate")
      {
      case .moved: return nil
      case .lost(let text), .denied(let text), .busy(let text), .unknown(let text): return text
      }
    }
  }

  /// Where the branch is checked out, its files move along when nothing there is changed; otherwise nothing
  /// moves at all.
  package func requestMove(
    of ref: String, from old: OID, to new: OID, isOwn: Bool, unless objection: () -> String?
  ) throws(CommandError) -> String? {
    if isOwn { _ = try reporting { try StaleLock.recover(ref, in: repository, now: clock.now()) } }
    return try reporting { () throws -> String? in
      guard let place = try checkouts(ref).first else {
        switch try git.updateRef(
          ref, to: new, from: old, hooks: .effective, message: "git-migrate", unless: objection)
        {
        case .moved: return nil
        case .lost(let text), .denied(let text), .busy(let text), .unknown(let text): return firstLine(text)
        }
      }
      // git asks nobody but the hook while it holds the lock of a branch that is checked out.
      if let refused = try obstacle(toMoving: ref, isOwn: isOwn) ?? objection() { return refused }
      let worktree = try Repository.discover(from: place, environment: cleanEnvironment)
      let program = program(of: worktree)
      try requireApprovedCommands(of: program, at: place)
      let output = try program.mergeFastForward(workTree: place, to: new)
      if output.isSuccess { return nil }
      // Nobody made these changes, and they would be in the way of the next try.
      if try repository.resolve(ref) == old {
        _ = try program.takeBackFiles(workTree: place, from: new, to: old)
      }
      return firstLine(output.errorText)
    }
  }

  package func holdStill(
    _ ref: String, at tip: OID, isOwn: Bool, _ body: () throws(CommandError) -> Void
  ) throws(CommandError) -> String? {
    if let locked = try lockHeld(on: ref, isOwn: isOwn) { return locked }
    var failure: CommandError?
    let refused = try reporting {
      try git.holdRef(ref, at: tip) {
        do throws(CommandError) { try body() } catch { failure = error }
      }
    }
    if let failure { throw failure }
    guard let refused, try self.tip(of: ref) == tip else { return nil }
    return firstLine(refused)
  }

  package func obstacle(toMoving ref: String, isOwn: Bool) throws(CommandError) -> String? {
    if let locked = try lockHeld(on: ref, isOwn: isOwn) { return locked }
    return try reporting { () throws -> String? in
      let checkouts = try checkouts(ref)
      guard let place = checkouts.first else { return nil }
      let branch = ref.hasPrefix("refs/heads/") ? String(ref.dropFirst("refs/heads/".count)) : ref
      guard checkouts.count == 1 else {
        return
          "'\(branch)' is checked out in \(checkouts.count) worktrees: \(checkouts.joined(separator: ", "))"
      }
      let worktree = try Repository.discover(from: place, environment: cleanEnvironment)
      guard let changed = try changedFiles(of: worktree).first else { return nil }
      return "'\(branch)' is checked out in '\(place)' with uncommitted changes, first '\(changed)'; "
        + "commit or stash them, or check out another branch there"
    }
  }

  /// The tracked files of a worktree that are not as its commit has them. Where files pass through a filter,
  /// only git can tell: they are never as their blobs.
  func changedFiles(of worktree: Repository) throws -> [String] {
    let changed = try worktree.status(includingUntracked: false)
    guard !changed.isEmpty, let path = worktree.workingDirectory, let head = try worktree.head().oid,
      try worktree.needsGitProgram(forCommit: head) != nil
    else { return changed }
    return try program(of: worktree).changedFiles(workTree: path)
  }

  /// git would refuse to write over a file that it does not know, after the gate has run for nothing.
  package func obstacle(
    toMoving ref: String, from old: OID, toTree new: OID
  ) throws(CommandError) -> String? {
    try reporting { () throws -> String? in
      guard let place = try checkouts(ref).first else { return nil }
      let changes = try repository.changes(from: repository.treeOf(commit: old), to: new)
      let added = changes.filter { $0.kind == .added }.map(\.path)
      guard !added.isEmpty else { return nil }
      let leaving = Set(changes.filter { $0.kind == .deleted }.map(\.path))
      let worktree = try Repository.discover(from: place, environment: cleanEnvironment)
      let found =
        try worktree.status().first { other in
          added.contains { $0 == other || $0.hasPrefix(other + "/") || other.hasPrefix($0 + "/") }
        } ?? added.lazy.compactMap { self.fileInTheWay(of: $0, in: place, leaving) }.first
      return found.map {
        "'\($0)' in '\(place)' is in the way of a new file and would be overwritten by the merge; "
          + "move it away, or check out another branch there"
      }
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

  /// git writes the files first, and would find only then that the branch is locked: a look before it spares
  /// people the sight of files that come and go, and the ledger a merge that comes to nothing. Git itself has
  /// a branch locked for a moment.
  private func lockHeld(on ref: String, isOwn: Bool) throws(CommandError) -> String? {
    if isOwn { _ = try reporting { try StaleLock.recover(ref, in: repository, now: clock.now()) } }
    for _ in 0..<10 {
      if StaleLock.present(on: ref, in: repository) == nil { return nil }
      RetryPolicy.pause(microseconds: 100_000)
    }
    return StaleLock.present(on: ref, in: repository).map {
      "'\($0)' is there: if no git is at work, a killed one left it, and it can be removed"
        + (isOwn ? "; git-migrate does that when it is older than a minute" : "")
    }
  }

  /// Where people have the branch checked out. A worker that checks it out in its slot must not hold up the
  /// others, and nothing moves along under its hands: what it hands in are its files, wherever `HEAD` is.
  private func checkouts(_ ref: String) throws -> [String] {
    let all = try repository.checkouts(ofBranch: ref)
    guard !all.isEmpty else { return [] }
    let slots = try Slots(site: self).folders()
    return all.filter { !slots.contains($0) }
  }

  /// The environment without what pins git to the repository of the caller's directory.
  private var cleanEnvironment: [String: String] {
    environment.filter {
      !["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"].contains($0.key)
    }
  }

  /// What git says, in one line: with the first file of a list, and with what a hook said.
  private func firstLine(_ text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map(String.init)
    let found = lines.firstIndex {
      $0.contains("git-migrate") || $0.hasPrefix("error:") || $0.hasPrefix("fatal:")
    }
    guard let found, let telling = lines.dropFirst(found).first else {
      return lines.first ?? "git gave no reason"
    }
    if telling.hasSuffix(":"), let next = lines.dropFirst(found + 1).first {
      return telling + " " + next.drop { $0.isWhitespace }
    }
    if found > 0, telling.contains("aborted by hook"), let said = lines.first { return "\(telling): \(said)" }
    return telling
  }
}
