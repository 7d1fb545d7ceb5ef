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
  }

  private func git(_ arguments: [String]) throws(CommandError) {
    var environment = site.environment.filter { name, _ in
      !["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"].contains(name)
    }
    environment["GIT_TERMINAL_PROMPT"] = "0"
    let outcome = try reporting { try Command("git", arguments, environment: environment).run() }
    if outcome.status.isSuccess { return }
    let words = outcome.errorText.split(separator: "\n").last.map(String.init) ?? "git says nothing"
    throw CommandError("unable to make the clone: \(TerminalText.sanitizedLine(words))")
  }
}
