import Git
import Migration
import Site
import Supervision
import System

/// A clone of one target of a fleet, with the work on it: made of what is here, and with the target itself as
/// its origin, so that what people do in it goes there.
public struct FleetClone {
  private let site: Site

  /// Makes one.
  public init(_ site: Site) { self.site = site }

  /// Makes the clone. Throws when git cannot.
  public func make(of member: MigrationState, at path: String) throws(CommandError) {
    guard let fleet = member.plan.fleet else { throw CommandError("'\(member.name)' is in no fleet") }
    let common = site.repository.commonDirectory
    try git([
      "clone", "--quiet", "--no-tags", "--single-branch", "--branch", member.into, "--", common, path,
    ])
    try git(["-C", path, "branch", "--quiet", "-m", fleet.branch])
    try git(["-C", path, "config", "--unset", "remote.origin.fetch"])
    try git(["-C", path, "config", "--add", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"])
    try git(["-C", path, "remote", "set-url", "origin", fleet.target.url])
    try track(member, fleet, common, at: path)
  }

  /// Has the clone know the target's branches by their names there: the names here are the home's own.
  private func track(
    _ member: MigrationState, _ fleet: FleetMember, _ common: String, at path: String
  ) throws(CommandError) {
    let (remote, base) = ("refs/remotes/origin/", member.publishedBase)
    try git(["-C", path, "config", "branch.\(fleet.branch).remote", "origin"])
    try git(["-C", path, "config", "branch.\(fleet.branch).merge", "refs/heads/\(fleet.branch)"])
    try git(["-C", path, "update-ref", "-d", "\(remote)HEAD"])
    try git(["-C", path, "update-ref", "-d", remote + member.into])
    try git([
      "-C", path, "fetch", "--quiet", "--no-tags", "--", common,
      "+refs/heads/\(member.base):\(remote)\(base)",
    ])
    guard let head = member.publications[member.openWholeUnit]?.head, head == member.tip else { return }
    try git(["-C", path, "update-ref", remote + fleet.branch, head.hex])
  }

  private func git(_ arguments: [String]) throws(CommandError) {
    var environment = ChildEnvironment.outsideOfRepository(site.environment)
    environment["GIT_TERMINAL_PROMPT"] = "0"
    let outcome = try reporting { try Command("git", arguments, environment: environment).run() }
    if outcome.status.isSuccess { return }
    let words = GitWords.reason(in: outcome.errorText) ?? "git says nothing"
    throw CommandError("unable to make the clone: \(TerminalText.sanitizedLine(words))")
  }
}
