import CanonicalJSON

/// Where a step is in its workflow between two claims: the work so far, and what was said of it.
public struct StageWork: Equatable, Sendable {
  /// The stage that the next claim is for.
  public var stage: String
  /// How often each stage was entered in this attempt.
  public var entries: [String: Int]
  /// The commit that the work stands on.
  public var base: ObjectID
  /// The work so far; `nil` before a stage that writes has ended.
  public var result: Submission.Result?
  /// The claim that made it.
  public var epoch: Int?
  /// The stage that ended last, and its word.
  public var from: String
  /// The word.
  public var verdict: String
  /// What the stages have said, the newest last.
  public var notes: [String]
  /// The conversations that stages had, by stage.
  public var talks: [String: Conversation] = [:]
  /// Whether the stage has just been entered, so that nothing of it was begun.
  public var isFresh = true

  /// The most bytes of notes that are kept, and the most of them.
  public static let (noteBytes, mostNotes) = (16 << 10, 64)

  /// Makes what there is before the first stage of an attempt ends.
  init(entering stage: String, on base: ObjectID) {
    (self.stage, self.base, entries) = (stage, base, [stage: 1])
    (from, verdict, notes) = ("", "", [])
  }

  /// Keeps what a stage said; of too much the newest.
  mutating func note(_ texts: [String]) {
    notes += texts
    var size = notes.reduce(0) { $0 + $1.utf8.count }
    while notes.count > StageWork.mostNotes || size > StageWork.noteBytes, let first = notes.first {
      size -= first.utf8.count
      notes.removeFirst()
    }
  }

  var json: JSON {
    var object = ObjectBuilder()
    object.set("stage", stage)
    object.set("entries", .object(entries.map { JSON.Member($0.key, .integer(Int64($0.value))) }))
    object.set("base", base)
    if let result { object.set("result", result.json) }
    object.set("epoch", epoch)
    object.set("from", from)
    object.set("verdict", verdict)
    object.set("notes", notes)
    if !talks.isEmpty { object.set("talks", .object(talks.map { JSON.Member($0.key, $0.value.json) })) }
    object.set("fresh", isFresh)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the stages of a step")
    (stage, base) = (try reader.string("stage"), try reader.objectID("base"))
    guard case .object(let counts) = try reader.required("entries") else {
      throw JSONFault("'entries' is not an object")
    }
    entries = [:]
    for member in counts {
      guard case .integer(let number) = member.value, ObjectReader.counterRange.contains(Int(number)) else {
        throw JSONFault("'entries' holds no counter")
      }
      entries[member.key] = Int(number)
    }
    if let value = reader.optional("result") { result = try Submission.Result(json: value) }
    epoch = try reader.optionalInteger("epoch")
    (from, verdict) = (try reader.string("from"), try reader.string("verdict"))
    notes = try reader.strings("notes")
    if let value = reader.optional("talks") {
      guard case .object(let members) = value else { throw JSONFault("'talks' is not an object") }
      for member in members { talks[member.key] = try Conversation(json: member.value) }
    }
    isFresh = try reader.flag("fresh")
    try reader.end()
  }
}

extension Submission.Result {
  var json: JSON {
    var object = ObjectBuilder()
    write(to: &object)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a result")
    try self.init(from: &reader)
    try reader.end()
  }
}

/// Work that goes on only when a person has decided about it.
public struct PersonWait: Equatable, Sendable {
  /// What asks: the name of a stage, or `judge`.
  public var asks: String
  /// Why, for people.
  public var reason: String
  /// The work.
  public var submission: Submission

  /// What a judge is called there.
  public static let judge = "judge"

  /// Makes one.
  public init(asks: String, reason: String, submission: Submission) {
    (self.asks, self.reason, self.submission) = (asks, reason, submission)
  }
}

