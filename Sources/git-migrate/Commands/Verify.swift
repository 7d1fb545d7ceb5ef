import ArgumentParser
import Ledger
import Migration
import Runner

/// `git migrate verify`: what the gate would say, without handing anything in.
struct VerifyCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Try the gate on the work so far; records nothing.",
    discussion: "Exit codes: 0 it would pass, 1 it would be sent back, 125 it could not be verified.")

  @OptionGroup var options: ClaimOptions

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let claim = try options.claim(context)
    let state = try reporting { try site.ledger.read() }.state.migration(named: claim.migration)
    guard let state else { throw CommandError("no migration '\(claim.migration)'") }
    try site.requireTrust(state)
    try site.requireApprovedCommands()
    let runner = try GateRunner(context)
    let trial = try Trial(site: site).run(
      claim, state, stopWhen: runner.shouldStop, signals: runner.signals, warn: { context.warn($0) })
    switch trial.verdict {
    case .passed: context.exitCode = .done
    case .failed, .ranNoTests: context.exitCode = .no
    case .couldNotRun: context.exitCode = .couldNotVerify
    }
    guard json.isWanted else {
      let reason = trial.failure.map { ": \($0.reason)" } ?? ""
      try context.output.line("\(claim.fence.step) \(trial.verdict.words)\(reason)")
      for detail in trial.failure?.details ?? [] { try context.output.line(detail) }
      return
    }
    try context.output.line(
      json: JSON.object([
        JSON.Member("version", .integer(1)), JSON.Member("step", .string(claim.fence.step)),
        JSON.Member("verdict", .string(trial.verdict.rawValue)),
        JSON.Member("reason", trial.failure.map { .string($0.reason) } ?? .null),
        JSON.Member("failures", .array((trial.failure?.details ?? []).map(JSON.string))),
      ]))
  }
}
