import CanonicalJSON

extension State {
  /// Says what happens next: the only place that does (DESIGN §1). Gives what must be done in the world
  /// because of it.
  ///
  /// Pure: reads no clock, no environment, no random source. Total: every event in every state is either
  /// accepted, or refused with a reason and nothing changed; nothing is dropped. In place, so that folding a
  /// long ledger copies nothing.
  public mutating func apply(_ event: Event) throws(Refusal) -> [Effect] {
    var reducer = Reducer(state: self, event: event)
    self = State()
    defer { self = reducer.state }
    try reducer.apply()
    return reducer.effects
  }
}

/// The work space of one decision. Checks come first, changes after, in every rule.
struct Reducer {
  var state: State
  let event: Event
  var effects: [Effect] = []
  /// The index of the event's migration; set before any rule but `start` runs.
  var position = 0

  init(state: consuming State, event: Event) {
    self.state = state
    self.event = event
  }

  var migration: MigrationState {
    get { state.migrations[position] }
    _modify { yield &state.migrations[position] }
  }

  mutating func apply() throws(Refusal) {
    guard event.at >= state.at else {
      throw Refusal(.invalid, "the event is older than the ledger's last entry")
    }
    try state.requireVersion(of: event)
    try requireMeaning()
    if case .migration(.started(let start)) = event.change {
      try self.start(start)
    } else if case .ledger(.upgraded) = event.change {
      guard event.migration == FormatVersion.everyMigration else {
        throw Refusal(.invalid, "an upgrade is of the whole ledger, '\(FormatVersion.everyMigration)'")
      }
    } else if case .agent(let change) = event.change {
      try apply(change)
    } else if case .machine(let change) = event.change {
      try apply(change)
    } else if case .lesson(let change) = event.change {
      try apply(change)
    } else if case .forge(let change) = event.change {
      try apply(change)
    } else if case .fleet(let change) = event.change {
      try apply(change)
    } else {
      guard let found = state.migrations.firstIndex(where: { $0.name == event.migration }) else {
        throw Refusal.noMigration(event.migration)
      }
      position = found
      let lease = leaseBefore
      try applyToMigration()
      dissolveBrokenTrain()
      noteLine()
      noteUse()
      noteConversation(lease)
      noteProbes()
    }
    state.at = event.at
    state.version = event.version
  }

  /// What the format only reserves is refused, until a rule gives it a meaning.
  private func requireMeaning() throws(Refusal) {
    if case .reserved(let reserved) = event.change {
      throw Refusal(.invalid, "'\(reserved.kind.rawValue)' is reserved: no rule gives it a meaning yet")
    }
    for member in event.reserved {
      if [Event.causeKey, Event.causeNameKey].contains(member.key), event.change.fault != nil { continue }
      if Facts.forms(event.change.kind).contains(where: { $0.name == member.key }) { continue }
      throw Refusal(.invalid, "'\(member.key)' is reserved: no rule gives it a meaning yet")
    }
  }

  private mutating func applyToMigration() throws(Refusal) {
    switch event.change {
    case .migration(let change): try apply(change)
    case .refresh(let change): try apply(change)
    case .baseline(let change): try apply(change)
    case .claim(let fence, let change): try apply(change, fence)
    case .gate(let fence, let change): try apply(change, fence)
    case .train(let change): try apply(change)
    case .merge(let fence, let change): try apply(change, fence)
    case .step(let step, let change): try apply(change, step)
    case .loop(let change): try apply(change)
    case .publication(let change): try apply(change)
    case .notice(let change): try apply(change)
    // Neither belongs to a migration.
    case .ledger, .agent, .machine, .lesson, .forge, .fleet, .reserved:
      throw Refusal(.invalid, "it is of no migration")
    }
  }

  // MARK: Checks that several rules share

  func requireRunning() throws(Refusal) {
    switch migration.phase {
    case .running: return
    case .paused(let reason):
      throw Refusal(
        .paused, "the migration '\(migration.name)' is paused: \(reason)", hint: "run 'git migrate resume'")
    case .aborted, .finished: throw migration.ended
    }
  }

  func requireNotEnded() throws(Refusal) {
    if migration.phase.isTerminal { throw migration.ended }
  }

  func indexOfStep(_ id: String) throws(Refusal) -> Int {
    guard let index = migration.index(of: id) else {
      throw Refusal.noStep(id, in: migration.name)
    }
    return index
  }

  /// The step's index, provided that the event speaks for its current claim (I-13).
  func indexOfStep(_ fence: Fence) throws(Refusal) -> Int {
    let index = try indexOfStep(fence.step)
    let current = migration.steps[index].epoch
    #if KNOWN_BUGS
      if KnownBug.epochNotChecked.isOn { return index }
    #endif
    guard fence.epoch == current else {
      throw Refusal(
        .stale, "'\(fence.step)' is at epoch \(current), not \(fence.epoch)",
        hint: "the claim was given to somebody else; nothing was changed")
    }
    return index
  }

