import CanonicalJSON

extension Owner {
  var json: JSON {
    .array([.string(machine), .string(boot), .integer(Int64(pid)), .integer(startTicks)])
  }

  init(json: JSON) throws(JSONFault) {
    guard case .array(let items) = json, items.count == 4, case .string(let machine) = items[0],
      case .string(let boot) = items[1], case .integer(let pid) = items[2],
      case .integer(let ticks) = items[3]
    else { throw JSONFault("an owner is not [machine, boot, pid, ticks]") }
    self.init(machine: machine, boot: boot, pid: Int(pid), startTicks: ticks)
  }
}

extension Evidence {
  var json: JSON {
    switch self {
    case .timeout: .string("timeout")
    case .holder: .string("holder")
    case .holderDead(let owner): owner.json
    }
  }

  init(json: JSON) throws(JSONFault) {
    switch json {
    case .string("timeout"): self = .timeout
    case .string("holder"): self = .holder
    default: self = .holderDead(try Owner(json: json))
    }
  }
}

extension Failure {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("kind", kind.rawValue)
    object.set("reason", reason)
    object.set("details", details)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a failure")
    kind = try reader.word("kind", as: Kind.self)
    reason = try reader.string("reason")
    details = try reader.strings("details")
    try reader.end()
  }
}

extension Claim {
  func write(to object: inout ObjectBuilder) {
    object.set("holder", holder)
    object.set("owner", owner.json)
    object.set("base", base)
    object.set("expires_at", expiresAt)
    object.set("slot", slot)
  }

  init(fence: Fence, from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      fence: fence, holder: try object.string("holder"),
      owner: try Owner(json: try object.required("owner")), base: try object.objectID("base"),
      expiresAt: try object.timestamp("expires_at"), slot: try object.optionalString("slot"))
  }
}

extension Submission.Result {
  func write(to object: inout ObjectBuilder) {
    object.set("commit", commit)
    object.set("tree", tree)
    object.set("no_op", isNoOp)
    object.set("left", left)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      commit: try object.objectID("commit"), tree: try object.objectID("tree"),
      isNoOp: try object.flag("no_op"), left: try object.strings("left"))
  }
}

extension GateStart {
  func write(to object: inout ObjectBuilder) {
    object.set("gate", gate)
    object.set("tree", tree)
    writeRest(to: &object)
  }

  /// Writes what a report of the same run does not say anyway.
  func writeRest(to object: inout ObjectBuilder) {
    object.set("holder", holder)
    object.set("owner", owner.json)
    object.set("expires_at", expiresAt)
    object.set("tip", tip)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    try self.init(
      gate: try object.integer("gate"), tree: try object.objectID("tree"), from: &object)
  }

  /// Reads the rest of one whose number and tree are known.
  init(gate: Int, tree: ObjectID, from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      gate: gate, holder: try object.string("holder"), owner: try Owner(json: try object.required("owner")),
      expiresAt: try object.timestamp("expires_at"), tip: try object.objectID("tip"), tree: tree)
  }
}

extension GateReport {
  func write(to object: inout ObjectBuilder) {
    object.set("gate", gate)
    object.set("tree", tree)
    object.set("verifiers", verifiers)
    object.set("verdict", verdict.rawValue)
    if let failure { object.set("failure", failure.json) }
    object.set("no_change", isNoChange)
    object.set("codemod", isOfCodemod)
    object.set("kept", kept)
    evidence.write(to: &object)
    start?.writeRest(to: &object)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    var failure: Failure?
    if let value = object.optional("failure") { failure = try Failure(json: value) }
    let (gate, tree) = (try object.integer("gate"), try object.objectID("tree"))
    var start: GateStart?
    if object.has("tip") { start = try GateStart(gate: gate, tree: tree, from: &object) }
    self.init(
      gate: gate, tree: tree,
      verifiers: try object.string("verifiers"), verdict: try object.word("verdict", as: Verdict.self),
      failure: failure, isNoChange: try object.flag("no_change"),
      isOfCodemod: try object.flag("codemod"),
      kept: try object.strings("kept"), evidence: try VerdictEvidence(from: &object), start: start)
  }
}

extension MergeTarget {
  func write(to object: inout ObjectBuilder) {
    object.set("gate", gate)
    object.set("old", old)
    object.set("new", new)
    object.set("tree", tree)
    object.set("owner", owner.json)
    object.set("expires_at", expiresAt)
    object.set("base", base)
    train?.write(to: &object)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      gate: try object.integer("gate"), old: try object.objectID("old"), new: try object.objectID("new"),
      tree: try object.objectID("tree"), owner: try Owner(json: try object.required("owner")),
      expiresAt: try object.timestamp("expires_at"), base: try object.optionalObjectID("base"),
      train: try TrainMerge.optional(from: &object))
  }
}

extension Refresh {
  func write(to object: inout ObjectBuilder) {
    object.set("base", base)
    object.set("old", old)
    object.set("new", new)
    object.set("tree", tree)
    object.set("verifiers", verifiers)
    object.set("verdict", verdict.rawValue)
    object.set("owner", owner.json)
    object.set("expires_at", expiresAt)
    evidence.write(to: &object)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      base: try object.objectID("base"), old: try object.objectID("old"), new: try object.objectID("new"),
      tree: try object.objectID("tree"), verifiers: try object.string("verifiers"),
      verdict: try object.word("verdict", as: Verdict.self),
      owner: try Owner(json: try object.required("owner")), expiresAt: try object.timestamp("expires_at"))
    evidence = try VerdictEvidence(from: &object)
  }
}

extension BaselineClaim {
  func write(to object: inout ObjectBuilder) {
    object.set("run", run)
    object.set("tree", tree)
    object.set("verifiers", verifiers)
    object.set("holder", holder)
    object.set("owner", owner.json)
    object.set("expires_at", expiresAt)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      run: try object.counter("run"), tree: try object.objectID("tree"),
      verifiers: try object.string("verifiers"), holder: try object.string("holder"),
      owner: try Owner(json: try object.required("owner")), expiresAt: try object.timestamp("expires_at"))
  }
}

extension Baseline {
  func write(to object: inout ObjectBuilder) {
    object.set("tree", tree)
    object.set("verifiers", verifiers)
    object.set("verdict", verdict.rawValue)
    object.set("reason", reason)
    object.set("details", details)
    object.set("kept", kept)
    object.set("run", run)
    evidence.write(to: &object)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      tree: try object.objectID("tree"), verifiers: try object.string("verifiers"),
      verdict: try object.word("verdict", as: Verdict.self), reason: try object.string("reason"),
      details: try object.strings("details"), kept: try object.strings("kept"),
      run: try object.optionalInteger("run"), evidence: try VerdictEvidence(from: &object))
  }
}
