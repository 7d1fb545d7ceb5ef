import Agents
import CanonicalJSON
import Git
import Ledger
import Migration
import Plans
import Site
import Supervision
import System

/// One attempt under way: the set-up command, then the codemod or agent, each under its own supervisor.
///
/// Never waits: the owner polls `descriptor` and asks `poll()`.
final class WorkJob: Attempt {
  let migration: String
  let claim: Claim
  let step: PlannedStep
  let slot: String
  let stage: StageTask?
  private let site: Site
  private var place: WorkPlace
  /// What went wrong before.
  private let failures: [String]
  private var child: SupervisedChild
  private var isSettingUp: Bool
  private(set) var isStopping = false
  private(set) var exitCode: Int32?
  private var end: AttemptOutcome?
  private var agent: AgentWork?
  private var report: AgentReport?
  /// What the worker wrote into `.verdict`.
  private var verdictFile: String?
  /// What a person should know of it.
  private var warnings: [String] = []
  /// What all worktrees shared when an agent began.
  private let sharedRefs: SharedRefs?
  /// Where the worker asks.
  private var relay: Relay?
  /// What it writes, where that is limited; and that it wrote too much.
  private var disk: DiskWatch?
  private var excess: String?
  /// What its agent obeys, where it is shut in.
  private let orders: HomeOrders?

  /// Whether the plan wants a failed attempt's worktree kept for a person.
  var keepsFailedWorktree: Bool { place.plan.worktree.keep }

  /// Starts the attempt of a claim in its prepared slot.
  init(
    site: Site, held: HeldStep, slot: String, path: String, place: WorkPlace
  ) throws(CommandError) {
    self.site = site
    let relay = place.asks ? try Relay(site: site, migration: held.migration, fence: held.claim.fence) : nil
    var place = place
    place.relay = relay?.place
    self.relay = relay
    self.place = place
    self.slot = slot
    (failures, stage) = (held.failures, held.stage)
    migration = held.migration
    claim = held.claim
    step = held.step
    isSettingUp = held.plan.worktree.setup != nil
    sharedRefs = place.isShutIn ? nil : SharedRefs(site)
    orders = place.isShutIn ? held.plan.agent(of: held.step).map { HomeOrders($0, in: site) } : nil
    agent = place.agentTask.map {
      AgentWork(
        $0, within: place.limits, at: site.agentClock,
        continues: place.continuation == nil ? 0 : held.conversation?.nextContinues ?? 0)
    }
    let first: Supervised
    if let setup = held.plan.worktree.setup {
      first = try place.setup(setup, timeoutSeconds: nil)
    } else {
      first = try WorkJob.work(agent, place)
    }
    // What an earlier attempt left in the temporary folder is gone by now.
    disk = DiskWatch(
      held.plan.limits.diskBytes, [path, site.temporaryFolder(slot)], at: site.clock.now())
    child = try site.start(first)
    Slots(site: site).note(child.supervisor, in: slot)
  }

  /// The run of the codemod or agent.
  private static func work(_ agent: AgentWork?, _ place: WorkPlace) throws(CommandError) -> Supervised {
    if let agent { return try place.work(agent.task) }
    return try place.work()
  }

  private func start(_ run: Supervised) throws(CommandError) {
    child = try site.start(run)
    Slots(site: site).note(child.supervisor, in: slot)
  }

  /// Who the agent is, and what it used.
  var facts: [JSON.Member] {
    // Before it was started it used nothing.
    if isSettingUp { return [] }
    guard let agent else { return [] }
    let told =
      warnings.isEmpty
      ? [] : [JSON.Member(AttemptFacts.warnings, .array(warnings.map { .string($0) }))]
    return agent.facts(at: site.clock.now(), place.plan.agent(of: step)) + told
  }

  /// What it used so far.
  var used: Amounts { agent?.amounts(at: site.clock.now()) ?? Amounts() }

  /// Ends the worker because too much was used.
  func end(because words: String) {
    guard !isStopping, !isSettingUp, agent != nil, agent?.ending == nil else { return }
    agent?.endNow(because: words)
    child.terminate()
  }

  /// What was said; `nil` for a codemod, and before the agent was started.
  var texts: AttemptTexts? {
    guard agent != nil, !isSettingUp,
      let prompt = Site.ownFile(site.promptFile(migration, claim.fence))
    else { return nil }
    return AttemptTexts(
      prompt: String(decoding: prompt, as: UTF8.self), closing: report?.closing ?? "")
  }

  /// Whether the agent's service has answered.
  var isServed: Bool { agent.map { $0.run.usage.turns > 0 } ?? true }

  /// Readable when `poll` may have something to tell.
  var descriptor: Int32 { child.pollDescriptor }
  var descriptors: [Int32] { [child.pollDescriptor] + (relay?.descriptors ?? []) }

  /// Ends the worker: TERM, then KILL. `poll` tells when it is gone.
  func stop() {
    isStopping = true
    child.terminate()
  }

  /// Kills the worker without grace.
  func kill() {
    isStopping = true
    child.kill()
  }

