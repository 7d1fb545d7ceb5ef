import CanonicalJSON

/// What was recorded of one attempt on a step, whatever policy it was made under.
public struct RecordedAttempt: Equatable, Sendable {
  /// How long the work took, in seconds.
  public var work = 0
  /// How long it was judged, in seconds.
  public var gate = 0
  /// Why the work failed; `nil` when it was handed in.
  public var failure: Failure?
  /// What the gate found; `nil` when it passed.
  public var finding: Failure?
  /// What it used, and who did it.
  public var facts: [JSON.Member] = []
  /// Whether it was merged in the end.
  public var isMerged = false
}

/// What another plan's policies would have made of recorded outcomes: when it would have stopped, and what
/// that would have saved. The rules decide as ever; only what workers and verifiers found is taken from the
/// ledger. Stages, trains and moved bases are left out: each step is worked on in one piece and judged alone.
public struct Counterfactual: Sendable {
  /// What came of it.
  public struct Outcome: Equatable, Sendable {
    /// When it paused by itself, and why.
    public var pause: (at: Timestamp, reason: String)?
    /// How many steps were merged.
    public var merged = 0
    /// How many steps were blocked.
    public var blocked = 0
    /// The steps that could not be told: an attempt was wanted that nobody made.
    public var unknown: [String] = []
    /// How many attempts there were.
    public var attempts = 0
    /// What they used.
    public var used = Amounts()
    /// When the last thing happened.
    public var end = Timestamp(milliseconds: 0)

    /// Compares all of it.
    public static func == (left: Outcome, right: Outcome) -> Bool {
      left.pause?.at == right.pause?.at && left.pause?.reason == right.pause?.reason
        && left.merged == right.merged && left.blocked == right.blocked && left.unknown == right.unknown
        && left.attempts == right.attempts && left.used == right.used && left.end == right.end
    }
  }

  /// The attempts of each step, in their order.
  public private(set) var attempts: [String: [RecordedAttempt]] = [:]
  /// The most steps that were worked on at once.
  public private(set) var workers = 1
  /// When the first claim was made.
  public private(set) var begin: Timestamp?
  private var claimed: [String: Timestamp] = [:]
  private var judged: [String: Timestamp] = [:]
  private let name: String

  /// Begins to record a migration.
  public init(of migration: String) { name = migration }

  /// Takes the next entry, with the state after it.
  public mutating func note(_ event: Event, _ state: State) {
    guard event.migration == name, let migration = state.migration(named: name) else { return }
    workers = max(workers, migration.inFlight.count { StepWord(migration.steps[$0].phase) == .leased })
    switch event.change {
    case .claim(let fence, let change): note(change, of: fence.step, event)
    case .gate(let fence, let change): note(change, of: fence.step, event)
    case .train(.finished(let report)):
      guard let culprit = report.culprit, report.partner == nil, report.verdict != .couldNotRun,
        let last = attempts[culprit]?.indices.last
      else { return }
      attempts[culprit]?[last].finding = report.failure
    case .train(.started), .train(.joined), .train(.split), .migration, .refresh, .baseline, .merge, .step,
      .ledger, .agent, .machine, .loop, .lesson, .publication, .notice, .forge, .fleet, .reserved:
      return
    }
  }

  private mutating func note(_ change: ClaimChange, of step: String, _ event: Event) {
    switch change {
    case .claimed:
      begin = begin ?? event.at
      claimed[step] = event.at
    case .failed(let failure): if failure.kind != .setup { close(step, event, failure) }
    case .handedOver(let failure): close(step, event, failure)
    case .submitted, .stageEnded: close(step, event, nil)
    case .renewed, .expired, .released: return
    }
  }

  private mutating func note(_ change: GateChange, of step: String, _ event: Event) {
    switch change {
    case .started: judged[step] = event.at
    case .finished(let report):
      if report.start != nil { judged[step] = event.at }
      guard report.verdict != .couldNotRun, let last = attempts[step]?.indices.last else { return }
      attempts[step]?[last].finding = report.failure
      let seconds = seconds(from: judged[step], to: event.at)
      attempts[step]?[last].gate = seconds
      if report.failure == nil { attempts[step]?[last].isMerged = true }
    case .renewed, .abandoned, .judged, .waits: return
    }
  }

  /// Ends the attempt of a claim that was seen.
  private mutating func close(_ step: String, _ event: Event, _ failure: Failure?) {
    guard claimed[step] != nil else { return }
    var attempt = RecordedAttempt()
    attempt.work = seconds(from: claimed[step], to: event.at)
    attempt.failure = failure
    attempt.facts = event.reserved
    attempts[step, default: []].append(attempt)
    claimed[step] = nil
  }

  private func seconds(from start: Timestamp?, to end: Timestamp) -> Int {
    start.map { Int(max(0, end.seconds - $0.seconds)) } ?? 0
  }

  /// What was used by all of them.
  public var used: Amounts {
    attempts.values.joined().reduce(Amounts()) { sum, attempt in
      Amounts(facts: attempt.facts).map { sum + $0 } ?? sum
    }
  }

  // MARK: Another policy

  private struct Running {
    var step: String
    var attempt: RecordedAttempt
    var worker: Int
    var end: Timestamp
  }

