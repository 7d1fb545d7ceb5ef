import CanonicalJSON

/// Something that understands one agent's events.
protocol StreamReader: Sendable {
  /// Takes the next event; what it does not know it passes over.
  mutating func read(_ event: StreamValue) -> [AgentEvent]
  /// What the agent's own last event says, while nothing came after it.
  var terminal: AgentOutcome? { get }
  /// Whether the agent has begun, as far as its stream tells.
  var hasBegun: Bool { get }
  /// What was used so far.
  var usage: AgentUsage { get }
  /// What the agent said last.
  var closing: String { get }
}