/// The end of a stage: the word that its worker said, and what follows.
public struct StageEnd: Equatable, Sendable {
  /// The stage.
  public var stage: String
  /// The word, as the plan spells it.
  public var verdict: String
  /// What follows: a stage, or `gate`, `retry`, `block` or `person`.
  public var next: String
  /// How often the stage was entered in this attempt.
  public var round: Int
  /// The work so far with what it wrote; `nil` for a stage that writes nothing.
  public var result: Submission.Result?
  /// What it says to the next.
  public var notes: [String]

  /// Makes an end.
  public init(
    stage: String, verdict: String, next: String, round: Int = 1, result: Submission.Result? = nil,
    notes: [String] = []
  ) {
    (self.stage, self.verdict, self.next, self.round) = (stage, verdict, next, round)
    (self.result, self.notes) = (result, notes)
  }

  func write(to object: inout ObjectBuilder) {
    object.set("stage", stage)
    object.set("verdict", verdict)
    object.set("next", next)
    object.set("round", round)
    if let result { object.set("result", result.json) }
    object.set("notes", notes)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      stage: try object.string("stage"), verdict: try object.string("verdict"),
      next: try object.string("next"), round: try object.counter("round"))
    if let value = object.optional("result") { result = try Submission.Result(json: value) }
    notes = try object.strings("notes")
  }
}

/// What whoever claims a step in a stage of a workflow has to know.
public struct StageTask: Equatable, Sendable {
  /// The stage.
  public var stage: Workflow.Stage
  /// How often it was entered in this attempt.
  public var round: Int
  /// The stage before, and its word; empty at the beginning.
  public var from: String
  /// The word.
  public var verdict: String
  /// What the stages before said.
  public var notes: [String]
  /// The work so far.
  public var result: Submission.Result?
  /// The claim that made it.
  public var epoch: Int?
  /// Whether nothing of it was begun.
  public var isFresh: Bool
}

extension MigrationState {
  /// The workflow that a step's work goes through now; `nil` when it is one piece.
  func workflow(at index: Int) -> Workflow? {
    let planned = plan.steps[index]
    guard plan.hasStages, planned.run == nil || steps[index].isHandedOver else { return nil }
    return plan.workflow(of: planned)
  }

  /// The step as whoever claims it next, or holds it, has to do it: what its codemod has left is its agent's,
  /// and a stage has an agent and a prompt of its own.
  public func planned(_ index: Int) -> PlannedStep {
    let planned = plan.steps[index]
    guard plan.hasStages || planned.isShared else { return planned }
    var step = planned
    if steps[index].isHandedOver { step.run = nil }
    guard let stage = stageTask(at: index)?.stage else { return step }
    step.agent = stage.agent ?? step.agent
    step.prompt = stage.prompt ?? step.prompt
    return step
  }

  /// Who does a step now, or `nil` when it is a codemod's or outside workers'.
  public func agent(at index: Int) -> Plan.Agent? { plan.agent(of: planned(index)) }

  /// The stage that the next claim of a step is for, or its present one; `nil` for work in one piece.
  public func stageTask(at index: Int) -> StageTask? {
    guard let workflow = workflow(at: index) else { return nil }
    let work = steps[index].stages
    guard let stage = work.map({ workflow.stage($0.stage) }) ?? workflow.stages.first else { return nil }
    return StageTask(
      stage: stage, round: work?.entries[stage.name] ?? 1, from: work?.from ?? "",
      verdict: work?.verdict ?? "", notes: work?.notes ?? [], result: work?.result, epoch: work?.epoch,
      isFresh: work?.isFresh ?? true)
  }

  /// The end of a stage by a word, with what follows from it now; the word as it is where nothing does.
  public func settled(_ end: StageEnd, of step: String) -> StageEnd {
    guard let index = index(of: step), let workflow = workflow(at: index),
      let stage = workflow.stage(end.stage)
    else { return end }
    var end = end
    let entries = steps[index].stages?.entries ?? [stage.name: 1]
    end.round = entries[stage.name, default: 1]
    let word = stage.on.first { $0.word.uppercased() == end.verdict.uppercased() }?.word
    end.verdict = word ?? end.verdict
    end.next = workflow.next(after: stage.name, end.verdict, entries: entries)?.target.word ?? end.next
    return end
  }
}
