import Git
import Ledger
import Migration

/// Hands in what a worker did.
public struct Submitting {
  let site: Site

  /// Makes a submitter for a site.
  public init(site: Site) { self.site = site }

  /// What a worktree holds compared with its base.
  public enum Content: Equatable, Sendable {
    /// It differs; the commit is on the attempt ref.
    case result(Submission.Result)
    /// It is as it was.
    case unchanged(Submission.Result)
  }

  /// Takes the tree of a slot, or the tree of a commit the worker made, and keeps it on the claim's attempt
  /// ref.
  public func collect(
    migration: String, fence: Fence, base: ObjectID, title: String, slot: String?, commit: OID?
  ) throws(CommandError) -> Content {
    try reporting { () throws -> Content in
      let harvest = Harvest(site: site)
      let baseTree = try site.repository.treeOf(commit: base.oid)
      let tree: OID
      if let commit {
        guard try site.repository.isAncestor(base.oid, of: commit) else {
          throw CommandError(
            "'\(commit.hex.prefix(10))' is not built on the claim's base '\(base.short)'",
            hint: "rebase it onto \(base.short), then submit again")
        }
        tree = try site.repository.treeOf(commit: commit)
        try FilterCheck(site: site).require(result: tree, of: base.oid)
      } else if let slot {
        tree = try harvest.tree(
          of: try Slots(site: site).open(slot), at: try Slots(site: site).path(slot), base: base.oid)
      } else {
        throw CommandError("the claim has no worktree here", hint: "name the commit with '--commit'")
      }
      if tree == baseTree {
        return .unchanged(Submission.Result(commit: base, tree: tree.objectID, isNoOp: true))
      }
      let kept: OID
      if let commit {
        kept = try harvest.keep(commit: commit, on: Site.attemptRef(migration, fence))
      } else {
        kept = try harvest.keep(
          tree: tree, base: base.oid, migration: migration, fence: fence, subject: title,
          tip: slot.flatMap { try? Slots(site: site).open($0).head().oid })
      }
      return .result(Submission.Result(commit: kept.objectID, tree: tree.objectID, isNoOp: false))
    }
  }

  /// Records the submission.
  public func submit(
    migration: String, fence: Fence, result: Submission.Result, holder: String
  ) throws(CommandError) {
    let outcome = try reporting {
      try site.ledger.append([Proposal(migration, .stepSubmitted(fence, result))], by: holder)
    }
    if case .refused(let refusal) = outcome { throw CommandError(refusal) }
  }
}
