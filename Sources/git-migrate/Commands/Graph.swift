import ArgumentParser
import Ledger
import Migration
import Runner

import struct Migration.Graph

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
      let words = [StepWord?](repeating: nil, count: expanded.steps.count)
      return try show(GraphText(expanded), expanded, words, context)
    }
    let site = try context.site()
    let state = try site.migration(
      migration.migration, in: try context.snapshot(finding: migration.migration, looksOnly: true).state)
    let now = site.clock.now()
    let words = StatusReport(one(state), sequence: 0, now: now).migrations[0].steps.map { Optional($0.word) }
    try show(GraphText(state, now: now), state.plan, words, context)
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
    if json.isWanted { return try context.output.line(json: document(plan, words)) }
    try context.output.write(graph.text(width: context.width))
  }

  private func document(_ plan: Plan, _ words: [StepWord?]) -> JSON {
    let graph = Graph(plan.steps)
    var layer = [Int](repeating: 0, count: plan.steps.count)
    for index in graph.topologicalOrder {
      layer[index] = graph.needs[index].reduce(0) { max($0, layer[$1] + 1) }
    }
    let nodes = plan.steps.indices.map { index in
      JSON.object([
        JSON.Member("id", .string(plan.steps[index].id)),
        JSON.Member("title", .string(plan.steps[index].title)),
        JSON.Member("needs", .array(plan.steps[index].needs.map(JSON.string))),
        JSON.Member("layer", .integer(Int64(layer[index]))),
        JSON.Member("remaining", .integer(Int64(graph.remaining[index]))),
        JSON.Member("state", words[index].map { .string($0.rawValue) } ?? .null),
      ])
    }
    return .object([
      JSON.Member("version", .integer(1)), JSON.Member("migration", .string(plan.migration)),
      JSON.Member("steps", .array(nodes)),
    ])
  }
}
