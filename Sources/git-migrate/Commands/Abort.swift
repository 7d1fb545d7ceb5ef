import ArgumentParser
import Migration
import Runner
import Site

/// `git migrate abort`: ends a migration without its result.
struct AbortCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "abort", abstract: "End a migration; steps that are not done are cancelled.",
    discussion: "The integration branch, the ledger and every attempt's ref stay.")

  @Argument(help: "Why; shown in the log.")
  var reason: [String] = []

  @OptionGroup var words: ReasonOption
  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws { try words.check(beside: reason) }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let text = words.text(or: reason)
    // Never by default: nobody gives up hundreds by leaving a name out.
    if migration.migration != nil, let fleet = try context.fleet(for: migration) {
      try context.abort(fleet: fleet, text.isEmpty ? "\(site.actor) asked for it" : text, json)
      return try Cleaning(context).removeSlots()
    }
    do throws(CommandError) {
      let steering = try Steering(context, migration)
      // What cannot be settled or made any more must not keep anybody from ending it.
      do throws(CommandError) {
        try Recovery(site: site) { context.warn($0) }.sweep(steering.migration)
      } catch {
        context.warn(error.message, hint: error.hint)
      }
      try steering.append(json) { _ in
        [.migrationAborted(reason: text.isEmpty ? "\(site.actor) asked for it" : text)]
      }
    } catch {
      // An abort that was cut off after its entry is ended by the next.
      try? Cleaning(context).removeSlots()
      throw error
    }
    try Cleaning(context).removeSlots()
  }
}
