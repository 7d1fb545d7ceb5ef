/// Why an agent cannot work, whichever step it would be for.
public enum AgentFault: Equatable, Sendable {
  /// It may later: at a time, if one was told. The words are its service's.
  case rests(until: Timestamp?, String)
  /// It cannot before a person has done something, which the remedy names.
  case pauses(String, remedy: String)

  /// Why the step is given back.
  public var reason: String {
    switch self {
    case .rests(_, let words): "the agent's service does not serve: \(words)"
    case .pauses(let words, _): "the agent cannot work: \(words)"
    }
  }
}
