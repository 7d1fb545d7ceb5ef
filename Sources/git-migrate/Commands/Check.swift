import ArgumentParser
import Git
import Migration
import Plans
import Runner
import Site
import System

/// `git migrate check`: reads a plan as `start` would and says what it means; changes nothing.
struct CheckCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check a plan file without starting anything.",
    discussion: """
      Every 'for:' is expanded over the tracked files of the plan's base. The commands of 'for: { \
      lines: … }' run only with '--run-commands', or when you approved the plan with 'git migrate \
      trust'.
      """)

  @Argument(help: "The plan file.", completion: .file())
  var plan: String?

  @Flag(help: "Print the JSON Schema of plans for an editor.")
  var schema = false

  @Flag(name: .customLong("run-commands"), help: "Run the plan's commands that list steps.")
  var runsCommands = false

  @Option(
    name: .customLong("base"),
    help: ArgumentHelp("Expand over the files of this commit instead.", valueName: "revision"))
  var base: String?

  @Flag(name: [.customShort("l"), .customLong("list")], help: "List the steps.")
  var listsSteps = false

  @Option(
    name: .customLong("prompt"),
    help: ArgumentHelp("Print the prompt of this step's first attempt.", valueName: "step"))
  var promptStep: String?

  @OptionGroup var json: JSONOption

  func validate() throws {
    if schema == (plan != nil) { throw ValidationError("name one plan file, or give '--schema'") }
  }

  func run(_ context: Context) throws(CommandError) {
    guard let path = plan else { return try printSchema(context) }
    let input: PlanInput
    let plan: Plan
    do throws(CommandError) {
      input = try PlanInput(path: path, isToCheck: true)
      if input.file.fleet != nil, !input.file.isFaulty { try checkTargets(input, context) }
      plan = try input.expanded(in: context, at: base, runsCommands: runsCommands)
      if let site = try? context.site(), let fault = input.roomFault(in: site) { throw CommandError(fault) }
    } catch {
      if json.isWanted { try context.print(RejectedPlan(error)) }
      throw error
    }
    if let fault = plan.fault() { throw CommandError("\(path): \(fault)") }
    if let promptStep { return try printPrompt(of: promptStep, plan, context) }
    let warnings =
      try PlanCheck.warnings(for: plan) + baseWarnings(plan, context) + programWarnings(plan, context)
    if !json.isWanted { for warning in warnings { context.warn(warning.message, hint: warning.hint) } }
    try context.print(CheckedPlan(plan, digest: input.digest, warnings: warnings), json)
    guard !json.isWanted else { return }
    if input.findsGate {
      try context.output.write(
        "\nWhat 'gate: auto' finds, to be pasted into the plan:\n\n" + BuildSystems.planText(plan.gate))
    }
    if listsSteps { try context.output.write("\n" + GraphText(plan).text(width: context.width)) }
  }

  /// The targets of a plan for other repositories, as far as they can be told without asking any of them.
  private func checkTargets(_ input: PlanInput, _ context: Context) throws(CommandError) {
    let site = try? context.site()
    let members = try FleetSetup.members(
      input.file, site: site, runsCommand: runsCommands, asksForge: runsCommands)
    guard let first = members.first else { return }
    do throws(PlanFault) {
      // For all that its own files do not decide, one stands for all.
      _ = try input.file.expand(for: first, using: TreeSource(nil, nil))
    } catch {
      throw CommandError(error)
    }
    guard !json.isWanted else { return }
    let owners = Set(members.compactMap(\.target.owner)).count
    try context.output.line(
      "\(input.file.settings.migration): \(Count.of(members.count, "target")), "
        + "\(Count.of(owners, "owner")), \(Count.of(members.last?.wave ?? 1, "wave"))")
  }

  private func printSchema(_ context: Context) throws(CommandError) {
    try context.output.write(PlanSchema.json.hasSuffix("\n") ? PlanSchema.json : PlanSchema.json + "\n")
  }

  private func printPrompt(of id: String, _ plan: Plan, _ context: Context) throws(CommandError) {
    guard let step = plan.steps.first(where: { $0.id == id }) else {
      let near = Suggestion.nearest(to: id, among: plan.steps.map(\.id))
      throw CommandError("the plan has no step '\(id)'", hint: near.map { "did you mean '\($0)'?" })
    }
    let text = try reporting {
      try Template(parsing: step.prompt ?? plan.prompt).render(
        PromptNames.values(
          migration: plan.migration, step: step, attempt: 1, failures: [],
          base: String(repeating: "0", count: 40)))
    }
    try context.output.write(text.hasSuffix("\n") || text.isEmpty ? text : text + "\n")
  }

  /// What `start` would stumble over here; nothing when there is no repository to look at.
  private func baseWarnings(_ plan: Plan, _ context: Context) -> [PlanWarning] {
    guard let repository = try? context.site().repository else { return [] }
    var warnings: [PlanWarning] = []
    if let base = plan.base, (try? repository.resolve("refs/heads/" + base)) == .some(nil) {
      warnings.append(
        PlanWarning(
          message: "the base branch '\(base)' does not exist here",
          hint: "create it, or change 'base:' in the plan"))
    }
    if (try? repository.head().oid) == .some(nil) {
      warnings.append(
        PlanWarning(message: "there is no commit yet", hint: "commit something before 'git migrate start'"))
    }
    return warnings
  }

  /// The programs that the plan begins its commands with and that are not on this machine.
  private func programWarnings(_ plan: Plan, _ context: Context) throws(CommandError) -> [PlanWarning] {
    let preflight: Preflight
    if let site = try? context.site() {
      preflight = Preflight(site: site)
    } else {
      preflight = Preflight(
        launcher: Launcher(environment: context.environment), directory: try context.directory())
    }
    return preflight.warnings(plan).map { PlanWarning(message: $0.message, hint: $0.hint) }
  }
}
