import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate approve`: a person takes work that waits for them, steps that workers propose, and units that
/// are to be published.
struct ApproveCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Take work that waits for a person.",
    discussion: """
      Work that a stage or a judge has put to a person goes to the gate as it is; no judge is asked about \
      it again. A proposed step becomes part of the plan. Steps are named by id or by a glob. Where the plan \
      says 'publish: { after: approve }', units wait, too; 'git migrate publish -n' lists them. All that is \
      named is approved, or nothing.
      """)

  @Argument(help: ArgumentHelp("The steps, globs of them, and units.", valueName: "name"))
  var names: [String]

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let names = eachOnce(names)
    let steering = try Steering(context, migration)
    let known = try units(steering, context)
    try steering.appendChosen(json) { (state) throws(CommandError) in
      // A name that a waiting step and a unit have in common means the step.
      let units = names.filter { known.contains($0) && state.step($0)?.phase.isDecidable != true }
      let named = names.filter { !units.contains($0) }
      let chosen = named.isEmpty ? [] : try StepChoice.named(named, of: state) { $0.isDecidable }
      let proposed = chosen.filter { state.step($0)?.phase == .proposed }
      let waiting = chosen.filter { !proposed.contains($0) }
      return (waiting.isEmpty ? [] : [.stepsApproved(waiting)])
        + (proposed.isEmpty ? [] : [.stepsAccepted(proposed)])
        + units.map { .publication(.approved(unit: $0)) }
    }
  }

  /// The units that a plan's work is published in; none where it is not.
  private func units(_ steering: Steering, _ context: Context) throws(CommandError) -> Set<String> {
    let site = try context.site()
    let state = try site.migration(
      steering.migration, in: try context.snapshot(finding: steering.migration).state)
    guard state.plan.publish != nil else { return [] }
    return Set(try SitePublishing(site, state.name) { context.warn($0) }.proposed(state).map(\.unit))
  }
}