  /// Folds the outcomes under a plan. Throws when the plan cannot be started.
  public func played(under plan: Plan, number: Int? = nil) throws(Refusal) -> Outcome {
    var plan = plan
    // What was found is taken as it was.
    (plan.workflow, plan.workflows, plan.gate.judge, plan.until) = (nil, [], nil, nil)
    for index in plan.steps.indices { plan.steps[index].workflow = nil }
    let start = begin ?? Timestamp(milliseconds: 0)
    var state = State()
    var outcome = Outcome()
    outcome.end = start
    guard let commit = ObjectID(String(repeating: "1", count: 40)) else { return outcome }
    let birth = MigrationStart(
      plan: plan, digest: String(repeating: "0", count: 64), base: "main", commit: commit, shared: false)
    _ = try state.apply(event(.migrationStarted(birth), at: start, in: state))
    var running: [Running] = []
    var next: [String: Int] = [:]
    var now = start
    var objects = 1
    while let migration = state.migration(named: name) {
      if let pause = migration.duePause, outcome.pause == nil {
        outcome.pause = (now, pause.reason)
        break
      }
      begin(&running, &state, &next, &outcome, at: now, number ?? workers)
      if let first = running.min(by: { $0.end < $1.end }) {
        now = max(now, first.end)
        running.removeAll { $0.step == first.step }
        end(first, &state, at: now, &objects)
        continue
      }
      // Nobody works: a step may rest.
      guard
        case .nothingNow(_, let until?)? = state.migration(named: name)?.nextOffer(
          at: now, machine: "m", accepting: { !outcome.unknown.contains($0.id) }), until > now
      else { break }
      now = until
    }
    outcome.end = now
    for step in state.migration(named: name)?.steps ?? [] {
      if case .merged = step.phase { outcome.merged += 1 }
      if case .blocked = step.phase { outcome.blocked += 1 }
    }
    return outcome
  }

  private func begin(
    _ running: inout [Running], _ state: inout State, _ next: inout [String: Int], _ outcome: inout Outcome,
    at now: Timestamp, _ number: Int
  ) {
    while running.count < number, let migration = state.migration(named: name) {
      let unknown = outcome.unknown
      guard
        case .step(let id) = migration.nextOffer(
          at: now, machine: "m", accepting: { !unknown.contains($0.id) })
      else { return }
      let place = next[id, default: 0]
      guard let attempt = attempts[id]?.dropFirst(place).first else {
        outcome.unknown.append(id)
        continue
      }
      next[id] = place + 1
      let worker = (0..<number).first { free in !running.contains { $0.worker == free } } ?? 0
      let fence = Fence(step: id, epoch: (migration.step(id)?.epoch ?? 0) + 1)
      let claim = Claim(
        fence: fence, holder: "w\(worker)", owner: Owner(machine: "m", boot: "b", pid: 0, startTicks: 0),
        base: migration.tip, expiresAt: now.adding(seconds: maximumLeaseSeconds), slot: nil)
      var claimed = event(.stepClaimed(claim), at: now, in: state, by: "w\(worker)")
      if let agent = attempt.facts.first(where: { $0.key == "agent" }) { claimed.reserved.append(agent) }
      guard (try? state.apply(claimed)) != nil else {
        outcome.unknown.append(id)
        continue
      }
      outcome.attempts += 1
      if let used = Amounts(facts: attempt.facts) { outcome.used = outcome.used + used }
      running.append(
        Running(
          step: id, attempt: attempt, worker: worker,
          end: now.adding(seconds: attempt.work + attempt.gate)))
    }
  }

  /// Records how an attempt ended, as it did.
  private func end(_ job: Running, _ state: inout State, at now: Timestamp, _ objects: inout Int) {
    guard let epoch = state.migration(named: name)?.step(job.step)?.epoch else { return }
    let fence = Fence(step: job.step, epoch: epoch)
    func tell(_ change: Change, by author: String, _ facts: [JSON.Member] = []) {
      var told = event(change, at: now, in: state, by: author)
      for form in Facts.forms(change.kind) {
        if let fact = facts.first(where: { $0.key == form.name }),
          !told.reserved.contains(where: { $0.key == fact.key })
        {
          told.reserved.append(fact)
        }
      }
      _ = try? state.apply(told)
    }
    func object() -> ObjectID {
      objects += 1
      let digits = String(objects, radix: 16)
      return ObjectID(String(repeating: "0", count: 40 - digits.count) + digits)
        ?? ObjectID.zero
    }
    let worker = "w\(job.worker)"
    if let failure = job.attempt.failure {
      let kind: Failure.Kind =
        [.conflict, .unusable, .gate, .expired].contains(failure.kind) ? .worker : failure.kind
      var same = failure
      same.kind = kind
      let end = Change.attemptFailed(fence, same).settled(in: state.migration(named: name))
      return tell(end, by: worker, job.attempt.facts)
    }
    let result = Submission.Result(commit: object(), tree: object(), isNoOp: false)
    tell(.stepSubmitted(fence, result), by: worker, job.attempt.facts)
    guard let migration = state.migration(named: name), let step = migration.step(job.step) else { return }
    let owner = Owner(machine: "m", boot: "b", pid: 0, startTicks: 0)
    let start = GateStart(
      gate: step.gates + 1, holder: "g", owner: owner, expiresAt: now.adding(seconds: 600),
      tip: migration.tip,
      tree: object())
    tell(.gateStarted(fence, start), by: "g")
    let verdict: Verdict = job.attempt.finding == nil ? .passed : .failed
    tell(
      .gateFinished(
        fence,
        GateReport(
          gate: start.gate, tree: start.tree, verifiers: migration.gateDigest, verdict: verdict,
          failure: job.attempt.finding, isNoChange: verdict == .passed)), by: "g")
  }

  private func event(_ change: Change, at now: Timestamp, in state: State, by author: String = "w") -> Event {
    Event(migration: name, at: max(now, state.at), by: author, change: change).written(in: state)
  }
}
