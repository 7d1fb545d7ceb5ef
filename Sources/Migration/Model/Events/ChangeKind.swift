import CanonicalJSON

extension Change {
  /// The kinds of change, by subject.
  public enum Kind: Hashable, Sendable, CaseIterable, RawRepresentable {
    case migration(MigrationChange.Kind)
    case refresh(RefreshChange.Kind)
    case baseline(BaselineChange.Kind)
    case claim(ClaimChange.Kind)
    case gate(GateChange.Kind)
    case train(TrainChange.Kind)
    case merge(MergeChange.Kind)
    case step(StepChange.Kind)
    case ledger(LedgerChange.Kind)
    case agent(AgentChange.Kind)
    case machine(MachineChange.Kind)
    case loop(LoopChange.Kind)
    case lesson(LessonChange.Kind)
    case publication(PublicationChange.Kind)
    case notice(NoticeChange.Kind)
    case forge(ForgeChange.Kind)
    case fleet(FleetChange.Kind)
    /// Stands for every `ReservedKind`; no entry has this word.
    case reserved

    /// Every kind, the subjects in the order of `Change`.
    public static let allCases: [Kind] =
      MigrationChange.Kind.allCases.map(Kind.migration) + RefreshChange.Kind.allCases.map(Kind.refresh)
      + BaselineChange.Kind.allCases.map(Kind.baseline) + ClaimChange.Kind.allCases.map(Kind.claim)
      + GateChange.Kind.allCases.map(Kind.gate) + TrainChange.Kind.allCases.map(Kind.train)
      + MergeChange.Kind.allCases.map(Kind.merge)
      + StepChange.Kind.allCases.map(Kind.step) + LedgerChange.Kind.allCases.map(Kind.ledger)
      + AgentChange.Kind.allCases.map(Kind.agent) + MachineChange.Kind.allCases.map(Kind.machine)
      + LoopChange.Kind.allCases.map(Kind.loop) + LessonChange.Kind.allCases.map(Kind.lesson)
      + PublicationChange.Kind.allCases.map(Kind.publication)
      + NoticeChange.Kind.allCases.map(Kind.notice) + ForgeChange.Kind.allCases.map(Kind.forge)
      + FleetChange.Kind.allCases.map(Kind.fleet) + [.reserved]

    /// The kind of a word.
    private static let named = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    /// The kind that the ledger and `git migrate log` write as that word; `nil` when there is none.
    public init?(rawValue: String) {
      guard let kind = Kind.named[rawValue] else { return nil }
      self = kind
    }

    /// The version of the format from which on there are entries of this kind.
    var since: Int {
      switch self {
      case .train: TrainChange.version
      case .ledger, .migration(.budgetRaised), .step(.allowed), .claim(.stageEnded), .claim(.handedOver),
        .gate(.judged),
        .gate(.waits), .step(.approved), .step(.rejected), .step(.accepted), .step(.proposed), .step(.undone):
        2
      case .agent: AgentChange.version
      case .machine: MachineChange.version
      case .loop: LoopChange.version
      case .lesson: LessonChange.version
      case .publication: PublicationChange.version
      case .notice: NoticeChange.version
      case .forge: ForgeChange.version
      case .fleet: FleetChange.version
      case .migration, .refresh, .baseline, .claim, .gate, .merge, .step, .reserved: 1
      }
    }

    /// The word, as the ledger and `git migrate log` write it: `<subject>.<what happened>`.
    public var rawValue: String {
      switch self {
      case .migration(let kind): kind.rawValue
      case .refresh(let kind): kind.rawValue
      case .baseline(let kind): kind.rawValue
      case .claim(let kind): kind.rawValue
      case .gate(let kind): kind.rawValue
      case .train(let kind): kind.rawValue
      case .merge(let kind): kind.rawValue
      case .step(let kind): kind.rawValue
      case .ledger(let kind): kind.rawValue
      case .agent(let kind): kind.rawValue
      case .machine(let kind): kind.rawValue
      case .loop(let kind): kind.rawValue
      case .lesson(let kind): kind.rawValue
      case .publication(let kind): kind.rawValue
      case .notice(let kind): kind.rawValue
      case .forge(let kind): kind.rawValue
      case .fleet(let kind): kind.rawValue
      case .reserved: "reserved"
      }
    }
  }

