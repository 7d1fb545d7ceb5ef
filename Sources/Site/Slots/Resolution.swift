import Git
import Ledger
import Migration
import Plans

/// A step that takes in a base which conflicts: the place where an agent puts the two together, what it is
/// told, and whether it has done so.
package struct Resolution {
  let site: Site
  /// The integration branch where the work began.
  package let tip: OID
  /// The commit of the base that is taken in.
  package let base: OID
  /// The merge as git alone makes it.
  package let merge: MarkedMerge

  /// Brings a base together with where the integration branch is.
  package init(site: Site, plan: Plan, tip: ObjectID, base: ObjectID) throws(CommandError) {
    (self.site, self.tip, self.base) = (site, tip.oid, base.oid)
    merge = try reporting {
      try site.repository.markedMerge(
        ours: tip.oid, theirs: base.oid, oursLabel: plan.into, theirsLabel: "base \(base.short)")
    }
  }

  // MARK: The place

  /// A commit of the merged tree on the tip, for the worktree alone: no ref ever leads to it.
  package func beginning() throws -> OID {
    let identity = try site.identity()
    return try site.repository.writeCommit(
      tree: merge.tree, parents: [tip], message: "The merge as git makes it\n", author: identity.author,
      committer: identity.committer)
  }

  // MARK: The prompt

  /// What the agent is told. No template of the plan: that one speaks of the plan's own steps.
  package func prompt(title: String, into: String, failures: [String]) -> String {
    var lines = [
      title, "",
      "This worktree holds the branch '\(into)' at \(tip.hex), merged with the commit \(base.hex) of its",
      "base, which moved on meanwhile. Put together what git could not, so that both sides keep their",
      "purpose. 'git diff \(tip.hex) -- <path>' and 'git diff \(base.hex) -- <path>' show each side.", "",
    ]
    let marked = merge.conflicts.filter(merge.marked.contains)
    if !marked.isEmpty {
      lines += ["These files have conflict markers, ours first, the base's second; leave none:", ""]
      lines += marked.map { "- \(NameText.quoted($0))" } + [""]
    }
    let others = merge.conflicts.filter { !merge.marked.contains($0) }
    if !others.isEmpty {
      lines += ["These conflict too (deleted on one side, renamed, or no text) and lie here as one side has"]
      lines += ["them; keep, change or remove them as is right:", ""]
      lines += others.map { "- \(NameText.quoted($0))" } + [""]
    }
    if merge.conflicts.isEmpty {
      lines += ["Nothing conflicts any more: see that what git made of it is right.", ""]
    }
    lines += [
      "Do not merge, rebase or move a branch: edit the files. Change nothing else than the merge needs.",
      "When what lies here is right as it is, write {\"result\":\"no-op\",\"reason\":\"…\"} into",
      "$MIGRATE_RESULT_FILE.",
    ]
    for failure in failures { lines += ["", "An earlier attempt failed: \(failure)"] }
    return lines.joined(separator: "\n") + "\n"
  }

  // MARK: The result

  /// Why a result has not put the two together, or `nil`.
  package func failure(of result: Submission.Result) throws(CommandError) -> Migration.Failure? {
    if merge.conflicts.isEmpty { return nil }
    let tree = result.tree.oid
    let left = try reporting { () throws -> [String] in
      let sides = [try site.repository.treeOf(commit: tip), try site.repository.treeOf(commit: base)]
      return try merge.conflicts.filter { path in
        guard merge.marked.contains(path), let text = try text(of: path, in: tree) else { return false }
        // A text may speak of markers by itself.
        var allowed = Markers()
        for side in sides { allowed.add(try self.text(of: path, in: side) ?? []) }
        return Markers(text).exceeds(allowed)
      }
    }
    if let first = left.first {
      return Migration.Failure(
        kind: .unmerged,
        reason: "conflict markers were left in \(NameText.quoted(first))"
          + (left.count > 1 ? " and \(left.count - 1) more" : ""),
        details: left.map { "conflict markers in \(NameText.quoted($0))" })
    }
    guard tree == merge.tree, !result.isNoOp else { return nil }
    return Migration.Failure(
      kind: .noChange, reason: "the agent decided nothing of what conflicts",
      details: merge.conflicts.map { "conflict in \(NameText.quoted($0))" })
  }

  private func text(of path: String, in tree: OID) throws -> [UInt8]? {
    let entry = try site.repository.entry(at: path, inTree: tree)
    guard let entry, entry.kind == .blob else { return nil }
    return try site.repository.blob(entry.oid)
  }
}

/// How many lines of each kind of conflict marker a text has.
private struct Markers {
  private var counts = [0, 0, 0]

  init(_ text: [UInt8] = []) { add(text) }

  mutating func add(_ text: [UInt8]) {
    for line in text.split(separator: 0x0A) {
      if line.starts(with: Array("<<<<<<< ".utf8)) { counts[0] += 1 }
      if line.starts(with: Array("=======".utf8)), line.count == 7 || line.dropFirst(7) == [0x0D] {
        counts[1] += 1
      }
      if line.starts(with: Array(">>>>>>> ".utf8)) { counts[2] += 1 }
    }
  }

  func exceeds(_ other: Markers) -> Bool { zip(counts, other.counts).contains { $0 > $1 } }
}

extension Site {
  /// Why a commit cannot be taken in as the base's, or `nil`: an entry names it, which somebody may have
  /// written by hand, and what a merged commit follows becomes part of the branch.
  package func objection(toTakingIn commit: ObjectID, of state: MigrationState) throws(CommandError)
    -> String?
  {
    for isFetched in [false, true] {
      guard let tip = isFetched ? try base(of: state) : try tip(of: "refs/heads/" + state.base) else {
        continue
      }
      if tip == commit.oid { return nil }
      guard try reporting({ try repository.objectExists(commit.oid) }) else { continue }
      if try isAncestor(commit.oid, of: tip) { return nil }
    }
    return "\(commit.short) is no commit of '\(state.base)'"
  }
}
