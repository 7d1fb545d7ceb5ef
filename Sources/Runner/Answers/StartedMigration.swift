import Migration

/// A migration that was begun.
package struct StartedMigration: Answer {
  /// The expanded plan.
  package let plan: Plan
  /// The branch people work on.
  package let base: String
  /// Where the integration branch begins.
  package let commit: ObjectID
  /// The number of the ledger's last entry.
  package let sequence: Int

  /// Where it begins, and how large it is.
  package static let form = AnswerForm<StartedMigration>.document([
    .text("migration", \.plan.migration), .number("seq", \.sequence), .text("into", \.plan.into),
    .text("base", \.base), .text("commit", \.commit.hex), .number("steps", \.plan.steps.count),
  ])

  /// Tells of a start.
  package init(plan: Plan, base: String, commit: ObjectID, sequence: Int) {
    self.plan = plan
    self.base = base
    self.commit = commit
    self.sequence = sequence
  }

  /// The text for people; `configured` are the variables that the configuration lets through, by place.
  package func text(configured: [(place: String, names: [String])]) -> String {
    let named = plan.namedVariables.map { "\($0.0) gets \($0.1.joined(separator: ", "))" }
    let others = configured.map {
      "\($0.place) get \($0.names.joined(separator: ", ")), by the configuration"
    }
    let head = "\(plan.migration): \(Count.of(plan.steps.count, "step")), from \(base) into \(plan.into)"
    return ([head] + named + others).lines
  }
}
