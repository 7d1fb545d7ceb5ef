import Git
import Migration

extension Ledger {
  /// I-22 and I-23: what the integration branch gained since the start, each commit named by exactly one
  /// entry, with the tree that passed.
  func branchFindings(
    _ migration: MigrationState, _ done: [PendingMove]
  ) throws(GitError) -> [Finding] {
    guard let tip = try repository.resolve(migration.intoRef) else {
      if migration.phase.isTerminal { return [] }
      return [
        Finding(
          rule: "I-22", subject: migration.into, message: "the integration branch is gone",
          remedy: "run 'git update-ref \(migration.intoRef) \(migration.tip.hex)'")
      ]
    }
    var findings = try moveFindings(migration, done)
    // After the end the branch is the people's own.
    if migration.phase.isTerminal { return findings }
    findings += try placeFindings(migration, at: tip)
    if !migration.peopleShareBranch { findings += try gainFindings(migration, done, at: tip) }
    return findings
  }

  /// Each recorded move led to the commit that passed, and only once.
  private func moveFindings(
    _ migration: MigrationState, _ done: [PendingMove]
  ) throws(GitError) -> [Finding] {
    var findings: [Finding] = []
    var seen = Set<OID>()
    for move in done {
      let remedy = "put the branch back before this commit: 'git update-ref \(migration.intoRef) \(move.old)'"
      if !seen.insert(move.new).inserted {
        findings.append(
          Finding(
            rule: "I-22", subject: move.new.short, message: "two entries say that they merged it",
            remedy: remedy))
      }
      // A clone may have the ledger without what it speaks of.
      guard try repository.objectExists(move.new), let reason = try move.fault(in: repository) else {
        continue
      }
      findings.append(Finding(rule: "I-22", subject: move.new.short, message: reason, remedy: remedy))
    }
    return findings
  }

  /// I-23: the branch is where the ledger says, or at one of the ends of the move under way.
  private func placeFindings(_ migration: MigrationState, at tip: OID) throws(GitError) -> [Finding] {
    let known = migration.tip.oid
    if try repository.objectExists(known), try repository.isAncestor(known, of: tip) { return [] }
    return [
      Finding(
        rule: "I-23", subject: migration.into,
        message: "it is at '\(tip.short)', which does not hold '\(known.short)', where the ledger says it is",
        remedy: "put the branch back with 'git update-ref \(migration.intoRef) \(known.hex)'")
    ]
  }

  private func gainFindings(
    _ migration: MigrationState, _ done: [PendingMove], at tip: OID
  ) throws(GitError) -> [Finding] {
    let start = migration.start.oid
    guard try repository.objectExists(start) else { return [] }
    let named = Set((done + migration.pendingMoves).flatMap(\.commits))
    var findings: [Finding] = []
    for oid in try repository.commits(from: tip, excluding: [start], firstParentOnly: true)
    where !named.contains(oid) {
      findings.append(
        Finding(
          rule: "I-22", subject: oid.short,
          message: "'\(migration.into)' has a commit that no gate passed: "
            + PlainLine.of(try repository.commit(oid).subject),
          remedy: "put the branch back with 'git update-ref \(migration.intoRef) \(migration.tip.hex)'"))
    }
    return findings
  }
}
