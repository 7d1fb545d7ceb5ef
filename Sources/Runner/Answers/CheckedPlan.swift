import Migration
import Plans
import Site

/// What a plan amounts to.
package struct CheckedPlan: PrintedAnswer {
  /// The expanded plan.
  package let plan: Plan
  /// SHA-256 of the file.
  package let digest: String
  /// What may be amiss.
  package let warnings: [PlanWarning]
  private let layers: [Int]

  /// What it amounts to, and what may be amiss.
  package static let form = AnswerForm<CheckedPlan>.document([
    .flag("ok") { _ in true }, .text("migration", \.plan.migration), .text("into", \.plan.into),
    .text("base", orNull: \.plan.base), .text("digest", \.digest), .numbers("layers", \.layers),
    .texts("verifiers") { $0.plan.gate.verifiers.map(\.name) },
    .texts("guards") { $0.plan.gate.guards.map(\.rawValue) }, .texts("keep", \.plan.gate.keep),
    .text("gate_setup", orNull: { $0.plan.gate.setup?.run }),
    .list("steps") { $0.plan.steps.map(PlanStep.init) },
    .list("warnings", \.warnings),
  ])

  /// Looks at a plan.
  package init(_ plan: Plan, digest: String, warnings: [PlanWarning]) {
    self.plan = plan
    self.digest = digest
    self.warnings = warnings
    var layers: [Int] = []
    for layer in Graph(plan.steps).layers {
      while layers.count <= layer { layers.append(0) }
      layers[layer] += 1
    }
    self.layers = layers
  }

  /// The verifiers that steps have of their own, each with how many have it.
  private var ownVerifiers: [(name: String, count: Int)] {
    var names: [String] = []
    var counts: [String: Int] = [:]
    for name in plan.steps.flatMap({ $0.verifiers.map(\.name) }) {
      if counts.updateValue((counts[name] ?? 0) + 1, forKey: name) == nil { names.append(name) }
    }
    return names.map { ($0, counts[$0] ?? 0) }
  }

  private var codemods: Int { plan.steps.count { $0.run != nil } }

  package func text(_: Palette) -> String {
    var rows: [(String, String)] = [
      ("into", plan.into + (plan.base.map { " from \($0)" } ?? ""))
    ]
    let (steps, depth) = (plan.steps.count, Count.of(layers.count, "layer"))
    rows.append(("steps", "\(steps) in \(depth), at most \(layers.max() ?? 0) at once"))
    let shared = plan.steps.count { $0.isShared }
    if codemods > 0 {
      rows.append(("codemods", "\(codemods)" + (shared > 0 ? ", \(shared) with an agent for the rest" : "")))
    }
    for agent in plan.allAgents { rows.append((agent.place, agent.service)) }
    for workflow in plan.allWorkflows {
      let name = workflow.name.isEmpty ? "workflow" : "workflow \(workflow.name)"
      rows.append((name, workflow.stages.map(\.name).joined(separator: ", ")))
    }
    let verifiers = plan.gate.verifiers.map {
      $0.kind == .test ? $0.name : "\($0.name) (\($0.kind.rawValue))"
    }
    let guards = plan.gate.guards.map(\.rawValue)
    rows.append(("gate", verifiers.isEmpty ? "none" : verifiers.joined(separator: ", ")))
    for (name, count) in ownVerifiers {
      rows.append(("of steps", "\(name), of \(Count.of(count, "step"))"))
    }
    if let setup = plan.gate.setup {
      let inputs = setup.inputs.isEmpty ? "" : " (again when \(setup.inputs.joined(separator: ", ")) differ)"
      rows.append(("set-up", setup.run + inputs))
    }
    if !plan.gate.keep.isEmpty { rows.append(("keep", plan.gate.keep.joined(separator: ", "))) }
    if let judge = plan.judge { rows.append(("judge", judge.label)) }
    if !guards.isEmpty { rows.append(("guards", guards.joined(separator: ", "))) }
    rows.append(
      ("attempts", "\(plan.attempts) a step, lease \(SpanText.words(plan.leaseSeconds))"))
    rows.append(("digest", String(digest.prefix(16))))
    return "\(plan.migration): the plan is good\n" + Rows.text(rows)
  }
}

/// A step of a checked plan.
struct PlanStep: Answer {
  let step: PlannedStep

  static let form = AnswerForm<PlanStep>([
    .text("id", \.step.id), .text("title", \.step.title), .texts("needs", \.step.needs),
  ])
}

extension PlanWarning: Answer {
  /// What may be amiss, in which steps, and what to do.
  public static let form = AnswerForm<PlanWarning>([
    .text("message", \.message), .text("hint", orNull: \.hint), .texts("steps", \.steps),
  ])
}

/// Why a plan cannot be started.
package struct RejectedPlan: Answer {
  /// The first fault, with the others.
  let error: CommandError

  /// Tells of a fault.
  package init(_ error: CommandError) { self.error = error }

  /// What is wrong.
  package static let form = AnswerForm<RejectedPlan>.document([
    .flag("ok") { _ in false }, .text("error", \.error.message), .text("hint", orNull: \.error.hint),
    .list("others") { $0.error.others.map(PlanError.init) },
  ])
}

/// What else is wrong with a plan.
struct PlanError: Answer {
  let error: CommandError

  static let form = AnswerForm<PlanError>([
    .text("error", \.error.message), .text("hint", orNull: \.error.hint),
  ])
}
