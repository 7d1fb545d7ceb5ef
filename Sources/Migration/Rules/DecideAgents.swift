import CanonicalJSON

/// The rules of agents whose services do not serve, and of lines that stop by themselves.
extension Reducer {
  /// A rest is of no migration: it holds wherever the agent would work.
  mutating func apply(_ change: AgentChange) throws(Refusal) {
    guard event.migration == FormatVersion.everyMigration else {
      throw Refusal(.invalid, "an agent's rest is of every migration, '\(FormatVersion.everyMigration)'")
    }
    switch change {
    case .rests(let agent, let cause, let until, let reason):
      guard !agent.isEmpty else { throw Refusal(.invalid, "an agent that rests needs a name") }
      state.rests.note(agent, reason, cause: cause ?? "", until: until, at: at)
    case .woke(let agent):
      guard state.rests[agent] != nil else { throw Refusal(.wrongPhase, "'\(agent)' does not rest") }
      state.rests[agent] = nil
    }
  }

  /// A claim that says which agent will work is refused while that one rests; at the end of the rest one
  /// claim may try. One that says nothing is of somebody who brings his own worker.
  func requireAgent(_ claim: Claim, _ index: Int) throws(Refusal) {
    guard let service = service(of: claim, index), let rest = state.rests[service] else { return }
    switch rest.permission(at: at) {
    case .mayTry: return
    case .restsUntil, .isTried: throw Refusal(.limited, rest.words(of: service))
    }
  }

  /// Notes which attempt tries an agent that rests.
  mutating func noteBegin(_ claim: Claim, _ index: Int) {
    guard !state.rests.isEmpty, let service = service(of: claim, index) else { return }
    state.rests.noteBegin(service, AgentRest.Probe(migration: migration.name, fence: claim.fence))
  }

  private func service(of claim: Claim, _ index: Int) -> String? {
    guard event.fact(ClaimFacts.agent) != nil else { return nil }
    return migration.agent(at: index)?.service
  }

  /// Notes what became of attempts that try an agent: one that ended for a reason of its own was served.
  mutating func noteProbes() {
    guard !state.rests.isEmpty else { return }
    for name in state.rests.names {
      guard let probe = state.rests[name]?.probe, probe.migration == migration.name else { continue }
      let step = migration.step(probe.fence.step)
      if let step, step.epoch == probe.fence.epoch, case .leased = step.phase { continue }
      state.rests.noteEnd(probe, isServed: answers(probe.fence))
    }
  }

  /// Whether the event ends that claim's attempt in a way that its agent's service must have answered.
  private func answers(_ fence: Fence) -> Bool {
    guard event.change.fence == fence, case .claim(_, let change) = event.change else { return false }
    switch change {
    case .submitted, .stageEnded: return true
    case .failed(let failure): return failure.kind != .setup
    case .claimed, .renewed, .expired, .released, .handedOver: return false
    }
  }

  // MARK: The budget

  /// A claim for which an agent of the plan is to work is refused when too little is left for it. Gives the
  /// name of the agent.
  func requireBudget() throws(Refusal) -> String? {
    guard case .string(let name)? = event.fact(ClaimFacts.agent) else { return nil }
    if let words = migration.shortage { throw Refusal(.limited, words, hint: Budget.remedy) }
    return name
  }

  /// Counts what the attempt used that the event ends.
  mutating func noteUse() {
    guard event.version >= AgentChange.version, case .claim(let fence, _) = event.change,
      let used = Amounts(facts: event.reserved), let index = migration.index(of: fence.step)
    else { return }
    migration.spending.add(used, at: at)
    migration.steps[index].used = migration.steps[index].used + used
    blockIfUsedUp(index)
  }

  /// A step that has used what a step may is a person's to look at.
  mutating func blockIfSpent(_ index: Int) {
    guard migration.agent(at: index) != nil,
      let words = migration.plan.budget.shortage(migration.steps[index].counted, migration.spending)
    else { return }
    block(index, words)
  }

  // MARK: The line

  /// Counts the attempts that the event ends, from the version on in which lines are watched.
  mutating func noteLine() {
    guard event.version >= LineWatch.version else { return }
    switch event.change {
    case .migration(.paused), .migration(.resumed), .migration(.amended): migration.line = LineWatch()
    case .claim(let fence, .failed(let failure)):
      // What was handed in already, and stands in the way of others' work, says nothing of the line.
      if [.conflict, .unusable].contains(failure.kind) { return }
      noteFailed(fence.step, failure, counts: failure.kind != .setup)
    case .gate(let fence, .finished(let report)):
      if let failure = report.failure {
        return noteFailed(fence.step, failure, counts: report.verdict == .failed)
      }
      if report.isNoChange { noteDone(fence.step) }
    case .train(.finished(let report)):
      if let failure = report.failure, let culprit = report.culprit {
        noteFailed(culprit, failure, counts: true)
      }
    case .merge(_, .merged): for step in event.change.steps { noteDone(step) }
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      return
    }
  }

  private mutating func noteDone(_ step: String) {
    migration.line.note(EndedAttempt(step: step, cause: nil), by: migration.plan.stop)
  }

  /// What does not count against the step, such as a set-up that fails, has a bound of its own.
  private mutating func noteFailed(_ step: String, _ failure: Failure, counts: Bool) {
    let planned = migration.index(of: step).map { migration.plan.steps[$0] }
    var cause = Fingerprint.of(failure, step: planned)
    if case .string(let recorded)? = event.fact(Event.causeKey) { cause = recorded }
    migration.line.note(EndedAttempt(step: step, cause: cause, counts: counts), by: migration.plan.stop)
  }
}

extension Plan {
  /// What the service of an agent is called that a person names by its name in the plan, or by its service's.
  public func service(named name: String) throws(Refusal) -> String {
    if let agent = allAgents.first(where: { $0.name == name }) { return agent.service }
    if services.contains(name) { return name }
    let known = services.map { "'\($0)'" }.joined(separator: ", ")
    throw Refusal(
      .invalid, "the plan has no agent '\(name)'",
      hint: known.isEmpty ? "it has none at all" : "its agents are \(known)")
  }
}

extension LineWatch {
  /// The version of the format from which on the attempts of a line are watched.
  static let version = 2
}

extension AgentRest {
  /// Why the agent does not begin: `claude rests until 2026-08-01T05:00:00Z (usage limit)`.
  func words(of agent: String) -> String {
    let why = cause.isEmpty ? reason : cause
    return probe == nil
      ? "\(agent) rests until \(until.utc) (\(why))" : "\(agent) rests, and one attempt tries it (\(why))"
  }
}
