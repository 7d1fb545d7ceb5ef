import Git
import Ledger
import Migration
import System

/// Where a migration would begin.
public struct StartPoint: Sendable {
  /// The branch people work on, without `refs/heads/`.
  public var base: String
  /// The commit the integration branch begins at.
  public var commit: OID
  /// Whether people share the integration branch.
  public var peopleShareBranch: Bool

  /// Finds it for a plan; writes nothing.
  ///
  /// Throws for a bare repository, no commit, a detached HEAD without a named base, a base that is no branch,
  /// and an integration branch of ours that exists already.
  public init(site: Site, base named: String?, into: String, isDefaultBranch: Bool) throws(CommandError) {
    _ = try site.mainDirectory()
    let repository = site.repository
    let head = try reporting { try repository.head() }
    let base: String
    if let named {
      base = named
    } else {
      switch head {
      case .branch(let name, _), .unborn(let name): base = StartPoint.short(name)
      case .detached:
        throw CommandError(
          "HEAD is detached, so the base is no branch", hint: "say 'base:' in the plan, or check out a branch"
        )
      }
    }
    guard let baseTip = try reporting({ try repository.resolve("refs/heads/" + base) }) else {
      if case .unborn(let name) = head, StartPoint.short(name) == base {
        throw CommandError("'\(base)' has no commit yet", hint: "commit something first")
      }
      let way = site.isMissing(branch: base, otherwise: "say an existing one in 'base:'").hint
      throw CommandError("no branch '\(base)' to begin from", hint: way)
    }
    let existing = try reporting { try repository.resolve("refs/heads/" + into) }
    if existing != nil, isDefaultBranch {
      throw CommandError(
        "the branch '\(into)' exists already",
        hint: "delete it, or name it with 'into:' to work on it as a branch that people share")
    }
    if existing == nil { try site.requireRoom(forBranch: into, here: true, inRemote: true) }
    self.base = base
    commit = existing ?? baseTip
    peopleShareBranch = existing != nil
  }

  private static func short(_ ref: String) -> String {
    ref.hasPrefix("refs/heads/") ? String(ref.dropFirst("refs/heads/".count)) : ref
  }
}

extension Site {
  /// Throws when git can have no branch of this name beside those that are here, or in the remote that the
  /// ledger is shared through: it keeps them as files, and one that is called like a folder of another is in
  /// the way. A remote that cannot be asked says nothing.
  public func requireRoom(
    forBranch name: String, here looksHere: Bool, inRemote looksThere: Bool
  ) throws(CommandError) {
    let refs = try reporting { () throws -> [String] in
      looksHere ? try repository.references(matching: "refs/heads/*").map(\.name) : []
    }
    if let other = BranchName.inTheWay(of: name, among: refs) {
      throw CommandError(
        "the branch '\(other)' is in the way: git cannot have '\(name)' beside it",
        hint: "rename it with 'git branch -m \(other) NAME', or name another branch with 'into:' in the plan")
    }
    guard looksThere, let remote = ledger.remote,
      let there = try? remote.refs(BranchName.patterns(besides: name)),
      let other = BranchName.inTheWay(of: name, among: there)
    else { return }
    throw CommandError(
      "the branch '\(other)' of '\(remote.name)' is in the way: git cannot have '\(name)' beside it",
      hint: "rename it there, or name another branch with 'into:' in the plan")
  }

  /// Throws when tracked files of the worktree we stand in differ from its commit: a migration begins at a
  /// commit, and what is not committed would silently stay out of it.
  public func requireClean() throws(CommandError) {
    guard repository.workingDirectory != nil else { return }
    let changed = try reporting { try changedFiles(of: repository) }
    guard let first = changed.first else { return }
    let more = changed.count > 1 ? " and \(changed.count - 1) more" : ""
    throw CommandError(
      "'\(TerminalText.sanitizedLine(first))'\(more) has changes that are not committed",
      hint: "commit or stash them, or begin without them by '--allow-dirty'")
  }

  /// Approves what this user has just typed: the file, so that its lists of steps may be made again, and the
  /// plan that came of it.
  public func approve(
    _ digest: String, _ migration: String, in state: State = State()
  ) throws(CommandError) {
    let trust = try Trust(environment: environment)
    try trust.approve(digest: digest, name: migration, at: clock.now())
    guard let found = state.migration(named: migration) else { return }
    try trust.approve(digest: found.approvalDigest, name: migration, at: clock.now())
  }

  /// Throws unless this user approved the plan to run its commands on this machine (DESIGN §4).
  public func requireTrust(_ state: MigrationState) throws(CommandError) {
    if try isApproved(state) { return }
    let given = environment[Site.trustVariable] ?? ""
    var error = CommandError(
      given.isEmpty
        ? "the plan of '\(state.name)' has not been approved to run commands here"
        : "\(Site.trustVariable) approves another plan than that of '\(state.name)'",
      hint: "look at them and approve with 'git migrate trust \(state.plan.fleet?.fleet ?? state.name)'")
    error.waitsForUser = true
    throw error
  }

  /// The variable by which whoever starts a machine approves a plan there, by its digest
  /// (`MigrationState.approvalDigest`): nothing that comes with a repository can set it.
  public static let trustVariable = "MIGRATE_TRUST"

  /// Whether this user, or whoever started this process, approved the plan in force.
  package func isApproved(_ state: MigrationState) throws(CommandError) -> Bool {
    let digest = state.approvalDigest
    if environment[Site.trustVariable] == digest { return true }
    return try Trust(environment: environment).isApproved(digest: digest)
  }
}
