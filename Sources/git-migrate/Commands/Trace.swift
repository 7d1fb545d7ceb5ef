import ArgumentParser
import Ledger
import Migration
import Runner
import Site
import System

/// `git migrate trace`: what happened, for services that show traces.
struct TraceCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Send what happened to a service that shows traces.",
    discussion: """
      A trace is an attempt that has ended, with its work, its gates and their verifiers, at the times when \
      they were. It is OTLP over HTTP as JSON. Sending again, from any clone, is harmless.
      """)

  @Option(
    help: ArgumentHelp(
      "Where they go: a collector's address. By default 'migrate.otlp', else OTEL_EXPORTER_OTLP_ENDPOINT.",
      valueName: "url"))
  var otlp: String?

  @Option(
    help: ArgumentHelp(
      "Only attempts that ended since then: 'yesterday', '07:00', '8h' or '2026-11-21'.", valueName: "when"))
  var since: String?

  @Option(
    name: .customLong("header"),
    help: ArgumentHelp("A further head of the request, as NAME=VALUE; may be given again.", valueName: "head")
  )
  var headers: [String] = []

  @Flag(help: "With prompts and closing words, without what looks like a secret.")
  var content = false

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if let since, TimeText.past(since, before: Timestamp(milliseconds: 0)) == nil {
      throw ValidationError(
        "'--since' takes a time such as 'yesterday', 07:00, 8h or 2026-11-21, not '\(since)'")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let environment = try TraceSettings(site).environment
    let target = try TraceTarget(address: otlp, headers: headers, environment: environment)
    let snapshot = try context.snapshot(finding: migration.migration, looksOnly: true)
    let state = try site.migration(migration.migration, in: snapshot.state)
    let from = since.flatMap { TimeText.past($0, before: site.clock.now()) }
    let sent = try context.answers().sendTraces(
      state.name, since: from, to: target, version: GitMigrate.versionNumber, withContent: content)
    try context.print(sent, json, .plain)
  }
}
