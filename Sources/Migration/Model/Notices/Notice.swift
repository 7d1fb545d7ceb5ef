import CanonicalJSON

/// What a person is told.
public enum Notice: Equatable, Sendable {
  /// A step needs a person; its dependents are held.
  case stepBlocked(step: String, reason: String)
  /// Work waits for a person's word.
  case personWanted(step: String, reason: String)
  /// The migration stopped by itself.
  case paused(reason: String)
  /// Every step is merged, skipped or cancelled.
  case allStepsDone
  /// The base has moved and cannot be taken in.
  case baseHeld(reason: String)

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case stepBlocked = "step_blocked"
    case personWanted = "person_wanted"
    case paused
    case allStepsDone = "all_steps_done"
    case baseHeld = "base_held"

    /// What commands that are told get as `MIGRATE_EVENT`.
    public var event: String {
      switch self {
      case .stepBlocked: "blocked"
      case .personWanted: "person"
      case .paused: "paused"
      case .allStepsDone: "done"
      case .baseHeld: "base"
      }
    }

    /// How much it weighs.
    public var severity: Severity {
      switch self {
      case .paused: .urgent
      case .stepBlocked, .personWanted, .baseHeld: .warning
      case .allStepsDone: .info
      }
    }
  }

  /// Its kind.
  public var kind: Kind {
    switch self {
    case .stepBlocked: .stepBlocked
    case .personWanted: .personWanted
    case .paused: .paused
    case .allStepsDone: .allStepsDone
    case .baseHeld: .baseHeld
    }
  }

  /// How much it weighs.
  public var severity: Severity { kind.severity }

  /// The step that it is about, where it is about one.
  public var step: String? {
    switch self {
    case .stepBlocked(let step, _), .personWanted(let step, _): step
    case .paused, .allStepsDone, .baseHeld: nil
    }
  }

  /// The notice as a person reads it, in one line.
  public var words: String {
    switch self {
    case .stepBlocked(let step, let reason): "\(step) is blocked: \(reason)"
    case .personWanted(let step, let reason): "\(step) waits for a person: \(reason)"
    case .paused(let reason): "the migration is paused: \(reason)"
    case .allStepsDone: "every step is done"
    case .baseHeld(let reason): reason
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> Notice {
    switch self {
    case .stepBlocked(let step, let reason): .stepBlocked(step: step, reason: redact(reason))
    case .personWanted(let step, let reason): .personWanted(step: step, reason: redact(reason))
    case .paused(let reason): .paused(reason: redact(reason))
    case .allStepsDone: .allStepsDone
    case .baseHeld(let reason): .baseHeld(reason: redact(reason))
    }
  }

  func write(to object: inout ObjectBuilder) {
    object.set("notice", kind.rawValue)
    if let step { object.set("step", step) }
    switch self {
    case .stepBlocked(_, let reason), .personWanted(_, let reason), .paused(let reason),
      .baseHeld(let reason):
      object.set("reason", reason)
    case .allStepsDone: return
    }
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    let word = try object.string("notice")
    guard let kind = Kind(rawValue: word) else { throw JSONFault("there is no notice '\(word)'") }
    switch kind {
    case .stepBlocked:
      self = .stepBlocked(step: try object.string("step"), reason: try object.string("reason"))
    case .personWanted:
      self = .personWanted(step: try object.string("step"), reason: try object.string("reason"))
    case .paused: self = .paused(reason: try object.string("reason"))
    case .allStepsDone: self = .allStepsDone
    case .baseHeld: self = .baseHeld(reason: try object.string("reason"))
    }
  }
}
