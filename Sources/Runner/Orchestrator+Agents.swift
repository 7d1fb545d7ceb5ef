import CanonicalJSON
import Ledger
import Migration
import Site

/// What a run makes of agents whose services do not serve: they rest, in whichever step it showed, or their
/// migration pauses. Nothing is charged to the steps.
extension Orchestrator {
  /// The agents that rest: the ledger says which, or, in a version that has no place for it, each run by
  /// itself.
  func rests(in state: State) -> AgentRests {
    state.version >= AgentChange.version ? state.rests : agents
  }

  /// Notes that an agent began.
  func noteBegin(_ held: HeldStep) {
    guard let agent = held.plan.agent(of: held.step) else { return }
    agents.noteBegin(
      agent.service, AgentRest.Probe(migration: held.migration, fence: held.claim.fence))
  }

  /// Takes what became of agents, and pauses what is to pause; says whether there was something.
  func heedAgents(_ state: State) throws(CommandError) -> Bool {
    for job in attempts.jobs where job.step.run == nil && job.isServed {
      agents.noteEnd(job.probe, isServed: true)
    }
    for (job, fault, missing) in attempts.takeNews() {
      if let missing, state.version < MachineChange.version {
        programs.note(missing)
        observer.warn(missing.reason)
      }
      guard let agent = state.migration(named: job.migration)?.plan.agent(of: job.step)?.service else {
        continue
      }
      switch fault {
      case nil: agents.noteEnd(job.probe, isServed: job.isServed)
      case .rests(let until, let cause, let words):
        guard state.version < AgentChange.version else { continue }
        let before = agents[agent]?.until
        agents.note(agent, words, cause: cause, until: until, at: site.clock.now())
        if let rest = agents[agent], rest.until != before {
          observer.warn("\(agent) rests until \(rest.until.utc): \(words)")
        }
      case .pauses(let words, let remedy):
        agents.noteEnd(job.probe, isServed: false)
        pauses[job.migration] = DuePause(
          reason: "\(agent): \(words); \(remedy)", cause: "agent \(agent)")
      }
    }
    guard let (name, pause) = pauses.first else { return false }
    if case .running? = state.migration(named: name)?.phase {
      _ = try Interpreter(in: site, report: late.voice(of: name)).append(
        [Proposal(name, pause)], by: site.actor)
    }
    pauses[name] = nil
    return true
  }

  /// Ends the agents of a migration when what was used, with what they use just now, is all that it may use:
  /// each was given what was left, and together they may reach that sooner.
  func heedBudgets(_ state: State) {
    for name in Set(attempts.jobs.filter { $0.step.run == nil }.map(\.migration)) {
      guard let migration = state.migration(named: name), !migration.plan.budget.total.isEmpty else {
        continue
      }
      let jobs = attempts.jobs.filter { $0.migration == name && $0.step.run == nil }
      let used = jobs.reduce(migration.spending.total) { $0 + $1.used }
      guard let words = Budget.excess(used, over: migration.budget.total) else { continue }
      for job in jobs { job.end(because: "with the others at work \(words)") }
    }
  }

  /// Says that the service of an agent serves again.
  func wake(_ agent: String) throws(CommandError) -> Bool {
    let change = Migration.Change.agentWoke(agent)
    return try Interpreter(in: site).append(
      [Proposal(FormatVersion.everyMigration, change)], by: site.actor
    ).refusal == nil
  }
}

extension Attempt {
  /// The attempt as one that tries whether a service serves again.
  fileprivate var probe: AgentRest.Probe { AgentRest.Probe(migration: migration, fence: claim.fence) }
}

extension Proposal {
  /// The pause of a migration that stops itself.
  init(_ migration: String, _ pause: DuePause) {
    self.init(migration, .migrationPaused(reason: pause.reason))
    facts = [JSON.Member(Event.causeKey, .string(pause.cause))]
  }
}
