import Migration

extension Refusal {
  /// The invariant that an entry would have broken whose event was refused like this.
  func rule(of event: Event) -> String {
    if case .ended = code { return "I-18" }
    if case .paused = code { return "I-18" }
    switch event.change {
    case .migration(.started), .migration(.amended): return "I-20"
    case .claim(_, .claimed):
      switch code {
      case .stale: return "I-12"
      case .held: return "I-11"
      case .limited: return "I-17"
      case .blocked: return "I-16"
      case .wrongPhase: return "I-21"
      case .unknownMigration, .unknownStep, .migrationExists, .paused, .ended, .tipMoved, .unproven, .invalid:
        return "I-8"
      }
    case .claim(_, .renewed), .gate(_, .renewed), .baseline(.renewed): return "I-14"
    case .claim(_, .expired), .baseline(.abandoned): return "I-15"
    case .baseline(.claimed): return "I-17"
    case .train(.split), .train(.finished): return "I-22"
    case .train(.started), .train(.joined): return "I-13"
    case .gate(_, .finished), .merge(_, .intended), .refresh(.intended): return "I-22"
    case .merge, .refresh: return "I-23"
    case .claim, .gate: return "I-13"
    case .migration, .baseline, .step, .ledger, .agent, .machine, .loop, .lesson, .publication, .notice,
      .forge, .fleet,
      .reserved:
      return "I-8"
    }
  }
}
