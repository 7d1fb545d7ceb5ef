import CanonicalJSON

/// One claim of a step and what came of it, with its times: what a trace tells.
public struct TracedAttempt: Equatable, Sendable {
  /// A gate that it went through.
  public struct Gate: Equatable, Sendable {
    /// When it began.
    public var began: Timestamp
    /// When its verdict came.
    public var ended: Timestamp
    /// What its verifiers told, where that was recorded.
    public var runs: [VerifierRun] = []
    /// Why it was not passed, or `nil`.
    public var failure: Failure?
  }

  /// The step.
  public var step: String
  /// What the plan calls it.
  public var title: String
  /// The claim's number.
  public var epoch: Int
  /// Who claimed it.
  public var holder: String
  /// The agent that worked, as far as that was told.
  public var agent: String?
  /// When it was claimed.
  public var began: Timestamp
  /// When its result was handed in.
  public var submitted: Timestamp?
  /// When it ended; `nil` while it is under way.
  public var ended: Timestamp?
  /// The state that its step was in afterwards.
  public var word = StepWord.leased
  /// Why it failed, or `nil`.
  public var failure: Failure?
  /// What failures of one cause have in common.
  public var cause: String?
  /// What it used.
  public var used: Amounts?
  /// The gates that it went through, oldest first.
  public var gates: [Gate] = []

  /// Makes an attempt that was claimed and has not ended.
  public init(step: String, title: String, epoch: Int, holder: String, began: Timestamp) {
    self.step = step
    self.title = title
    self.epoch = epoch
    self.holder = holder
    self.began = began
  }
}

/// All attempts at the steps of one migration. Told entry by entry, with the state after each; it decides
/// nothing.
public struct TraceBook: Sendable {
  /// The attempts, in the order of their claims.
  public private(set) var attempts: [TracedAttempt] = []
  private let migration: String
  private var open: [String: Int] = [:]
  private static let underWay: Set<StepWord> = [.leased, .submitted, .gating, .merging]

  /// The book of a migration, with nothing told.
  public init(of migration: String) { self.migration = migration }

  /// Takes the next entry, with the state after it.
  public mutating func add(_ event: Event, _ state: State) {
    guard event.migration == migration, let now = state.migration(named: migration) else { return }
    if case .claim(let fence, .claimed(let claim)) = event.change {
      close(fence.step, event, now)
      open[fence.step] = attempts.count
      let title = now.index(of: fence.step).map { now.plan.steps[$0].title } ?? ""
      attempts.append(
        TracedAttempt(
          step: fence.step, title: title, epoch: fence.epoch, holder: claim.holder, began: event.at))
    }
    for (step, index) in open {
      guard let after = now.step(step) else { continue }
      follow(index, StepWord(after.phase), after, event)
    }
  }

  private mutating func follow(_ index: Int, _ word: StepWord, _ after: Step, _ event: Event) {
    var attempt = attempts[index]
    let was = attempt.word
    let isNamed = event.change.steps.contains(attempt.step) || event.change.culprit == attempt.step
    if isNamed {
      if let used = event.used { attempt.used = used }
      if let failure = event.change.failure { attempt.failure = failure }
      let told = event.reserved.first { $0.key == ClaimFacts.agent }
      if case .string(let name) = told?.value { attempt.agent = name }
    }
    let isOver = after.epoch != attempt.epoch || !TraceBook.underWay.contains(word)
    if word == .submitted, attempt.submitted == nil { attempt.submitted = event.at }
    if was == .gating, word != .gating || isOver, let last = attempt.gates.indices.last {
      attempt.gates[last].ended = event.at
      attempt.gates[last].runs = event.runs
      attempt.gates[last].failure = isNamed ? event.change.failure : nil
    }
    let isWhole = isNamed && event.change.isWholeGate
    if was != .gating, isWhole || (word == .gating && !isOver) {
      if attempt.submitted == nil { attempt.submitted = event.at }
      var gate = TracedAttempt.Gate(began: event.at, ended: event.at)
      if isWhole { (gate.runs, gate.failure) = (event.runs, event.change.failure) }
      attempt.gates.append(gate)
    }
    attempt.word = word
    if isOver {
      attempt.ended = event.at
      attempt.cause = attempt.failure == nil ? nil : after.cause
      open[attempt.step] = nil
    }
    attempts[index] = attempt
  }

  /// A claim that another took the place of is over.
  private mutating func close(_ step: String, _ event: Event, _ now: MigrationState) {
    guard let index = open.removeValue(forKey: step) else { return }
    attempts[index].ended = event.at
    attempts[index].word = now.step(step).map { StepWord($0.phase) } ?? .ready
  }
}
