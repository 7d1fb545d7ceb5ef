import Forges
import Git
import Ledger
import Migration
import Site
import System

/// A board in a real repository: its ledger, and the address of the forge that its remote is at.
package final class SiteBoard {
  private let site: Site
  private let report: (String) -> Void
  /// The migration, or the fleet.
  package let name: String

  /// Makes one of a migration or a fleet.
  package init(_ site: Site, _ name: String, report: @escaping (String) -> Void) {
    (self.site, self.name, self.report) = (site, name, report)
  }

  /// The migrations that it shows: one, or those of all targets of a fleet. Throws where there is none.
  package func members() throws(CommandError) -> [MigrationState] {
    let state = try reporting { try site.ledger.read() }.state
    if let found = state.migration(named: name) { return [found] }
    let members = state.members(of: name)
    if members.isEmpty { throw CommandError(state.noMigration(name)) }
    return members
  }

  /// The address of the remote, as git would push to it. Throws where there is none.
  package func address() throws(CommandError) -> String {
    let remote = try reporting { try site.repository.config("migrate.remote") } ?? "origin"
    let output = try reporting { try site.git.run(["remote", "get-url", "--push", remote]) }
    guard output.isSuccess, let line = output.text.split(whereSeparator: \.isNewline).first else {
      throw CommandError(
        "there is no remote '\(remote)', whose forge would have the board",
        hint: "add it with 'git remote add \(remote) URL'")
    }
    return String(line)
  }
}

extension SiteBoard: BoardWorld {
  package func state() throws(PublishError) -> State {
    try publishing { () throws(CommandError) in try reporting { try site.ledger.read() }.state }
  }

  package func record(
    _ changes: [(migration: String, change: Migration.Change)]
  ) throws(PublishError) -> Refusal? {
    try publishing { () throws(CommandError) in
      let proposals = changes.map { Proposal($0.migration, $0.change) }
      return try Interpreter(site: site, report: report).append(proposals, by: site.actor).refusal
    }
  }

  package var claim: (holder: String, owner: Owner) { (site.actor, site.owner) }

  package func isDead(_ owner: Owner) -> Bool { Site.isProvablyDead(owner) }

  package func now() -> Timestamp { site.clock.now() }
  package func tell(_ line: String) { report(line) }
}
