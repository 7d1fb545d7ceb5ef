import ArgumentParser
import Migration
import Runner
import Site

/// `git migrate pause`: nothing new is claimed, gated or merged until `resume`.
struct PauseCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Begin nothing new until 'resume'; what runs may end.")

  @Argument(help: "Why; shown in the status.")
  var reason: [String] = []

  @OptionGroup var words: ReasonOption
  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws { try words.check(beside: reason) }

  func run(_ context: Context) throws(CommandError) {
    let text = words.text(or: reason)
    let actor = try context.site().actor
    if let fleet = try context.fleet(for: migration) {
      return try context.pause(fleet: fleet, text.isEmpty ? "\(actor) asked for it" : text, json)
    }
    try Steering(context, migration).append(json) { _ in
      [.migrationPaused(reason: text.isEmpty ? "\(actor) asked for it" : text)]
    }
  }
}
