/// Everything the ledger says, folded. A value: equal ledgers give equal states on every machine (I-8).
public struct State: Equatable, Sendable {
  /// The time of the last accepted event; no event may be earlier.
  public var at: Timestamp
  /// The version of the format that the ledger is written in; 0 while it is empty.
  public var version: Int
  /// The migrations in the order they were started.
  public var migrations: [MigrationState]
  /// The agents whose services do not serve.
  public var rests = AgentRests()
  /// What machines have not got.
  public var troubles = MachineTroubles()
  /// What was learnt from failures.
  public var lessons = Lessons()
  /// The forges that are to be let alone.
  public var forges = ForgeRests()
  /// The fleets that something was said of as a whole.
  public var fleets = FleetBook()
  /// The newest trees that passed, of all migrations.
  public var shared = SharedVerdicts()

  /// The state of an empty ledger.
  public init() {
    at = Timestamp(milliseconds: 0)
    version = 0
    migrations = []
  }

  /// The migration of that name.
  public func migration(named name: String) -> MigrationState? {
    // By its place: a closure is handed a copy of each.
    for index in migrations.indices where migrations[index].name == name { return migrations[index] }
    return nil
  }
}

/// One migration.
public struct MigrationState: Equatable, Sendable {
  /// Its name.
  public var name: String
  /// Whether it goes on.
  public var phase: MigrationPhase
  /// The plan in force.
  @Boxed public var plan: Plan
  /// Which plan that is: 1 for the first, one more for each amendment.
  public var planNumber: Int
  /// SHA-256 of that plan's file.
  public var planDigest: String
  /// The branch people work on.
  public var base: String
  /// Whether people share the integration branch.
  public var peopleShareBranch: Bool
  /// The commit the integration branch began at.
  public var start: ObjectID
  /// Where the integration branch is, as far as the ledger knows.
  public var tip: ObjectID
  /// The steps, in the plan's order.
  public var steps: [Step]
  /// The newest verdicts on trees, oldest first; at most `verdictLimit`.
  public var verdicts: [TreeVerdict]
  /// The refresh that is under way.
  public var refresh: Refresh?
  /// Why the base did not pass its own gate; `nil` once it did, or a person resumed.
  public var baselineFailure: Failure?
  /// Who judges the base now.
  public var baselineRun: BaselineClaim?
  /// How often the base was claimed to be judged.
  public var baselineRuns = 0
  /// The steps that are judged together now.
  public var train: Train?
  /// How many trains were started.
  public var trains = 0
  /// How long a train may be now.
  public var trainLimit = TrainLimit()
  /// How the last attempts ended.
  public var line = LineWatch()
  /// Why attempts failed.
  public var causes = CauseBook()
  /// What judges have said.
  public var judges = JudgeTally()
  /// Its samples, trials and counts.
  public var loop = DailyLoop()
  /// What is offered to people.
  public var publications = PublicationBook()
  /// What people are to be told.
  public var notices = NoticeBook()
  /// What agents used.
  public var spending = Spending()
  /// What a person has granted beside the plan's budget.
  public var raised = Amounts()
  /// Needs and dependents, derived from the plan.
  @Boxed public var graph: Graph
  /// How many steps at the end of the plan are kept from earlier plans, as history.
  public var keptCount = 0
  /// The indices of the steps that are in flight, ascending: derived from `steps`, so that a rule about
  /// limits need not look at every step.
  public private(set) var inFlight: [Int] = []
  /// The steps that are in flight, in the plan's order.
  public var stepsInFlight: some Sequence<Step> { inFlight.lazy.map { steps[$0] } }
  /// How many steps are not terminal; derived from `steps`.
  package private(set) var openCount = 0

  /// The digest of the plan's gate; derived from the plan, because it is asked for at every turn.
  public private(set) var gateDigest = ""
  /// The digest of those parts of it that a verdict depends on; derived like that.
  private(set) var verdictDigest = ""

  /// How many verdicts are kept.
  public static let verdictLimit = 64

  /// The integration branch, without `refs/heads/`.
  public var into: String { plan.into }

  /// The full ref name of the integration branch.
  public var intoRef: String { "refs/heads/" + plan.into }

  /// The index of a step, by its exact id.
  public func index(of step: String) -> Int? { graph.index[step] }

  /// The step of that id.
  public func step(_ id: String) -> Step? { graph.index[id].map { steps[$0] } }

  /// The newest verdict on a tree by verifiers of that digest.
  public func verdict(tree: ObjectID, verifiers: String) -> TreeVerdict? {
    #if KNOWN_BUGS
      if KnownBug.verdictOfAnyTree.isOn { return verdicts.last { $0.verifiers == verifiers } }
    #endif
    return verdicts.last { $0.tree == tree && $0.verifiers == verifiers }
  }

