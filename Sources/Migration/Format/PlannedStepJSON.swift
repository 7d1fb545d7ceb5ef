import CanonicalJSON

extension PlannedStep {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("id", id)
    if title != id { object.set("title", title) }
    object.set("needs", needs)
    object.set("paths", paths)
    object.set("prompt", prompt)
    object.set("lock", lock)
    object.set("uses", uses)
    if priority != 0 { object.set("priority", priority) }
    object.set("run", run)
    object.set("timeout", timeoutSeconds)
    object.set("agent", agent)
    if expectsChange { object.set("expect", "change") }
    if !match.isEmpty {
      object.set("match", .object(match.map { JSON.Member($0.key, .string($0.value)) }))
    }
    object.set("workflow", workflow)
    object.set("shared", isShared)
    object.set("added", isAdded)
    object.set("reverts", reverts)
    object.set("resolves", resolves)
    object.set("mends", mends)
    object.set("skip", skip)
    object.set("allow", allow)
    if let guards { object.set("guards", .array(guards.map { .string($0.rawValue) })) }
    if !verifiers.isEmpty { object.set("verifiers", .array(verifiers.map(\.json))) }
    object.set("requires", requires)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a step")
    self.init(
      id: try reader.string("id"), title: try reader.optionalString("title"),
      needs: try reader.strings("needs"), paths: try reader.strings("paths"),
      prompt: try reader.optionalString("prompt"), lock: try reader.optionalString("lock"),
      uses: try reader.strings("uses"), priority: try reader.optionalInteger("priority") ?? 0,
      run: try reader.optionalString("run"), timeoutSeconds: try reader.optionalInteger("timeout"),
      expectsChange: try reader.mark("expect", "change"))
    if let value = reader.optional("match") {
      guard case .object(let members) = value else { throw JSONFault("'match' of a step is not an object") }
      for member in members {
        guard case .string(let text) = member.value else {
          throw JSONFault("'match' of a step holds no text")
        }
        match[member.key] = text
      }
    }
    workflow = try reader.optionalString("workflow")
    (isShared, isAdded) = (try reader.flag("shared"), try reader.flag("added"))
    reverts = try reader.strings("reverts")
    resolves = try reader.optionalObjectID("resolves")
    mends = try reader.optionalString("mends")
    skip = try reader.optionalString("skip")
    agent = try reader.optionalString("agent")
    allow = try reader.strings("allow")
    if reader.has("guards") { guards = try Plan.Guard.list(try reader.strings("guards")) }
    for item in try reader.array("verifiers") {
      var verifier = try Plan.Verifier(json: item)
      verifier.isOfStep = true
      verifiers.append(verifier)
    }
    requires = try reader.strings("requires")
    try reader.end()
  }
}
