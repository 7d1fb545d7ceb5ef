/// The workflows of a plan, to be read or drawn: which stage follows which word.
public struct WorkflowText: Sendable {
  private let plan: Plan

  /// Takes a plan's.
  public init(_ plan: Plan) { self.plan = plan }

  private func title(_ workflow: Workflow) -> String {
    workflow.name.isEmpty ? "workflow" : "workflow \(workflow.name)"
  }

  /// Each stage with its words and what follows, one a line.
  public var text: String {
    var blocks: [String] = []
    for workflow in plan.allWorkflows {
      var lines = [title(workflow)]
      let width = workflow.stages.flatMap(\.on).map { $0.word.count }.max() ?? 0
      for stage in workflow.stages {
        var facts = [stage.agent.map { "by \($0)" }, stage.writes ? nil : "writes nothing"].compactMap(\.self)
        if let rounds = stage.rounds { facts.append("at most \(Count.of(rounds, "time"))") }
        if let resume = stage.resume { facts.append("goes on with \(resume)") }
        lines.append("  \(stage.name)" + (facts.isEmpty ? "" : "  (\(facts.joined(separator: ", ")))"))
        for answer in stage.on {
          let word = answer.word + String(repeating: " ", count: max(0, width - answer.word.count))
          lines.append("    \(word)  → \(answer.target.word)")
        }
      }
      blocks.append(lines.joined(separator: "\n") + "\n")
    }
    return blocks.joined(separator: "\n")
  }

  private var edges: [(workflow: Int, from: String, word: String, to: String)] {
    plan.allWorkflows.enumerated().flatMap { index, workflow in
      workflow.stages.flatMap { stage in
        stage.on.map { (index, stage.name, $0.word, $0.target.word) }
      }
    }
  }

  /// In the language of Graphviz.
  public var dot: String {
    var output = "digraph \(quoted(plan.migration)) {\n  rankdir=LR;\n"
    output += "  node [shape=box, style=\"rounded,filled\", fillcolor=white];\n"
    for (index, workflow) in plan.allWorkflows.enumerated() {
      output += "  subgraph \"cluster_\(index)\" {\n    label=\(quoted(title(workflow)));\n"
      for stage in workflow.stages {
        output += "    \(quoted("\(index)/\(stage.name)")) [label=\(quoted(stage.name))];\n"
      }
      for end in Workflow.Target.reserved
      where edges.contains(where: { $0.workflow == index && $0.to == end }) {
        output += "    \(quoted("\(index)/\(end)")) [label=\(quoted(end)), shape=oval];\n"
      }
      output += "  }\n"
    }
    for edge in edges {
      output +=
        "  \(quoted("\(edge.workflow)/\(edge.from)")) -> \(quoted("\(edge.workflow)/\(edge.to)"))"
        + " [label=\(quoted(edge.word))];\n"
    }
    return output + "}\n"
  }

  /// In the language of Mermaid.
  public var mermaid: String {
    var output = "flowchart LR\n"
    var names: [String: String] = [:]
    func id(_ workflow: Int, _ name: String) -> String {
      let key = "\(workflow)/\(name)"
      if let known = names[key] { return known }
      let made = "n\(names.count)"
      names[key] = made
      let isEnd = Workflow.Target.reserved.contains(name)
      output += isEnd ? "  \(made)([\"\(name)\"])\n" : "  \(made)[\"\(name)\"]\n"
      return made
    }
    for edge in edges {
      let (from, to) = (id(edge.workflow, edge.from), id(edge.workflow, edge.to))
      output += "  \(from) -- \(edge.word) --> \(to)\n"
    }
    return output
  }

  private func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