  /// Whether something that the step needs is not done.
  func hasOpenNeed(_ index: Int) -> Bool {
    graph.needs[index].contains { !isMet($0) }
  }

  /// The plan's budget with what a person has granted since.
  public var budget: Budget { plan.budget.raised(by: raised) }

  /// Why no agent may begin for want of a budget, or `nil`.
  public var shortage: String? {
    guard !plan.budget.total.isEmpty,
      case .spent(let words) = budget.allowance(Amounts(), spending, running: agentsAtWork)
    else { return nil }
    return words
  }

  /// What the next attempt of a step by its agent may use, where it may begin.
  public func limits(of index: Int) -> Budget.Limits {
    var limits = agent(at: index)?.budget ?? [:]
    guard !plan.budget.isEmpty,
      case .granted(let granted) = budget.allowance(
        steps[index].counted, spending, running: agentsAtWork)
    else { return limits }
    for (unit, limit) in granted { limits[unit] = min(limits[unit] ?? limit, limit) }
    return limits
  }

  /// How many attempts of its agents are under way.
  private var agentsAtWork: Int {
    inFlight.count { index in
      if case .leased(let lease) = steps[index].phase { lease.agent != nil } else { false }
    }
  }

  /// How many attempts of a step may fail before it is blocked.
  public func allowance(_ step: Step) -> Int { plan.attempts + step.granted }

  /// Moves a step on; the one way to change a phase once `recount` was called.
  mutating func set(_ index: Int, _ phase: StepPhase) {
    let was = steps[index].phase
    steps[index].phase = phase
    openCount += (was.isTerminal ? 1 : 0) - (phase.isTerminal ? 1 : 0)
    if was.isInFlight == phase.isInFlight { return }
    if phase.isInFlight {
      inFlight.insert(index, at: inFlight.firstIndex { $0 > index } ?? inFlight.endIndex)
    } else {
      inFlight.removeAll { $0 == index }
    }
  }

  /// Derives what is derived from the plan and the steps, after either was replaced.
  mutating func recount() {
    gateDigest = plan.verifierDigest
    verdictDigest = plan.verdictDigest
    trainLimit.allow(plan)
    inFlight = steps.indices.filter { steps[$0].phase.isInFlight }
    openCount = steps.count { !$0.phase.isTerminal }
  }

  /// What a verdict from memory does not tell anew stays known.
  mutating func record(_ new: TreeVerdict) {
    var verdict = new
    if verdict.runs.isEmpty, let known = self.verdict(tree: new.tree, verifiers: new.verifiers) {
      verdict.runs = known.runs
    }
    verdicts.removeAll { $0.tree == verdict.tree && $0.verifiers == verdict.verifiers }
    verdicts.append(verdict)
    if verdicts.count > Self.verdictLimit { verdicts.removeFirst(verdicts.count - Self.verdictLimit) }
  }
}

/// Whether a migration goes on.
public enum MigrationPhase: Equatable, Sendable {
  /// Steps are claimed, gated and merged.
  case running
  /// Nothing new begins; the reason is for people.
  case paused(reason: String)
  /// A person ended it.
  case aborted(reason: String)
  /// A person took the result, the named commit, over.
  case finished(result: ObjectID)

  /// The word that machine output uses.
  public var word: String {
    switch self {
    case .running: "running"
    case .paused: "paused"
    case .aborted: "aborted"
    case .finished: "finished"
    }
  }

  /// Every word of `word`.
  public static let words = ["running", "paused", "aborted", "finished"]

  /// Why it is paused or was aborted.
  var reason: String? {
    switch self {
    case .running, .finished: nil
    case .paused(let text), .aborted(let text): text
    }
  }

  /// Whether nothing can happen to it any more.
  public var isTerminal: Bool {
    switch self {
    case .running, .paused: false
    case .aborted, .finished: true
    }
  }
}

