import CanonicalJSON

/// A conversation of an agent that the step's next attempt may go on with: what was done and paid for need
/// not be done again. It is known to the machine alone on which it was held.
public struct Conversation: Equatable, Sendable {
  /// What the agent calls it.
  public var session: String
  /// The name of the agent.
  public var agent: String
  /// The machine that knows it.
  public var machine: String
  /// The claim whose work it speaks of.
  public var epoch: Int
  /// How often it went on after it was interrupted.
  public var continues: Int
  /// Whether what came of it failed; otherwise it was interrupted.
  public var hasFailed: Bool
  /// What is recorded of it: the tokens that were read in full, those from the cache, those that were
  /// written, and millionths of a US dollar.
  public var recorded: [Int]

  /// How many numbers `recorded` has.
  private static let counts = 4

  /// The facts of an attempt's end that are added up in `recorded`, in its order.
  private static let keys = ["tokens_in", "tokens_cached", "tokens_out", "cost"]

  /// Makes what is known of a conversation when an attempt of it ends; `earlier` is what was known before.
  init?(
    facts: [JSON.Member], agent: String, machine: String, epoch: Int, after earlier: Conversation?
  ) {
    func value(_ key: String) -> JSON? { facts.first { $0.key == key }?.value }
    guard case .string(let session)? = value("session") else { return nil }
    let before = earlier?.session == session ? earlier : nil
    // Without an answer of the model there is nothing to go on with.
    if before == nil {
      guard case .integer(let turns)? = value("turns"), turns > 0 else { return nil }
    }
    self.session = session
    (self.agent, self.machine, self.epoch, hasFailed) = (agent, machine, epoch, false)
    continues = before?.continues ?? 0
    if case .integer(let number)? = value("continues") { continues = Int(clamping: number) }
    // An attempt that got no answer has not gone on.
    if let before, value("turns") == nil || value("turns") == .integer(0) { continues = before.continues - 1 }
    continues = max(0, continues)
    recorded = before?.recorded ?? [Int](repeating: 0, count: Conversation.counts)
    for (index, key) in Conversation.keys.enumerated() {
      if case .integer(let number)? = value(key) {
        recorded[index] = recorded[index].addingCapped(Int(clamping: number))
      }
    }
  }

  var json: JSON {
    var object = ObjectBuilder()
    object.set("session", session)
    object.set("agent", agent)
    object.set("machine", machine)
    object.set("epoch", epoch)
    if continues > 0 { object.set("continues", continues) }
    object.set("failed", hasFailed)
    object.set("recorded", .array(recorded.map { .integer(Int64($0)) }))
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a conversation")
    session = try reader.string("session")
    agent = try reader.string("agent")
    machine = try reader.string("machine")
    epoch = try reader.counter("epoch")
    continues = try reader.optionalInteger("continues") ?? 0
    hasFailed = try reader.flag("failed")
    recorded = []
    for item in try reader.array("recorded") {
      guard case .integer(let number) = item, number >= 0 else {
        throw JSONFault("what is recorded of a conversation is damaged")
      }
      recorded.append(Int(number))
    }
    guard recorded.count == Conversation.counts, ObjectReader.counterRange.contains(continues) else {
      throw JSONFault("what is recorded of a conversation is damaged")
    }
    try reader.end()
  }
}

extension MigrationState {
  /// The conversation that an attempt of a step on that machine goes on with, or `nil` when it begins anew.
  public func conversation(toGoOn index: Int, machine: String) -> Conversation? {
    guard let found = steps[index].conversation, found.machine == machine,
      let agent = agent(at: index), agent.label == found.agent, agent.adapter != "command"
    else { return nil }
    if found.hasFailed { return agent.resumesAfterFailure ? found : nil }
    return found.continues < agent.continuations ?? Plan.Agent.defaultContinuations ? found : nil
  }
}

/// The rules of conversations that go on.
extension Reducer {
  /// The lease that the event's claim has before the event.
  var leaseBefore: Lease? {
    guard case .claim(let fence, _) = event.change, let step = migration.step(fence.step),
      case .leased(let lease) = step.phase
    else { return nil }
    return lease
  }

  /// Notes what an event means for the conversations of its steps; `lease` is the one before it.
  mutating func noteConversation(_ lease: Lease?) {
    guard event.version >= AgentChange.version else { return }
    switch event.change {
    case .claim(let fence, let change): return noteConversation(fence, change, lease)
    case .gate(let fence, .finished(let report)) where report.verdict != .passed: noteFailed(fence.step)
    case .train(.finished(let report)): if let culprit = report.culprit { noteFailed(culprit) }
    case .step(_, .retried): for step in event.change.steps { setConversation(step, nil) }
    case .migration, .refresh, .baseline, .gate, .train, .merge, .step, .ledger, .agent, .machine, .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      break
    }
    for step in event.change.steps where migration.step(step)?.phase.isTerminal == true {
      setConversation(step, nil)
    }
  }

  private mutating func noteConversation(_ fence: Fence, _ change: ClaimChange, _ lease: Lease?) {
    let known = migration.step(fence.step)?.conversation
    switch change {
    case .renewed: return
    case .claimed:
      guard var known, event.fact(ClaimFacts.session) == .string(known.session) else {
        return setConversation(fence.step, nil)
      }
      if case .integer(let number)? = event.fact(ClaimFacts.continues) {
        known.continues = Int(clamping: number)
      }
      known.hasFailed = false
      setConversation(fence.step, known)
    case .stageEnded(let end): return noteTalk(of: end, fence, lease, known)
    case .expired, .released, .submitted, .failed, .handedOver:
      guard let lease, let agent = lease.agent else { return }
      let found = Conversation(
        facts: event.reserved, agent: agent, machine: lease.owner.machine, epoch: fence.epoch, after: known)
      guard let found else { return }
      setConversation(fence.step, found)
      // Work that was ended from outside was interrupted.
      if case .failed(let failure) = change, failure.kind != .setup { noteFailed(fence.step) }
    }
  }

  /// A stage's conversation ends with it; another stage may go on with it.
  private mutating func noteTalk(of end: StageEnd, _ fence: Fence, _ lease: Lease?, _ known: Conversation?) {
    guard let index = migration.index(of: fence.step) else { return }
    setConversation(fence.step, nil)
    guard migration.steps[index].stages != nil else { return }
    if let lease, let agent = lease.agent {
      let talk = Conversation(
        facts: event.reserved, agent: agent, machine: lease.owner.machine, epoch: fence.epoch, after: known)
      migration.steps[index].stages?.talks[end.stage] = talk
    }
    guard let resume = migration.stageTask(at: index)?.stage.resume else { return }
    var talk = migration.steps[index].stages?.talks[resume]
    talk?.continues = 0
    setConversation(fence.step, talk)
  }

  /// What failed goes on only where the plan wants it.
  private mutating func noteFailed(_ step: String) {
    guard let index = migration.index(of: step), migration.steps[index].conversation != nil else { return }
    let agent = migration.agent(at: index)
    if agent?.resumesAfterFailure == true {
      migration.steps[index].conversation?.hasFailed = true
    } else {
      migration.steps[index].conversation = nil
    }
  }

  private mutating func setConversation(_ step: String, _ conversation: Conversation?) {
    guard let index = migration.index(of: step), migration.steps[index].conversation != conversation else {
      return
    }
    migration.steps[index].conversation = conversation
  }
}
