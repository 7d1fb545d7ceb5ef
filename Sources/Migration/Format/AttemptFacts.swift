import CanonicalJSON

/// Facts about an attempt that the entry of its end has from version 2 on: who did it, and what was used.
/// Money is in millionths of the currency, time in milliseconds.
public enum AttemptFacts {
  /// Their forms: all may be left out.
  static let forms: [MemberForm] =
    [.may("agent", .text), .may("agent_version", .text), .may("session", .text), .may("continues", .counter)]
    + .meter
}

/// Facts that the entry of a claim has from version 2 on where an agent of the plan is to work: who.
public enum ClaimFacts {
  /// The name of the agent.
  public static let agent = "agent"
  /// The conversation that goes on.
  public static let session = "session"
  /// How often it will have gone on then.
  public static let continues = "continues"

  /// Their forms: all may be left out.
  static let forms: [MemberForm] = [
    .may(agent, .text), .may("adapter", .text), .may("model", .text), .may(session, .text),
    .may(continues, .counter),
  ]
}

/// The members beside those of the change that an event may bring along, and that rules know.
enum Facts {
  /// Their forms by the kind of the event.
  static func forms(_ kind: Change.Kind) -> [MemberForm] {
    switch kind {
    case .claim(.failed), .claim(.submitted), .claim(.released), .claim(.expired), .loop(.trialFinished):
      AttemptFacts.forms
    case .claim(.claimed): ClaimFacts.forms
    case .migration(.paused): [.may(Event.causeKey, .text)]
    case .baseline(.recorded), .gate(.finished), .train(.finished), .train(.split), .refresh(.intended):
      VerdictFacts.forms
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .loop,
      .lesson, .reserved:
      []
    }
  }
}

extension Event {
  /// A member that the event has beside those of its change.
  func fact(_ key: String) -> JSON? { reserved.first { $0.key == key }?.value }
}
