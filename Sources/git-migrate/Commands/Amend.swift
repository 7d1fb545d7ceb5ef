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

  @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Say what it would do, and do nothing.")
  var isDryRun = false

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
    if isDryRun {
      return try preview(
        PlanAmendment(
          plan: expanded, number: running.planNumber + 1, digest: input.digest), in: state, context)
    }
    let outcome = try context.interpreter().append(by: site.actor) { (snapshot, _) throws(Refusal) in
      let before = snapshot.state.migration(named: name) ?? running
      let amendment = PlanAmendment(plan: expanded, number: before.planNumber + 1, digest: input.digest)
      return (before, [Proposal(name, .planAmended(amendment), planText: input.bytes)])
    }
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    guard case .recorded(let snapshot, let before) = outcome else { return }
    try site.approve(input.digest, name, in: snapshot.state)
    guard let after = snapshot.state.migration(named: name) else { return }
    try tell(after, AmendmentSummary(from: before, to: after), context)
  }

  /// Says what the amendment would do: the same decision, on a copy.
  private func preview(
    _ amendment: PlanAmendment, in state: State, _ context: Context
  ) throws(CommandError) {
    let site = try context.site()
    let name = amendment.plan.migration
    let event = Event(
      migration: name, at: max(site.clock.now(), state.at), by: site.actor, change: .planAmended(amendment))
    switch decide(state, event.written(in: state)) {
    case .refuse(let refusal): throw CommandError(refusal)
    case .accept(let next, _):
      guard let old = state.migration(named: name), let new = next.migration(named: name) else { return }
      try tell(new, AmendmentSummary(from: old, to: new), context)
    }
  }

  private func tell(
    _ state: MigrationState, _ summary: AmendmentSummary, _ context: Context
  ) throws(CommandError) {
    let count = state.steps.count - state.keptCount
    guard json.isWanted else {
      let would = isDryRun ? "would follow" : "follows"
      try context.output.line(
        "\(state.name) \(would) plan \(state.planNumber), \(Count.of(count, "step")): \(summary.text)")
      guard !isDryRun, !summary.blocked.isEmpty else { return }
      let steps = summary.blocked.count > 5 ? "--all-blocked" : summary.blocked.joined(separator: " ")
      return context.hint(
        "what is blocked stays so: let it try the new plan with 'git migrate retry \(steps)'")
    }
    func list(_ ids: [String]) -> JSON { .array(ids.map(JSON.string)) }
    try context.output.line(
      json: JSON.object([
        JSON.Member("version", .integer(1)), JSON.Member("migration", .string(state.name)),
        JSON.Member("plan", .integer(Int64(state.planNumber))), JSON.Member("steps", .integer(Int64(count))),
        JSON.Member("dry_run", .bool(isDryRun)), JSON.Member("added", list(summary.added)),
        JSON.Member("cancelled", list(summary.cancelled)), JSON.Member("kept", list(summary.kept)),
        JSON.Member("blocked", list(summary.blocked)),
      ]))
  }
}
