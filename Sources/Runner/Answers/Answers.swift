import Ledger
import Migration
import Site

/// What is asked of a migration, answered with values: the commands print them, and so does whoever else
/// talks with workers and people. One file an answer.
package struct Answers {
  let site: Site
  let warn: (String) -> Void

  /// Answers for a site; `warn` is told what a person should know and ends nothing.
  package init(_ site: Site, warn: @escaping (String) -> Void) {
    self.site = site
    self.warn = warn
  }

  /// Records by the one funnel.
  var interpreter: Interpreter { Interpreter(site: site, report: warn) }

  /// A migration of the newest state that is known here.
  func state(_ migration: String) throws(CommandError) -> MigrationState {
    let state = try reporting { try site.ledger.read() }.state.migration(named: migration)
    guard let state else { throw CommandError(.noMigration(migration)) }
    return state
  }
}
