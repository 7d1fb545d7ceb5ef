import CanonicalJSON
import Migration

/// An object id made of a number, which stands in its first ten digits.
func oid(_ number: Int) -> ObjectID {
  let digits = String(number, radix: 16)
  let first = String(repeating: "0", count: 10 - digits.count) + digits
  guard let id = ObjectID(first + String(repeating: "0", count: 30)) else {
    fatalError("BUG: \(number) makes no object id")
  }
  return id
}

/// A process called after its pid, on a machine.
func process(_ pid: Int, on machine: String = "m1") -> Owner {
  Owner(machine: machine, boot: "boot-1", pid: pid, startTicks: 100)
}

extension Plan {
  /// A plan with one verifier and no pauses to speak of.
  static func sample(
    _ steps: [PlannedStep], name: String = "mig", attempts: Int = 3, backoff: Int = 10,
    agents: Int? = nil, resources: [Resource] = [], verifier: String = "make test"
  ) -> Plan {
    Plan(
      migration: name, attempts: attempts, backoff: Backoff(initialSeconds: backoff),
      agent: Agent(command: "agent", maxConcurrent: agents), resources: resources,
      gate: Gate(verifiers: [Verifier(name: "test", run: verifier)]), steps: steps)
  }
}

extension Change {
  /// The name that its entry has in place of a migration's, when it is of none.
  var ownName: String? {
    switch self {
    case .agent, .machine, .lesson, .forge, .fleet: FormatVersion.everyMigration
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .loop, .publication,
      .notice,
      .reserved:
      nil
    }
  }
}

/// A ledger as a story: each verb makes one event, a second after the last one, and writes down what came of
/// it.
final class Story {
  var state = State()
  var now = Timestamp(milliseconds: 1_700_000_000_000)
  /// What happened, as a transcript: the event, then what changed and what is to be done.
  var lines: [String] = []
  /// The accepted events.
  var events: [Event] = []
  /// What was said no to last.
  var refusal: Refusal?
  var effects: [Effect] = []
  var migration = "mig"

  let began = Timestamp(milliseconds: 1_700_000_000_000)
  private var lastObject = 100

  /// A ledger whose only entry starts that plan; nothing of it is in the transcript.
  init(_ plan: Plan, shared: Bool = false) {
    start(plan, shared: shared)
    lines = []
  }

  /// The same story so far, to be told on in another way.
  init(_ other: Story) {
    (state, now, lines, events) = (other.state, other.now, other.lines, other.events)
    (refusal, effects, migration) = (other.refusal, other.effects, other.migration)
    lastObject = other.lastObject
  }

  /// A plan of plain steps, each needing the one before it.
  convenience init(chain ids: String...) {
    self.init(.sample(ids.enumerated().map { PlannedStep(id: $1, needs: $0 > 0 ? [ids[$0 - 1]] : []) }))
  }

  var current: MigrationState {
    guard let found = state.migration(named: migration) else { fatalError("BUG: no migration \(migration)") }
    return found
  }

  func step(_ id: String) -> Step {
    guard let found = current.step(id) else { fatalError("BUG: no step \(id)") }
    return found
  }

  func word(_ id: String) -> String { step(id).phase.word }

  func newObject() -> ObjectID {
    lastObject += 1
    return oid(lastObject)
  }

  func wait(_ seconds: Int) {
    now = now.adding(seconds: seconds)
    lines.append("        … \(seconds) s pass")
  }

  func note(_ text: String) { lines += ["", "# \(text)"] }

  /// Tells one event; returns whether it was accepted.
  @discardableResult
  func tell(
    _ change: Change, by author: String = "w1", of name: String? = nil, with facts: [JSON.Member] = []
  ) -> Bool {
    now = now.adding(seconds: 1)
    var brought = Event(migration: name ?? migration, at: now, by: author, change: change)
    brought.reserved = facts
    let event = brought.written(in: state)
    let seconds = (now.milliseconds - began.milliseconds) / 1000
    let time = String(seconds)
    lines.append(String(repeating: " ", count: max(0, 6 - time.count)) + time + "  " + event.sentence)
    switch decide(state, event) {
    case .refuse(let refusal):
      self.refusal = refusal
      effects = []
      lines.append("          refused, \(refusal.code.rawValue): \(refusal.message)")
      if let hint = refusal.hint { lines.append("          hint: \(hint)") }
      return false
    case .accept(let next, let effects):
      lines += Transcript.changes(from: state, to: next, began: began).map { "          " + $0 }
      lines += effects.map { "          → " + Transcript.words($0) }
      (state, refusal, self.effects) = (next, nil, effects)
      events.append(event)
      return true
    }
  }
}

// MARK: Verbs

extension Story {
  @discardableResult
  func start(_ plan: Plan, shared: Bool = false) -> Bool {
    migration = plan.migration
    return tell(
      .migrationStarted(
        MigrationStart(
          plan: plan, digest: String(repeating: "d", count: 64), base: "main", commit: oid(1),
          shared: shared)), by: "ann")
  }

  func fence(_ step: String, _ epoch: Int? = nil) -> Fence {
    Fence(step: step, epoch: epoch ?? current.step(step)?.epoch ?? 1)
  }

