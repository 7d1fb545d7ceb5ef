/// Where a target of a fleet is: derived from its migration.
public enum FleetStanding: String, CaseIterable, Sendable {
  /// Its base was not judged yet, or its wave is not open.
  case waiting
  /// Its base does not pass its own gate: nothing was spent on it.
  case badBase = "bad base"
  /// Work may begin.
  case ready
  /// Work is under way.
  case working
  /// A step waits for a person.
  case blocked
  /// A person, or a rule, has paused it.
  case paused
  /// All is merged here, and its branch is to be pushed.
  case done
  /// Its branch is pushed.
  case pushed
  /// Its pull request is open.
  case open
  /// It is a part of the target's base.
  case merged
  /// People there do not want it.
  case rejected
  /// Its branch was moved by people, or is lost: theirs to look after.
  case people
  /// Nothing had to be changed.
  case unchanged
  /// It was given up, or every step was skipped.
  case skipped

  /// Whether it failed after work had begun on it.
  public var isFailed: Bool {
    switch self {
    case .blocked, .paused: true
    case .waiting, .badBase, .ready, .working, .done, .pushed, .open, .merged, .rejected, .people, .unchanged,
      .skipped:
      false
    }
  }

  /// Whether a person has to do something before it goes on.
  public var needsPerson: Bool {
    switch self {
    case .badBase, .blocked, .paused, .rejected, .people: true
    case .waiting, .ready, .working, .done, .pushed, .open, .merged, .unchanged, .skipped: false
    }
  }
}

extension MigrationState {
  /// Where the target is that this migration is in; `isOpen` says whether its wave is.
  public func standingInFleet(isOpen: Bool) -> FleetStanding {
    if let found = publishedStanding { return found }
    switch phase {
    case .aborted: return .skipped
    case .paused: return baselineFailure != nil && !hasBegun ? .badBase : .paused
    case .running, .finished: break
    }
    if openCount == 0 {
      if steps.contains(where: { $0.isOnBranch }) { return .done }
      return steps.contains { if case .merged = $0.phase { true } else { false } } ? .unchanged : .skipped
    }
    if isStuck { return .blocked }
    if !inFlight.isEmpty || (hasBegun && isOpen) { return .working }
    return isOpen ? .ready : .waiting
  }

  /// Whether a step was ever claimed.
  private var hasBegun: Bool { steps.contains { $0.epoch > 0 } }

  private var publishedStanding: FleetStanding? {
    let list = publications.list
    guard !list.isEmpty else { return nil }
    let isMerged = list.allSatisfy { if case .merged? = $0.end { true } else { false } }
    if isMerged, openCount > 0 { return nil }
    let (isWhole, whole) = (publications[Self.wholeUnit] != nil, publications[openWholeUnit])
    let hasMore = isWhole ? whole?.head != tip : hasUnpublishedSteps
    // The tip moves without work, too, when it takes the base in.
    if isMerged, isWhole ? whole != nil : !hasMore { return .merged }
    if list.contains(where: { if case .closed? = $0.end { true } else { false } }) { return .rejected }
    if list.contains(where: { $0.handedOver != nil && $0.end == nil }) { return .people }
    if openCount > 0 { return nil }
    if hasMore || list.contains(where: { $0.end == nil && ($0.intent != nil || $0.head == nil) }) {
      return .done
    }
    return list.contains { $0.request != nil && $0.end == nil } ? .open : .pushed
  }

  /// Whether steps are merged here that are in no unit.
  private var hasUnpublishedSteps: Bool { steps.contains { $0.isOnBranch && !isPublished($0.id) } }

  /// Whether a step is in a unit, or is one that is in none.
  private func isPublished(_ step: String) -> Bool {
    if publications.unit(of: step) != nil || base(takenInBy: step) != nil { return true }
    return index(of: step).map { !plan.steps[$0].reverts.isEmpty } ?? false
  }

  /// Whether it is finished, in a target of a fleet: what was done is handed over as before.
  public var isFinishedTarget: Bool {
    if case .finished = phase { return plan.fleet != nil }
    return false
  }
}

extension Step {
  /// Whether it has a commit on the integration branch.
  fileprivate var isOnBranch: Bool { if case .merged(.some) = phase { true } else { false } }
}
