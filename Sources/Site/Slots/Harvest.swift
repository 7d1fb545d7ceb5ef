import Git
import Ledger
import Migration
import System

/// Takes the result out of a worktree: the agent edits files, the engine makes the commit (DESIGN §6).
public struct Harvest {
  let site: Site

  /// Makes a harvest for a site.
  public init(site: Site) { self.site = site }

  /// What a worktree holds of a worker's work.
  package struct Taken {
    /// Tracked, new and deleted files; without what git ignores, and without what was there before.
    package var tree: OID
    /// What was written and is not in the tree, for people; see `Submission.Result.left`.
    package var left: [String]
    /// What no commit can have: folders that are repositories of their own, which the work made, and what
    /// lies under a name that git keeps for itself.
    package var untakeable: [String]
    /// The last commit that the worker made itself, if it made one.
    package var tip: OID?
    /// Why it is no result, though its files can be kept.
    package var failure: Migration.Failure?
  }

  /// What lies in a worktree is such that git cannot record it; its user made it so.
  package struct Untakeable: Error {
    /// What git said.
    package let cause: GitError

    /// Wraps what git said.
    package init(cause: GitError) { self.cause = cause }
  }

  /// What can be taken at once by a run that has other things to look after: in files and bytes.
  package static let atOnce = (files: 64, bytes: UInt64(16 << 20))

  /// Takes what lies in the worktree of a claim's slot now.
  package func take(
    _ worktree: Repository, slot: String, migration: String, fence: Fence, base: OID
  ) throws -> Taken {
    guard
      let taken = try take(
        worktree, slot: slot, migration: migration, fence: fence, base: base, limit: nil)
    else { throw CommandError("the worktree of '\(fence.step)' could not be taken") }
    return taken
  }

  /// As above; `nil` when it is more than `limit`, or has to be done by the git program.
  ///
  /// Throws a failure of the step for a file that cannot be recorded the way its filter demands.
  package func take(
    _ worktree: Repository, slot: String, migration: String, fence: Fence, base: OID,
    limit: (files: Int, bytes: UInt64)?
  ) throws -> Taken? {
    let slots = Slots(site: site)
    let path = try slots.path(slot)
    let known = slots.beginning(slot, migration: migration, fence: fence)
    let scope = Snapshot.Scope(
      base: try site.repository.treeOf(commit: base), limit: limit,
      leavesOut: known.map { known in { known.isForeign($0, below: path) } })
    try site.requireApprovedCommands()
    let found: Snapshot?
    do {
      found = try snapshot(of: worktree, at: path, base: base, scope)
      if let found { try FilterCheck(site: site).require(result: found.tree, of: base) }
    } catch let error as GitError {
      if let failure = FilterCheck(site: site).failure(error) { throw CommandError(failure) }
      if error.isShortage { throw CommandError(error) }
      throw Untakeable(cause: error)
    }
    guard let snapshot = found else { return nil }
    // What was changed meanwhile may have kept a filter from its work.
    try site.requireApprovedCommands()
    let beside = known.map { WrittenBeside(site: site, root: path, beginning: $0, snapshot: snapshot) }
    var left = try beside?.lines() ?? []
    if let known, try site.repository.treeOf(commit: base) == snapshot.tree {
      // It is for people: what cannot be read of it is not told.
      let elsewhere = LeftElsewhere(
        site: site, worktree: worktree, base: base, since: known.moment / 1_000_000_000)
      left += (try? elsewhere.lines()) ?? []
    }
    let repositories = beside?.newRepositories ?? snapshot.embeddedRepositories
    let reserved = try WrittenBeside.reserved(snapshot, below: path, since: known, in: site)
    return Taken(
      tree: snapshot.tree, left: left, untakeable: repositories + reserved,
      tip: (try? worktree.head())?.oid,
      failure: Harvest.failure(of: snapshot, repositories: repositories, reserved: reserved))
  }

  /// Of a file that its owner may not read the content is recorded all the same: git knows no such file.
  private func snapshot(
    of worktree: Repository, at path: String, base: OID, _ scope: Snapshot.Scope
  ) throws -> Snapshot? {
    do {
      return try snapshotAsItIs(of: worktree, at: path, base: base, scope)
    } catch let error as GitError {
      guard error.isDenied, try worktree.allowReading() else { throw error }
      return try snapshotAsItIs(of: worktree, at: path, base: base, scope)
    }
  }

