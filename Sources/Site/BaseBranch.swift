import Git
import Ledger
import Migration

/// The branch that people work on, here and in the remote.
extension Site {
  /// That a branch is not in this clone, and how it comes here; `otherwise` ends the hint.
  package func isMissing(branch: String, otherwise: String?) -> CommandError {
    let remote = ledger.remote?.name ?? (hasOrigin ? "origin" : nil)
    let way = remote.map { "bring it here with 'git fetch \($0) \(branch):\(branch)'" }
    let hint = [way, otherwise].compactMap(\.self).joined(separator: ", or ")
    return CommandError(
      "there is no branch '\(branch)' here", hint: hint.isEmpty ? nil : hint, exitCode: .no)
  }

  /// Where the base is: here or, when that is further, in the remote.
  package func base(of migration: MigrationState) throws(CommandError) -> OID? {
    let ref = "refs/heads/" + migration.base
    let here = try tip(of: ref)
    if let member = migration.plan.fleet {
      // What is here will do until the target can be reached.
      return (try? bringBase(of: member, as: migration.name)) ?? here
    }
    guard let remote = ledger.remote else { return here }
    let there: OID?
    do throws(GitError) {
      _ = try remote.fetch(branches: [ref])
      there = try remote.knownTip(ofBranch: ref)
    } catch {
      // What is here will do until it can be reached.
      return here
    }
    guard let there, let here else { return here ?? there }
    return try isAncestor(here, of: there) ? there : here
  }

  /// Brings the newest base of a target of a fleet here, as the base of the migration in it; gives where it
  /// is.
  package func bringBase(of member: FleetMember, as migration: String) throws(CommandError) -> OID {
    try bringBase(member.target.base ?? "", of: member.target.url, as: migration)
  }

  /// The same of a branch of a repository. `depth` is how much of its history comes the first time; `nil` is
  /// all of it.
  package func bringBase(
    _ base: String, of url: String, as migration: String, depth: Int? = nil
  ) throws(CommandError) -> OID {
    let ref = "refs/heads/" + FleetMember.baseBranch(of: migration)
    var isNew = depth != nil
    if isNew { isNew = try tip(of: ref) == nil }
    do throws(GitError) {
      try git.fetch(
        from: url, ["+refs/heads/\(base):\(ref)"], deletesGone: false, depth: isNew ? depth : nil)
    } catch {
      throw CommandError(error.message)
    }
    guard let tip = try tip(of: ref) else { throw CommandError("it has no branch '\(base)'") }
    return tip
  }

  /// How many commits of each target's history a fleet brings (`migrate.fleetDepth`); `nil` is all of it. A
  /// server takes no branch without its whole history, so that where the ledger is shared it is all of it.
  package func fleetDepth() throws(CommandError) -> Int? {
    guard let text = try reporting({ try repository.config("migrate.fleetDepth") }), !hasRemote else {
      return nil
    }
    guard let depth = Int(text), (0...1_000_000).contains(depth) else {
      throw CommandError(
        "'migrate.fleetDepth' is '\(text)', not a number of commits",
        hint: "0 brings all of them; see git-migrate-fleet(1)")
    }
    return depth == 0 ? nil : depth
  }

  private var hasOrigin: Bool { ((try? repository.config("remote.origin.url")) ?? nil) != nil }

  /// Throws unless the base is here, the integration branch at `tip` holds all of it, and nothing keeps git
  /// from leading it forward now. Nothing is moved.
  public func requireForward(_ state: MigrationState, to tip: OID) throws(CommandError) {
    guard let base = try self.tip(of: "refs/heads/" + state.base) else {
      throw isMissing(branch: state.base, otherwise: "leave the branch with '--no-merge'")
    }
    guard try isAncestor(base, of: tip) else {
      throw CommandError(
        "'\(state.base)' has moved since '\(state.into)' began",
        hint: "take it in with 'git migrate refresh', or leave the branch with '--no-merge'", exitCode: .no)
    }
    guard base != tip, let reason = try objection(toMoving: "refs/heads/" + state.base, from: base, to: tip)
    else { return }
    throw CommandError(
      "'\(state.base)' cannot be moved: \(reason)",
      hint: "mend that and finish again, or leave the branch with '--no-merge'", exitCode: .no)
  }

  /// Where the base is in the remote that the ledger is shared through, seen from a result.
  public enum SharedBase: Equatable, Sendable {
    /// The ledger is not shared.
    case notShared
    /// The base there holds the result.
    case current(remote: String)
    /// It can be led forward to the result; `nil`: there is no such branch there.
    case behind(remote: String, tip: OID?)
    /// It has commits that the result does not hold.
    case elsewhere(remote: String)
  }

  /// Asks the remote where the base is. Throws when it cannot be reached.
  public func sharedBase(_ state: MigrationState, result: OID) throws(CommandError) -> SharedBase {
    guard let remote = ledger.remote else { return .notShared }
    let ref = "refs/heads/" + state.base
    let there = try reporting { () throws -> OID? in
      _ = try remote.fetch(branches: [ref])
      return try remote.knownTip(ofBranch: ref)
    }
    guard let there else { return .behind(remote: remote.name, tip: nil) }
    if try isAncestor(result, of: there) { return .current(remote: remote.name) }
    if try isAncestor(there, of: result) { return .behind(remote: remote.name, tip: there) }
    return .elsewhere(remote: remote.name)
  }

  /// Leads the base in the remote forward from `tip` to the result, through the hooks. Gives `nil` when that
  /// is done, or why it is not.
  public func pushBase(
    _ state: MigrationState, from tip: OID?, to result: OID
  ) throws(CommandError) -> String? {
    guard let remote = ledger.remote else { return "the ledger is not shared" }
    let update = GitProgram.PushUpdate(ref: "refs/heads/" + state.base, to: result, from: tip)
    switch try reporting({ try remote.push([update]) }) {
    case .won: return nil
    case .lost: return "it was moved by somebody else in the meantime"
    case .rejected(let reason), .unknown(let reason): return reason
    }
  }
}