  /// The kind.
  public var kind: Kind {
    switch self {
    case .migration(let change): .migration(change.kind)
    case .refresh(let change): .refresh(change.kind)
    case .baseline(let change): .baseline(change.kind)
    case .claim(_, let change): .claim(change.kind)
    case .gate(_, let change): .gate(change.kind)
    case .train(let change): .train(change.kind)
    case .merge(_, let change): .merge(change.kind)
    case .step(_, let change): .step(change.kind)
    case .ledger(let change): .ledger(change.kind)
    case .agent(let change): .agent(change.kind)
    case .machine(let change): .machine(change.kind)
    case .loop(let change): .loop(change.kind)
    case .lesson(let change): .lesson(change.kind)
    case .publication(let change): .publication(change.kind)
    case .notice(let change): .notice(change.kind)
    case .forge(let change): .forge(change.kind)
    case .fleet(let change): .fleet(change.kind)
    case .reserved: .reserved
    }
  }

  /// The word that the ledger and `git migrate log` write: that of `kind`, or of the reserved kind.
  public var kindName: String {
    if case .reserved(let reserved) = self { return reserved.kind.rawValue }
    return kind.rawValue
  }

  /// Writes the payload's members; the plan of a start or an amendment is not among them.
  func write(to object: inout ObjectBuilder) {
    if let step { object.set("step", step) }
    if let fence { object.set("epoch", fence.epoch) }
    switch self {
    case .migration(let change): change.write(to: &object)
    case .refresh(let change): change.write(to: &object)
    case .baseline(let change): change.write(to: &object)
    case .claim(_, let change): change.write(to: &object)
    case .gate(_, let change): change.write(to: &object)
    case .train(let change): change.write(to: &object)
    case .merge(_, let change): change.write(to: &object)
    case .step(_, let change): change.write(to: &object)
    case .ledger(let change): change.write(to: &object)
    case .agent(let change): change.write(to: &object)
    case .machine(let change): change.write(to: &object)
    case .loop(let change): change.write(to: &object)
    case .lesson(let change): change.write(to: &object)
    case .publication(let change): change.write(to: &object)
    case .notice(let change): change.write(to: &object)
    case .forge(let change): change.write(to: &object)
    case .fleet(let change): change.write(to: &object)
    case .reserved(let reserved): for member in reserved.members { object.set(member.key, member.value) }
    }
  }

  /// Reads the payload of a change of that kind. `plan` brings the plan that lies beside the entry.
  init(
    _ kind: Kind, from object: inout ObjectReader, plan: (_ number: Int) throws(JSONFault) -> Plan
  ) throws(JSONFault) {
    switch kind {
    case .migration(let kind): self = .migration(try MigrationChange(kind, from: &object, plan: plan))
    case .refresh(let kind): self = .refresh(try RefreshChange(kind, from: &object))
    case .baseline(let kind): self = .baseline(try BaselineChange(kind, from: &object))
    case .claim(let kind):
      let fence = try Fence(from: &object)
      self = .claim(fence, try ClaimChange(kind, fence, from: &object))
    case .gate(let kind): self = .gate(try Fence(from: &object), try GateChange(kind, from: &object))
    case .train(let kind): self = .train(try TrainChange(kind, from: &object))
    case .merge(let kind): self = .merge(try Fence(from: &object), try MergeChange(kind, from: &object))
    case .step(let kind):
      let step = try object.string("step")
      self = .step(step, try StepChange(kind, step, from: &object))
    case .ledger(let kind): self = .ledger(try LedgerChange(kind, from: &object))
    case .agent(let kind): self = .agent(try AgentChange(kind, from: &object))
    case .machine(let kind): self = .machine(try MachineChange(kind, from: &object))
    case .loop(let kind): self = .loop(try LoopChange(kind, from: &object))
    case .lesson(let kind): self = .lesson(try LessonChange(kind, from: &object))
    case .publication(let kind): self = .publication(try PublicationChange(kind, from: &object))
    case .notice(let kind): self = .notice(try NoticeChange(kind, from: &object))
    case .forge(let kind): self = .forge(try ForgeChange(kind, from: &object))
    case .fleet(let kind): self = .fleet(try FleetChange(kind, from: &object))
    case .reserved: throw JSONFault("no entry is of the kind '\(kind.rawValue)'")
    }
  }
}

extension Fence {
  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(step: try object.string("step"), epoch: try object.integer("epoch"))
  }
}
