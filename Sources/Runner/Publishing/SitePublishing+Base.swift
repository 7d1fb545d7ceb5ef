import Forges
import Gate
import Git
import Ledger
import Migration
import Site
import Supervision
import System

/// A unit and the base that it is for: what of it is there already, and what it is where both have changed
/// the same.
extension SitePublishing {
  /// The base with the files of a unit as the integration branch has them, once that has taken the base in:
  /// what was in conflict was put together there, and has passed the gate. `nil` before, and where other
  /// steps have changed one of these files as well.
  func resolved(
    _ unit: ProposedUnit, _ state: MigrationState, base: OID, tree baseTree: OID
  ) throws(CommandError) -> OID? {
    guard let tip = try site.tip(of: state.intoRef), try site.isAncestor(base, of: tip) else { return nil }
    let own = Set(unit.steps)
    var others: Set<String> = []
    for step in try merged(state)
    where !own.contains(step.step) && state.base(takenInBy: step.step) == nil {
      others.formUnion(step.files)
    }
    guard others.isDisjoint(with: unit.files) else { return nil }
    return try reporting { () throws -> OID? in
      let repository = site.repository
      let tipTree = try repository.treeOf(commit: tip)
      var upserts: [(path: String, blob: OID, mode: FileMode)] = []
      var removals: [String] = []
      for path in unit.files {
        if let entry = try repository.entry(at: path, inTree: tipTree) {
          upserts.append((path, entry.oid, entry.mode))
        } else if try repository.entry(at: path, inTree: baseTree) != nil {
          removals.append(path)
        }
      }
      let tree = try repository.writeTree(updating: baseTree, upserts: upserts, removals: removals)
      return tree == baseTree ? nil : tree
    }
  }

  /// The commit of the base in which all the work of a commit is: it was merged, its changes were applied one
  /// by one, or all at once. What was applied and taken back since is not there.
  func inBase(_ commit: OID, _ state: MigrationState) throws(CommandError) -> OID? {
    let base = try base(state)
    guard try reporting({ try site.repository.objectExists(commit) }) else { return nil }
    if try site.isAncestor(commit, of: base) { return base }
    let repository = site.repository
    // Commits that have nothing in common cannot be put together.
    if case .clean(let merged)? = try? repository.mergeCommits(ours: base, theirs: commit) {
      // What there is to merge was never there, or was taken back.
      let tree = try reporting { try repository.treeOf(commit: base) }
      return merged == tree ? base : nil
    }
    guard try hasEachChange(of: commit, base) else { return nil }
    return try isTakenBack(commit, base) ? nil : base
  }

  /// Whether a file that leads to a commit was changed is in the base what it was before.
  private func isTakenBack(_ commit: OID, _ base: OID) throws(CommandError) -> Bool {
    try reporting { () throws -> Bool in
      let repository = site.repository
      guard let fork = try repository.mergeBase(base, commit) else { return false }
      let before = try repository.treeOf(commit: fork)
      let now = try repository.treeOf(commit: base)
      return try repository.changes(from: before, to: repository.treeOf(commit: commit)).contains { change in
        let (old, new) = (
          try repository.entry(at: change.path, inTree: before),
          try repository.entry(at: change.path, inTree: now)
        )
        return old?.oid == new?.oid && old?.mode == new?.mode
      }
    }
  }

  /// Whether each commit that leads to one has its like in the base, as `git cherry` tells it.
  private func hasEachChange(of commit: OID, _ base: OID) throws(CommandError) -> Bool {
    let output = try reporting { try site.git.run(["cherry", base.hex, commit.hex]) }
    guard output.isSuccess else { return false }
    let lines = output.text.split(separator: "\n")
    return !lines.isEmpty && lines.allSatisfy { $0.hasPrefix("- ") }
  }

  /// What the gate's readers find in the log of a job.
  func found(in log: FailedLog) -> [String] {
    let text = log.plainText
    guard !text.isEmpty else { return [] }
    var found = judge(kind: .test, status: .exited(1), output: text)
    // Of a linter nothing is recognised so but its last lines.
    if found.runner == nil {
      let other = judge(kind: .lint, status: .exited(1), output: text)
      if !other.failures.isEmpty { found = other }
    }
    return FailureGroup.groups(found.failures).prefix(Self.mostFound).map { String($0.text.prefix(2000)) }
  }

  private static let mostFound = 12
}
