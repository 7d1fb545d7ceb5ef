import Migration

/// Which step needs which.
package struct StepGraph: Answer {
  /// The migration's name.
  package let migration: String
  /// The steps, in the plan's order.
  package let nodes: [Node]

  /// The steps, in the plan's order.
  package static let form = AnswerForm<StepGraph>.document([
    .text("migration", \.migration), .list("steps", \.nodes),
  ])

  /// One step of the graph.
  package struct Node: Answer {
    let step: PlannedStep
    /// Its layer, from 0.
    let layer: Int
    /// How many steps the longest way from here to the end has, this one included.
    let remaining: Int
    /// Its state; `nil` for one of a plan file.
    let word: StepWord?

    /// The step, and where it stands.
    package static let form = AnswerForm<Node>([
      .text("id", \.step.id), .text("title", \.step.title), .texts("needs", \.step.needs),
      .number("layer", \.layer), .number("remaining", \.remaining),
      .word("state", StepWord.allCases.map(\.rawValue), orNull: { $0.word?.rawValue }),
    ])
  }

  /// Arranges a plan's steps; `words` are their states.
  package init(_ plan: Plan, _ words: [StepWord?]) {
    let graph = Graph(plan.steps)
    let layers = graph.layers
    migration = plan.migration
    nodes = plan.steps.indices.map {
      Node(
        step: plan.steps[$0], layer: layers[$0], remaining: graph.remaining[$0], word: words[$0])
    }
  }
}
