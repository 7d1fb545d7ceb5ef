/// The states of a step without what they hold, in the order of a step's life.
public enum StepWord: String, CaseIterable, Sendable {
  case waiting, ready, leased, submitted, gating, merging, merged, backoff, blocked, person, proposed
  case skipped, cancelled, undone

  /// The word of a phase.
  public init(_ phase: StepPhase) {
    switch phase {
    case .waiting: self = .waiting
    case .ready: self = .ready
    case .leased: self = .leased
    case .submitted: self = .submitted
    case .gating: self = .gating
    case .merging: self = .merging
    case .merged: self = .merged
    case .backoff: self = .backoff
    case .blocked: self = .blocked
    case .person: self = .person
    case .proposed: self = .proposed
    case .undone: self = .undone
    case .skipped: self = .skipped
    case .cancelled: self = .cancelled
    }
  }

  /// Its place in the life of a step.
  var rank: Int { StepWord.allCases.firstIndex(of: self) ?? 0 }
}
