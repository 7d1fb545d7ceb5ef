/// What the ledger says, arranged for reading: the one source of every status output (DESIGN §1, §5).
///
/// Pure: the same state at the same `now` gives the same report. The report itself is raw data; each output
/// cleans the texts that plans, agents and people wrote in the way its reader needs.
public struct StatusReport: Equatable, Sendable {
  /// The sequence number of the last entry the state was folded from; 0 for an empty ledger.
  public var sequence: Int
  /// The time that decides whether a pause is over and what "in 12m" means.
  public var now: Timestamp
  /// The migrations in the order they were started.
  public var migrations: [MigrationReport]
  /// How fresh the picture is, where the ledger is shared.
  public var shared: SharedPicture?

  /// Reads a state. `only` leaves out every other migration; a name that there is not gives an empty report.
  /// `isDead` says whether the process of a holder is provably gone: only its own machine can tell.
  /// `courses` are the times that are known, and `here` what only this machine can tell, by migration.
  public init(
    _ state: State, sequence: Int, now: Timestamp, only migration: String? = nil,
    courses: [String: Course] = [:], here: [String: LocalFindings] = [:],
    isDead: (Owner) -> Bool = { _ in false }
  ) {
    self.sequence = sequence
    self.now = now
    let isAlone = state.migrations.count { !$0.phase.isTerminal } <= 1
    migrations = state.migrations.filter { migration == nil || $0.name == migration }
      .map { found in
        var report = MigrationReport(
          found, now: now, rests: state.rests, troubles: state.troubles, isDead: isDead)
        report.needs = found.needs(
          at: now, rests: state.rests, here: here[found.name] ?? LocalFindings(),
          option: isAlone ? "" : "--migration \(found.name) ")
        if let course = courses[found.name] { report.add(course, of: found) }
        return report
      }
  }
}

/// What is known here of a shared ledger: others may have done more since.
public struct SharedPicture: Equatable, Sendable {
  /// The name of the remote that it is shared through.
  public var remote: String
  /// When what is known here was the newest there; `nil` when nobody knows.
  public var asOf: Timestamp?
  /// How many entries of here wait to be shared.
  public var waiting: Int

  /// Makes a picture.
  public init(remote: String, asOf: Timestamp?, waiting: Int) {
    (self.remote, self.asOf, self.waiting) = (remote, asOf, waiting)
  }
}

/// One migration of a report.
public struct MigrationReport: Equatable, Sendable {
  /// Its name.
  public var name: String
  /// Its phase, a word of `MigrationPhase`.
  public var state: String
  /// Whether it has not ended.
  public var isOpen: Bool
  /// Why it is paused or was aborted.
  public var reason: String?
  /// What failed when the base was judged last, a line a fault; empty when it passed.
  public var baselineFaults: [String]
  /// Who judges the base now; no work is given out before its verdict.
  public var baseline: BaselineReport?
  /// Which of its agents rest; empty after its end.
  public var rests: [RestReport]
  /// Which programs that it needs are missing, and where; empty after its end.
  public var missing: [MissingReport]
  /// What its agents used, and what they may use.
  public var used: UseReport
  /// Why steps that are not done failed last, what stops most first; empty after its end.
  public var causes: [CauseReport]
  /// How many uses of what is migrated away were left when they were counted last.
  public var usesLeft: Int?
  /// How many of the merged steps codemods have done, and how many others.
  public var doneBy: [Int]
  /// Whether codemods share their steps with agents, so that the two are worth telling apart.
  public var isShared: Bool
  /// What judges have said.
  public var judges: JudgeTally
  /// The integration branch.
  public var into: String
  /// The steps in the plan's order.
  public var steps: [StepReport]
  /// How many steps are in each state, in the order of `StepWord.allCases`.
  public var counts: [Int]
  /// The indices of the ready steps, next one first.
  public var readyOrder: [Int]
  /// How many steps can only follow blocked ones.
  public var held = 0
  /// What needs a person, most urgent first.
  public var needs: [Need] = []
  /// When it was started, as far as that is known.
  public var since: Timestamp?
  /// How fast it goes, as far as that is known.
  public var pace: Pace?
  /// How many steps were left at times.
  public var burnDown: BurnDown?

