import Migration

extension StepDetails {
  /// What the plan says of the step, where it is, and every claim with what came of it.
  package static let form = AnswerForm<StepDetails>.document([
    .text("migration") { $0.migration.name }, .text("id", \.planned.id), .text("title", \.planned.title),
    .word("state", StepWord.allCases.map(\.rawValue), \.report.state),
    .text("reason", orNull: \.report.reason),
    .texts("needs", \.planned.needs), .texts("needed_by", \.dependents), .texts("paths", \.planned.paths),
    .text("lock", orNull: \.planned.lock), .texts("uses", \.planned.uses),
    .number("priority", \.planned.priority), .text("run", orNull: \.planned.run),
    .texts("match", by: \.planned.match), .number("epoch", \.step.epoch),
    .number("failures", \.step.failures),
    .number("allowance") { $0.migration.allowance($0.step) }, .number("gates", \.step.gates),
    .number("infrastructure_retries", \.step.infrastructureRetries),
    .text("holder", orNull: \.report.holder), .flag("holder_dead", \.report.isHolderDead),
    .time("expires_at", orNull: \.report.expiresAt), .text("commit", orNull: { $0.report.commit?.hex }),
    .object("used", orNull: { $0.used.isEmpty ? nil : $0.used }),
    .list("attempts", \.history.attempts), .list("decisions", \.history.decisions),
    .texts("logs") { $0.logs.map(\.path) },
  ])

  /// The ids of the steps that need this one.
  var dependents: [String] { migration.graph.dependents[index].map { migration.plan.steps[$0].id } }
}

extension StepHistory.Attempt: Answer {
  /// One claim and what came of it.
  package static let form = AnswerForm<StepHistory.Attempt>([
    .number("epoch", \.epoch), .text("holder", orNull: { $0.claim?.holder }),
    .text("base", orNull: { $0.claim?.base.hex }), .text("slot", orNull: { $0.claim?.slot }),
    .text("ref", orNull: { $0.result?.ref }), .text("commit", orNull: { $0.result?.commit.hex }),
    .text("prompt", orNull: { $0.texts?.prompt }), .text("closing", orNull: { $0.texts?.closing }),
    .text("agent", orNull: \.agent), .object("used", orNull: \.used),
    .list("failures", \.failures), .texts("warnings", \.warnings), .texts("left", \.left),
    .list("events", \.events),
  ])
}

extension Migration.Failure: Answer {
  /// Why an attempt failed.
  public static let form = AnswerForm<Migration.Failure>([
    .word("kind", Kind.allCases.map(\.rawValue)) { $0.kind.rawValue }, .text("reason", \.reason),
    .texts("details", \.details),
  ])
}

extension Event: Answer {
  /// What happened, as history tells it.
  public static let form = AnswerForm<Event>([
    .time("at", \.at), .text("by", \.by), .text("kind") { $0.change.kindName }, .text("sentence", \.sentence),
  ])
}
