import Git
import Ledger
import Migration
import Site
import System

/// What was done on a step before a claim that goes on from it: by the stages of its workflow, or by its
/// codemod.
struct WorkSoFar {
  /// A commit on the claim's base, for the worktree alone.
  let start: OID
  /// What was done, as `git diff` shows it; of much the beginning.
  let diff: String

  /// The most bytes of the diff that a prompt has.
  private static let diffLimit = 48 << 10

  /// Brings it here; `nil` when there is none, or when it does not go together with the base any more.
  init?(of held: HeldStep, in site: Site) throws(CommandError) {
    let base = held.claim.base.oid
    let found: OID?
    if let stage = held.stage, let result = stage.result, let epoch = stage.epoch {
      if result.isNoOp { return nil }
      try WorkSoFar.bring(result.commit.oid, held, epoch, site)
      found = try reporting { try WorkSoFar.commit(result.tree.oid, on: base, in: site) }
    } else if let epoch = held.handedOver {
      found = try WorkSoFar.left(by: epoch, held, on: base, in: site)
    } else {
      return nil
    }
    guard let found else { return nil }
    start = found
    let text = try reporting { try site.git.patch(from: base.hex, to: found.hex) }
    diff = TerminalText.sanitized(
      text.utf8.count > WorkSoFar.diffLimit ? text.prefix(WorkSoFar.diffLimit) + "\n…" : text)
  }

  private static func bring(_ commit: OID, _ held: HeldStep, _ epoch: Int, _ site: Site) throws(CommandError)
  {
    try reporting { () throws -> Void in
      if try site.repository.objectExists(commit) { return }
      // Another machine did it.
      try site.ledger.fetchAttempt(held.migration, Fence(step: held.step.id, epoch: epoch))
    }
  }

  /// What a codemod has left on its attempt's ref; what is not here is begun anew.
  private static func left(
    by epoch: Int, _ held: HeldStep, on base: OID, in site: Site
  ) throws(CommandError) -> OID? {
    let fence = Fence(step: held.step.id, epoch: epoch)
    return try reporting { () throws -> OID? in
      if try site.ledger.reader.result(held.migration, fence) == nil {
        try? site.ledger.fetchAttempt(held.migration, fence)
      }
      guard let kept = try site.ledger.reader.result(held.migration, fence)?.commit else { return nil }
      let merge = try site.repository.markedMerge(
        ours: base, theirs: kept, oursLabel: held.plan.into, theirsLabel: fence.step)
      guard merge.conflicts.isEmpty else { return nil }
      return try commit(merge.tree, on: base, in: site)
    }
  }

  private static func commit(_ tree: OID, on base: OID, in site: Site) throws -> OID {
    let identity = try site.identity()
    return try site.repository.writeCommit(
      tree: tree, parents: [base], message: "The work so far\n", author: identity.author,
      committer: identity.committer)
  }
}
