import ArgumentParser
import Git
import Ledger
import Migration
import PlanFile
import Runner

/// `git migrate amend PLAN`: replaces the plan of a running migration.
struct AmendCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "amend", abstract: "Replace the plan of a running migration.",
    discussion: """
      Steps are matched by id. New ones join, changed ones count from their next claim, dropped ones are \
      cancelled; merged ones stay as history. A plan that is not good is refused and the old one stays.
      """)

  @Argument(help: "The plan file.", completion: .file())
  var plan: String

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let input = try PlanInput(path: plan)
    let name = input.file.settings.migration
    let state = try reporting { try site.ledger.read() }.state
    guard let running = state.migration(named: name) else {
      throw CommandError("no migration '\(name)' to amend", hint: "begin it with 'git migrate start \(plan)'")
    }
    let expanded = try input.expanded(in: context, at: running.tip.hex, runsCommands: true)
    for warning in PlanCheck.warnings(for: expanded) { context.warn(warning.message, hint: warning.hint) }
    let outcome = try reporting {
      try site.ledger.append(by: site.actor) { (snapshot, _) throws(Refusal) in
        let number = snapshot.state.migration(named: name)?.planNumber ?? 0
        let amendment = PlanAmendment(plan: expanded, number: number + 1, digest: input.digest)
        return [Proposal(name, .planAmended(amendment), planText: input.bytes)]
      }
    }
    guard case .won(let snapshot, let effects) = outcome else {
      if case .refused(let refusal) = outcome { throw CommandError(refusal) }
      return
    }
    try site.approve(input.digest, name, in: snapshot.state)
    try performEffects(effects, context)
    let number = snapshot.state.migration(named: name)?.planNumber ?? 0
    guard json.isWanted else {
      return try context.output.line("\(name) follows plan \(number): \(expanded.steps.count) steps")
    }
    try context.output.line(
      json: JSON.object([
        JSON.Member("version", .integer(1)), JSON.Member("migration", .string(name)),
        JSON.Member("plan", .integer(Int64(number))),
        JSON.Member("steps", .integer(Int64(expanded.steps.count))),
      ]))
  }
}
