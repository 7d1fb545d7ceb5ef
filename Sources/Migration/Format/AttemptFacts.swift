import CanonicalJSON

/// Facts about an attempt that the entry of its end has from version 2 on: who did it, and what was used.
/// Money is in millionths of the currency, time in milliseconds.
public enum AttemptFacts {
  /// Their forms: all may be left out.
  static let forms: [MemberForm] =
    [.may("agent", .text), .may("agent_version", .text), .may("session", .text), .may("continues", .counter)]
    + .meter

  /// What a person should know of an attempt that was handed in or has failed, such as the tools that its
  /// agent was refused.
  public static let warnings = "warnings"

  /// The forms where something was handed in, or has failed.
  static let formsOfEnd: [MemberForm] = forms + [.may(warnings, .texts)]
}

/// Facts that the entry of a claim has from version 2 on where an agent of the plan is to work: who.
public enum ClaimFacts {
  /// The name of the agent.
  public static let agent = "agent"
  /// The conversation that goes on.
  public static let session = "session"
  /// The stage of the step's workflow.
  public static let stage = "stage"
  /// How often it will have gone on then.
  public static let continues = "continues"
  /// What the worker says that its machine has.
  public static let has = "has"

  /// The values of resources that it was handed.
  public static let resources = "resources"
  /// What the worker is shut in.
  public static let sandbox = "sandbox"

  /// Their forms: all may be left out.
  static let forms: [MemberForm] = [
    .may(agent, .text), .may("adapter", .text), .may("model", .text), .may(session, .text),
    .may(continues, .counter), .may(stage, .text), .may(sandbox, .text), .may(resources, .words),
    .may(has, .texts),
  ]
}

/// Where a new plan comes from, from version 2 on, where no person has typed `amend`.
public enum AmendmentFacts {
  /// Where from.
  public enum Source: String, Sendable {
    /// A file that a run follows.
    case reload
    /// The plan in force, whose lists of steps were made again.
    case expansion
  }

  static let from = "from"

  /// The member that says so.
  public static func member(_ source: Source) -> JSON.Member { JSON.Member(from, .string(source.rawValue)) }
}

/// The members beside those of the change that an event may bring along, and that rules know.
enum Facts {
  /// Their forms by the kind of the event.
  static func forms(_ kind: Change.Kind) -> [MemberForm] {
    switch kind {
    case .claim(.failed), .claim(.submitted), .claim(.handedOver), .claim(.stageEnded):
      AttemptFacts.formsOfEnd
    case .claim(.released), .claim(.expired), .loop(.trialFinished): AttemptFacts.forms
    case .claim(.claimed): ClaimFacts.forms
    case .migration(.amended): [.may(AmendmentFacts.from, .text)]
    case .migration(.paused): [.may(Event.causeKey, .text)]
    case .baseline(.recorded), .gate(.finished), .train(.finished), .train(.split), .refresh(.intended):
      VerdictFacts.forms
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      []
    }
  }
}

extension Event {
  /// A member that the event has beside those of its change.
  func fact(_ key: String) -> JSON? { reserved.first { $0.key == key }?.value }

  /// What the worker that claims says that its machine has.
  var has: Set<String> {
    guard case .array(let items)? = fact(ClaimFacts.has) else { return [] }
    return Set(items.compactMap { if case .string(let text) = $0 { text } else { nil } })
  }

  /// What a person should know of the attempt that the event ends.
  package var warnings: [String] {
    guard case .array(let items)? = fact(AttemptFacts.warnings) else { return [] }
    return items.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }
}
