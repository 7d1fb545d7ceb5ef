import Agents
import CanonicalJSON
import Ledger
import Migration
import Site
import Supervision
import System

/// What is known of an attempt whose run was killed: its agent's output is in the log, which the supervisor
/// wrote to the end.
struct LostAttempt {
  let site: Site

  /// The facts for the entry that takes the step away; none where this machine has no log of an agent.
  func facts(of fence: Fence, in migration: MigrationState) -> [JSON.Member] {
    guard let step = migration.step(fence.step), case .leased(let lease) = step.phase, lease.agent != nil,
      lease.owner.machine == site.owner.machine, let index = migration.index(of: fence.step),
      let agent = migration.agent(at: index)
    else { return [] }
    let log = site.logFile(.work(migration.name, fence))
    guard let began = LostAttempt.changed(site.promptFile(migration.name, fence)),
      let ended = LostAttempt.changed(log)
    else { return [] }
    var task = AgentTask(agent)
    let talk = step.conversation
    if let talk { task.resumed = AgentSession(talk) }
    var run = AgentRun(task, clock: AgentClock(now: ended))
    guard (try? LogMarks.read(log, of: .output, { _ = run.feed($0) })) == true else { return [] }
    return run.usage.facts(
      of: agent.label, milliseconds: max(0, ended.milliseconds - began.milliseconds),
      continues: talk?.continues ?? 0)
  }

  /// When a file was changed last.
  private static func changed(_ path: String) -> Timestamp? {
    FileStatus(of: path).map {
      Timestamp(milliseconds: $0.modified.seconds * 1000 + $0.modified.nanoseconds / 1_000_000)
    }
  }
}

extension AgentUsage {
  /// The same as facts for the ledger, with who the agent is, how long it took, and how often its
  /// conversation went on.
  func facts(of agent: String, milliseconds: Int64, continues: Int) -> [JSON.Member] {
    var facts = [JSON.Member("agent", .string(agent))]
    func add(_ key: String, _ text: String?) {
      if let text { facts.append(JSON.Member(key, .string(TerminalText.sanitizedLine(text)))) }
    }
    func add(_ key: String, _ number: Int) { facts.append(JSON.Member(key, .integer(Int64(number)))) }
    add("agent_version", agentVersion)
    add("session", session)
    if continues > 0, session != nil { add("continues", continues) }
    add("model", model)
    add("wall", Int(milliseconds))
    guard turns > 0 || tokens.total > 0 || microdollars != nil else { return facts }
    add("turns", min(turns, Int(Int32.max)))
    add("tokens_in", tokens.input.plus(tokens.cacheWrites))
    add("tokens_cached", tokens.cached)
    add("tokens_out", tokens.output)
    if let microdollars {
      add("cost", microdollars)
      add("currency", "USD")
    }
    return facts
  }
}
