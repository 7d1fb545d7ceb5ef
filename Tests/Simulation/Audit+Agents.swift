import Ledger
import Migration

/// What is known of an agent that rests, from the entries alone.
struct RestLog {
  /// When one may try at the earliest.
  var until: Timestamp
  /// The claim that tries.
  var probe: Fence?
}

extension Audit {
  /// An agent that rests is started by nobody, and at the end by one.
  mutating func checkRest(_ change: AgentChange, _ event: Event, _ world: World) {
    if event.migration != FormatVersion.everyMigration { world.fail("I-7", "a rest of one migration") }
    switch change {
    case .rests(_, _, let until, _):
      let least = event.at.adding(seconds: AgentRest.firstSeconds)
      rest = RestLog(until: until.map { $0 > event.at ? $0 : least } ?? least)
      world.load.rests += 1
    case .woke:
      if rest == nil { world.fail("I-7", "an agent is woken that does not rest") }
      rest = nil
    }
  }

  /// A claim for which the plan's agent works.
  mutating func checkAgent(_ claim: Claim, _ event: Event, _ world: World) {
    guard event.reserved.contains(where: { $0.key == ClaimFacts.agent }), let known = rest else { return }
    if event.at < known.until {
      world.fail("I-17", "'\(claim.fence.step)' is begun by an agent that rests until \(known.until.utc)")
    }
    if let probe = known.probe, let log = logs[probe.step], log.epoch == probe.epoch, log.stage == .leased {
      world.fail("I-17", "'\(claim.fence.step)' tries an agent that '\(probe.step)' tries")
    }
    rest?.probe = claim.fence
  }

  /// The end of an attempt: of the one that tries, it may be the end of the rest.
  mutating func noteAnswer(_ fence: Fence) { if rest?.probe == fence { rest = nil } }
}
