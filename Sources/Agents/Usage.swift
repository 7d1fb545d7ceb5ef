/// The tokens that a model read and wrote, by kind.
public struct Tokens: Equatable, Sendable {
  /// Read, and paid in full.
  public var input: Int
  /// Read from the service's cache.
  public var cached: Int
  /// Written into the service's cache.
  public var cacheWrites: Int
  /// Written, with what the model thought.
  public var output: Int

  /// Makes counts; what is left out is 0.
  public init(input: Int = 0, cached: Int = 0, cacheWrites: Int = 0, output: Int = 0) {
    self.input = input
    self.cached = cached
    self.cacheWrites = cacheWrites
    self.output = output
  }

  /// All that was read and written.
  public var total: Int { input.plus(cached).plus(cacheWrites).plus(output) }

  /// Adds kind by kind.
  public static func + (left: Tokens, right: Tokens) -> Tokens {
    Tokens(
      input: left.input.plus(right.input), cached: left.cached.plus(right.cached),
      cacheWrites: left.cacheWrites.plus(right.cacheWrites), output: left.output.plus(right.output))
  }

  /// What is more than in `earlier`, kind by kind; `nil` when a count went back, so that they do not belong
  /// to one sum.
  func since(_ earlier: Tokens) -> Tokens? {
    // What is recorded of an earlier attempt has both kinds of what was paid for reading in one number.
    let (read, before) = (input.plus(cacheWrites), earlier.input.plus(earlier.cacheWrites))
    guard read >= before, cached >= earlier.cached, output >= earlier.output else { return nil }
    let writes = min(max(0, cacheWrites - earlier.cacheWrites), read - before)
    return Tokens(
      input: read - before - writes, cached: cached - earlier.cached, cacheWrites: writes,
      output: output - earlier.output)
  }
}

/// What an attempt used, as far as its agent told. Agents count by conversation: what a resumed one tells is
/// reduced by what its conversation had used before.
public struct AgentUsage: Equatable, Sendable {
  /// What the conversation is called when it is to go on.
  public var session: String?
  /// The model that answered.
  public var model: String?
  /// The version of the agent's program.
  public var agentVersion: String?
  /// How many answers the model gave.
  public var turns = 0
  /// The tokens of this attempt alone.
  public var tokens = Tokens()
  /// What this attempt alone cost, in millionths of a US dollar; `nil` when the agent does not tell.
  public var microdollars: Int?

  /// Makes one with nothing used.
  public init() {}

  /// This, which came after `earlier`, and that together.
  public func added(to earlier: AgentUsage) -> AgentUsage {
    var sum = self
    sum.session = session ?? earlier.session
    sum.model = model ?? earlier.model
    sum.agentVersion = agentVersion ?? earlier.agentVersion
    sum.turns = turns.plus(earlier.turns)
    sum.tokens = tokens + earlier.tokens
    if let cost = earlier.microdollars { sum.microdollars = (microdollars ?? 0).plus(cost) }
    return sum
  }
}

/// A conversation of an agent: with one that is resumed, what was used in it before, the sum of the entries
/// that recorded it.
public struct AgentSession: Equatable, Sendable {
  /// What the agent calls it.
  public var id: String
  /// The tokens that are recorded of it.
  public var tokens: Tokens
  /// The millionths of a US dollar that are recorded of it.
  public var microdollars: Int

  /// Makes one.
  public init(id: String, tokens: Tokens = Tokens(), microdollars: Int = 0) {
    self.id = id
    self.tokens = tokens
    self.microdollars = microdollars
  }
}

extension Int {
  /// The sum, or the largest number where it does not fit: a stranger's count must not end this program.
  public func plus(_ other: Int) -> Int {
    let (sum, overflowed) = addingReportingOverflow(other)
    return overflowed ? .max : sum
  }
}
