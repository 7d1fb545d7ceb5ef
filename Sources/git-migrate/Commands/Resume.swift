import ArgumentParser
import Migration
import Runner

/// `git migrate resume`: goes on after a pause.
struct ResumeCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Go on after a pause.")

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    try Steering(context, migration).append(json) { _ in [.migrationResumed] }
  }
}
