import CanonicalJSON
import Ledger
import Migration

/// What is known of agents, from the entries alone.
struct AgentLog {
  /// The agent that rests; all plans have the same one.
  var rest: RestLog?
  /// The turns that agents used.
  var turns = 0
  /// The turns that people granted beside the plan's budget.
  var raised = 0
}

/// What is known of an agent that rests.
struct RestLog {
  /// When one may try at the earliest.
  var until: Timestamp
  /// The claim that tries.
  var probe: Fence?
}

extension Audit {
  /// No entry is older than the one before (I-1), nothing follows the end of the migration (I-18), and what
  /// agents used is added up.
  mutating func checkOrder(_ event: Event, _ world: World) {
    if event.at < at { world.fail("I-1", "entry \(sequence) is older than the one before") }
    at = event.at
    agents.turns += event.used?.turns ?? 0
    guard isEnded, event.migration == World.migration else { return }
    world.fail("I-18", "entry \(sequence) follows the end: \(event.sentence)")
  }

  /// An agent that rests is started by nobody, and at the end by one.
  mutating func checkRest(_ change: AgentChange, _ event: Event, _ world: World) {
    if event.migration != FormatVersion.everyMigration { world.fail("I-7", "a rest of one migration") }
    switch change {
    case .rests(_, _, let until, _):
      let least = event.at.adding(seconds: AgentRest.firstSeconds)
      agents.rest = RestLog(until: until.map { $0 > event.at ? $0 : least } ?? least)
      world.load.rests += 1
    case .woke:
      if agents.rest == nil { world.fail("I-7", "an agent is woken that does not rest") }
      agents.rest = nil
    }
  }

  /// A claim for which the plan's agent works.
  mutating func checkAgent(_ claim: Claim, _ event: Event, _ world: World) {
    guard event.reserved.contains(where: { $0.key == ClaimFacts.agent }) else { return }
    if let limit = plan?.budget.total[.turns], agents.turns >= limit + agents.raised {
      world.fail("I-17", "'\(claim.fence.step)' is begun, and \(agents.turns) turns of the budget are used")
    }
    guard let known = agents.rest else { return }
    if event.at < known.until {
      world.fail("I-17", "'\(claim.fence.step)' is begun by an agent that rests until \(known.until.utc)")
    }
    if let probe = known.probe, let log = logs[probe.step], log.epoch == probe.epoch, log.stage == .leased {
      world.fail("I-17", "'\(claim.fence.step)' tries an agent that '\(probe.step)' tries")
    }
    agents.rest?.probe = claim.fence
  }

  /// The end of an attempt: of the one that tries, it may be the end of the rest.
  mutating func noteAnswer(_ fence: Fence) { if agents.rest?.probe == fence { agents.rest = nil } }
}
