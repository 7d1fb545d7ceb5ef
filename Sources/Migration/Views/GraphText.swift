/// The graph of a plan, to be read or drawn: who needs whom, and where each step is.
public struct GraphText: Sendable {
  private let name: String
  private let steps: [PlannedStep]
  private let graph: Graph
  /// The state of each step, or `nil` for a plan that has not been started.
  private let states: [StepWord]?

  /// The graph of a migration, each step with its state at `now`.
  public init(_ migration: MigrationState, now: Timestamp) {
    name = migration.name
    steps = migration.plan.steps
    graph = migration.graph
    states = MigrationReport(migration, now: now).steps.map(\.word)
  }

  /// The graph of a plan that has not been started.
  public init(_ plan: Plan) {
    name = plan.migration
    steps = plan.steps
    graph = Graph(plan.steps)
    states = nil
  }

  /// The steps in layers with an empty line between them: a step stands in the layer after the last of its
  /// needs, so everything in one layer could be done at the same time. Each line is `S3  Drop the old import
  /// [ready]  needs S1, S2`. Steps on a cycle are left out; such a plan cannot start.
  public func text(width: Int = 0) -> String {
    var output = ""
    for (number, layer) in layers.enumerated() {
      if number > 0 { output += "\n" }
      let ids = layer.map { PlainText.width(steps[$0].id) }.max() ?? 0
      for index in layer {
        let line = line(index, idWidth: width > 0 ? min(ids, max(24, width / 2)) : ids, width: width)
        output += (width > 0 ? PlainText.cut(line, to: width) : line) + "\n"
      }
    }
    return output
  }

  /// Where the line is too long, the title makes room: state and needs are what the graph is about.
  private func line(_ index: Int, idWidth: Int, width: Int) -> String {
    let step = steps[index]
    let id = PlainText.padded(PlainText.line(step.id), to: idWidth)
    var rest: [String] = []
    if let states { rest.append("[\(states[index])]") }
    if !step.needs.isEmpty { rest.append("needs \(PlainText.line(step.needs.joined(separator: ", ")))") }
    var title = step.title == step.id ? "" : PlainText.line(step.title)
    if width > 0 {
      let taken = rest.reduce(PlainText.width(id)) { $0 + 2 + PlainText.width($1) }
      title = PlainText.cut(title, to: max(0, width - taken - 2))
    }
    return ([id] + (title.isEmpty ? [] : [title]) + rest).joined(separator: "  ")
  }

  /// The indices of the steps, layer by layer, in the plan's order within each.
  var layers: [[Int]] {
    var depth = [Int](repeating: 0, count: steps.count)
    let order = graph.topologicalOrder
    var count = 0
    for index in order {
      depth[index] = graph.needs[index].reduce(0) { max($0, depth[$1] + 1) }
      count = max(count, depth[index] + 1)
    }
    var layers = [[Int]](repeating: [], count: count)
    for index in order.sorted() { layers[depth[index]].append(index) }
    return layers
  }

  /// The graph in the language of Graphviz; an arrow leads from a step to the steps that need it.
  public var dot: String {
    var output = "digraph \(dotQuoted(name)) {\n  rankdir=LR;\n"
    output += "  node [shape=box, style=\"rounded,filled\", fillcolor=white];\n"
    for (index, step) in steps.enumerated() {
      let label = step.title == step.id ? [step.id] : [step.id, step.title]
      let colour =
        states.map { ", fillcolor=\"\(GraphText.fill($0[index]))\", tooltip=\"\($0[index])\"" } ?? ""
      output += "  \(dotQuoted(step.id)) [label=\(dotQuoted(label))\(colour)];\n"
    }
    for (index, needs) in graph.needs.enumerated() {
      for need in needs { output += "  \(dotQuoted(steps[need].id)) -> \(dotQuoted(steps[index].id));\n" }
    }
    return output + "}\n"
  }

  private func dotQuoted(_ text: String) -> String { dotQuoted([text]) }

  private func dotQuoted(_ lines: [String]) -> String {
    let escaped = lines.map { line in
      PlainText.line(line).reduce(into: "") { result, character in
        if character == "\"" || character == "\\" { result += "\\" }
        result.append(character)
      }
    }
    return "\"\(escaped.joined(separator: "\\n"))\""
  }

  /// The graph in the language of Mermaid, which GitHub and GitLab draw in Markdown. Nodes are numbered,
  /// since a step id may be a word of that language.
  public var mermaid: String {
    var output = "graph LR\n"
    for (index, step) in steps.enumerated() {
      let label = step.title == step.id ? step.id : "\(step.id): \(step.title)"
      let style = states.map { ":::\($0[index])" } ?? ""
      output += "  n\(index)[\"\(mermaidEscaped(label))\"]\(style)\n"
    }
    for (index, needs) in graph.needs.enumerated() {
      for need in needs { output += "  n\(need) --> n\(index)\n" }
    }
    guard let states else { return output }
    let used = Set(states)
    for word in StepWord.allCases where used.contains(word) {
      output += "  classDef \(word) fill:\(GraphText.fill(word)),color:#000000\n"
    }
    return output
  }

  private func mermaidEscaped(_ text: String) -> String {
    PlainText.line(text).unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "\"", "#", "<", ">", "&", ";", "`", "\\", "[", "]", "*", "_": result += "#\(scalar.value);"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  private static func fill(_ word: StepWord) -> String {
    switch word {
    case .waiting: "#ffffff"
    case .ready: "#cfe8ff"
    case .leased, .submitted, .gating, .merging: "#fff3bf"
    case .merged: "#d3f9d8"
    case .backoff: "#f3d9fa"
    case .blocked: "#ffc9c9"
    case .person, .proposed: "#ffec99"
    case .skipped, .cancelled, .undone: "#e9ecef"
    }
  }
}