  init(
    _ migration: MigrationState, now: Timestamp, rests: AgentRests = AgentRests(),
    troubles: MachineTroubles = MachineTroubles(), isDead: (Owner) -> Bool = { _ in false }
  ) {
    let services = migration.phase.isTerminal ? [] : migration.plan.services
    self.rests = services.compactMap { service in rests[service].map { RestReport(service, $0) } }
    missing = MissingReport.list(troubles, migration)
    used = UseReport(migration, at: now)
    causes = migration.phase.isTerminal ? [] : CauseReport.causes(of: migration)
    usesLeft = migration.plan.until == nil ? nil : migration.loop.counts.last?.uses.count
    doneBy = [0, 0]
    isShared = migration.plan.steps.contains { $0.isShared && !$0.isAdded }
    judges = migration.judges
    for (step, planned) in zip(migration.steps, migration.plan.steps) {
      guard case .merged = step.phase else { continue }
      doneBy[planned.run != nil && !step.isHandedOver ? 0 : 1] += 1
    }
    name = migration.name
    state = migration.phase.word
    isOpen = !migration.phase.isTerminal
    into = migration.into
    reason = migration.phase.reason
    let faults = migration.baselineFailure?.details ?? []
    baselineFaults = faults.map { String($0.split(separator: "\n").first ?? "") }
    baseline = migration.baselineRun.map {
      BaselineReport(holder: $0.holder, isHolderDead: isDead($0.owner), expiresAt: $0.expiresAt)
    }
    let holds = Holds(migration)
    steps = []
    steps.reserveCapacity(migration.steps.count)
    counts = [Int](repeating: 0, count: StepWord.allCases.count)
    readyOrder = []
    for index in migration.steps.indices {
      var step = StepReport(index, holds: holds, now: now)
      if let owner = migration.steps[index].phase.owner { step.isHolderDead = isDead(owner) }
      if step.word == .ready { readyOrder.append(index) }
      counts[step.word.rank] += 1
      if step.word == .waiting, holds.isHeld(index) { held += 1 }
      steps.append(step)
    }
    readyOrder.sort { migration.goesFirst($0, before: $1) }
  }

  /// Takes in when things happened.
  mutating func add(_ course: Course, of migration: MigrationState) {
    since = course.started
    for index in steps.indices {
      guard let times = course.steps[steps[index].id] else { continue }
      (steps[index].claimedAt, steps[index].changedAt) = (times.claimed, times.changed)
      steps[index].attemptedAt = times.attempted
    }
    let open = migration.steps.indices.filter { !migration.steps[$0].phase.isTerminal }
    let chain = open.reduce(0) { max($0, migration.graph.remaining[$1]) }
    let left = max(0, open.count - count(.blocked) - count(.person) - count(.proposed) - held)
    pace = Pace(course, left: left, of: steps.count, chain: chain)
    burnDown = BurnDown(course, left: open.count, of: steps.count)
  }

  /// How many steps are in the state of that word.
  public func count(_ word: StepWord) -> Int { counts[word.rank] }
}

/// Who judges the base of a migration.
public struct BaselineReport: Equatable, Sendable {
  /// The name of whoever judges it.
  public var holder: String
  /// Whether that process is provably gone: the next run takes over.
  public var isHolderDead: Bool
  /// When the claim lapses unless it is renewed.
  public var expiresAt: Timestamp
}

/// A program that a migration needs and a machine has not got.
public struct MissingReport: Equatable, Sendable {
  /// Its name.
  public var program: String
  /// What was said.
  public var reason: String
  /// The machine.
  public var machine: String
  /// Who found out there.
  public var by: String
  /// Since when that is known.
  public var since: Timestamp

  /// Those that stand in the way of a migration.
  static func list(_ troubles: MachineTroubles, _ migration: MigrationState) -> [MissingReport] {
    if migration.phase.isTerminal || troubles.isEmpty { return [] }
    return troubles.machines.flatMap { machine in
      troubles[machine].filter { trouble in
        [trouble.missing].stop(gateOf: migration.plan)
          || zip(migration.steps, migration.plan.steps).contains { step, planned in
            !step.phase.isTerminal && [trouble.missing].stop(planned, of: migration.plan)
          }
      }.map { trouble in
        MissingReport(
          program: trouble.missing.program, reason: trouble.missing.reason, machine: machine,
          by: trouble.by, since: trouble.since)
      }
    }
  }

  /// `ann@box cannot go on: 'make' is missing or may not be run (sh: 1: make: not found)`.
  public var text: String { "\(PlainText.line(by)) cannot go on: \(PlainText.line(reason))" }
}

/// An agent that rests.
public struct RestReport: Equatable, Sendable {
  /// What its service is called.
  public var agent: String
  /// What kind of fault it is, in few words.
  public var cause: String
  /// The service's own words.
  public var reason: String
  /// When one attempt may try.
  public var until: Timestamp
  /// The step whose attempt tries now.
  public var probe: String?

  init(_ agent: String, _ rest: AgentRest) {
    self.agent = agent
    (cause, reason, until) = (rest.cause, rest.reason, rest.until)
    probe = rest.probe?.fence.step
  }

  /// `claude rests until 05:00 (usage limit)`, with the time as `clock` writes it.
  public func text(at now: Timestamp, _ clock: (Timestamp) -> String) -> String {
    let why = PlainText.line(cause.isEmpty ? reason : cause)
    let name = PlainText.line(agent)
    if let probe { return "\(name) rests: \(PlainText.line(probe)) tries whether it serves again (\(why))" }
    if until <= now { return "\(name) rests: the next attempt tries whether it serves again (\(why))" }
    return "\(name) rests until \(clock(until)) (\(why))"
  }
}

