import CanonicalJSON

extension StepPhase {
  func write(to object: inout ObjectBuilder) {
    switch self {
    case .waiting, .ready, .cancelled, .proposed: break
    case .undone(let step): object.set("by", step)
    case .person(let wait):
      object.set("asks", wait.asks)
      object.set("reason", wait.reason)
      object.set("submission", wait.submission.json)
    case .leased(let lease): object.set("lease", lease.json)
    case .submitted(let submission): object.set("submission", submission.json)
    case .gating(let submission, let run):
      object.set("submission", submission.json)
      object.set("run", run.json)
    case .merging(let submission, let run, let target):
      object.set("submission", submission.json)
      object.set("run", run.json)
      var inner = ObjectBuilder()
      target.write(to: &inner)
      object.set("target", inner.json)
    case .merged(let commit): object.set("commit", commit)
    case .backoff(let until): object.set("until", until)
    case .blocked(let reason), .skipped(let reason): object.set("reason", reason)
    }
  }

  init(_ word: String, from reader: inout ObjectReader) throws(JSONFault) {
    switch word {
    case "waiting": self = .waiting
    case "ready": self = .ready
    case "cancelled": self = .cancelled
    case "proposed": self = .proposed
    case "undone": self = .undone(by: try reader.string("by"))
    case "person":
      self = .person(
        PersonWait(
          asks: try reader.string("asks"), reason: try reader.string("reason"),
          submission: try Submission(json: try reader.required("submission"))))
    case "leased": self = .leased(try Lease(json: try reader.required("lease")))
    case "submitted": self = .submitted(try Submission(json: try reader.required("submission")))
    case "gating":
      self = .gating(
        try Submission(json: try reader.required("submission")),
        try GateRun(json: try reader.required("run")))
    case "merging":
      var inner = try ObjectReader(try reader.required("target"), "a merge target")
      let target = try MergeTarget(from: &inner)
      try inner.end()
      self = .merging(
        try Submission(json: try reader.required("submission")),
        try GateRun(json: try reader.required("run")), target)
    case "merged": self = .merged(commit: try reader.optionalObjectID("commit"))
    case "backoff": self = .backoff(until: try reader.timestamp("until"))
    case "blocked": self = .blocked(reason: try reader.string("reason"))
    case "skipped": self = .skipped(reason: try reader.string("reason"))
    default: throw JSONFault("no phase is called '\(word)'")
    }
  }
}

extension Lease {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("holder", holder)
    object.set("owner", owner.json)
    object.set("base", base)
    object.set("expires_at", expiresAt)
    object.set("renewal", renewal)
    object.set("slot", slot)
    object.set("agent", agent)
    if !resources.isEmpty { object.set("resources", ResourceValues.json(resources)) }
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a lease")
    self.init(
      holder: try reader.string("holder"), owner: try Owner(json: try reader.required("owner")),
      base: try reader.objectID("base"), expiresAt: try reader.timestamp("expires_at"),
      renewal: try reader.counter("renewal"), slot: try reader.optionalString("slot"),
      agent: try reader.optionalString("agent"))
    resources = ResourceValues.byName(reader.optional("resources"))
    try reader.end()
  }
}

extension Submission {
  var json: JSON {
    var object = ObjectBuilder()
    result.write(to: &object)
    object.set("holder", holder)
    object.set("base", base)
    object.set("not_before", notBefore)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a submission")
    self.init(
      result: try Result(from: &reader), holder: try reader.string("holder"),
      base: try reader.objectID("base"), notBefore: try reader.timestamp("not_before"))
    try reader.end()
  }
}

extension GateRun {
  var json: JSON {
    var object = ObjectBuilder()
    start.write(to: &object)
    object.set("passed", hasPassed)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a gate run")
    self.init(start: try GateStart(from: &reader), hasPassed: try reader.flag("passed"))
    try reader.end()
  }
}
