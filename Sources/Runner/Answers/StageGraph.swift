import Migration

/// The stages of a plan's workflows.
package struct StageGraph: Answer {
  /// The migration's name.
  package let migration: String
  /// The stages of all workflows.
  package let nodes: [Node]

  /// The stages.
  package static let form = AnswerForm<StageGraph>.document([
    .text("migration", \.migration), .list("stages", \.nodes),
  ])

  /// One stage.
  package struct Node: Answer {
    let workflow: String
    let stage: Workflow.Stage

    /// The stage, and what follows from its words.
    package static let form = AnswerForm<Node>([
      .text("workflow", \.workflow), .text("name", \.stage.name), .text("agent", orNull: \.stage.agent),
      .flag("writes", \.stage.writes), .text("resume", orNull: \.stage.resume),
      .texts("words") { $0.stage.on.map(\.word) }, .texts("targets") { $0.stage.on.map(\.target.word) },
    ])
  }

  /// Takes a plan's.
  package init(_ plan: Plan) {
    migration = plan.migration
    nodes = plan.allWorkflows.flatMap { workflow in
      workflow.stages.map { Node(workflow: workflow.name, stage: $0) }
    }
  }
}
