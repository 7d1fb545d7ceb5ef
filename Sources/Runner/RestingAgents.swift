import Migration

/// The agents of a run that rest because their services do not serve (`AgentRest`), by what they are called:
/// two migrations with one agent have one service.
struct RestingAgents {
  /// The attempt that tries.
  struct Probe: Equatable {
    var migration: String
    var fence: Fence
  }

  private var rests: [String: (rest: AgentRest, probe: Probe?)] = [:]

  /// Whether an agent may begin work now.
  func mayBegin(_ agent: String, at now: Timestamp) -> Bool {
    guard let rest = rests[agent]?.rest else { return true }
    return rest.permission(at: now) == .mayTry
  }

  /// The rest of an agent.
  func rest(_ agent: String) -> AgentRest? { rests[agent]?.rest }

  /// Notes that an agent began: where it rested, it is the one that tries.
  mutating func noteBegin(_ agent: String, _ attempt: Probe) {
    guard rests[agent] != nil else { return }
    rests[agent]?.rest.isProbing = true
    rests[agent]?.probe = attempt
  }

  /// Notes that a service does not serve; says whether that is news.
  mutating func note(
    _ agent: String, _ reason: String, until: Timestamp?, at now: Timestamp
  ) -> Bool {
    let earlier = rests[agent]?.rest
    let rest = AgentRest(reason, toldUntil: until, after: earlier, at: now)
    rests[agent] = (rest, nil)
    return earlier?.until != rest.until
  }

  /// Notes that an attempt is served, or ended for a reason of its own: where it was the one that tried, the
  /// rest is over.
  mutating func noteServed(_ agent: String, _ attempt: Probe) {
    if rests[agent]?.probe == attempt { rests[agent] = nil }
  }

  /// Notes that the one that tried ended without an answer.
  mutating func noteUnanswered(_ agent: String, _ attempt: Probe) {
    guard rests[agent]?.probe == attempt else { return }
    rests[agent]?.rest.isProbing = false
    rests[agent]?.probe = nil
  }
}

extension Plan.Agent {
  /// What its service is called, for people and to tell it from others.
  var service: String { adapter == "command" ? command : adapter }
}
