import Ledger
import Migration

/// The gate of a run: one submitted step after the other, and past those that something stands in the way of.
extension Orchestrator {
  /// How many submitted steps are looked at in a round when something is in the way of each.
  private static let looksInRound = 4

  /// Begins the gate of the first submitted step that nothing is in the way of. Says whether there may be
  /// more to do at once.
  func startGate(_ state: MigrationState, at now: Timestamp) throws(CommandError) -> Bool {
    guard gate == nil, baseline == nil, Resources(state, machine: site.owner.machine).areFreeForGate
    else { return false }
    for _ in 0..<Orchestrator.looksInRound {
      guard let fence = state.gateable(at: now, passing: resting.fences(at: site.clock.now())) else { break }
      gate = GateTask(site: site, migration: migration, fence: fence, report: late.warn)
      if try advanceGate() { return true }
      // What is in the way of this one may not be in the way of the next.
      guard gate == nil, resting.fences(at: site.clock.now()).contains(fence) else { break }
    }
    return false
  }

  func advanceGate() throws(CommandError) -> Bool {
    guard let task = gate, let ending = try task.advance() else { return false }
    gate = nil
    switch ending {
    case .merged, .sentBack, .baseFails, .unjudged: return true
    case .notNow(let refusal):
      // Without a new entry the next try would end as this one did: it waits, like everything else.
      let isNew = try reporting { try site.events.read() }.tip != seenTip
      // That another run was faster is no news: the entry says so.
      let isTold = isNew && [.limited, .wrongPhase].contains(refusal.code)
      if stops == 0, halt == nil, !isTold { tell(obstacle: refusal.message) }
      if isNew { return true }
      resting.add(task.fence, at: site.clock.now())
      return false
    case .obstructed(let reason):
      // Looked at again when the next wait is over, without an entry in between.
      tell(obstacle: reason)
      #if KNOWN_BUGS
        if KnownBug.foreignCommitSpins.isOn { return true }
      #endif
      return false
    case .stepObstructed(let reason):
      tell(obstacle: reason)
      resting.add(task.fence, at: site.clock.now())
      return false
    }
  }
}

/// Submitted steps that others go before for a while.
struct RestingSteps {
  private var since: [Fence: Timestamp] = [:]

  /// Lets a step rest from `now` on.
  mutating func add(_ fence: Fence, at now: Timestamp) { since[fence] = now }

  /// Those that rest at `now`: five seconds, and so long that about one is looked at in a second. None rests
  /// from a time that is to come.
  mutating func fences(at now: Timestamp) -> Set<Fence> {
    let seconds = max(5, since.count)
    since = since.filter { now >= $0.value && now < $0.value.adding(seconds: seconds) }
    return Set(since.keys)
  }
}

extension MigrationState {
  /// The submitted step that has waited longest in the plan's order, when nobody's gate is under way. Those
  /// of `passing` are passed over.
  func gateable(at now: Timestamp, passing: Set<Fence> = []) -> Fence? {
    guard refresh == nil else { return nil }
    var found: Fence?
    for step in stepsInFlight {
      switch step.phase {
      case .gating, .merging: return nil
      case .submitted(let submission):
        let fence = Fence(step: step.id, epoch: step.epoch)
        if found == nil, submission.notBefore <= now, !passing.contains(fence) { found = fence }
      case .waiting, .ready, .leased, .merged, .backoff, .blocked, .skipped, .cancelled: continue
      }
    }
    return found
  }
}
