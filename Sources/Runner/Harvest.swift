import Git
import Ledger
import Migration
import Processes

/// Takes the result out of a worktree: the agent edits files, the engine makes the commit (DESIGN §6).
public struct Harvest {
  let site: Site

  /// Makes a harvest for a site.
  public init(site: Site) { self.site = site }

  /// The tree of what lies in a worktree now: tracked, new and deleted files, without ignored ones.
  ///
  /// Throws a failure of the step for a file that cannot be recorded the way its filter demands.
  func tree(of worktree: Repository, at path: String, base: OID) throws -> OID {
    try site.requireApprovedCommands()
    let check = FilterCheck(site: site)
    do {
      var tree: OID
      if try worktree.needsGitProgram(forCommit: base) != nil {
        tree = try site.program(of: worktree).snapshotWorktree(path: path).tree
      } else {
        tree = try worktree.snapshotTree()
        // The step may have brought the attributes that ask for a filter along.
        if try check.changesAttributes(from: base, to: tree),
          try worktree.needsGitProgram(forTree: tree) != nil
        {
          tree = try site.program(of: worktree).snapshotWorktree(path: path).tree
        }
      }
      try check.require(result: tree, of: base)
      // What was changed meanwhile may have kept a filter from its work.
      try site.requireApprovedCommands()
      return tree
    } catch let error as GitError {
      throw FilterCheck.failure(error).map { CommandError($0) } ?? CommandError(error)
    }
  }

  /// Keeps a tree on the attempt ref of a claim and gives the commit. The ref is new or already holds this
  /// tree: an attempt is never overwritten.
  ///
  /// `tip` is the last commit that the worker made itself, whose words are kept, too.
  func keep(
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
  func keep(commit: OID, on ref: String) throws -> OID {
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
