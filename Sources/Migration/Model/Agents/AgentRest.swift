import CanonicalJSON

/// An agent that rests because its service does not serve: nobody starts it, whichever step it would be for.
/// At the end of the rest one attempt may try; the others begin when that has been served.
public struct AgentRest: Equatable, Sendable {
  /// The service's own words.
  public var reason: String
  /// What kind of fault it is, in few words: `usage limit`.
  public var cause: String
  /// When it began to rest.
  public var since: Timestamp
  /// When one attempt may try.
  public var until: Timestamp
  /// How many times in a row it was to rest without a time that the service told.
  public var faults: Int
  /// The attempt that tries now.
  public var probe: Probe?

  /// An attempt that tries whether a service serves again.
  public struct Probe: Equatable, Sendable {
    /// The migration's name.
    public var migration: String
    /// The claim that it works for.
    public var fence: Fence

    /// Names an attempt.
    public init(migration: String, fence: Fence) {
      self.migration = migration
      self.fence = fence
    }
  }

  /// The first rest without a time that was told, in seconds; each further one is twice as long.
  public static let firstSeconds = 30
  /// The longest rest without a time that was told, in seconds.
  public static let longestSeconds = 900
  /// The longest rest until a time that was told, in seconds: a vendor's limits are by the week at most.
  public static let longestToldSeconds = 8 * 86_400

  /// The rest that follows when a service does not serve: until the time that it told, or for a while that
  /// doubles each time. `earlier` is the rest that the agent was just in, if it was in one.
  public init(
    _ reason: String, cause: String = "", toldUntil: Timestamp?, after earlier: AgentRest?, at now: Timestamp
  ) {
    self.reason = reason
    self.cause = cause
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
    if let earlier, now < earlier.until { (until, faults) = (earlier.until, earlier.faults) }
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
    return probe != nil ? .isTried : .mayTry
  }
}

/// The agents that rest, by what their services are called: two migrations with one agent have one service.
public struct AgentRests: Equatable, Sendable {
  private var rests: [String: AgentRest] = [:]

  /// Nobody rests.
  public init() {}

  /// Whether nobody rests.
  public var isEmpty: Bool { rests.isEmpty }

  /// The names of those that rest, in their order.
  public var names: [String] { rests.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  /// The rest of an agent.
  public subscript(agent: String) -> AgentRest? {
    get { rests[agent] }
    set { rests[agent] = newValue }
  }

  /// Whether an agent may begin work now.
  public func mayBegin(_ agent: String, at now: Timestamp) -> Bool {
    guard let rest = rests[agent] else { return true }
    return rest.permission(at: now) == .mayTry
  }

  /// Whether it says nothing new that a service does not serve, until a time if one was told: the agent rests
  /// at least as long already.
  public func covers(_ agent: String, until: Timestamp?, at now: Timestamp) -> Bool {
    guard let rest = rests[agent], case .restsUntil(let end) = rest.permission(at: now) else { return false }
    guard let until else { return true }
    return min(until, now.adding(seconds: AgentRest.longestToldSeconds)) <= end
  }

  /// Notes that a service does not serve.
  public mutating func note(
    _ agent: String, _ reason: String, cause: String, until: Timestamp?, at now: Timestamp
  ) {
    rests[agent] = AgentRest(reason, cause: cause, toldUntil: until, after: rests[agent], at: now)
  }

  /// Notes that an attempt begins: where its agent rested, it is the one that tries.
  public mutating func noteBegin(_ agent: String, _ attempt: AgentRest.Probe) {
    rests[agent]?.probe = attempt
  }

  /// Notes that an attempt has ended, with an answer of the service or without one: where it was the one that
  /// tried, the rest is over, or another may try.
  public mutating func noteEnd(_ attempt: AgentRest.Probe, isServed: Bool) {
    for (agent, rest) in rests where rest.probe == attempt {
      if isServed { rests[agent] = nil } else { rests[agent]?.probe = nil }
    }
  }
}

extension AgentRests {
  /// As a checkpoint keeps them.
  var json: JSON { .object(names.compactMap { name in rests[name].map { JSON.Member(name, $0.json) } }) }

  init(json: JSON) throws(JSONFault) {
    guard case .object(let members) = json else { throw JSONFault("the rests of agents are no object") }
    for member in members { rests[member.key] = try AgentRest(json: member.value) }
  }
}

extension AgentRest {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("reason", reason)
    if !cause.isEmpty { object.set("cause", cause) }
    object.set("since", since)
    object.set("until", until)
    if faults > 0 { object.set("faults", faults) }
    if let probe {
      object.set("migration", probe.migration)
      object.set("step", probe.fence.step)
      object.set("epoch", probe.fence.epoch)
    }
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the rest of an agent")
    reason = try reader.string("reason")
    cause = try reader.optionalString("cause") ?? ""
    since = try reader.timestamp("since")
    until = try reader.timestamp("until")
    faults = try reader.optionalInteger("faults") ?? 0
    guard (0...30).contains(faults) else { throw JSONFault("the faults of an agent are out of range") }
    if let migration = try reader.optionalString("migration") {
      probe = Probe(
        migration: migration,
        fence: Fence(step: try reader.string("step"), epoch: try reader.counter("epoch")))
    }
    try reader.end()
  }
}
