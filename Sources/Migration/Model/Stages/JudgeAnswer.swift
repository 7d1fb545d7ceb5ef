import CanonicalJSON

/// What a judge says of a candidate that the verifiers let pass: of that very tree, and asked in those very
/// words.
public struct JudgeAnswer: Equatable, Sendable {
  /// The gate run.
  public var gate: Int
  /// The tree that was judged.
  public var tree: ObjectID
  /// SHA-256 of the prompt's template and of whom it was put to.
  public var prompt: String
  /// What it says.
  public var answer: Answer
  /// Who says it.
  public var agent: String
  /// Why.
  public var reasons: [String]

  /// What a judge can say.
  public enum Answer: String, CaseIterable, Sendable {
    case approve, reject, unsure

    /// The same of what happened.
    public var past: String {
      switch self {
      case .approve: "approves"
      case .reject: "rejects"
      case .unsure: "is not sure"
      }
    }
  }

  /// The most reasons that are kept.
  public static let mostReasons = 32

  /// Makes an answer.
  public init(
    gate: Int, tree: ObjectID, prompt: String, answer: Answer, agent: String, reasons: [String] = []
  ) {
    (self.gate, self.tree, self.prompt) = (gate, tree, prompt)
    (self.answer, self.agent, self.reasons) = (answer, agent, Array(reasons.prefix(JudgeAnswer.mostReasons)))
  }

  func write(to object: inout ObjectBuilder) {
    object.set("gate", gate)
    object.set("tree", tree)
    object.set("prompt", prompt)
    object.set("answer", answer.rawValue)
    object.set("agent", agent)
    object.set("reasons", reasons)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      gate: try object.counter("gate"), tree: try object.objectID("tree"),
      prompt: try object.string("prompt"), answer: try object.word("answer", as: Answer.self),
      agent: try object.string("agent"), reasons: try object.strings("reasons"))
  }

  var json: JSON {
    var object = ObjectBuilder()
    write(to: &object)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a judge's answer")
    try self.init(from: &reader)
    try reader.end()
  }
}

/// How often judges were asked, and how often they said no.
public struct JudgeTally: Equatable, Sendable {
  /// How often each answer was given.
  public internal(set) var counts: [JudgeAnswer.Answer: Int] = [:]

  /// How many answers there were.
  public var total: Int { counts.values.reduce(0, +) }

  /// How many of an answer.
  public subscript(_ answer: JudgeAnswer.Answer) -> Int { counts[answer, default: 0] }

  var isEmpty: Bool { counts.isEmpty }

  var json: JSON {
    .object(
      JudgeAnswer.Answer.allCases.compactMap { answer in
        counts[answer].map { JSON.Member(answer.rawValue, .integer(Int64($0))) }
      })
  }

  init() {}

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the judges' answers")
    for answer in JudgeAnswer.Answer.allCases where reader.has(answer.rawValue) {
      counts[answer] = try reader.counter(answer.rawValue)
    }
    try reader.end()
  }
}

extension Plan {
  /// Who is asked about what passed, or `nil`.
  public var judge: Plan.Agent? {
    guard let judge = gate.judge else { return nil }
    guard let name = judge.agent else { return agent }
    return allAgents.first { $0.name == name }
  }

  /// What an answer of the judge is bound to beside the tree: its prompt and who it is.
  public var judgeDigest: String {
    guard let judge = gate.judge else { return "" }
    return SHA256.hexDigest(
      of: Array("\(judge.agent ?? "")\n\(self.judge?.command ?? "")\n\(judge.prompt)".utf8))
  }
}

extension MigrationState {
  /// Whether a judge has to be asked about a candidate of a step, and was not yet: `false` where a person has
  /// approved the work, and where there is no judge.
  public func needsJudge(_ step: Step, _ submission: Submission, tree: ObjectID) -> Bool {
    guard plan.gate.judge != nil, step.approved != submission.result.tree else { return false }
    return answer(of: step, tree: tree) == nil
  }

  /// What the judge of the plan in force has said of a tree of a step.
  public func answer(of step: Step, tree: ObjectID) -> JudgeAnswer? {
    guard let answer = step.judged, answer.tree == tree, answer.prompt == plan.judgeDigest else { return nil }
    return answer
  }
}

/// The rules of judges.
extension Reducer {
  mutating func judge(_ fence: Fence, _ answer: JudgeAnswer) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    let (_, run) = try currentGate(index, answer.gate, "judged")
    try requireAuthor(.holder, holder: run.start.holder, fence)
    guard answer.tree == run.start.tree else {
      throw Refusal(.invalid, "the judge speaks of a tree that is not the candidate of '\(fence.step)'")
    }
    guard migration.plan.gate.judge != nil, answer.prompt == migration.plan.judgeDigest else {
      throw Refusal(.stale, "the answer about '\(fence.step)' is none of the plan's judge")
    }
    guard answer.answer == .approve || !answer.reasons.isEmpty else {
      throw Refusal(.invalid, "a judge that does not approve says why")
    }
    migration.steps[index].judged = answer
    migration.judges.counts[answer.answer, default: 0] += 1
  }

  /// What passed is merged only when the judge approved that tree, or a person the work.
  func requireJudged(
    _ index: Int, _ submission: Submission, _ report: GateReport
  ) throws(Refusal) {
    let step = migration.steps[index]
    #if KNOWN_BUGS
      if KnownBug.judgeErrorPasses.isOn { return }
    #endif
    guard event.version >= 2, !report.isNoChange, migration.plan.gate.judge != nil,
      step.approved != submission.result.tree
    else { return }
    guard let answer = migration.answer(of: step, tree: report.tree), answer.answer == .approve else {
      throw Refusal(.invalid, "no judge has approved this candidate of '\(step.id)'")
    }
  }

  mutating func waitForPerson(_ fence: Fence, _ gate: Int, _ reason: String) throws(Refusal) {
    try requireNotEnded()
    let index = try indexOfStep(fence)
    let (submission, run) = try currentGate(index, gate, "put to a person")
    try requireAuthor(.holder, holder: run.start.holder, fence)
    guard migration.answer(of: migration.steps[index], tree: run.start.tree)?.answer == .unsure else {
      throw Refusal(.invalid, "the judge of '\(fence.step)' did not say that it is not sure")
    }
    wait(index, PersonWait(asks: PersonWait.judge, reason: reason, submission: submission))
  }
}