  private func snapshotAsItIs(
    of worktree: Repository, at path: String, base: OID, _ scope: Snapshot.Scope
  ) throws -> Snapshot? {
    func byGit() throws -> Snapshot? {
      if scope.limit != nil { return nil }
      return try site.program(of: worktree).snapshotWorktree(path: path, scope)
    }
    if try worktree.needsGitProgram(forCommit: base) != nil || worktree.indexHasSubmodules() {
      return try byGit()
    }
    let snapshot = try worktree.snapshot(scope)
    if snapshot.isTooMuch { return nil }
    // The step may have brought the attributes that ask for a filter along.
    if try FilterCheck(site: site).changesAttributes(from: base, to: snapshot.tree),
      try worktree.needsGitProgram(forTree: snapshot.tree) != nil
    {
      return try byGit()
    }
    return snapshot
  }

  private static func failure(
    of snapshot: Snapshot, repositories: [String], reserved: [String]
  ) -> Migration.Failure? {
    if let first = snapshot.unmerged.first {
      let more = snapshot.unmerged.count - 1
      return Migration.Failure(
        kind: .unmerged,
        reason: "a merge with conflicts was left undecided in '\(first)'"
          + (more > 0 ? " and \(more) more" : ""),
        details: snapshot.unmerged + ["decide them and 'git add' the files, or 'git merge --abort'"])
    }
    if let first = repositories.first {
      return Migration.Failure(
        kind: .nested,
        reason: "'\(first)' is a repository of its own, so that its files cannot be part of the result",
        details: repositories.map { "\($0)/" } + ["work without 'git init' and 'git clone' there"])
    }
    if let first = reserved.first {
      return Migration.Failure(
        kind: .nested,
        reason: "git records nothing under the name '\(first)', so that it cannot be part of the result",
        details: reserved + ["give what is to be kept another name"])
    }
    for submodule in snapshot.submodules {
      guard let obstacle = submodule.obstacle else { continue }
      return Harvest.failure(ofSubmodule: submodule.path, at: submodule.commit, obstacle)
    }
    return nil
  }

  /// The failure of a step that set a submodule to a commit that nobody else could fetch.
  package static func failure(ofSubmodule path: String, at commit: OID, _ obstacle: String)
    -> Migration.Failure
  {
    Migration.Failure(
      kind: .submodule,
      reason: "the submodule '\(path)' is at \(commit.hex.prefix(10)), which nobody else could fetch: "
        + obstacle,
      details: [
        "push that commit to the submodule's remote, then fetch it in the submodule",
        "a new one is added with 'git submodule add'",
      ])
  }

  /// Keeps a tree on the attempt ref of a claim and gives the commit. The ref is new or already holds this
  /// tree: an attempt is never overwritten.
  ///
  /// `tip` is the last commit that the worker made itself, whose words are kept, too.
  package func keep(
    tree: OID, base: OID, migration: String, fence: Fence, subject: String, tip: OID? = nil
  ) throws -> OID {
    let ref = Site.attemptRef(migration, fence)
    let identity = try site.identity()
    let message = CommitMessage(migration: migration, fence: fence, title: subject)
    let commit = try site.repository.writeCommit(
      tree: tree, parents: [base],
      message: message.ofAttempt(saying: tip.map { message.words(from: base, to: $0, in: site) } ?? []),
      author: identity.author, committer: identity.committer)
    return try keep(commit: commit, on: ref)
  }

  /// Points the attempt ref at a commit that a worker made itself.
  package func keep(commit: OID, on ref: String) throws -> OID {
    var outcome = site.repository.compareAndSwap(ref: ref, to: commit, from: nil)
    if case .busy = outcome, try StaleLock.recover(ref, in: site.repository, now: site.clock.now()) {
      outcome = site.repository.compareAndSwap(ref: ref, to: commit, from: nil)
    }
    switch outcome {
    case .won: return commit
    case .lost:
      guard let existing = try site.repository.resolve(ref),
        try site.repository.treeOf(commit: existing) == site.repository.treeOf(commit: commit)
      else {
        throw CommandError(
          "'\(ref)' holds another result already", hint: "an attempt is handed in once; claim the step again")
      }
      return existing
    case .busy(let error), .unknown(let error): throw CommandError(error)
    }
  }
}
