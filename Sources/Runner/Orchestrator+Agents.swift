import Ledger
import Migration

/// What a run makes of agents whose services do not serve: they rest, in whichever step it showed, or their
/// migration pauses. Nothing is charged to the steps.
extension Orchestrator {
  /// Whether the agent of a migration may begin.
  func agentMayBegin(_ state: MigrationState) -> Bool {
    guard let agent = state.plan.agent else { return true }
    return agents.mayBegin(agent.service, at: site.clock.now())
  }

  /// Notes that an agent began.
  func noteBegin(_ held: HeldStep) {
    guard held.step.run == nil, let agent = held.plan.agent else { return }
    agents.noteBegin(agent.service, RestingAgents.Probe(migration: held.migration, fence: held.claim.fence))
  }

  /// Takes what became of agents, and pauses what is to pause; says whether there was something.
  func heedAgents(_ state: State) throws(CommandError) -> Bool {
    for job in attempts.jobs where job.step.run == nil && job.isServed {
      heed(job, state) { agents.noteServed($0, $1) }
    }
    for (job, fault) in attempts.takeNews() where job.step.run == nil {
      heed(job, state) { agent, probe in
        switch fault {
        case nil where job.isServed: agents.noteServed(agent, probe)
        case nil: agents.noteUnanswered(agent, probe)
        case .rests(let until, let words):
          let isNews = agents.note(agent, words, until: until, at: site.clock.now())
          if isNews, let rest = agents.rest(agent) {
            observer.warn("\(agent) rests until \(rest.until.utc): \(words)")
          }
        case .pauses(let words, let remedy):
          agents.noteUnanswered(agent, probe)
          pauses[job.migration] = ("\(agent): \(words)", remedy)
        }
      }
    }
    guard let (name, pause) = pauses.first else { return false }
    if case .running? = state.migration(named: name)?.phase {
      if try append(.migrationPaused(reason: pause.reason), by: site.actor, desk(name)) == nil {
        late.warn("'\(name)' is paused; \(pause.remedy)")
      }
    }
    pauses[name] = nil
    return true
  }

  private func heed(_ job: any Attempt, _ state: State, _ body: (String, RestingAgents.Probe) -> Void) {
    guard let agent = state.migration(named: job.migration)?.plan.agent else { return }
    body(agent.service, RestingAgents.Probe(migration: job.migration, fence: job.claim.fence))
  }
}