  @discardableResult
  func claim(
    _ step: String, by worker: String = "w1", machine: String = "m1", epoch: Int? = nil, slot: String? = nil
  ) -> Bool {
    tell(
      .stepClaimed(
        Claim(
          fence: fence(step, epoch ?? self.step(step).epoch + 1), holder: worker,
          owner: process(7, on: machine), base: current.tip, expiresAt: now.adding(seconds: 1200),
          slot: slot)), by: worker)
  }

  @discardableResult
  func renew(_ step: String, by worker: String = "w1", epoch: Int? = nil, seconds: Int = 1800) -> Bool {
    tell(.leaseRenewed(fence(step, epoch), expiresAt: now.adding(seconds: seconds)), by: worker)
  }

  @discardableResult
  func expire(
    _ step: String, _ evidence: Evidence = .timeout, renewal: Int? = nil, epoch: Int? = nil
  ) -> Bool {
    var seen = 0
    if case .leased(let lease) = self.step(step).phase { seen = lease.renewal }
    return tell(
      .leaseExpired(fence(step, epoch), renewal: renewal ?? seen, evidence: evidence), by: "sweeper")
  }

  @discardableResult
  func release(_ step: String, by worker: String = "w1", forced: Bool = false) -> Bool {
    tell(.stepReleased(fence(step), forced: forced, reason: ""), by: worker)
  }

  @discardableResult
  func fail(
    _ step: String, _ kind: Failure.Kind = .worker, by worker: String = "w1", epoch: Int? = nil
  ) -> Bool {
    tell(.attemptFailed(fence(step, epoch), Failure(kind: kind, reason: "it broke")), by: worker)
  }

  @discardableResult
  func submit(_ step: String, by worker: String = "w1", epoch: Int? = nil, noOp: Bool = false) -> Bool {
    let commit = newObject()
    let result = Submission.Result(commit: commit, tree: newObject(), isNoOp: noOp)
    return tell(.stepSubmitted(fence(step, epoch), result), by: worker)
  }

  @discardableResult
  func gate(_ step: String, epoch: Int? = nil) -> Bool {
    tell(
      .gateStarted(
        fence(step, epoch),
        GateStart(
          gate: self.step(step).gates + 1, holder: "gate-1", owner: process(9),
          expiresAt: now.adding(seconds: 600), tip: current.tip, tree: newObject())), by: "gate-1")
  }

  @discardableResult
  func verdict(
    _ step: String, _ verdict: Verdict, epoch: Int? = nil, noChange: Bool = false
  ) -> Bool {
    var tree = oid(99)
    if case .gating(_, let run) = self.step(step).phase { tree = run.start.tree }
    let failure = verdict == .passed ? nil : Failure(kind: .gate, reason: "test_log failed")
    return tell(
      .gateFinished(
        fence(step, epoch),
        GateReport(
          gate: self.step(step).gates, tree: tree, verifiers: current.plan.verifierDigest,
          verdict: verdict, failure: failure, isNoChange: noChange)), by: "gate-1")
  }

  @discardableResult
  func intend(_ step: String, epoch: Int? = nil) -> Bool {
    var (old, tree) = (oid(98), oid(99))
    if case .gating(_, let run) = self.step(step).phase { (old, tree) = (run.start.tip, run.start.tree) }
    return tell(
      .mergeIntended(
        fence(step, epoch),
        MergeTarget(
          gate: self.step(step).gates, old: old, new: newObject(), tree: tree, owner: process(9),
          expiresAt: now.adding(seconds: 60), base: current.base(takenInBy: step))), by: "gate-1")
  }

  @discardableResult
  func merged(_ step: String, epoch: Int? = nil) -> Bool {
    var commit = oid(97)
    if case .merging(_, _, let target) = self.step(step).phase { commit = target.new }
    let fence = fence(step, epoch)
    return tell(.stepMerged(fence, commit: commit, train: current.trainMerge(of: fence)), by: "gate-1")
  }

  /// Everything from a claim to the merge.
  func complete(_ step: String) {
    claim(step)
    submit(step)
    gate(step)
    verdict(step, .passed)
    intend(step)
    merged(step)
  }

  @discardableResult
  func amend(_ plan: Plan) -> Bool {
    tell(
      .planAmended(
        PlanAmendment(
          plan: plan, number: current.planNumber + 1, digest: String(repeating: "e", count: 64))),
      by: "ann")
  }

  @discardableResult
  func retry(_ step: String) -> Bool { tell(.stepRetried(step: step, reason: ""), by: "ann") }

  @discardableResult
  func skip(_ step: String) -> Bool { tell(.stepSkipped(step: step, reason: "not needed"), by: "ann") }

  @discardableResult
  func refresh() -> Bool {
    tell(
      .refreshIntended(
        Refresh(
          base: newObject(), old: current.tip, new: newObject(), tree: newObject(),
          verifiers: current.plan.verifierDigest, verdict: .passed, owner: process(9),
          expiresAt: now.adding(seconds: 60))), by: "ann")
  }

  @discardableResult
  func finish(partial: Bool = false) -> Bool {
    tell(.migrationFinished(result: current.tip, partial: partial), by: "ann")
  }
}

/// What the rules say of an event.
enum Decision: Equatable {
  /// The event happened: the next state, and what to do now.
  case accept(State, [Effect])
  /// The event did not happen.
  case refuse(Refusal)
}

/// `State.apply` as a value.
func decide(_ state: State, _ event: Event) -> Decision {
  var next = state
  do throws(Refusal) {
    let effects = try next.apply(event)
    return .accept(next, effects)
  } catch {
    return .refuse(error)
  }
}