/// One step of a report.
public struct StepReport: Equatable, Sendable {
  /// Its id.
  public var id: String
  /// The plan's line about it.
  public var title: String
  /// Its state; a `backoff` whose time is over is `ready` or, when a new plan gave it an open need,
  /// `waiting`.
  public var word: StepWord
  /// The state as the ledger has it, whatever the time is.
  public var recordedWord: StepWord
  /// Failed attempts, and one more while an attempt is under way (leased, submitted, gating, merging) or when
  /// the step was merged.
  public var attempts: Int
  /// The number of the last claim.
  public var epoch: Int
  /// Who holds it now: the worker of a lease, the judge of a gate run or a merge.
  public var holder: String?
  /// Whether the holder's process is provably gone: the next run or claim takes the hold back.
  public var isHolderDead = false
  /// When that hold lapses.
  public var expiresAt: Timestamp?
  /// When it can be claimed again.
  public var restsUntil: Timestamp?
  /// The ids it needs.
  public var needs: [String]
  /// The commit it was merged as.
  public var commit: ObjectID?
  /// Why it is where it is: what it waits for, why the last attempt failed, why it is blocked or was skipped.
  public var reason: String?
  /// When it was claimed for the first time, as far as that is known.
  public var claimedAt: Timestamp?
  /// When its last attempt began, as far as that is known.
  public var attemptedAt: Timestamp?
  /// When an entry was about it last, as far as that is known.
  public var changedAt: Timestamp?
  /// What agents used on it, in millionths of a US dollar.
  public var cost = 0

  /// Its state as output writes it.
  public var state: String { word.rawValue }

  init(_ index: Int, holds: Holds, now: Timestamp) {
    let step = holds.migration.steps[index]
    let planned = holds.migration.plan.steps[index]
    id = step.id
    title = planned.title
    needs = planned.needs
    epoch = step.epoch
    attempts = step.failures
    cost = step.used.microdollars
    recordedWord = StepWord(step.phase)
    word = recordedWord
    switch step.phase {
    case .waiting: reason = holds.reason(index)
    case .ready: reason = step.lastFailure?.reason
    case .leased(let lease):
      attempts += 1
      (holder, expiresAt) = (lease.holder, lease.expiresAt)
    case .submitted:
      attempts += 1
      reason = step.lastFailure?.reason
    case .gating(_, let run):
      attempts += 1
      (holder, expiresAt) = (run.start.holder, run.start.expiresAt)
    case .merging(_, let run, let target):
      attempts += 1
      (holder, expiresAt) = (run.start.holder, target.expiresAt)
    case .merged(let commit):
      attempts += 1
      self.commit = commit
      if commit == nil { reason = "nothing had to be changed" }
    case .backoff(let until):
      reason = step.lastFailure?.reason
      if until > now {
        restsUntil = until
      } else if holds.isOpen(index) {
        (word, reason) = (.waiting, holds.reason(index))
      } else {
        word = .ready
      }
    case .blocked(let text), .skipped(let text): reason = text
    case .person(let wait): reason = "waits for a person: \(wait.reason)"
    case .proposed: reason = "proposed; 'git migrate approve' takes it in"
    case .undone(let step): reason = "undone by \(step)"
    case .cancelled: break
    }
  }
}

/// Which blocked step holds back which waiting ones, found once for a whole migration. A class, so that
/// looking at ten thousand steps does not copy the migration as often.
final class Holds {
  let migration: MigrationState
  /// For each step the index of a blocked step that it is, or that it can only follow.
  private var blocker: [Int?]

  init(_ migration: MigrationState) {
    self.migration = migration
    blocker = [Int?](repeating: nil, count: migration.steps.count)
    for index in migration.graph.topologicalOrder {
      switch migration.steps[index].phase {
      case .blocked, .person, .proposed: blocker[index] = index
      case .waiting, .ready, .backoff: blocker[index] = firstBlocker(index)
      case .leased, .submitted, .gating, .merging, .merged, .skipped, .cancelled, .undone: continue
      }
    }
  }

  private func firstBlocker(_ index: Int) -> Int? {
    for need in migration.graph.needs[index] {
      if let found = blocker[need] { return found }
    }
    return nil
  }

  private func open(_ index: Int) -> [Int] {
    migration.graph.needs[index].filter { !migration.isMet($0) }
  }

  func isOpen(_ index: Int) -> Bool { !open(index).isEmpty }

  /// Whether it can only follow a blocked step.
  func isHeld(_ index: Int) -> Bool { blocker[index].map { $0 != index } ?? false }

  /// Why a step waits: the blocked step at the root of it, or the needs that are not done yet.
  func reason(_ index: Int) -> String? {
    if let root = blocker[index] {
      let step = migration.steps[root]
      let why =
        switch step.phase {
        case .person: "waits for a person"
        case .proposed: "is proposed"
        // What holds others is one of the three.
        case .blocked, .waiting, .ready, .leased, .submitted, .gating, .merging, .merged, .backoff, .skipped,
          .cancelled, .undone:
          "is blocked"
        }
      return "held by \(step.id), which \(why)"
    }
    let open = open(index)
    if open.isEmpty { return nil }
    let names = open.prefix(5).map { migration.steps[$0].id }.joined(separator: ", ")
    return open.count > 5 ? "waits for \(names) and \(open.count - 5) more" : "waits for \(names)"
  }
}
