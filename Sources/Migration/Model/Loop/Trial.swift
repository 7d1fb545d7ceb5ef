import CanonicalJSON

/// The start of a trial: a step is done once more from a base that it was done from, and judged there. It is
/// no attempt, and its result is never merged.
public struct TrialStart: Equatable, Sendable {
  /// Which trial of the migration it is: 1 for the first.
  public var trial: Int
  /// The step.
  public var step: String
  /// The number of the plan that it is done by.
  public var plan: Int
  /// SHA-256 of that plan's file.
  public var digest: String
  /// The commit that it starts from.
  public var base: ObjectID
  /// Who does it.
  public var holder: String
  /// The process that does it.
  public var owner: Owner
  /// When it counts as lost.
  public var expiresAt: Timestamp

  /// Makes a start.
  public init(
    trial: Int, step: String, plan: Int, digest: String, base: ObjectID, holder: String, owner: Owner,
    expiresAt: Timestamp
  ) {
    (self.trial, self.step, self.plan, self.digest, self.base) = (trial, step, plan, digest, base)
    (self.holder, self.owner, self.expiresAt) = (holder, owner, expiresAt)
  }

  func write(to object: inout ObjectBuilder) {
    object.set("trial", trial)
    object.set("step", step)
    object.set("plan", plan)
    object.set("digest", digest)
    object.set("base", base)
    object.set("holder", holder)
    object.set("owner", owner.json)
    object.set("expires_at", expiresAt)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      trial: try object.counter("trial"), step: try object.string("step"), plan: try object.counter("plan"),
      digest: try object.string("digest"), base: try object.objectID("base"),
      holder: try object.string("holder"), owner: try Owner(json: try object.required("owner")),
      expiresAt: try object.timestamp("expires_at"))
  }
}

/// What a trial came to.
public struct TrialReport: Equatable, Sendable {
  /// The trial.
  public var trial: Int
  /// The step.
  public var step: String
  /// How it ended.
  public var outcome: Outcome
  /// Its result; `nil` when there is none.
  public var commit: ObjectID?
  /// What was found; there is one when it failed.
  public var failure: Failure?

  /// Why somebody else may say that it is lost.
  public var evidence: Evidence

  /// How trials end.
  public enum Outcome: String, CaseIterable, Sendable {
    /// The gate passed.
    case passed
    /// The work or the gate failed.
    case failed
    /// Nothing is known: it was stopped, its process died, or a verifier could not be run.
    case lost

    /// The same for people.
    public var words: String { rawValue }
  }

  /// Makes a report.
  public init(
    trial: Int, step: String, outcome: Outcome, commit: ObjectID? = nil, failure: Failure? = nil,
    evidence: Evidence = .holder
  ) {
    (self.trial, self.step, self.outcome, self.commit) = (trial, step, outcome, commit)
    (self.failure, self.evidence) = (failure, evidence)
  }

  func write(to object: inout ObjectBuilder) {
    object.set("trial", trial)
    object.set("step", step)
    object.set("outcome", outcome.rawValue)
    object.set("commit", commit)
    if let failure { object.set("failure", failure.json) }
    if evidence != .holder { object.set("evidence", evidence.json) }
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      trial: try object.counter("trial"), step: try object.string("step"),
      outcome: try object.word("outcome", as: Outcome.self), commit: try object.optionalObjectID("commit"))
    if let value = object.optional("failure") { failure = try Failure(json: value) }
    if let value = object.optional("evidence") { evidence = try Evidence(json: value) }
  }
}

/// What is counted to know when a migration is done.
public struct UseCount: Equatable, Sendable {
  /// How many uses there are.
  public var count: Int
  /// Where they were counted.
  public var commit: ObjectID
  /// The tree of that commit.
  public var tree: ObjectID
  /// SHA-256 of the command that counted.
  public var command: String

  /// Makes a count.
  public init(count: Int, commit: ObjectID, tree: ObjectID, command: String) {
    (self.count, self.commit, self.tree, self.command) = (count, commit, tree, command)
  }

  func write(to object: inout ObjectBuilder) {
    object.set("count", count)
    object.set("commit", commit)
    object.set("tree", tree)
    object.set("of", command)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      count: try object.integer("count"), commit: try object.objectID("commit"),
      tree: try object.objectID("tree"), command: try object.string("of"))
  }
}

/// A count, and when it was taken.
public struct CountedUses: Equatable, Sendable {
  /// When.
  public var at: Timestamp
  /// What was counted.
  public var uses: UseCount

  var json: JSON {
    var object = ObjectBuilder()
    object.set("at", at)
    uses.write(to: &object)
    return object.json
  }

  init(at: Timestamp, uses: UseCount) { (self.at, self.uses) = (at, uses) }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a count")
    at = try reader.timestamp("at")
    uses = try UseCount(from: &reader)
    try reader.end()
  }
}

/// What a migration remembers of its samples, trials and counts.
public struct DailyLoop: Equatable, Sendable {
  /// The last sample.
  public internal(set) var sample: SampleDraw?
  /// How many trials were started.
  public internal(set) var trials = 0
  /// The trials that have not ended.
  public internal(set) var open: [TrialStart] = []
  /// The last counts, oldest first.
  public internal(set) var counts: [CountedUses] = []

  /// How many counts are kept.
  static let mostCounts = 128

  /// Remembers nothing.
  public init() {}

  var isEmpty: Bool { self == DailyLoop() }

  /// What a command counted in a tree.
  public func count(of tree: ObjectID, by command: String) -> Int? {
    counts.last { $0.uses.tree == tree && $0.uses.command == command }?.uses.count
  }

  /// What a command counted at a commit.
  public func count(at commit: ObjectID, by command: String) -> Int? {
    counts.last { $0.uses.commit == commit && $0.uses.command == command }?.uses.count
  }

  var json: JSON {
    var object = ObjectBuilder()
    if let sample {
      var inner = ObjectBuilder()
      sample.write(to: &inner)
      object.set("sample", inner.json)
    }
    if trials > 0 { object.set("trials", trials) }
    if !open.isEmpty { object.set("open", .array(open.map(\.json))) }
    if !counts.isEmpty { object.set("counts", .array(counts.map(\.json))) }
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the daily loop")
    if let value = reader.optional("sample") {
      var inner = try ObjectReader(value, "a sample")
      sample = try SampleDraw(from: &inner)
      try inner.end()
    }
    if reader.has("trials") { trials = try reader.counter("trials") }
    for item in try reader.array("open") { open.append(try TrialStart(json: item)) }
    for item in try reader.array("counts") { counts.append(try CountedUses(json: item)) }
    try reader.end()
  }
}
