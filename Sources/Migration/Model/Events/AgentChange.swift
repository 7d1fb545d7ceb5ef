import CanonicalJSON

/// Something that is about an agent's service, whichever migration and step it showed in: of no migration.
public enum AgentChange: Equatable, Sendable {
  /// The service of an agent does not serve: nobody starts the agent before then or, where the service told
  /// no time, for a while that doubles each time.
  case rests(agent: String, cause: String?, until: Timestamp?, reason: String)
  /// It serves again, or a person says so.
  case woke(agent: String)

  /// The version of the format from which on rests are known.
  public static let version = 2

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case rests = "agent.rests"
    case woke = "agent.woke"
  }

  var kind: Kind {
    switch self {
    case .rests: .rests
    case .woke: .woke
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .rests(let agent, let cause, let until, let reason):
      object.set("agent", agent)
      object.set("cause", cause)
      if let until { object.set("until", until) }
      object.set("reason", reason)
    case .woke(let agent): object.set("agent", agent)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .rests:
      let until = try object.optionalInteger("until")
      guard until ?? 0 >= 0 else { throw JSONFault("'until' of the entry is negative") }
      self = .rests(
        agent: try object.string("agent"), cause: try object.optionalString("cause"),
        until: until.map { Timestamp(milliseconds: Int64($0)) }, reason: try object.string("reason"))
    case .woke: self = .woke(agent: try object.string("agent"))
    }
  }

  /// What is said of it to people.
  var words: String {
    switch self {
    case .rests(let agent, let cause, let until, let reason):
      "\(agent) rests" + (until.map { " until \($0.utc)" } ?? "") + (cause.map { " (\($0))" } ?? "")
        + ": \(reason)"
    case .woke(let agent): "\(agent) woke"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> AgentChange {
    switch self {
    case .rests(let agent, let cause, let until, let reason):
      .rests(agent: agent, cause: cause, until: until, reason: redact(reason))
    case .woke: self
    }
  }
}

extension Change {
  /// The service of an agent does not serve, until a time if it told one.
  public static func agentRests(
    _ agent: String, cause: String?, until: Timestamp?, reason: String
  ) -> Change {
    .agent(.rests(agent: agent, cause: cause, until: until, reason: reason))
  }

  /// The service of an agent serves again, or a person says so.
  public static func agentWoke(_ agent: String) -> Change { .agent(.woke(agent: agent)) }
}
