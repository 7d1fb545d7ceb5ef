import Git
import Ledger
import Migration
import Site

/// A claim whose slot holds what an attempt has left.
public struct ClaimedSlot: Sendable {
  /// The migration's name.
  public var migration: String
  /// The claim.
  public var fence: Fence
  /// The commit that the work began with.
  public var base: ObjectID
  /// The step's title, for the commit.
  public var title: String
  /// The slot.
  public var slot: String
  /// Whether the folder is a person's to look at, so that nothing is moved out of it.
  public var leavesWorktree: Bool

  /// Describes it.
  public init(
    migration: String, fence: Fence, base: ObjectID, title: String, slot: String, leavesWorktree: Bool = false
  ) {
    self.migration = migration
    self.fence = fence
    self.base = base
    self.title = title
    self.slot = slot
    self.leavesWorktree = leavesWorktree
  }
}

/// Hands in what a worker did.
public struct Submitting {
  let site: Site

  /// Makes a submitter for a site.
  public init(site: Site) { self.site = site }

  /// What a worktree holds compared with its base.
  public typealias Content = WorkContent

  /// Takes the tree of a slot, or the tree of a commit the worker made, and keeps it on the claim's attempt
  /// ref. What is no result is refused, with nothing kept: the worker can mend it and hand in again.
  public func handIn(
    migration: String, fence: Fence, base: ObjectID, title: String, slot: String?, commit: OID?
  ) throws(CommandError) -> Content {
    try reporting { () throws -> Content in
      let claim = Claimed(migration: migration, fence: fence, base: base, title: title)
      if let commit { return try keep(commit, claim, slot: slot) }
      guard let slot else {
        throw CommandError("the claim has no worktree here", hint: "name the commit with '--commit'")
      }
      let taken = try Harvest(site: site).take(
        try Slots(site: site).open(slot), slot: slot, migration: migration, fence: fence, base: base.oid)
      if let failure = taken.failure { return .refused(failure) }
      return try keep(taken, claim)
    }
  }

  /// Takes what an attempt has left in its slot, whatever it is, and keeps it: on the attempt ref, or where
  /// no commit can have it, in a folder beside the slot.
  public func collect(_ claim: ClaimedSlot) throws(CommandError) -> Content {
    guard let content = try collect(claim, limit: nil) else {
      throw CommandError("the worktree of '\(claim.fence.step)' could not be taken")
    }
    return content
  }

  /// As above; `nil`, with nothing done, when it would take long.
  func collectAtOnce(_ claim: ClaimedSlot) throws(CommandError) -> Content? {
    try collect(claim, limit: Harvest.atOnce)
  }

  private func collect(
    _ place: ClaimedSlot, limit: (files: Int, bytes: UInt64)?
  ) throws(CommandError) -> Content? {
    try reporting { () throws -> Content? in
      let slots = Slots(site: site)
      let entered = try slots.enter(place.slot)
      do {
        return try collect(place, entered, limit: limit)
      } catch let error as Harvest.Untakeable {
        // Whatever the worker made of its worktree, it is no result, and the next one needs a place to work.
        let kept = try slots.moveAsideOrGiveUp(place.slot)
        return .refused(
          Migration.Failure(
            kind: .worker, reason: "what it left cannot be recorded: \(error.cause.message)",
            details: [error.cause.description] + kept))
      }
    }
  }

  private func collect(
    _ place: ClaimedSlot, _ entered: Slots.Entered, limit: (files: Int, bytes: UInt64)?
  ) throws -> Content? {
    let slots = Slots(site: site)
    let (slot, fence, base) = (place.slot, place.fence, place.base.oid)
    let claim = Claimed(migration: place.migration, fence: fence, base: place.base, title: place.title)
    switch entered {
    case .sound(let worktree):
      guard
        let taken = try Harvest(site: site).take(
          worktree, slot: slot, migration: place.migration, fence: fence, base: base, limit: limit)
      else { return nil }
      let content = try keep(taken, claim)
      guard var failure = taken.failure else { return content }
      if !place.leavesWorktree {
        failure.details += try slots.moveAside(taken.untakeable, of: slot).map { "it is kept in '\($0)'" }
      }
      return .refused(failure)
    case .detached(let worktree, let flaw):
      guard
        let taken = try Harvest(site: site).take(
          worktree, slot: slot, migration: place.migration, fence: fence, base: base, limit: limit)
      else { return nil }
      _ = try keep(taken, claim)
      var details = ["what lay there is on '\(Site.attemptRef(place.migration, fence))', if it differs"]
      if let place = try slots.mend(slot) { details.append("the folder is kept as '\(place)'") }
      return .refused(gitFileFailure(flaw, details))
    case .unreadable(let error): throw Harvest.Untakeable(cause: error)
    case .lost(let flaw):
      return .refused(gitFileFailure(flaw, try slots.moveAsideOrGiveUp(slot)))
    }
  }

