import CanonicalJSON

/// What a person does to a migration as a whole.
public enum MigrationChange: Equatable, Sendable {
  /// It was started.
  case started(MigrationStart)
  /// Its plan was replaced.
  case amended(PlanAmendment)
  /// Nothing new may be claimed, gated or merged until it is resumed.
  case paused(reason: String)
  /// Work goes on.
  case resumed
  /// So much more may be used, in the unit of a limit that the plan has.
  case budgetRaised(Budget.Unit, amount: Int)
  /// It was ended; every step that was not done is cancelled.
  case aborted(reason: String)
  /// The result was taken over. `partial` allows steps that are not done; they are cancelled.
  case finished(result: ObjectID, partial: Bool)

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case started = "migration.started"
    case amended = "plan.amended"
    case paused = "migration.paused"
    case resumed = "migration.resumed"
    case budgetRaised = "budget.raised"
    case aborted = "migration.aborted"
    case finished = "migration.finished"
  }

  var kind: Kind {
    switch self {
    case .started: .started
    case .amended: .amended
    case .paused: .paused
    case .resumed: .resumed
    case .budgetRaised: .budgetRaised
    case .aborted: .aborted
    case .finished: .finished
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .started(let start):
      object.set("digest", start.digest)
      object.set("base", start.base)
      object.set("commit", start.commit)
      object.set("shared", start.shared)
    case .amended(let amendment):
      object.set("number", amendment.number)
      object.set("digest", amendment.digest)
    case .paused(let reason), .aborted(let reason): object.set("reason", reason)
    case .resumed: break
    case .budgetRaised(let unit, let amount):
      object.set("unit", unit.rawValue)
      object.set("amount", amount)
    case .finished(let result, let partial):
      object.set("commit", result)
      object.set("partial", partial)
    }
  }

  init(
    _ kind: Kind, from object: inout ObjectReader, plan: (_ number: Int) throws(JSONFault) -> Plan
  ) throws(JSONFault) {
    switch kind {
    case .started:
      self = .started(
        MigrationStart(
          plan: try plan(1), digest: try object.string("digest"), base: try object.string("base"),
          commit: try object.objectID("commit"), shared: try object.flag("shared")))
    case .amended:
      let number = try object.integer("number")
      self = .amended(
        PlanAmendment(plan: try plan(number), number: number, digest: try object.string("digest")))
    case .paused: self = .paused(reason: try object.string("reason"))
    case .resumed: self = .resumed
    case .budgetRaised:
      self = .budgetRaised(
        try object.word("unit", as: Budget.Unit.self), amount: try object.integer("amount"))
    case .aborted: self = .aborted(reason: try object.string("reason"))
    case .finished:
      self = .finished(result: try object.objectID("commit"), partial: try object.flag("partial"))
    }
  }

  /// What is said of it to people, after the migration's name.
  var words: String {
    switch self {
    case .started(let start):
      "started with \(Count.of(start.plan.steps.count, "step")) into \(start.plan.into)"
    case .amended(let amendment):
      "amended to plan \(amendment.number) with \(Count.of(amendment.plan.steps.count, "step"))"
    case .paused(let reason): "paused: \(reason)"
    case .resumed: "resumed"
    case .budgetRaised(let unit, let amount): "has a budget larger by \(unit.text(amount))"
    case .aborted(let reason): "aborted: \(reason)"
    case .finished(let result, let partial): "finished\(partial ? " in part" : "") at \(result.short)"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> MigrationChange {
    switch self {
    case .paused(let reason): .paused(reason: redact(reason))
    case .aborted(let reason): .aborted(reason: redact(reason))
    case .started, .amended, .resumed, .budgetRaised, .finished: self
    }
  }
}

extension Change {
  /// A person started the migration.
  public static func migrationStarted(_ start: MigrationStart) -> Change { .migration(.started(start)) }

  /// A person replaced the plan.
  public static func planAmended(_ amendment: PlanAmendment) -> Change { .migration(.amended(amendment)) }

  /// A person, or the gate of the base, paused the migration.
  public static func migrationPaused(reason: String) -> Change { .migration(.paused(reason: reason)) }

  /// A person lets it go on.
  public static var migrationResumed: Change { .migration(.resumed) }

  /// A person lets it use more.
  public static func budgetRaised(_ unit: Budget.Unit, by amount: Int) -> Change {
    .migration(.budgetRaised(unit, amount: amount))
  }

  /// A person ended it.
  public static func migrationAborted(reason: String) -> Change { .migration(.aborted(reason: reason)) }

  /// A person took the result over.
  public static func migrationFinished(result: ObjectID, partial: Bool) -> Change {
    .migration(.finished(result: result, partial: partial))
  }
}