  /// How the attempt ended, or `nil` while it runs.
  func poll() throws(CommandError) -> AttemptOutcome? {
    if let end { return end }
    relay?.advance()
    if !isSettingUp, excess == nil, let words = disk?.excess(at: site.clock.now()) {
      excess = words
      agent?.endNow(because: words)
      child.terminate()
    }
    let ended = child.poll()
    if !isSettingUp { listen() }
    guard let status = ended else { return nil }
    if isStopping {
      end = .stopped
    } else if isSettingUp && status.isSuccess {
      isSettingUp = false
      try Slots(site: site).noteSetUp(
        slot, migration: migration, fence: claim.fence,
        putsBack: step.resolves == nil && place.continuation == nil)
      try start(try WorkJob.work(agent, place))
      return nil
    } else if isSettingUp {
      let command = place.plan.worktree.setup ?? ""
      end = hindered(command, status, place.setupLog) ?? setupFailure(status)
    } else if let excess {
      end = .failed(Migration.Failure(kind: .worker, reason: excess, details: place.tail(place.workLog)))
    } else if agent != nil {
      end = try agentOutcome(status)
    } else {
      end = hindered(place.command, status, place.workLog) ?? outcome(status)
    }
    // Before its files are taken: that one is none of them.
    if end != nil, !isSettingUp { verdictFile = place.takeVerdictFile() }
    if end != nil {
      relay?.close()
      relay = nil
    }
    return end
  }

  // MARK: Agents

  /// Takes what the agent has printed, and ends it when its time is over.
  private func listen() {
    guard agent != nil else {
      _ = child.takeLines()
      return
    }
    agent?.listen(to: child, at: site.clock.now())
  }

  /// What became of the agent's work, or `nil` when its conversation goes on.
  private func agentOutcome(_ status: ExitStatus) throws(CommandError) -> AttemptOutcome? {
    guard var agent else { return nil }
    if let end = hindered(place.command, status, place.workLog) { return end }
    switch status {
    case .timedOut, .fellSilent:
      self.agent = agent
      return outcome(status)
    case .exited, .signalled: break
    }
    let words = status.isSuccess ? "" : place.lastWords(place.workLog)
    var report = agent.end(
      status, words: words, declared: place.declared, report: place.report(of: agent.task))
    if let word = site.word(migration, claim.fence) { report.add(word) }
    self.agent = agent
    let left =
      (place.plan.agent(of: step)?.continuations ?? Plan.Agent.defaultContinuations) - agent.continuations
    // Whether it changed anything is of no importance for that.
    if case .resumed = report.consequence(agent.task, hasChanged: true, continuations: left),
      let task = agent.resumed(report)
    {
      self.agent = AgentWork(task, within: place.limits, at: site.agentClock, after: agent)
      var run = try place.work(task, isGoingOn: true)
      // The plan's limit is of the attempt, however often its conversation goes on.
      run.timeoutSeconds = run.timeoutSeconds.map { max(1, $0 - agent.seconds(at: site.clock.now())) }
      try start(run)
      return nil
    }
    if place.continuation != nil, !agent.isGoingOn, agent.run.usage.turns == 0, report.isLost {
      return try beginAnew()
    }
    self.report = report
    // What it means depends on what it has left.
    return .done
  }

  /// Begins a conversation of its own where the earlier one is not known any more.
  private func beginAnew() throws(CommandError) -> AttemptOutcome? {
    place.continuation = nil
    try place.writePrompt(failures: failures)
    agent = place.agentTask.map { AgentWork($0, within: place.limits, at: site.agentClock) }
    try start(try WorkJob.work(agent, place))
    return nil
  }

  func judged(
    _ outcome: AttemptOutcome, leaving content: WorkContent, warn: (String) -> Void
  ) -> AttemptOutcome {
    if let sharedRefs, let now = SharedRefs(site) {
      now.changes(since: sharedRefs).forEach { note($0, warn) }
    }
    orders?.takeAway().forEach { note($0, warn) }
    return staged(ended(outcome, leaving: content, warn), warn)
  }

  private func ended(
    _ outcome: AttemptOutcome, leaving content: WorkContent, _ warn: (String) -> Void
  ) -> AttemptOutcome {
    guard outcome == .done, let report, let agent else { return outcome }
    let details = report.isOfStep ? place.tail(place.workLog) : []
    let rests = place.plan.agent(of: step)?.rests ?? true
    var end = AgentEnd(report: report, task: agent.task, rests: rests, details: details)
    if place.demandsClosing { end.missing = place.plan.missingHeadings(in: report.closing) }
    return end.outcome(leaving: content) { note($0, warn) }
  }

