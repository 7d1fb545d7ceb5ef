import CanonicalJSON

extension TrainStart {
  func write(to object: inout ObjectBuilder) {
    object.set("train", train)
    object.set("steps", .array(members.map(\.json)))
    object.set("tip", tip)
    object.set("holder", holder)
    object.set("owner", owner.json)
    object.set("expires_at", expiresAt)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    train = try object.counter("train")
    members = try TrainMember.list(try object.array("steps"))
    tip = try object.objectID("tip")
    holder = try object.string("holder")
    owner = try Owner(json: try object.required("owner"))
    expiresAt = try object.timestamp("expires_at")
  }
}

extension TrainJoin {
  func write(to object: inout ObjectBuilder) {
    object.set("train", train)
    object.set("steps", .array(members.map(\.json)))
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      train: try object.counter("train"), members: try TrainMember.list(try object.array("steps")))
  }
}

extension TrainMember {
  /// `[step, epoch, gate, tree]`.
  var json: JSON {
    .array([
      .string(fence.step), .integer(Int64(fence.epoch)), .integer(Int64(gate)), .string(tree.hex),
    ])
  }

  init(json: JSON) throws(JSONFault) {
    guard case .array(let items) = json, items.count == 4, case .string(let step) = items[0],
      case .integer(let epoch) = items[1], case .integer(let gate) = items[2],
      case .string(let hex) = items[3], let tree = ObjectID(hex), isCounter(epoch), isCounter(gate)
    else { throw JSONFault("a step of a train is not [step, epoch, gate, tree]") }
    self.init(fence: Fence(step: step, epoch: Int(epoch)), gate: Int(gate), tree: tree)
  }

  static func list(_ items: [JSON]) throws(JSONFault) -> [TrainMember] {
    var members: [TrainMember] = []
    for item in items { members.append(try TrainMember(json: item)) }
    return members
  }
}

extension TrainSplit {
  func write(to object: inout ObjectBuilder) {
    object.set("train", train)
    object.set("passed", passed)
    object.set("culprit", culprit)
    object.set("verifiers", verifiers)
    object.set("kept", kept)
    evidence.write(to: &object)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      train: try object.counter("train"), passed: try object.counter("passed"),
      culprit: try object.string("culprit"),
      verifiers: try object.string("verifiers"), kept: try object.strings("kept"),
      evidence: try VerdictEvidence(from: &object))
  }
}

extension TrainReport {
  func write(to object: inout ObjectBuilder) {
    object.set("train", train)
    object.set("verifiers", verifiers)
    object.set("verdict", verdict.rawValue)
    if let failure { object.set("failure", failure.json) }
    object.set("culprit", culprit)
    object.set("partner", partner)
    object.set("kept", kept)
    evidence.write(to: &object)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    var failure: Failure?
    if let value = object.optional("failure") { failure = try Failure(json: value) }
    self.init(
      train: try object.counter("train"), verifiers: try object.string("verifiers"),
      verdict: try object.word("verdict", as: Verdict.self), failure: failure,
      culprit: try object.optionalString("culprit"), partner: try object.optionalString("partner"),
      kept: try object.strings("kept"),
      evidence: try VerdictEvidence(from: &object))
  }
}

extension TrainMerge {
  /// `{"train": 7, "steps": [[step, epoch, commit], …]}`.
  func write(to object: inout ObjectBuilder) {
    object.set("train", train)
    object.set("steps", .array(members.map(\.json)))
  }

  /// Reads it where there is one.
  static func optional(from object: inout ObjectReader) throws(JSONFault) -> TrainMerge? {
    guard let number = try object.optionalInteger("train") else { return nil }
    guard isCounter(Int64(number)) else { throw JSONFault("'train' is no number of a train") }
    var members: [Member] = []
    for item in try object.array("steps") { members.append(try Member(json: item)) }
    return TrainMerge(train: number, members: members)
  }
}

extension TrainMerge.Member {
  var json: JSON {
    .array([.string(fence.step), .integer(Int64(fence.epoch)), .string(commit.hex)])
  }

  init(json: JSON) throws(JSONFault) {
    guard case .array(let items) = json, items.count == 3, case .string(let step) = items[0],
      case .integer(let epoch) = items[1], isCounter(epoch), case .string(let hex) = items[2],
      let commit = ObjectID(hex)
    else { throw JSONFault("a step of a train is not [step, epoch, commit]") }
    self.init(fence: Fence(step: step, epoch: Int(epoch)), commit: commit)
  }
}

extension Train {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("number", number)
    object.set("members", .array(members.map(\.json)))
    object.set("passed", passed)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a train")
    number = try reader.counter("number")
    members = try TrainMember.list(try reader.array("members"))
    passed = try reader.optionalInteger("passed")
    if let passed, !(0...members.count).contains(passed) { throw JSONFault("a train is damaged") }
    try reader.end()
  }
}

private func isCounter(_ number: Int64) -> Bool { (0...Int64(Int32.max)).contains(number) }
