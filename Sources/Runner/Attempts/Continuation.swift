import Agents
import Git
import Ledger
import Migration
import Site

/// An attempt that goes on with the conversation and the work of an earlier one: of a run that was killed or
/// stopped, an agent that rested or, where the plan wants it, a result that failed.
struct Continuation {
  /// The conversation.
  let session: AgentSession
  /// A commit of the earlier work on the newest branch, for the worktree alone; the claim's base when nothing
  /// was changed.
  let start: OID
  /// Whether what came of it failed.
  let hasFailed: Bool
  /// Whether the branch has moved since.
  let hasMoved: Bool

  /// The conversation of an earlier stage, which goes on from the work so far.
  init?(of held: HeldStep, from start: OID?) {
    guard let talk = held.conversation else { return nil }
    session = AgentSession(talk)
    (self.start, hasFailed, hasMoved) = (start ?? held.claim.base.oid, false, false)
  }

  /// Finds the work that a claim goes on with; `nil` when there is none, or when it does not go together with
  /// what was merged since: then the attempt begins anew.
  init?(of held: HeldStep, in site: Site) throws(CommandError) {
    guard let talk = held.conversation else { return nil }
    let fence = Fence(step: held.step.id, epoch: talk.epoch)
    session = AgentSession(talk)
    hasFailed = talk.hasFailed
    // A run that was killed left its work in its slot.
    try Slots(site: site).keepLeftovers(of: held.migration, fence)
    let base = held.claim.base.oid
    guard let kept = try reporting({ try site.ledger.reader.result(held.migration, fence) })?.commit else {
      (start, hasMoved) = (base, false)
      return
    }
    let found = try reporting { () throws -> (OID, Bool)? in
      let merge = try site.repository.markedMerge(
        ours: base, theirs: kept, oursLabel: held.plan.into, theirsLabel: fence.step)
      guard merge.conflicts.isEmpty else { return nil }
      let identity = try site.identity()
      let start = try site.repository.writeCommit(
        tree: merge.tree, parents: [base], message: "The earlier work on the newest branch\n",
        author: identity.author, committer: identity.committer)
      return (start, try !site.repository.isAncestor(base, of: kept))
    }
    guard let found else { return nil }
    (start, hasMoved) = found
  }

  /// What the agent is told.
  func prompt(failures: [String]) -> String {
    var lines =
      hasFailed
      ? ["Your work on the task did not pass. What was found:", ""] + failures.map { "- \($0)" }
        + ["", "Mend it, and finish the task."]
      : ["You were interrupted. Go on with the task where you stopped, and finish it."]
    if hasMoved {
      lines += ["", "The branch has moved on meanwhile; what you did was put onto it."]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension AgentSession {
  /// What the ledger knows of a conversation.
  init(_ talk: Conversation) {
    self.init(
      id: talk.session,
      tokens: Tokens(input: talk.recorded[0], cached: talk.recorded[1], output: talk.recorded[2]),
      microdollars: talk.recorded[3])
  }
}

extension Slots {
  /// Keeps what a claim's worker left in a slot of this clone, on the attempt's ref, when nobody has.
  func keepLeftovers(of migration: String, _ fence: Fence) throws(CommandError) {
    try reporting {
      let root = try site.worktreeRoot()
      for worktree in try site.repository.worktrees() {
        guard let slot = slot(ofWorktree: worktree.name, below: root), let found = marker(slot),
          found.migration == migration, found.fence == fence, found.isFree, !isLocked(found)
        else { continue }
        let lock = try creationLock()
        defer { withExtendedLifetime(lock) {} }
        _ = try keepLeftovers(slot, root + "/" + slot)
      }
    }
  }
}