  /// What the end means to the stage that it was, or to a worker's word in the file of other orchestrators.
  private func staged(_ outcome: AttemptOutcome, _ warn: (String) -> Void) -> AttemptOutcome {
    guard step.run == nil else { return outcome }
    guard let stage else {
      if outcome == .done, case .done(.verdict(let word, _))? = report?.outcome {
        return .failed(
          Migration.Failure(
            kind: .worker, reason: "it said '\(word)', which is no word of this step",
            details: ["end with done, no-op, failed or cannot"]))
      }
      guard outcome == .done, let left = verdictFile, report.map({ $0.outcome == .done(.nothing) }) ?? true
      else {
        return outcome
      }
      switch left.uppercased() {
      case "DONE": return .done
      case "FAILED":
        return .failed(Migration.Failure(kind: .worker, reason: "the worker said that it failed"))
      default:
        return .failed(
          Migration.Failure(
            kind: .worker, reason: "'.verdict' says '\(left)'", details: ["write DONE or FAILED there"]))
      }
    }
    let notes = place.toldNotes + (report.map { $0.closing.isEmpty ? [] : [$0.closing] } ?? [])
    switch outcome {
    case .done:
      if case .word(let word, let notes)? = place.readResult() { return .said(StageWord(word, notes: notes)) }
      if case .done(.verdict(let word, let reason))? = report?.outcome {
        return .said(StageWord(word, notes: reason.isEmpty ? notes : [reason] + notes))
      }
      if let word = verdictFile { return .said(StageWord(word, notes: notes)) }
      guard stage.stage.target(of: "DONE") != nil else {
        return .failed(
          Migration.Failure(
            kind: .worker, reason: "it ended the stage '\(stage.stage.name)' without a word",
            details: ["end with one of \(stage.stage.words)"] + notes))
      }
      return .said(StageWord("DONE", notes: notes))
    case .noOp(let reason): return .said(StageWord("DONE", notes: [reason] + notes, isNoOp: true))
    case .failed(let failure):
      guard failure.kind == .worker, hasDeclaredFailure, stage.stage.target(of: "FAILED") != nil else {
        return outcome
      }
      return .said(StageWord("FAILED", notes: [failure.reason] + notes))
    case .said, .stopped, .unserved, .hindered: return outcome
    }
  }

  /// Whether the worker itself says that it failed.
  private var hasDeclaredFailure: Bool {
    if case .failed? = place.readResult() { return true }
    if case .done(.failed)? = report?.outcome { return true }
    return false
  }

  /// The steps that the worker proposes in its result file.
  var proposed: [Proposal] {
    guard step.run == nil, !isSettingUp else { return [] }
    return place.readProposals().map { id, proposal in Proposal(migration, .stepProposed(id, proposal)) }
  }

  private func note(_ warning: String, _ warn: (String) -> Void) {
    warnings.append(warning)
    warn(warning)
  }

  /// That it failed for want of a program that this machine has not got, when that is so.
  private func hindered(_ command: String, _ status: ExitStatus, _ log: LogName) -> AttemptOutcome? {
    if status.isSuccess { return nil }
    let output = place.tail(log).joined(separator: "\n")
    let missing = site.missingProgram(command, status, output: output)
    return missing.map { .hindered(reason: $0.reason, $0) }
  }

  private func setupFailure(_ status: ExitStatus) -> AttemptOutcome {
    .failed(
      Migration.Failure(
        kind: .setup, reason: "the set-up command \(place.reason(status, log: place.setupLog))",
        details: place.tail(place.setupLog)))
  }

  private func outcome(_ status: ExitStatus) -> AttemptOutcome {
    let said = place.readResult()
    switch status {
    case .timedOut:
      let limit = place.timeoutSeconds ?? 0
      var reason = "took longer than \(limit) s"
      if let wall = place.limits[.wall], wall < limit * 1000 {
        reason = "it used up its budget of \(Budget.Unit.wall.text(wall))"
      }
      return .failed(
        Migration.Failure(
          kind: .timeout, reason: reason, details: place.tail(place.workLog)))
    case .fellSilent:
      let limit = place.silenceSeconds ?? 0
      return .failed(
        Migration.Failure(
          kind: .timeout, reason: "printed nothing for \(limit) s", details: place.tail(place.workLog)))
    case .exited(0):
      switch said {
      case .noOp(let reason): return .noOp(reason)
      case .failed(let reason), .cannot(let reason):
        return .failed(Migration.Failure(kind: .worker, reason: reason))
      case .done, .word, nil: return .done
      }
    case .exited(3) where step.run != nil && step.isShared:
      return .failed(
        Migration.Failure(
          kind: .left,
          reason: place.lastWords(place.workLog).isEmpty
            ? "the codemod ended with exit code 3" : place.lastWords(place.workLog),
          details: place.tail(place.workLog)))
    case .exited, .signalled:
      let reason: String
      if case .failed(let words) = said {
        reason = words
      } else {
        reason = place.reason(status, log: place.workLog)
        if case .exited(let code) = status { exitCode = code }
      }
      return .failed(Migration.Failure(kind: .worker, reason: reason, details: place.tail(place.workLog)))
    }
  }

  /// How a program ended, as the end of a sentence.
  static func words(_ status: ExitStatus) -> String {
    switch status {
    case .exited(let code): "ended with exit code \(code)"
    case .signalled(let signal): "was ended by signal \(signal)"
    case .timedOut: "took too long"
    case .fellSilent: "printed nothing for too long"
    }
  }
}
