/// An agent that rests because its service does not serve: nobody starts it, whichever step it would be for.
/// At the end of the rest one attempt may try; the others begin when that has been served.
public struct AgentRest: Equatable, Sendable {
  /// The service's own words.
  public var reason: String
  /// When it began to rest, by the clock here.
  public var since: Timestamp
  /// When one attempt may try.
  public var until: Timestamp
  /// How many times in a row it was to rest without a time that the service told.
  public var faults: Int
  /// Whether one attempt tries now.
  public var isProbing = false

  /// The first rest without a time that was told, in seconds; each further one is twice as long.
  public static let firstSeconds = 30
  /// The longest rest without a time that was told, in seconds.
  public static let longestSeconds = 900
  /// The longest rest until a time that was told, in seconds: a vendor's limits are by the week at most.
  public static let longestToldSeconds = 8 * 86_400

  /// The rest that follows when a service does not serve: until the time that it told, or for a while that
  /// doubles each time. `earlier` is the rest that the agent was just in, if it was in one.
  public init(_ reason: String, toldUntil: Timestamp?, after earlier: AgentRest?, at now: Timestamp) {
    self.reason = reason
    since = now
    if let toldUntil, toldUntil > now {
      until = min(toldUntil, now.adding(seconds: AgentRest.longestToldSeconds))
      faults = 0
      return
    }
    faults = min((earlier?.faults ?? 0) + 1, 30)
    let seconds = AgentRest.firstSeconds << min(faults - 1, 10)
    until = now.adding(seconds: min(seconds, AgentRest.longestSeconds))
    // Several attempts were under way when it happened: that was one fault.
    if let earlier, !earlier.isProbing, now < earlier.until {
      (until, faults) = (earlier.until, earlier.faults)
    }
  }

  /// What may be done with the agent.
  public enum Permission: Equatable, Sendable {
    /// Nothing before then.
    case restsUntil(Timestamp)
    /// Nothing before the one that tries has an answer.
    case isTried
    /// One attempt may begin, and try.
    case mayTry
  }

  /// What may be done with the agent now.
  public func permission(at now: Timestamp) -> Permission {
    // A clock that was set back must not put it off.
    if now < until, now >= since { return .restsUntil(until) }
    return isProbing ? .isTried : .mayTry
  }
}
