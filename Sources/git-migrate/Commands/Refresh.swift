import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate refresh`: takes a moved base into the integration branch.
struct RefreshCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "refresh", abstract: "Merge the moved base into the integration branch, through the gate.",
    discussion: "Exit codes: 0 it is taken in, 1 it conflicts or does not pass, 125 it could not be verified."
  )

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let refreshed = try context.answers().refresh(migration.migration, context.interruption)
    context.exitCode = refreshed.exitCode
    try context.print(refreshed, json)
    if case .refreshed = refreshed.outcome { try takeIn(refreshed.state, context) }
    context.hint(refreshed.hint)
  }

  /// What the base brought of what is migrated away is told, and becomes steps.
  private func takeIn(_ before: MigrationState, _ context: Context) throws(CommandError) {
    let site = try context.site()
    guard let state = try reporting({ try site.ledger.read() }).state.migration(named: before.name),
      !state.phase.isTerminal,
      (try? site.requireTrust(state)) != nil, let tip = try site.tip(of: state.intoRef)
    else { return }
    do throws(CommandError) {
      let last = before.loop.counts.last?.uses.count
      let now = try UseCounting(site: site) { context.warn($0) }.count(state, at: tip)
      if let now, let last, now > last {
        context.note("'\(state.base)' brought \(Count.of(now - last, "use"))")
      }
      let new = try site.expandAgain(state) { context.warn($0) }
      if !new.isEmpty {
        context.note(ExpandedAgain.words(new))
      }
    } catch {
      // The base is taken in, whatever becomes of that.
      context.warn(error.message, hint: error.hint)
    }
  }
}
