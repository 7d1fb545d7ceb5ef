import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate graph`: which step needs which, as text or for a drawing program.
struct GraphCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Show which step needs which.",
    discussion: "Draw it with 'git migrate graph --dot | dot -Tsvg', or paste '--mermaid' into Markdown.")

  @Flag(help: "Print it in the language of Graphviz.")
  var dot = false

  @Flag(help: "Print it in the language of Mermaid.")
  var mermaid = false

  @Option(
    help: ArgumentHelp("Show a plan file that has not been started.", valueName: "file"), completion: .file())
  var plan: String?

  @Flag(help: "Show the stages of the workflows, and what follows from their words.")
  var workflow = false

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if [dot, mermaid, json.isWanted].count(where: { $0 }) > 1 {
      throw ValidationError("'--dot', '--mermaid' and '--json' exclude each other")
    }
    if plan != nil && migration.migration != nil {
      throw ValidationError("'--plan' and '--migration' exclude each other")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    if let plan {
      let expanded = try PlanInput(path: plan).expanded(in: context, at: nil, runsCommands: false)
      if workflow { return try draw(expanded, context) }
      let words = [StepWord?](repeating: nil, count: expanded.steps.count)
      return try show(GraphText(expanded), expanded, words, context)
    }
    let site = try context.site()
    let state = try site.migration(
      migration.migration, in: try context.snapshot(finding: migration.migration, looksOnly: true).state)
    if workflow { return try draw(state.plan, context) }
    let now = site.clock.now()
    let words = StatusReport(one(state), sequence: 0, now: now).migrations[0].steps.map { Optional($0.word) }
    try show(GraphText(state, now: now), state.plan, words, context)
  }

  private func draw(_ plan: Plan, _ context: Context) throws(CommandError) {
    guard !plan.allWorkflows.isEmpty else {
      throw CommandError(
        "the plan of '\(plan.migration)' has no workflow", hint: "its steps are one piece of work each",
        exitCode: .no)
    }
    let drawing = WorkflowText(plan)
    if json.isWanted { return try context.print(StageGraph(plan)) }
    try context.output.write(dot ? drawing.dot : mermaid ? drawing.mermaid : drawing.text)
  }

  private func one(_ migration: MigrationState) -> State {
    var state = State()
    state.migrations = [migration]
    return state
  }

  private func show(_ graph: GraphText, _ plan: Plan, _ words: [StepWord?], _ context: Context)
    throws(CommandError)
  {
    if dot { return try context.output.write(graph.dot) }
    if mermaid { return try context.output.write(graph.mermaid) }
    if json.isWanted { return try context.print(StepGraph(plan, words)) }
    try context.output.write(graph.text(width: context.width))
  }
}
