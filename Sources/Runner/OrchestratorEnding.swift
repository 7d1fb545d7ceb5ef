import Ledger
import Migration

extension Orchestrator {
  /// How a run ended.
  public enum Ending: Equatable, Sendable {
    /// Every step is merged, skipped or cancelled.
    case allDone
    /// Nothing more can happen before a person acts; the ids of the blocked steps.
    case needsPerson(blocked: [String])
    /// What remains has no `run` and the plan no agent: outside workers must claim these steps.
    case needsWorkers([String])
    /// The migration is paused.
    case paused(String)
    /// The migration was finished or aborted.
    case ended(String)
    /// A signal ended the run; leases were released and worktrees kept.
    case interrupted
  }

  /// Whether nobody has done anything that is not known here. Asked before a run ends: another clone may have
  /// resumed what is paused. That the remote cannot be reached is no reason to stay.
  func isNewest(_ snapshot: LedgerSnapshot) throws(CommandError) -> Bool {
    guard site.isShared, stops == 0 else { return true }
    do throws(CommandError) {
      try site.synchronize()
    } catch {
      guard error.isOffline else { throw error }
      return true
    }
    return try reporting { try site.events.read() }.tip == snapshot.tip
  }

  /// How the run has ended, or `nil` while there is something to wait for.
  func ending(_ state: MigrationState) -> Ending? {
    if stops > 0 { return .interrupted }
    switch state.phase {
    case .aborted, .finished: return .ended(state.phase.word)
    case .paused(let reason): return .paused(reason)
    case .running: break
    }
    if state.steps.allSatisfy(\.phase.isTerminal) { return .allDone }
    if state.isStuck {
      return .needsPerson(
        blocked: state.steps.filter { if case .blocked = $0.phase { true } else { false } }.map(\.id))
    }
    if state.plan.agent == nil {
      // Only steps that nobody here can do are left, and nobody is at work on one.
      var open: [String] = []
      for (step, planned) in zip(state.steps, state.plan.steps) {
        switch step.phase {
        case .ready, .backoff:
          if planned.run != nil { return nil }
          open.append(step.id)
        case .leased, .submitted, .gating, .merging: return nil
        case .waiting, .merged, .blocked, .skipped, .cancelled: continue
        }
      }
      if !open.isEmpty { return .needsWorkers(open) }
    }
    return nil
  }
}
