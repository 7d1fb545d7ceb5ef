/// Everything that happened to the steps of one migration, from its start: each change of a step's state with
/// its time. Told entry by entry, with the state after each; it decides nothing.
public struct Chronicle: Sendable {
  /// A step has come into another state, or an attempt at it has failed.
  public struct Change: Equatable, Sendable {
    /// When.
    public var at: Timestamp
    /// The step, as an index of `names`.
    public var step: Int
    /// The state that it is in now.
    public var word: StepWord
    /// The number of its last claim.
    public var epoch: Int
    /// Who has claimed it, as an index of `workers`.
    public var worker: Int?
    /// What failed, as an index of `failures`.
    public var failure: Int?
    /// What the attempt cost that ended, in millionths of a US dollar.
    public var cost = 0
  }

  /// A failure, with what tells whether another one is the same thing.
  public struct Fault: Equatable, Sendable {
    /// The failure.
    public var failure: Failure
    /// What failures of one cause have in common.
    public var fingerprint: String
  }

  /// What happened, oldest first.
  public private(set) var changes: [Change] = []
  /// The ids of the steps, in the order in which they came.
  public private(set) var names: [String] = []
  /// The names of workers.
  public private(set) var workers: [String] = []
  /// What failed; what is alike to the letter stands here once.
  public private(set) var failures: [Fault] = []
  /// When the migration was started.
  public private(set) var started: Timestamp?
  /// When the last entry of it was written.
  public private(set) var last: Timestamp?
  /// The commit that the last attempt at each step began with, and its number.
  public private(set) var claims: [Int: (base: ObjectID, epoch: Int)] = [:]
  /// How many gate runs were started.
  public private(set) var gates = 0
  /// Steps that were done, for the pace.
  public private(set) var course = Course()

  private let migration: String
  private var index: [String: Int] = [:]
  private var words: [StepWord] = []
  private var workerIndex: [String: Int] = [:]
  private var failureIndex: [String: Int] = [:]
  private var inFlight: [Int] = []

  /// The chronicle of a migration, with nothing told.
  public init(of migration: String) { self.migration = migration }

  /// Takes the next entry, with the state after it.
  public mutating func add(_ event: Event, _ state: State) {
    guard event.migration == migration, let now = state.migration(named: migration) else { return }
    last = event.at
    course.add(event)
    switch event.change {
    case .migration(let change):
      if case .started = change { started = event.at }
      for position in now.steps.indices { note(position, now, event) }
    case .claim(let fence, .claimed(let claim)):
      claims[number(of: fence.step)] = (claim.base, fence.epoch)
      noteAll(event, now)
    case .gate(_, .started), .train(.started), .train(.joined):
      gates += 1
      noteAll(event, now)
    case .gate where event.change.isWholeGate:
      gates += 1
      noteAll(event, now)
    case .claim, .gate, .train, .refresh, .baseline, .merge, .step, .ledger, .agent, .machine, .loop, .lesson,
      .publication, .notice, .forge, .fleet,
      .reserved:
      noteAll(event, now)
    }
    inFlight = now.inFlight
  }

  /// What an entry may have changed: the steps that it names, those under way before and after it, and those
  /// that need them.
  private mutating func noteAll(_ event: Event, _ now: MigrationState) {
    var touched = Set(event.change.steps.compactMap { now.index(of: $0) })
    touched.formUnion(inFlight.filter { $0 < now.steps.count })
    touched.formUnion(now.inFlight)
    for position in touched.sorted() { note(position, now, event) }
  }

  private mutating func note(_ position: Int, _ now: MigrationState, _ event: Event) {
    let step = now.steps[position]
    let word = StepWord(step.phase)
    let number = number(of: step.id)
    let isNamed = event.change.steps.contains(step.id) || event.change.culprit == step.id
    let failure = isNamed ? event.change.failure : nil
    let cost = isNamed ? event.used?.microdollars ?? 0 : 0
    guard words[number] != word || failure != nil || cost > 0 else { return }
    // Whether it is ready or waits follows from what it needs.
    let isOpen = [.waiting, .ready].contains(word) && [.waiting, .ready].contains(words[number])
    words[number] = word
    if isOpen, failure == nil, cost == 0 { return }
    var change = Change(at: event.at, step: number, word: word, epoch: step.epoch)
    change.cost = cost
    if case .claim(let fence, .claimed(let claim)) = event.change, fence.step == step.id {
      change.worker = worker(claim.holder)
    }
    if let failure { change.failure = fault(failure, step, now.plan.steps[position]) }
    changes.append(change)
  }

  private mutating func number(of step: String) -> Int {
    if let known = index[step] { return known }
    index[step] = names.count
    names.append(step)
    words.append(.waiting)
    return names.count - 1
  }

  private mutating func worker(_ name: String) -> Int {
    if let known = workerIndex[name] { return known }
    workerIndex[name] = workers.count
    workers.append(name)
    return workers.count - 1
  }

  private mutating func fault(_ failure: Failure, _ step: Step, _ planned: PlannedStep) -> Int {
    let fingerprint = step.cause ?? Fingerprint.of(failure, step: planned)
    let key = ([failure.kind.rawValue, fingerprint, failure.reason] + failure.details).joined(
      separator: "\u{0}")
    if let known = failureIndex[key] { return known }
    failureIndex[key] = failures.count
    failures.append(Fault(failure: failure, fingerprint: fingerprint))
    return failures.count - 1
  }
}

extension Change {
  /// The step that a verdict on a train speaks of.
  var culprit: String? {
    switch self {
    case .train(.finished(let report)): report.culprit
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      nil
    }
  }
}
