import Agents
import CanonicalJSON
import Git
import Ledger
import Migration
import Plans
import Site
import Supervision
import System

/// An agent at work for a claim: what it was started for, and what its output tells.
struct AgentWork {
  /// How long an agent that has said its last may take to leave, in seconds: it may wait for a task that it
  /// left in the background, and nobody else does.
  static let graceSeconds = 10

  let task: AgentTask
  /// What the attempt may use at most.
  let limits: Budget.Limits
  private(set) var run: AgentRun
  /// How often the conversation went on.
  private(set) var continuations: Int
  /// Whether it goes on within one attempt, after a part of it that has ended.
  let isGoingOn: Bool
  /// What is recorded of the conversation from attempts before this one.
  private let origin: AgentSession?
  /// When it said its last.
  private var endedAt: Timestamp?
  /// Why we ended it.
  private(set) var ending: AgentExit?
  /// What the attempt used, once it has ended: a report may tell more than the output.
  private var reported: AgentUsage?
  /// What earlier conversations of the attempt, or parts of this one, used.
  private let before: AgentUsage?

  /// When the attempt began.
  private let begunAt: Timestamp

  init(
    _ task: AgentTask, within limits: Budget.Limits, at clock: AgentClock, continues: Int = 0,
    after earlier: AgentWork? = nil
  ) {
    self.task = task
    self.limits = limits
    begunAt = earlier?.begunAt ?? clock.now
    run = AgentRun(task, clock: clock)
    continuations = earlier.map { $0.continuations + 1 } ?? continues
    isGoingOn = earlier != nil
    origin = earlier.map(\.origin) ?? task.resumed
    before = earlier?.usage
  }

  /// How long the attempt has taken.
  func seconds(at now: Timestamp) -> Int { Int(max(0, now.seconds - begunAt.seconds)) }

  /// What the attempt used so far.
  var usage: AgentUsage {
    guard let before else { return run.usage }
    return run.usage.added(to: before)
  }

  /// The same as a budget counts it.
  func amounts(at now: Timestamp) -> Amounts {
    let used = reported ?? usage
    return Amounts(
      microdollars: used.microdollars ?? 0, tokens: used.tokens.total, turns: used.turns,
      milliseconds: Int(max(0, now.milliseconds - begunAt.milliseconds)))
  }

  /// The same as facts for the ledger, with who the agent is and how long it took.
  func facts(at now: Timestamp, _ agent: Plan.Agent?) -> [JSON.Member] {
    (reported ?? usage).facts(
      of: agent?.label ?? task.adapter.rawValue,
      milliseconds: max(0, now.milliseconds - begunAt.milliseconds), continues: continuations)
  }

  /// Takes what the agent printed; whether it is to be ended now.
  mutating func take(_ lines: [[UInt8]], at now: Timestamp) -> Bool {
    for line in lines { _ = run.read(line) }
    guard ending == nil else { return false }
    if run.isOverTurnLimit { ending = .atTurnLimit }
    if ending == nil, !run.isAtEnd, let words = Budget.excess(amounts(at: now), over: limits) {
      ending = .atLimit(words)
    }
    endedAt = run.isAtEnd ? endedAt ?? now : nil
    if let endedAt, now >= endedAt.adding(seconds: AgentWork.graceSeconds) { ending = .overstayed }
    return ending != nil
  }

  /// Takes what its process has printed, sends what it is to be told, and ends it when its time is over.
  mutating func listen(to child: SupervisedChild, at now: Timestamp) {
    let isOver = take(child.takeLines(), at: now)
    // What was asked to stop may still tell what it used.
    if isOver { _ = cancel() }
    for line in run.takeOutgoing() { _ = child.send(line) }
    if run.isAtEnd { child.endInput() }
    if isOver { child.terminate() }
  }

  /// Asks it to stop, where it can be asked.
  mutating func cancel() -> Bool { run.cancel() }

  /// Ends it for a reason that is none of its own.
  mutating func endNow(because words: String) { ending = ending ?? .atLimit(words) }

  /// What became of it.
  mutating func end(
    _ status: ExitStatus, words: String, declared: Declaration?, report: [UInt8]?
  ) -> AgentReport {
    let exit: AgentExit
    switch status {
    case .exited(let code): exit = .exited(code)
    case .signalled(let signal): exit = .signalled(signal)
    case .timedOut: exit = .atLimit("took too long")
    case .fellSilent: exit = .atLimit("printed nothing for too long")
    }
    var result = run.end(ending ?? exit, words: words, declared: declared, report: report)
    if let before { result.usage = result.usage.added(to: before) }
    reported = result.usage
    return result
  }

  /// The task of the same conversation going on.
  func resumed(_ report: AgentReport) -> AgentTask? {
    guard let session = report.usage.session else { return nil }
    var next = task
    let before = origin?.id == session ? origin : nil
    next.resumed = AgentSession(
      id: session, tokens: report.usage.tokens + (before?.tokens ?? Tokens()),
      microdollars: (report.usage.microdollars ?? 0).plus(before?.microdollars ?? 0))
    next.prompt = AgentWork.continuationPrompt
    if let limit = limits[.usd] { next.microdollars = max(1, limit - (report.usage.microdollars ?? 0)) }
    return next
  }