  func wrongPhase(_ step: Step, _ wanted: String) -> Refusal {
    Refusal(.wrongPhase, "'\(step.id)' is \(step.phase.word), so it cannot be \(wanted)")
  }

  /// Whether the evidence takes a hold away from its owner (I-15).
  func require(_ evidence: Evidence, owner: Owner, expiresAt: Timestamp) throws(Refusal) {
    switch evidence {
    case .holder: return
    case .timeout:
      #if KNOWN_BUGS
        if KnownBug.wallClockExpiry.isOn { return }
      #endif
      guard expiresAt.isOverdue(at: event.at) else {
        throw Refusal(.unproven, "the hold lasts until \(expiresAt.utc) and the grace after it")
      }
    case .holderDead(let dead):
      guard dead == owner, owner.pid > 0 else {
        throw Refusal(.unproven, "the process said to be dead is not the holder")
      }
    }
  }

  /// A process that there can be: a negative number would mean a whole group of them.
  func requireProcess(_ owner: Owner) throws(Refusal) {
    guard (0...Int(Int32.max)).contains(owner.pid), owner.startTicks >= 0 else {
      throw Refusal(.invalid, "the owner is no process")
    }
  }

  func requireLength(until expiresAt: Timestamp) throws(Refusal) {
    guard expiresAt > event.at, expiresAt <= event.at.adding(seconds: maximumLeaseSeconds) else {
      throw Refusal(.invalid, "a hold must end after it begins and within seven days")
    }
  }

  // MARK: Changes that several rules share

  var at: Timestamp { event.at }

  mutating func set(_ index: Int, _ phase: StepPhase) { migration.set(index, phase) }

  mutating func notify(_ notice: Notice) {
    effects.append(.notify(migration: migration.name, notice))
    keepNotice(notice)
  }

  mutating func block(_ index: Int, _ reason: String) {
    set(index, .blocked(reason: reason))
    // One notice a cause, however many steps it stops.
    if let cause = migration.steps[index].cause, let known = migration.causes[cause] {
      if known.isTold { return keepMore(of: cause) }
      migration.causes.setTold(cause, true)
    }
    notify(.stepBlocked(step: migration.steps[index].id, reason: reason))
  }

  /// Ready when every need is done, otherwise waiting.
  func openPhase(_ index: Int) -> StepPhase {
    if let reason = migration.undoneNeed(index) { return .blocked(reason: reason) }
    return migration.hasOpenNeed(index) ? .waiting : .ready
  }

  /// What follows when a step is done: dependents become ready, and a person hears when all is done.
  mutating func settle(_ index: Int) {
    for dependent in migration.dependents(of: index) {
      if case .waiting = migration.steps[dependent].phase, case .ready = openPhase(dependent) {
        set(dependent, .ready)
      }
    }
    if migration.openCount == 0 { notify(.allStepsDone) }
  }

  /// Counts a failed attempt: the step rests and tries again, or is blocked (I-16).
  mutating func countFailure(_ index: Int, _ failure: Failure) {
    migration.steps[index].failures += 1
    noteFailure(index, failure)
    if case .leased = migration.steps[index].phase {} else { migration.steps[index].stages = nil }
    let step = migration.steps[index]
    if step.failures >= migration.allowance(step) {
      block(index, "\(step.failures) of \(migration.allowance(step)) attempts failed: \(failure.reason)")
      return
    }
    let pause = migration.plan.backoff.pause(afterFailures: step.failures)
    let rests = pause > 0 && migration.undoneNeed(index) == nil
    set(index, rests ? .backoff(until: at.adding(seconds: pause)) : openPhase(index))
  }

  /// Counts work that has to be done again through nobody's fault; bounded by its own limit.
  mutating func countInfrastructureRetry(_ index: Int, then phase: StepPhase, _ reason: String) {
    migration.steps[index].infrastructureRetries += 1
    let step = migration.steps[index]
    if step.infrastructureRetries > Step.infrastructureLimit + step.granted {
      block(index, "had to start over \(step.infrastructureRetries) times, last: \(reason)")
    } else {
      set(index, phase)
      blockIfUsedUp(index)
    }
  }

  /// A new plan may allow fewer attempts than a step has used (I-16). What is under way may still succeed.
  mutating func blockIfUsedUp(_ index: Int) {
    let step = migration.steps[index]
    switch step.phase {
    case .waiting, .ready, .backoff:
      let allowance = migration.allowance(step)
      if step.failures < allowance { return blockIfSpent(index) }
      block(index, "\(step.failures) of \(allowance) attempts failed: \(step.lastFailure?.reason ?? "")")
    case .leased, .submitted, .gating, .merging, .merged, .blocked, .person, .proposed, .skipped, .cancelled,
      .undone:
      return
    }
  }
}
