/// What an event says, by its subject. Each subject has a file: its cases, their words in the ledger, how
/// they are written and read, and what is said of them to people. A new event is a case there and a rule; a
/// new subject does not compile until every place handles it.
///
/// Changes are made by the functions below each subject (`Change.stepClaimed(_:)`), which put the fence where
/// it belongs.
public indirect enum Change: Equatable, Sendable {
  /// Something that a person did to the migration as a whole.
  case migration(MigrationChange)
  /// The moved base is merged into the integration branch.
  case refresh(RefreshChange)
  /// A tree that no step has touched is judged.
  case baseline(BaselineChange)
  /// A worker and its step.
  case claim(Fence, ClaimChange)
  /// The result of a claim is judged.
  case gate(Fence, GateChange)
  /// A result that passed becomes part of the integration branch.
  case merge(Fence, MergeChange)
  /// Something that is about a step and no claim.
  case step(String, StepChange)
  /// Something that is about the ledger itself, and of no migration.
  case ledger(LedgerChange)
  /// Something that the format knows and no rule gives a meaning yet.
  case reserved(Reserved)
}

extension Change {
  /// The claim the change speaks for, if it speaks for one.
  public var fence: Fence? {
    switch self {
    case .claim(let fence, _), .gate(let fence, _), .merge(let fence, _): fence
    case .migration, .refresh, .baseline, .step, .ledger, .reserved: nil
    }
  }

  /// The step the change is about, if it is about one.
  public var step: String? {
    switch self {
    case .claim(let fence, _), .gate(let fence, _), .merge(let fence, _): fence.step
    case .step(let step, _): step
    case .migration, .refresh, .baseline, .ledger, .reserved: nil
    }
  }

  /// The failure that the change records, if it records one.
  public var failure: Failure? {
    switch self {
    case .claim(_, .failed(let failure)): failure
    case .gate(_, .finished(let report)): report.failure
    case .migration, .refresh, .baseline, .claim, .gate, .merge, .step, .ledger, .reserved: nil
    }
  }

  /// The plan that travels beside the entry instead of in it, if the change carries one.
  public var plan: Plan? {
    switch self {
    case .migration(.started(let start)): start.plan
    case .migration(.amended(let amendment)): amendment.plan
    case .migration, .refresh, .baseline, .claim, .gate, .merge, .step, .ledger, .reserved: nil
    }
  }

  /// The number of the plan that the change brings, if it brings one.
  public var planNumber: Int? {
    if case .migration(.amended(let amendment)) = self { return amendment.number }
    return plan == nil ? nil : 1
  }

  /// The change with every free text, which may quote output or what a person typed, put through `redact`.
  /// Names, ids and plans stay: a plan's bytes are what a user approved.
  public func mappingTexts(_ redact: (String) -> String) -> Change {
    switch self {
    case .migration(let change): .migration(change.mappingTexts(redact))
    case .refresh(let change): .refresh(change.mappingTexts(redact))
    case .baseline(let change): .baseline(change.mappingTexts(redact))
    case .claim(let fence, let change): .claim(fence, change.mappingTexts(redact))
    case .gate(let fence, let change): .gate(fence, change.mappingTexts(redact))
    case .merge(let fence, let change): .merge(fence, change.mappingTexts(redact))
    case .step(let step, let change): .step(step, change.mappingTexts(redact))
    case .ledger: self
    case .reserved(let reserved): .reserved(reserved.mappingTexts(redact))
    }
  }
}
