import Git
import Ledger
import Migration
import Site

/// What ended migrations and runs have left in a clone, and what of it can go without anything being lost.
public struct Litter: Sendable {
  /// The worktree slots that nobody uses.
  public var worktrees: [String] = []
  /// The folders that were moved beside slots, files and all, and slots that were given up: nothing else has
  /// them.
  public var asides: [String] = []
  /// The attempt refs and archives of ended migrations whose files are all in another ref, with their
  /// commits.
  public var attempts: [(ref: String, commit: OID)] = []
  /// The integration branches of finished migrations that their base holds: the ref, its commit, the base.
  public var branches: [(ref: String, commit: OID, base: String)] = []
  /// What stays although it looks like litter, each with the reason.
  public var kept: [String] = []
  /// How many attempts of ended migrations stay because their files are nowhere else, on refs of their own or
  /// in an archive, which stays as a whole.
  public var precious = 0

  /// Looks; changes nothing.
  public init(site: Site, state: State) throws(CommandError) {
    asides = Slots(site: site).setAsideFolders() + Slots(site: site).givenUpFolders()
    let slots = try Slots(site: site).survey()
    (worktrees, kept) = (slots.free, slots.kept)
    for migration in state.migrations where migration.phase.isTerminal {
      try lookAtAttempts(of: migration, site)
      try lookAtBranch(of: migration, state, site)
    }
  }

  /// Removes what `init` found, and says what could not be. Each ref only goes while it is where it was seen.
  public func remove(site: Site, state: State) throws(CommandError) -> [String] {
    var left: [String] = []
    for folder in asides {
      do throws(GitError) { try Repository.removeFolder(folder) } catch { left.append(error.description) }
    }
    left += try Slots(site: site).removeAll(in: state)
    for (ref, commit) in attempts {
      switch site.repository.deleteReference(ref, expected: commit) {
      case .won: continue
      case .lost: left.append("'\(ref)' was changed meanwhile")
      case .busy(let error), .unknown(let error): left.append(error.description)
      }
    }
    for migration in state.migrations where migration.phase.isTerminal {
      site.repository.removeEmptyRefFolders(in: "refs/migrate/attempt/\(migration.name)") { _ in true }
    }
    for (ref, commit, _) in branches {
      let output = try reporting {
        try site.git.run(["update-ref", "-d", ref, commit.hex], hooks: .effective)
      }
      if !output.isSuccess { left.append("'\(ref)': \(output.errorText)") }
    }
    return left
  }

  // MARK: Looking

  private mutating func lookAtAttempts(of migration: MigrationState, _ site: Site) throws(CommandError) {
    let merged = migration.steps.compactMap { step in
      if case .merged(let commit?) = step.phase { return commit.oid } else { return nil }
    }
    let kept = try Litter.keptByBranches(merged, site)
    let pattern = "refs/migrate/attempt/\(migration.name)/*"
    for (ref, commit) in try reporting({ try site.repository.references(matching: pattern) }) {
      if try isElsewhere(commit, given: kept, site) {
        attempts.append((ref, commit))
      } else {
        precious += 1
      }
    }
    let archive = LedgerRefs.archive(migration.name)
    guard let tip = try site.tip(of: archive) else { return }
    if try isElsewhere(tip, given: kept, site) {
      attempts.append((archive, tip))
    } else {
      precious += try reporting { try site.ledger.reader.archivedCount(tip) }
    }
  }

  /// Whether every file that a commit and its own history have is reachable from a ref that is none of ours.
  /// `kept` are commits that such a ref reaches.
  private func isElsewhere(_ commit: OID, given kept: [OID], _ site: Site) throws(CommandError) -> Bool {
    // What is listed too much only keeps a ref too many.
    let arguments = ["rev-list", "--objects-edge-aggressive", "--no-object-names", "--stdin"]
    let input = "\(commit.hex)\n" + kept.map { "^\($0.hex)\n" }.joined()
    let output = try reporting { try site.git.run(arguments, input: Array(input.utf8)) }
    guard output.isSuccess else { return false }
    for line in String(decoding: output.stdout, as: UTF8.self).split(separator: "\n") {
      guard !line.hasPrefix("-"), let oid = OID(String(line)) else { continue }
      if try reporting({ try site.repository.objectHeader(oid) }).kind == .blob { return false }
    }
    return true
  }

  /// The tips of all refs outside of `refs/migrate/`, and those of the commits given that one of them
  /// reaches.
  private static func keptByBranches(_ commits: [OID], _ site: Site) throws(CommandError) -> [OID] {
    let tips = try reporting { try site.repository.references(matching: "refs/*") }
      .filter { !$0.name.hasPrefix("refs/migrate/") }.map(\.oid)
    let list = try reporting {
      try site.git.run(
        ["rev-list", "--stdin"], input: Array(tips.map { "\($0.hex)\n" }.joined().utf8))
    }
    guard list.isSuccess else { return tips }
    let reached = Set(String(decoding: list.stdout, as: UTF8.self).split(separator: "\n").map(String.init))
    return tips + commits.filter { reached.contains($0.hex) }
  }

  private mutating func lookAtBranch(
    of migration: MigrationState, _ state: State, _ site: Site
  ) throws(CommandError) {
    let ref = migration.intoRef
    guard case .finished = migration.phase, !migration.peopleShareBranch,
      !state.migrations.contains(where: { !$0.phase.isTerminal && $0.intoRef == ref }),
      let tip = try site.tip(of: ref)
    else { return }
    guard let base = try site.tip(of: "refs/heads/" + migration.base),
      try site.isAncestor(tip, of: base)
    else {
      kept.append("'\(migration.into)': '\(migration.base)' does not hold it")
      return
    }
    if let place = try reporting({ try site.repository.checkouts(ofBranch: ref) }).first {
      kept.append("'\(migration.into)': it is checked out in '\(place)'")
      return
    }
    branches.append((ref, tip, migration.base))
  }
}
