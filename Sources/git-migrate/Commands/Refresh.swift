import ArgumentParser
import Ledger
import Migration
import Runner

/// `git migrate refresh`: takes a moved base into the integration branch.
struct RefreshCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "refresh", abstract: "Merge the moved base into the integration branch, through the gate.",
    discussion: "Exit codes: 0 it is taken in, 1 it conflicts or does not pass, 125 it could not be verified."
  )

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let state = try site.migration(
      migration.migration, in: try context.snapshot(finding: migration.migration).state)
    if !state.plan.gate.verifiers.isEmpty { try site.requireTrust(state) }
    try site.requireReady(state)
    let runner = try GateRunner(context)
    let finishing = Finishing(site: site, report: { context.warn($0) })
    switch try finishing.refresh(state.name, stopWhen: runner.shouldStop, signals: runner.signals) {
    case .upToDate: try tell("up to date", "'\(state.into)' has all of '\(state.base)'", [], context)
    case .refreshed(let commit):
      try tell("refreshed", "'\(state.into)' took in '\(state.base)' as \(commit.prefix(10))", [], context)
    case .conflicts(let paths):
      context.exitCode = .no
      try tell("conflicts", "'\(state.base)' conflicts with '\(state.into)'", paths, context)
      context.hint(
        "add a step that resolves them, with 'git migrate amend', or revert what conflicts on the base")
    case .failed(let verdict, let failure):
      context.exitCode = verdict == .couldNotRun ? .couldNotVerify : .no
      try tell(verdict.words, failure.reason, failure.details, context)
    }
  }

  private func tell(
    _ result: String, _ reason: String, _ details: [String], _ context: Context
  ) throws(CommandError) {
    guard json.isWanted else {
      try context.output.line(reason)
      for detail in details { try context.output.line(detail) }
      return
    }
    try context.output.line(
      json: JSON.object([
        JSON.Member("version", .integer(1)), JSON.Member("result", .string(result)),
        JSON.Member("reason", .string(reason)), JSON.Member("details", .array(details.map(JSON.string))),
      ]))
  }
}
