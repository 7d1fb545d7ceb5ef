import Git
import Ledger
import Migration

/// Moves an integration branch, by git and through the hooks: the tool has no privileged path (DESIGN §6).
struct BranchMove {
  let site: Site

  /// What became of a move.
  enum Outcome: Equatable {
    /// The branch is at the new commit.
    case moved
    /// It is where it was; the reason is for people.
    case notMoved(String)
    /// It is somewhere else altogether.
    case elsewhere(OID?)
  }

  /// Moves `ref` from `old` to `new`. Where the branch is checked out, its files move along when nothing
  /// there is changed; otherwise nothing moves at all. The answer is read from the branch, never from an exit
  /// code.
  ///
  /// A lock that a killed program left on a branch that only git-migrate moves (`isOwn`) is taken away.
  func move(_ ref: String, from old: OID, to new: OID, isOwn: Bool = false) throws(CommandError) -> Outcome {
    if isOwn {
      _ = try reporting { try StaleLock.recover(ref, in: site.repository, now: site.clock.now()) }
    }
    let refused = try reporting { () throws -> String? in
      guard let place = try checkouts(ref).first else {
        switch try site.git.updateRef(ref, to: new, from: old, hooks: .effective, message: "git-migrate") {
        case .moved: return nil
        case .lost(let text), .denied(let text), .busy(let text), .unknown(let text): return firstLine(text)
        }
      }
      if let obstacle = try obstacle(ref) { return obstacle }
      let worktree = try Repository.discover(from: place, environment: cleanEnvironment)
      let output = try GitProgram(worktree).mergeFastForward(workTree: place, to: new)
      return output.isSuccess ? nil : firstLine(output.errorText)
    }
    let now = try reporting { try site.repository.resolve(ref) }
    if now == new { return .moved }
    // On a shared branch somebody may have built on ours before we looked.
    if let now, try reporting({ try site.repository.isAncestor(new, of: now) }) { return .moved }
    if now == old { return .notMoved(refused ?? "the branch did not move") }
    return .elsewhere(now)
  }

  /// Why the branch could not be moved now: it is checked out where something is changed, or twice.
  func obstacle(_ ref: String) throws(CommandError) -> String? {
    try reporting { () throws -> String? in
      let checkouts = try checkouts(ref)
      guard let place = checkouts.first else { return nil }
      let branch = ref.hasPrefix("refs/heads/") ? String(ref.dropFirst("refs/heads/".count)) : ref
      guard checkouts.count == 1 else {
        return
          "'\(branch)' is checked out in \(checkouts.count) worktrees: \(checkouts.joined(separator: ", "))"
      }
      let worktree = try Repository.discover(from: place, environment: cleanEnvironment)
      guard let changed = try worktree.status(includingUntracked: false).first else { return nil }
      return "'\(branch)' is checked out in '\(place)' with uncommitted changes, first '\(changed)'; "
        + "commit or stash them, or check out another branch there"
    }
  }

  /// Why the branch could not be moved to a tree: where it is checked out, a file that git does not know is
  /// in the way of a new one. git would refuse, after the gate has run for nothing.
  func obstacle(_ ref: String, from old: OID, toTree new: OID) throws(CommandError) -> String? {
    try reporting { () throws -> String? in
      guard let place = try checkouts(ref).first else { return nil }
      let tree = try site.repository.treeOf(commit: old)
      let added = try site.repository.changes(from: tree, to: new).filter { $0.kind == .added }.map(\.path)
      guard !added.isEmpty else { return nil }
      let worktree = try Repository.discover(from: place, environment: cleanEnvironment)
      let found = try worktree.status().first { other in
        added.contains { $0 == other || $0.hasPrefix(other + "/") || other.hasPrefix($0 + "/") }
      }
      return found.map {
        "'\($0)' in '\(place)' is in the way of a new file and would be overwritten by the merge; "
          + "move it away, or check out another branch there"
      }
    }
  }

  /// Where people have the branch checked out. A worker that checks it out in its slot must not hold up the
  /// others, and nothing moves along under its hands: what it hands in are its files, wherever `HEAD` is.
  private func checkouts(_ ref: String) throws -> [String] {
    let all = try site.repository.checkouts(ofBranch: ref)
    guard !all.isEmpty else { return [] }
    let slots = try Slots(site: site).folders()
    return all.filter { !slots.contains($0) }
  }

  /// The environment without what pins git to the repository of the caller's directory.
  private var cleanEnvironment: [String: String] {
    site.environment.filter {
      !["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"].contains($0.key)
    }
  }

  private func firstLine(_ text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map(String.init)
    let telling = lines.first {
      $0.contains("git-migrate") || $0.hasPrefix("error:") || $0.hasPrefix("fatal:")
    }
    return telling ?? lines.first ?? "git gave no reason"
  }
}
