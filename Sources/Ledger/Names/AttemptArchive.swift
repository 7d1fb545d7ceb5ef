import Git
import Migration

/// A result that an archive keeps, and the claim that it came from.
package struct ArchivedAttempt: Hashable {
  /// `<step>/<epoch>`.
  package var claim: String
  /// The commit of the result.
  package var commit: OID

  /// Names a result by its claim.
  package init(claim: String, commit: OID) { (self.claim, self.commit) = (claim, commit) }
}

/// The results of finished steps' claims, kept by one ref for a whole migration: every ref that a server has
/// is told to each client that pushes, so that one for every claim would slow down each of them.
///
/// It is a chain of commits without files. The parents of each are the one before it and the results that it
/// keeps; its message has a line for each of these, `<step>/<epoch> <commit>`. Nothing ever leaves it.
package final class AttemptArchive {
  /// How many results one commit keeps.
  package static let width = 256

  private let repository: Repository
  /// What was read last: the next question is about the same tip, or one that follows it.
  private var known: (tip: OID, attempts: [ArchivedAttempt])?

  init(_ repository: Repository) { self.repository = repository }

  /// A commit of the chain.
  package struct Link {
    /// The one before it; `nil` for the first.
    package var previous: OID?
    var attempts: [ArchivedAttempt]
  }

  /// What a commit of an archive says; `nil` when it is none.
  package func link(_ oid: OID) throws(GitError) -> Link? {
    let commit = try repository.commit(oid)
    var attempts: [ArchivedAttempt] = []
    for line in commit.messageBytes.split(separator: 0x0A).dropFirst() {
      let words = String(decoding: line, as: UTF8.self).split(
        separator: " ", omittingEmptySubsequences: false)
      guard words.count == 2, words[0].split(separator: "/").count == 2, let kept = OID(String(words[1]))
      else { return nil }
      attempts.append(ArchivedAttempt(claim: String(words[0]), commit: kept))
    }
    let parents = AttemptArchive.parents(attempts)
    guard !parents.isEmpty, try repository.entries(ofTree: commit.tree).isEmpty else { return nil }
    if commit.parents == parents { return Link(previous: nil, attempts: attempts) }
    guard let first = commit.parents.first, Array(commit.parents.dropFirst()) == parents else { return nil }
    return Link(previous: first, attempts: attempts)
  }

  /// All that the archive that ends with `tip` keeps, newest first. What is no archive keeps nothing.
  package func attempts(_ tip: OID?) throws(GitError) -> [ArchivedAttempt] {
    guard let tip else { return [] }
    var (found, next) = ([ArchivedAttempt](), tip as OID?)
    while let oid = next {
      if let known, known.tip == oid {
        found += known.attempts
        break
      }
      // In a shallow clone the chain ends early.
      guard try repository.objectExists(oid), let link = try link(oid) else { break }
      found += link.attempts.reversed()
      next = link.previous
    }
    known = (tip, found)
    return found
  }

  /// Writes the commits that keep these results after those that `tip` keeps, and gives the last of them.
  /// They are on no ref yet.
  package func append(
    _ attempts: [ArchivedAttempt], to tip: OID?, of migration: String, at now: Timestamp
  ) throws(GitError) -> OID? {
    var (tip, rest) = (tip, attempts[...])
    guard !rest.isEmpty else { return tip }
    let author = Signature(name: "git-migrate", email: "git-migrate@localhost", seconds: now.seconds)
    let tree = try repository.writeTree(updating: nil, upserts: [], removals: [])
    while !rest.isEmpty {
      let part = Array(rest.prefix(AttemptArchive.width))
      rest = rest.dropFirst(AttemptArchive.width)
      let lines = part.map { "\($0.claim) \($0.commit.hex)\n" }.joined()
      tip = try repository.writeCommit(
        tree: tree, parents: (tip.map { [$0] } ?? []) + AttemptArchive.parents(part),
        message: "Keep \(part.count) results of \(migration)\n\n" + lines, author: author, committer: author)
    }
    return tip
  }

  /// Two claims may have the same result.
  private static func parents(_ attempts: [ArchivedAttempt]) -> [OID] {
    var seen: Set<OID> = []
    return attempts.map(\.commit).filter { seen.insert($0).inserted }
  }
}

extension ChainReader {
  /// The result of a claim: what its ref names or, once its step is finished, what the archive keeps for it;
  /// `nil` when this clone has neither.
  public func result(_ migration: String, _ fence: Fence) throws(GitError) -> (commit: OID, ref: String?)? {
    let ref = LedgerRefs.attempt(migration, fence)
    if let commit = try repository.resolve(ref) { return (commit, ref) }
    let claim = "\(fence.step)/\(fence.epoch)"
    let kept = try archive.attempts(try repository.resolve(LedgerRefs.archive(migration)))
    return kept.first { $0.claim == claim }.map { ($0.commit, nil) }
  }

  /// How many results an archive keeps, by its newest commit.
  public func archivedCount(_ tip: OID) throws(GitError) -> Int { try archive.attempts(tip).count }

  /// Why a commit is not the tip of an archive of the migration that follows `old`, or `nil`: each commit of
  /// it keeps results of claims that the ledger knows, of steps that are finished.
  package func archiveFault(_ ref: String, from old: OID?, to tip: OID, _ state: State) throws(GitError)
    -> String?
  {
    let parts = ref.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4, let migration = state.migration(named: parts[3]) else {
      return "the ledger has no such migration"
    }
    var next: OID? = tip
    while let oid = next, oid != old {
      guard let link = try archive.link(oid) else { return "'\(oid.short)' is no commit of an archive" }
      for attempt in link.attempts {
        let name = "\(LedgerRefs.attemptFolder)\(migration.name)/\(attempt.claim)"
        if let reason = LedgerRefs.fault(name, state) { return reason }
        let step = migration.step(String(attempt.claim.prefix { $0 != "/" }))
        guard migration.phase.isTerminal || step?.phase.isTerminal == true else {
          return "the step '\(step?.id ?? "")' is not finished"
        }
        if try !repository.objectExists(attempt.commit) {
          return "the commit that it keeps, '\(attempt.commit.short)', is missing"
        }
      }
      next = link.previous
    }
    return next == old ? nil : "it does not follow '\(old?.short ?? "")': an archive only grows"
  }
}
