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
  /// Several results are judged together.
  case train(TrainChange)
  /// A result that passed becomes part of the integration branch.
  case merge(Fence, MergeChange)
  /// Something that is about a step and no claim.
  case step(String, StepChange)
  /// Something that is about the ledger itself, and of no migration.
  case ledger(LedgerChange)
  /// Something that is about an agent's service, and of no migration.
  case agent(AgentChange)
  /// Something that is about a machine, and of no migration.
  case machine(MachineChange)
  /// Something that the owner of a migration does all day: samples, trials, names of causes, counts.
  case loop(LoopChange)
  /// Something that was learnt from failures, and of no migration.
  case lesson(LessonChange)
  /// Something that becomes of a migration's pull requests.
  case publication(PublicationChange)
  /// Something that people are told of it.
  case notice(NoticeChange)
  /// Something that is about a forge, and of no migration.
  case forge(ForgeChange)
  /// Something that is about a fleet as a whole, and of no migration.
  case fleet(FleetChange)
  /// Something that the format knows and no rule gives a meaning yet.
  case reserved(Reserved)
}

extension Change {
  /// Whether it is of no migration.
  public var isOfNone: Bool {
    switch self {
    case .ledger, .agent, .machine, .lesson, .forge, .fleet: true
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .loop, .publication, .notice,
      .reserved:
      false
    }
  }

  /// The claim the change speaks for, if it speaks for one.
  public var fence: Fence? {
    switch self {
    case .claim(let fence, _), .gate(let fence, _), .merge(let fence, _): fence
    case .migration, .refresh, .baseline, .train, .step, .ledger, .agent, .machine, .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      nil
    }
  }

  /// The step the change is about, if it is about one.
  public var step: String? {
    switch self {
    case .claim(let fence, _), .gate(let fence, _), .merge(let fence, _): fence.step
    case .step(let step, _): step
    case .migration, .refresh, .baseline, .train, .ledger, .agent, .machine, .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      nil
    }
  }

  /// The steps the change is about: one, those of a train, or none.
  public var steps: [String] {
    switch self {
    case .train(let change): change.steps
    case .merge(_, .intended(let target)): target.train?.steps ?? [step].compactMap(\.self)
    case .merge(_, .merged(_, let train?)): train.steps
    case .step(_, .retried(_, let group?)), .step(_, .skipped(_, let group?)),
      .step(_, .approved(let group?)), .step(_, .rejected(_, let group?)), .step(_, .accepted(let group?)):
      group.steps
    case .loop(let change): change.steps
    case .migration, .refresh, .baseline, .claim, .gate, .merge, .step, .ledger, .agent, .machine, .lesson,
      .publication, .notice, .forge, .fleet,
      .reserved:
      [step].compactMap(\.self)
    }
  }

  /// The claim of that step which the change speaks for. A verdict of a train names the step alone: it speaks
  /// for the claim that was judged `last`.
  public func fence(of step: String, after last: Int?) -> Fence? {
    switch self {
    case .train(.started(let start)): return start.members.first { $0.fence.step == step }?.fence
    case .train(.joined(let join)): return join.members.first { $0.fence.step == step }?.fence
    case .train: return last.map { Fence(step: step, epoch: $0) }
    case .merge(_, .intended(let target)):
      return target.train?.members.first { $0.fence.step == step }?.fence ?? fence
    case .merge(_, .merged(_, let train?)): return train.members.first { $0.fence.step == step }?.fence
    case .migration, .refresh, .baseline, .claim, .gate, .merge, .step, .ledger, .agent, .machine, .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      return fence
    }
  }

  /// The result that the change names as a claim's, if it names one: of work that is handed in, or on.
  public var result: (fence: Fence, result: Submission.Result)? {
    switch self {
    case .claim(let fence, .submitted(let result)): (fence, result)
    case .claim(let fence, .stageEnded(let end)): end.result.map { (fence, $0) }
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop, .lesson, .publication, .notice, .forge, .fleet, .reserved:
      nil
    }
  }

  /// The same with what follows from it now: where a stage leads, and whether what a codemod could not do is
  /// its agent's.
  public func settled(in state: MigrationState?) -> Change {
    guard case .claim(let fence, let change) = self, let state else { return self }
    switch change {
    case .stageEnded(let end): return .stageEnded(fence, state.settled(end, of: fence.step))
    case .failed(let failure):
      guard failure.isLeftOver, let index = state.index(of: fence.step), state.handsOver(index) else {
        return self
      }
      return .handedOver(fence, failure)
    case .claimed, .renewed, .expired, .released, .submitted, .handedOver: return self
    }
  }

  /// The failure that the change records, if it records one.
  public var failure: Failure? {
    switch self {
    case .claim(_, .failed(let failure)): failure
    case .gate(_, .finished(let report)): report.failure
    case .train(.finished(let report)): report.failure
    case .loop(.trialFinished(let report)): report.failure
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      nil
    }
  }

  /// The plan that travels beside the entry instead of in it, if the change carries one.
  public var plan: Plan? {
    switch self {
    case .migration(.started(let start)): start.plan
    case .migration(.amended(let amendment)): amendment.plan
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      nil
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
    case .train(let change): .train(change.mappingTexts(redact))
    case .merge(let fence, let change): .merge(fence, change.mappingTexts(redact))
    case .step(let step, let change): .step(step, change.mappingTexts(redact))
    case .ledger: self
    case .agent(let change): .agent(change.mappingTexts(redact))
    case .machine(let change): .machine(change.mappingTexts(redact))
    case .loop(let change): .loop(change.mappingTexts(redact))
    case .lesson(let change): .lesson(change.mappingTexts(redact))
    case .publication(let change): .publication(change.mappingTexts(redact))
    case .notice(let change): .notice(change.mappingTexts(redact))
    case .forge(let change): .forge(change.mappingTexts(redact))
    case .fleet(let change): .fleet(change.mappingTexts(redact))
    case .reserved(let reserved): .reserved(reserved.mappingTexts(redact))
    }
  }
}
