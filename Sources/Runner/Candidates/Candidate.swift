import Gate
import Git
import Ledger
import Migration
import Site

/// What the integration branch would become: the submitted change merged with its tip, in memory (DESIGN §6).
package struct Candidate {
  /// The tip it stands on.
  package var tip: OID
  /// The tree of the tip.
  package var tipTree: OID
  /// The tree that is judged, and that alone is merged.
  package var tree: OID
  /// The commit the branch would move to; the tip itself when there is nothing to merge.
  package var commit: OID

  /// Whether the submission changes nothing on this tip.
  package var isNoChange: Bool { commit == tip }

  /// Where it is built, when that is not the tip of the branch.
  package struct Place: Equatable {
    /// The commit that it stands on.
    package var tip: OID
    /// The train that the commit names as the one that it was judged in; `nil` for one that never lands.
    package var train: Int?

    /// Makes a place.
    package init(tip: OID, train: Int?) { (self.tip, self.train) = (tip, train) }
  }

  /// What became of the attempt to build it.
  package enum Outcome {
    /// It could be built.
    case made(Candidate)
    /// The submitted change and the branch conflict in these paths.
    case conflicts([String])
    /// What was handed in cannot be read, or not be merged by git: why.
    case unusable(String)
  }

  /// Makes a candidate of its parts.
  package init(tip: OID, tipTree: OID, tree: OID, commit: OID) {
    (self.tip, self.tipTree, self.tree, self.commit) = (tip, tipTree, tree, commit)
  }

  /// Builds the candidate of a submission on the branch as it is now, or on `place`. One that never lands is
  /// not signed.
  static func build(
    site: Site, migration: MigrationState, fence: Fence, submission: Submission, on place: Place? = nil
  ) throws(CommandError) -> Outcome {
    try reporting { () throws -> Outcome in
      do {
        return try make(
          site: site, migration: migration, fence: fence, submission: submission, on: place,
          isTrial: place.map { $0.train == nil } ?? false)
      } catch {
        // Only this step cannot go on; what others stand on, too, ends the run.
        guard let oid = DamagedObject.oid(of: error),
          let tip = try site.repository.resolve(migration.intoRef),
          try !DamagedObject.isPart(oid, of: [tip, submission.base.oid], in: site.repository)
        else { throw error }
        return .unusable(CommandError.from(error).message)
      }
    }
  }

  private static func make(
    site: Site, migration: MigrationState, fence: Fence, submission: Submission, on place: Place?,
    isTrial: Bool
  ) throws -> Outcome {
    let repository = site.repository
    if try !repository.objectExists(submission.result.commit.oid) {
      // Another machine handed it in.
      try site.ledger.fetchAttempt(migration.name, fence)
    }
    guard let tip = try place?.tip ?? repository.resolve(migration.intoRef) else {
      throw site.isGone(migration)
    }
    // A trial is of a tree that no commit has.
    if !isTrial, let reason = try site.ledger.resultFault(submission) { return .unusable(reason) }
    let planned = migration.plan.steps.first { $0.id == fence.step }
    if let taken = planned?.resolves, let reason = try site.objection(toTakingIn: taken, of: migration) {
      return .unusable(reason)
    }
    let (base, theirs) = (submission.base.oid, submission.result.tree.oid)
    let tipTree = try repository.treeOf(commit: tip)
    let baseTree = try repository.treeOf(commit: base)
    switch try repository.mergeTrees(ancestorTree: baseTree, oursTree: tipTree, theirsTree: theirs) {
    case .conflicts(let paths): return .conflicts(paths)
    case .clean(let tree):
      // A base that is taken in becomes part of the branch, also where nothing of it is wanted.
      let bringsBase = try planned?.resolves.map { try !site.isAncestor($0.oid, of: tip) } ?? false
      guard tree != tipTree || bringsBase else {
        return .made(Candidate(tip: tip, tipTree: tipTree, tree: tree, commit: tip))
      }
      let message = CommitMessage(
        migration: migration.name, fence: fence, title: planned?.title ?? fence.step)
      let words = message.words(from: base, to: submission.result.commit.oid, in: site)
      let commit = try site.integrationCommit(
        tree: tree, parents: [tip] + (planned?.resolves.map { [$0.oid] } ?? []),
        message: message.ofMerge(
          migration, holder: submission.holder, train: place?.train, saying: words), isTrial: isTrial)
      return .made(Candidate(tip: tip, tipTree: tipTree, tree: tree, commit: commit))
    }
  }

  /// What the plan's guards have against the submitted change itself, as one failure.
  static func guardFailure(
    site: Site, plan: Plan, step: PlannedStep, submission: Submission
  ) throws(CommandError) -> Migration.Failure? {
    var resolution: Resolution?
    if let base = step.resolves {
      let made = try Resolution(site: site, plan: plan, tip: submission.base, base: base)
      if let failure = try made.failure(of: submission.result) { return failure }
      resolution = made
    }
    let guards = step.guards ?? plan.gate.guards
    guard !guards.isEmpty else { return nil }
    let allowed = AllowedFindings(step.allow)
    let findings = try reporting { () throws -> [GuardFinding] in
      let repository = site.repository
      let tree = submission.result.tree.oid
      // What the base brings was judged there: an added step answers for what it made of the merge.
      let old = try resolution?.merge.tree ?? repository.treeOf(commit: submission.base.oid)
      return try change(from: old, to: tree, in: repository).findings(
        guards: guards, globs: step.paths, protected: plan.gate.protected
      ).filter { !allowed.allows($0) }
    }
    guard let first = findings.first else { return nil }
    let more = findings.count > 1 ? " and \(findings.count - 1) more" : ""
    return Migration.Failure(
      kind: .guardFinding,
      reason: "\(first.guardName.rawValue) guard: \(NameText.quoted(first.path)) \(first.message)\(more)",
      details: findings.map { "\($0.failure.text) [\($0.name)]" })
  }

  /// What differs between two trees, for the guards.
  static func change(from old: OID, to new: OID, in repository: Repository) throws -> TreeChange {
    let changes = try repository.changes(from: old, to: new, detectingRenames: true)
    return TreeChange(
      paths: changes.flatMap(ChangedPath.from), old: { content(of: $0, in: old, repository) },
      new: { content(of: $0, in: new, repository) },
      files: { (try? repository.files(inTree: new)) ?? [] })
  }

  /// What a path holds, for a guard.
  private static func content(of path: String, in tree: OID, _ repository: Repository) -> FileContent {
    guard let entry = try? repository.entry(at: path, inTree: tree), entry.kind == .blob,
      let size = try? repository.objectSize(entry.oid)
    else { return .missing }
    guard size <= FileContent.readLimit else { return .tooLarge(size: Int(size)) }
    guard let bytes = try? repository.blob(entry.oid) else { return .missing }
    if entry.mode == .symbolicLink { return .link(String(decoding: bytes, as: UTF8.self)) }
    return FileContent(bytes: bytes)
  }
}

extension ChangedPath {
  /// The guards' view of a change between two trees.
  static func from(_ change: Git.Change) -> [ChangedPath] {
    switch change.kind {
    case .added: [ChangedPath(path: change.path, kind: .added)]
    case .deleted: [ChangedPath(path: change.path, kind: .deleted)]
    case .modified, .typeChanged: [ChangedPath(path: change.path, kind: .modified)]
    case .renamed: [ChangedPath(path: change.path, kind: .renamed(from: change.oldPath ?? change.path))]
    }
  }
}
