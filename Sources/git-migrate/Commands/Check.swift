import ArgumentParser
import Git
import Migration
import PlanFile
import Processes
import Runner

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
      plan = try input.expanded(in: context, at: base, runsCommands: runsCommands)
      if let site = try? context.site(), let fault = input.roomFault(in: site) { throw CommandError(fault) }
    } catch {
      if json.isWanted { try context.output.line(json: CheckCommand.failure(error)) }
      throw error
    }
    if let fault = plan.fault() { throw CommandError("\(path): \(fault)") }
    if let promptStep { return try printPrompt(of: promptStep, plan, context) }
    let warnings =
      try PlanCheck.warnings(for: plan) + baseWarnings(plan, context) + programWarnings(plan, context)
    if json.isWanted {
      return try context.output.line(json: PlanSummary(plan, digest: input.digest).json(warnings))
    }
    for warning in warnings { context.warn(warning.message, hint: warning.hint) }
    try context.output.write(PlanSummary(plan, digest: input.digest).text)
    if listsSteps { try context.output.write("\n" + GraphText(plan).text(width: context.width)) }
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

  private static func told(_ error: CommandError) -> JSON {
    .object([
      JSON.Member("error", .string(error.message)),
      JSON.Member("hint", error.hint.map(JSON.string) ?? .null),
    ])
  }

  private static func failure(_ error: CommandError) -> JSON {
    .object([
      JSON.Member("version", .integer(1)), JSON.Member("ok", .bool(false)),
      JSON.Member("error", .string(error.message)),
      JSON.Member("hint", error.hint.map(JSON.string) ?? .null),
      JSON.Member("others", .array(error.others.map(told))),
    ])
  }
}

/// What a plan amounts to.
private struct PlanSummary {
  private let plan: Plan
  private let digest: String
  private let layers: [Int]

  init(_ plan: Plan, digest: String) {
    self.plan = plan
    self.digest = digest
    let graph = Graph(plan.steps)
    var depth = [Int](repeating: 0, count: plan.steps.count)
    for index in graph.topologicalOrder {
      depth[index] = graph.needs[index].reduce(0) { max($0, depth[$1] + 1) }
    }
    var layers: [Int] = []
    for layer in depth {
      while layers.count <= layer { layers.append(0) }
      layers[layer] += 1
    }
    self.layers = layers
  }

  private var codemods: Int { plan.steps.count { $0.run != nil } }

  var text: String {
    var rows: [(String, String)] = [
      ("into", plan.into + (plan.base.map { " from \($0)" } ?? ""))
    ]
    let (steps, depth) = (plan.steps.count, Count.of(layers.count, "layer"))
    rows.append(("steps", "\(steps) in \(depth), at most \(layers.max() ?? 0) at once"))
    if codemods > 0 { rows.append(("codemods", "\(codemods)")) }
    if let agent = plan.agent {
      rows.append(("agent", agent.adapter == "command" ? agent.command : agent.adapter))
    }
    let verifiers = plan.gate.verifiers.map {
      $0.kind == .test ? $0.name : "\($0.name) (\($0.kind.rawValue))"
    }
    let guards = plan.gate.guards.map(\.rawValue)
    rows.append(("gate", verifiers.isEmpty ? "none" : verifiers.joined(separator: ", ")))
    if let setup = plan.gate.setup {
      let inputs = setup.inputs.isEmpty ? "" : " (again when \(setup.inputs.joined(separator: ", ")) differ)"
      rows.append(("set-up", setup.run + inputs))
    }
    if !plan.gate.keep.isEmpty { rows.append(("keep", plan.gate.keep.joined(separator: ", "))) }
    if !guards.isEmpty { rows.append(("guards", guards.joined(separator: ", "))) }
    rows.append(
      ("attempts", "\(plan.attempts) a step, lease \(TimeText.span(seconds: Int64(plan.leaseSeconds)))"))
    rows.append(("digest", String(digest.prefix(16))))
    return "\(plan.migration): the plan is good\n" + Rows.text(rows)
  }

  func json(_ warnings: [PlanWarning]) -> JSON {
    let steps = plan.steps.map { step in
      JSON.object([
        JSON.Member("id", .string(step.id)), JSON.Member("title", .string(step.title)),
        JSON.Member("needs", .array(step.needs.map(JSON.string))),
      ])
    }
    let list = warnings.map { warning in
      JSON.object([
        JSON.Member("message", .string(warning.message)),
        JSON.Member("hint", warning.hint.map(JSON.string) ?? .null),
        JSON.Member("steps", .array(warning.steps.map(JSON.string))),
      ])
    }
    return .object([
      JSON.Member("version", .integer(1)), JSON.Member("ok", .bool(true)),
      JSON.Member("migration", .string(plan.migration)), JSON.Member("into", .string(plan.into)),
      JSON.Member("base", plan.base.map(JSON.string) ?? .null), JSON.Member("digest", .string(digest)),
      JSON.Member("layers", .array(layers.map { .integer(Int64($0)) })),
      JSON.Member("verifiers", .array(plan.gate.verifiers.map { .string($0.name) })),
      JSON.Member("guards", .array(plan.gate.guards.map { .string($0.rawValue) })),
      JSON.Member("keep", .array(plan.gate.keep.map(JSON.string))),
      JSON.Member("gate_setup", plan.gate.setup.map { .string($0.run) } ?? .null),
      JSON.Member("steps", .array(steps)), JSON.Member("warnings", .array(list)),
    ])
  }
}