  /// What the agent is told when it goes on.
  static let continuationPrompt =
    "You were interrupted. Go on with the task where you stopped, and finish it.\n"
}

extension WorkPlace {
  /// What the plan's agent is to be started for, or `nil` when the step has a codemod.
  var agentTask: AgentTask? {
    guard let agent = plan.agent(of: step) else { return nil }
    var task = AgentTask(agent)
    task.resumed = continuation?.session
    task.microdollars = limits[.usd]
    if let turns = limits[.turns] { task.turns = min(task.turns ?? turns, turns) }
    task.words = stage?.stage.on.map(\.word) ?? []
    if task.adapter == .codex { task.schemaFile = site.closingFormFile(task.words) }
    if task.adapter.takesTools, task.command == nil || task.adapter == .acp { task.tools = tools }
    if task.adapter == .acp {
      task.prompt = Site.ownFile(site.promptFile(migration, fence)).map {
        String(decoding: $0, as: UTF8.self)
      }
      (task.directory, task.isShutIn) = (path, isShutIn)
    }
    return task
  }

  /// The server by which the agent can ask the gate, and say how it went.
  private var tools: AgentTools? {
    Files.realPath("/proc/self/exe").map { program in
      AgentTools(
        program: program,
        arguments: ["mcp", "--migration", migration, "--epoch", String(fence.epoch)]
          + (relay.map { ["--relay", isShutIn ? relayInside($0, ofAgent: true) : $0.outside] } ?? [])
          + [fence.step])
    }
  }

  /// The supervised run of an agent.
  func work(_ task: AgentTask, isGoingOn: Bool = false) throws(CommandError) -> Supervised {
    let invocation = task.invocation
    // Walls show what stands when they are put up.
    if let file = task.schemaFile { try site.keep(AgentClosing.schema(task.words), in: file) }
    // The shell says in its own words that a program is missing.
    let words = ["/bin/sh", "-c", "exec \"$0\" \"$@\""] + invocation.arguments
    var run = try work(running: task.command == nil ? words : nil)
    if invocation.reportsEvents { run.output = .live }
    if let wall = limits[.wall] {
      run.timeoutSeconds = min(run.timeoutSeconds ?? .max, max(1, wall / 1000))
    }
    run.silenceSeconds = silenceSeconds
    if isGoingOn { run.inputFile = site.continuationFile }
    // It is talked with.
    if task.adapter == .acp { run.inputFile = nil }
    if isGoingOn { try site.keep(AgentWork.continuationPrompt, in: site.continuationFile) }
    return run
  }

  /// How long the agent may print nothing.
  var silenceSeconds: Int? {
    guard let agent = plan.agent(of: step) else { return nil }
    return agent.silenceSeconds ?? (reportsEvents ? Plan.Agent.defaultSilenceSeconds : nil)
  }

  /// What the agent wrote into its result file.
  var declared: Declaration? {
    switch readResult() {
    case .noOp(let reason): .noOp(reason)
    case .failed(let reason): .failed(reason)
    case .cannot(let reason): .cannot(reason)
    case .word(let word, _): .verdict(word, "")
    case .done, nil: nil
    }
  }

  /// What is in the agent's report file.
  func report(of task: AgentTask) -> [UInt8]? {
    guard let name = task.reportFile else { return nil }
    return try? Files.readPlain(name, below: path, limit: 64 << 20)
  }
}

extension Site {
  /// The form that an agent's closing answer has, where an agent takes it from a file.
  func closingFormFile(_ words: [String]) -> String {
    let name =
      words.isEmpty ? "" : "-" + SHA256.hexDigest(of: Array(words.joined(separator: " ").utf8)).prefix(12)
    return "\(localDirectory)/prompts/.closing\(name).json"
  }

  /// What an agent is told when its conversation goes on.
  var continuationFile: String { "\(localDirectory)/prompts/.continue.md" }

  /// Sees to it that a small file holds a text.
  func keep(_ text: String, in file: String) throws(CommandError) {
    let bytes = Array(text.utf8)
    try reporting { () throws -> Void in
      if try Files.readFile(file, limit: bytes.count + 1) == bytes { return }
      try makeOwnFolder(Files.parent(of: file))
      try Files.writeAtomically(file, bytes, mode: 0o600)
    }
  }

  /// The clock and the zone of an agent started here: both are given our `TZ`.
  var agentClock: AgentClock {
    let now = clock.now()
    return AgentClock(now: now, secondsEastOfUTC: LocalTime(seconds: now.seconds)?.secondsEastOfUTC ?? 0)
  }
}

extension Plan.Agent {
  /// Who will work, as the entry of a claim has it.
  var claimFacts: [JSON.Member] {
    [JSON.Member(ClaimFacts.agent, .string(label)), JSON.Member("adapter", .string(adapter))]
      + (model.map { [JSON.Member("model", .string($0))] } ?? [])
  }
}

extension Conversation {
  /// How often it will have gone on with the next attempt: one that follows a failure is counted anew.
  var nextContinues: Int { hasFailed ? 0 : continues + 1 }

  /// That it goes on, as the entry of a claim has it.
  var claimFacts: [JSON.Member] {
    [
      JSON.Member(ClaimFacts.session, .string(session)),
      JSON.Member(ClaimFacts.continues, .integer(Int64(nextContinues))),
    ]
  }
}