/// A step's life so far.
public struct Step: Equatable, Sendable {
  /// Its id.
  public var id: String
  /// The number of the last claim, or of the last operator action that fenced one off; 0 before the first.
  public var epoch: Int
  /// How many attempts failed.
  public var failures: Int
  /// How many more attempts a person granted.
  public var granted: Int
  /// How often it had to be done again through no fault of its own.
  public var infrastructureRetries: Int
  /// How many gate runs were started.
  public var gates: Int
  /// What agents used on it.
  public var used = Amounts()
  /// What of that a person's retry lets count no more.
  public var forgiven = Amounts()
  /// The agent's conversation that its next attempt may go on with.
  public var conversation: Conversation?
  /// Where it is in its life.
  public var phase: StepPhase
  /// Why the last attempt failed; kept until the step is merged.
  public var lastFailure: Failure?
  /// The cause of that, by its fingerprint.
  public var cause: String?
  /// Whether its prompt is another one than that of its last attempt.
  public var hasNewPrompt = false
  /// The candidate of the step's codemod that failed last; kept until it passes or a person retries the step.
  public var failedTree: TreeVerdict?
  /// Where it is in its workflow, between two claims.
  public var stages: StageWork?
  /// The claim of its codemod after which its agent goes on; `nil` as long as the codemod is to do it.
  public var handedOver: Int?
  /// The tree that a person has approved: no judge is asked about it.
  public var approved: ObjectID?
  /// What a judge said last of its work.
  public var judged: JudgeAnswer?
  /// The names of the findings that a person lets pass.
  public var allowed: [String] = []

  /// How many findings may be allowed in a step, and how long the name of one may be, in bytes.
  static let (mostAllowed, findingLength) = (256, 1024)

  /// How many infrastructure retries a step gets before it is blocked.
  public static let infrastructureLimit = 10

  /// A step nobody has touched.
  public init(id: String, phase: StepPhase) {
    self.id = id
    self.epoch = 0
    self.failures = 0
    self.granted = 0
    self.infrastructureRetries = 0
    self.gates = 0
    self.phase = phase
    self.lastFailure = nil
    self.failedTree = nil
  }

  /// The step as planned, with what people have allowed besides.
  public func allowing(_ planned: PlannedStep) -> PlannedStep {
    var step = planned
    step.allow += allowed
    return step
  }

  /// Why the gate need not be asked again about a codemod's candidate: the failure of the very same tree
  /// under the same verifiers. `nil` when it must be.
  public func knownFailure(tree: ObjectID, verifiers: String) -> Failure? {
    guard failedTree?.tree == tree, failedTree?.verifiers == verifiers, lastFailure?.kind == .gate else {
      return nil
    }
    return lastFailure
  }

  /// Whether its codemod has left it to its agent.
  public var isHandedOver: Bool { handedOver != nil }

  /// What of its use counts for its budget.
  public var counted: Amounts { used - forgiven }

  /// The number the next, or the running, attempt has: 1 for the first.
  public var attempt: Int { failures + 1 }
}

/// Where a step is in its life (DESIGN §3).
public indirect enum StepPhase: Equatable, Sendable {
  /// Some need is not done yet.
  case waiting
  /// It can be claimed.
  case ready
  /// A worker holds it.
  case leased(Lease)
  /// A result waits for the gate.
  case submitted(Submission)
  /// The gate judges it.
  case gating(Submission, GateRun)
  /// It passed, and the branch is about to move.
  case merging(Submission, GateRun, MergeTarget)
  /// Done; `nil` when there was nothing to change.
  case merged(commit: ObjectID?)
  /// An attempt failed; it can be claimed again from then on.
  case backoff(until: Timestamp)
  /// A dead letter: a person must act.
  case blocked(reason: String)
  /// What was done waits for a person's word.
  case person(PersonWait)
  /// A worker proposed it, and a person has to accept it.
  case proposed
  /// A person decided that it is not needed.
  case skipped(reason: String)
  /// The migration ended, or a new plan dropped it.
  case cancelled
  /// It was merged, and a later step has reverted it.
  case undone(by: String)

  /// The word that machine output uses.
  public var word: String { StepWord(self).rawValue }

  /// Whether nothing can happen to the step any more.
  public var isTerminal: Bool {
    switch self {
    case .merged, .skipped, .cancelled, .undone: true
    case .waiting, .ready, .leased, .submitted, .gating, .merging, .backoff, .blocked, .person, .proposed:
      false
    }
  }

  /// Whether steps that need this one may go on.
  public var satisfiesDependents: Bool {
    switch self {
    case .merged, .skipped: true
    case .waiting, .ready, .leased, .submitted, .gating, .merging, .backoff, .blocked, .person, .proposed,
      .cancelled, .undone:
      false
    }
  }

  /// Whether a person must do something before it goes on.
  public var waitsForPerson: Bool {
    switch self {
    case .blocked, .person, .proposed: true
    case .waiting, .ready, .leased, .submitted, .gating, .merging, .merged, .backoff, .skipped, .cancelled,
      .undone:
      false
    }
  }

  /// Whether somebody works on it or judges it, so that its lock is taken.
  public var isInFlight: Bool {
    switch self {
    case .leased, .submitted, .gating, .merging: true
    case .waiting, .ready, .merged, .backoff, .blocked, .person, .proposed, .skipped, .cancelled, .undone:
      false
    }
  }
}
