import ArgumentParser
import Git
import Ledger
import Migration
import Plans
import Runner
import Site

/// `git migrate amend PLAN`: replaces the plan of a running migration.
struct AmendCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "amend", abstract: "Replace the plan of a running migration.",
    discussion: """
      Steps are matched by id. New ones join, changed ones count from their next claim, dropped ones are \
      cancelled; merged ones stay as history. A plan that is not good is refused and the old one stays.
      """)

  @Argument(help: "The plan file.", completion: .file())
  var plan: String?

  @Flag(
    name: .customLong("expand"),
    help: "Expand the 'for:' of the plan in force again; new matches become steps.")
  var expandsAgain = false

  @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Say what it would do, and do nothing.")
  var isDryRun = false

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if (plan == nil) != expandsAgain { throw ValidationError("name the plan file, or give '--expand'") }
    if migration.migration != nil, plan != nil { throw ValidationError("the plan file names its migration") }
  }

  func run(_ context: Context) throws(CommandError) {
    guard let plan else { return try expand(context) }
    let site = try context.site()
    let input = try PlanInput(path: plan)
    let name = input.file.settings.migration
    let state = try reporting { try site.ledger.read() }.state
    guard input.file.fleet == nil else {
      throw CommandError(
        "'\(plan)' has 'targets': it is a plan for many repositories",
        hint: "'git migrate fleet check \(plan)' amends what has not ended in them")
    }
    guard let running = state.migration(named: name) else {
      throw CommandError("no migration '\(name)' to amend", hint: "begin it with 'git migrate start \(plan)'")
    }
    let expanded = try input.expanded(
      in: context, at: running.tip.hex, runsCommands: true, for: running.plan.fleet)
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
    try tell(AmendedPlan(from: before, to: after, isDryRun: false), context)
  }

  /// Makes steps of what the plan's `for:` finds now and no step is for yet.
  private func expand(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let snapshot = try context.snapshot(finding: migration.migration)
    let state = try site.migration(migration.migration, in: snapshot.state)
    if isDryRun {
      let plan = try ExpandedAgain(of: state, in: site)?.plan
      return try preview(
        PlanAmendment(
          plan: plan ?? PlanAmendment.inForce(state), number: state.planNumber + 1, digest: state.planDigest),
        in: snapshot.state, context)
    }
    let new = try site.expandAgain(state) { context.warn($0) }
    let newest =
      try reporting { try site.ledger.read() }.state.migration(named: state.name) ?? state
    if new.isEmpty, !json.isWanted { return try context.output.line("\(state.name): nothing new") }
    try tell(AmendedPlan(from: state, to: newest, isDryRun: false), context)
  }

  /// Says what the amendment would do: the same rules, on a copy.
  private func preview(
    _ amendment: PlanAmendment, in state: State, _ context: Context
  ) throws(CommandError) {
    let site = try context.site()
    let name = amendment.plan.migration
    let event = Event(
      migration: name, at: max(site.clock.now(), state.at), by: site.actor, change: .planAmended(amendment))
    var next = state
    do throws(Refusal) { _ = try next.apply(event.written(in: state)) } catch { throw CommandError(error) }
    guard let old = state.migration(named: name), let new = next.migration(named: name) else { return }
    try tell(AmendedPlan(from: old, to: new, isDryRun: true), context)
  }

  private func tell(_ amended: AmendedPlan, _ context: Context) throws(CommandError) {
    try context.print(amended, json)
    if !json.isWanted { context.hint(amended.hint) }
  }
}

extension PlanAmendment {
  /// The plan in force, without the steps that are kept as history.
  fileprivate static func inForce(_ state: MigrationState) -> Plan {
    var plan = state.plan
    plan.steps.removeLast(state.keptCount)
    return plan
  }
}