  private func gitFileFailure(_ flaw: String, _ details: [String]) -> Migration.Failure {
    Migration.Failure(
      kind: .gitFile, reason: "the worktree is not one of this repository any more: \(flaw)",
      details: details)
  }

  private struct Claimed {
    let migration: String
    let fence: Fence
    let base: ObjectID
    let title: String
  }

  private func keep(_ taken: Harvest.Taken, _ claim: Claimed) throws -> Content {
    let baseTree = try site.repository.treeOf(commit: claim.base.oid)
    if taken.tree == baseTree {
      return .unchanged(
        Submission.Result(commit: claim.base, tree: taken.tree.objectID, isNoOp: true, left: taken.left))
    }
    let kept = try Harvest(site: site).keep(
      tree: taken.tree, base: claim.base.oid, migration: claim.migration, fence: claim.fence,
      subject: claim.title, tip: taken.tip)
    return .result(
      Submission.Result(commit: kept.objectID, tree: taken.tree.objectID, isNoOp: false, left: taken.left),
      files: try site.repository.changes(from: baseTree, to: taken.tree).count)
  }

  private func keep(_ commit: OID, _ claim: Claimed, slot: String?) throws -> Content {
    guard try site.repository.isAncestor(claim.base.oid, of: commit) else {
      throw CommandError(
        "'\(commit.hex.prefix(10))' is not built on the claim's base '\(claim.base.short)'",
        hint: "rebase it onto \(claim.base.short), then submit again")
    }
    let tree = try site.repository.treeOf(commit: commit)
    try FilterCheck(site: site).require(result: tree, of: claim.base.oid)
    let baseTree = try site.repository.treeOf(commit: claim.base.oid)
    if tree == baseTree {
      return .unchanged(Submission.Result(commit: claim.base, tree: tree.objectID, isNoOp: true))
    }
    let changes = try site.repository.changes(from: baseTree, to: tree)
    if let slot,
      let known = Slots(site: site).beginning(slot, migration: claim.migration, fence: claim.fence),
      let place = try? Slots(site: site).path(slot),
      let found = changes.first(where: { $0.kind == .added && known.isForeign($0.path, below: place) })
    {
      let origin = known.wasCopied(found.path) ? "was copied into" : "lay ignored in"
      throw CommandError(
        "'\(commit.hex.prefix(10))' has '\(found.path)', which \(origin) the worktree before the work began",
        hint: "take it out with 'git rm --cached' and commit again", exitCode: .no)
    }
    let place = try slot.map { try Slots(site: site).path($0) }
    for change in changes {
      guard change.newMode == .submodule, let bumped = change.newBlob,
        let obstacle = try site.repository.obstacle(
          toSubmodule: bumped, at: change.path, inTree: tree, below: place)
      else { continue }
      throw CommandError(Harvest.failure(ofSubmodule: change.path, at: bumped, obstacle))
    }
    let kept = try Harvest(site: site).keep(commit: commit, on: Site.attemptRef(claim.migration, claim.fence))
    return .result(
      Submission.Result(commit: kept.objectID, tree: tree.objectID, isNoOp: false), files: changes.count)
  }

  /// Records the submission.
  public func submit(
    migration: String, fence: Fence, result: Submission.Result, holder: String
  ) throws(CommandError) {
    let outcome = try Interpreter(site: site).append(
      [Proposal(migration, .stepSubmitted(fence, result))], by: holder)
    if let refusal = outcome.refusal { throw CommandError(refusal) }
  }
}
