import CanonicalJSON

extension Plan {
  /// The expanded plan as the ledger keeps it. Defaults are left out.
  public var json: JSON {
    var object = ObjectBuilder()
    object.set("migration", migration)
    object.set("base", base)
    object.set("into", into)
    object.set("attempts", attempts)
    object.set("lease", leaseSeconds)
    object.set(
      "backoff", .array([.integer(Int64(backoff.initialSeconds)), .integer(Int64(backoff.maximumSeconds))]))
    if let agent { object.set("agent", agent.json(isDefault: true)) }
    if !agents.isEmpty {
      object.set("agents", .object(agents.map { JSON.Member($0.name, $0.json(isDefault: false)) }))
    }
    if !resources.isEmpty {
      object.set("resources", .object(resources.map { JSON.Member($0.name, $0.json) }))
    }
    object.set("worktree", worktree.json)
    if sandbox != .auto { object.set("sandbox", sandbox.rawValue) }
    if !hasNetwork { object.set("network", "off") }
    if limits != MachineShare() { object.set("limits", limits.json) }
    object.set("home", home)
    object.set("gate", gateJSON(isWhole: true))
    if commit != Commit() { object.set("commit", commit.json) }
    if let refreshSeconds {
      object.set("refresh", .object([JSON.Member("every", .integer(Int64(refreshSeconds)))]))
    }
    if stop != StopRule() { object.set("stop", stop.json) }
    if !budget.isEmpty { object.set("budget", budget.json) }
    if !failures.isEmpty { object.set("failures", .array(failures.map(\.json))) }
    if let until { object.set("until", until.json) }
    if let publish { object.set("publish", publish.json) }
    if let board { object.set("board", board.json) }
    object.set("owners", owners)
    if !channels.isEmpty {
      object.set("channels", .object(channels.map { JSON.Member($0.key, .string($0.value)) }))
    }
    if let workflow { object.set("workflow", workflow.json) }
    if !workflows.isEmpty {
      object.set("workflows", .object(workflows.map { JSON.Member($0.name, $0.json) }))
    }
    object.set("closing", closing)
    if let fleet { object.set("fleet", fleet.json) }
    if let messages { object.set("notify", messages.json) } else { object.set("notify", notify) }
    object.set("prompt", prompt)
    object.set("steps", .array(steps.map(\.json)))
    return object.json
  }

  /// The gate. How many steps are judged together changes no verdict, and the toolchain is told by what the
  /// command prints: its digest leaves them out.
  func gateJSON(isWhole: Bool) -> JSON {
    var object = ObjectBuilder()
    object.set("verifiers", .array(gate.verifiers.map(\.json)))
    object.set("guards", gate.guards.map(\.rawValue))
    object.set("keep", gate.keep)
    if let setup = gate.setup { object.set("setup", setup.json) }
    if isWhole {
      object.set("train", gate.train)
      object.set("toolchain", gate.toolchain)
      if let judge = gate.judge { object.set("judge", judge.json) }
    }
    object.set("protected", gate.protected)
    if gate.allowsKnown { object.set("known", "allow") }
    if gate.falsifies { object.set("falsify", true) }
    return object.json
  }

  /// Reads an expanded plan; strict: a member this version does not know is an error.
  public init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the plan")
    self.init(migration: try reader.string("migration"))
    base = try reader.optionalString("base")
    into = try reader.string("into")
    attempts = try reader.integer("attempts")
    leaseSeconds = try reader.integer("lease")
    let pauses = try reader.array("backoff")
    guard pauses.count == 2, case .integer(let first) = pauses[0], case .integer(let most) = pauses[1] else {
      throw JSONFault("'backoff' of the plan is not a pair of seconds")
    }
    backoff = Backoff(initialSeconds: Int(first), maximumSeconds: Int(most))
    if let value = reader.optional("agent") { agent = try Agent(json: value) }
    if let value = reader.optional("agents") {
      guard case .object(let members) = value else { throw JSONFault("'agents' is not an object") }
      for member in members {
        var agent = try Agent(json: member.value)
        agent.name = member.key
        agents.append(agent)
      }
    }
    if let value = reader.optional("resources") { resources = try Plan.resources(value) }
    worktree = try Worktree(json: try reader.required("worktree"))
    if let word = try reader.optionalString("sandbox") {
      guard let wish = SandboxWish(rawValue: word) else { throw JSONFault("'sandbox' cannot be '\(word)'") }
      sandbox = wish
    }
    hasNetwork = try !reader.mark("network", "off")
    if let value = reader.optional("limits") { limits = try MachineShare(json: value) }
    home = try reader.strings("home")
    gate = try Gate(json: try reader.required("gate"))
    if let value = reader.optional("commit") { commit = try Commit(json: value) }
    if let value = reader.optional("refresh") {
      var inner = try ObjectReader(value, "'refresh'")
      refreshSeconds = try inner.integer("every")
      try inner.end()
    }
    if let value = reader.optional("budget") { budget = try Budget(json: value) }
    if let value = reader.optional("stop") { stop = try StopRule(json: value) }
    try readOffers(&reader)
    for item in try reader.array("failures") { failures.append(try FailurePattern(json: item)) }
    if let value = reader.optional("until") { until = try Until(json: value) }
    if let value = reader.optional("workflow") { workflow = try Workflow(name: "", json: value) }
    if let value = reader.optional("workflows") {
      guard case .object(let members) = value else { throw JSONFault("'workflows' is not an object") }
      for member in members { workflows.append(try Workflow(name: member.key, json: member.value)) }
    }
    closing = try reader.strings("closing")
    if let value = reader.optional("fleet") { fleet = try FleetMember(json: value) }
    switch reader.optional("notify") {
    case .string(let command): notify = command
    case .some(let value): messages = try NotifyPolicy(json: value)
    case nil: break
    }
    prompt = try reader.string("prompt")
    let list = try reader.array("steps")
    guard list.count <= Plan.stepLimit else { throw JSONFault("the plan has too many steps") }
    steps.reserveCapacity(list.count)
    for item in list { steps.append(try PlannedStep(json: item)) }
    try reader.end()
    self = normalized
  }

  /// How it is offered to people, and who they are.
  private mutating func readOffers(_ reader: inout ObjectReader) throws(JSONFault) {
    if let value = reader.optional("publish") { publish = try PublishPolicy(json: value) }
    if let value = reader.optional("board") { board = try BoardPolicy(json: value) }
    owners = try reader.optionalString("owners")
    if let value = reader.optional("channels") {
      guard case .object(let members) = value else { throw JSONFault("'channels' is not an object") }
      for member in members {
        guard case .string(let text) = member.value else { throw JSONFault("'channels' holds no text") }
        channels[member.key] = text
      }
    }
  }

  /// The plan with its resources and agents in the order of their names: a plan's own order of them means
  /// nothing, and canonical JSON does not keep it.
  var normalized: Plan {
    var plan = self
    plan.agents.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    plan.workflows.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    plan.resources.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    return plan
  }

  private static func resources(_ json: JSON) throws(JSONFault) -> [Resource] {
    guard case .object(let members) = json else { throw JSONFault("'resources' is not an object") }
    var resources: [Resource] = []
    for member in members {
      resources.append(try Resource(name: member.key, json: member.value))
    }
    return resources
  }
}

extension Plan.Agent {
  func json(isDefault: Bool) -> JSON {
    var object = ObjectBuilder()
    // One that steps name is under its name already.
    if isDefault, name != Plan.Agent.defaultName { object.set("name", name) }
    object.set("command", command)
    object.set("adapter", adapter)
    object.set("timeout", timeoutSeconds)
    object.set("max_concurrent", maxConcurrent)
    object.set("max_turns", maxTurns)
    object.set("env", env)
    object.set("model", model)
    object.set("home", home)
    object.set("args", args)
    object.set("permissions", permissions)
    object.set("silence", silenceSeconds)
    object.set("continuations", continuations)
    object.set("report_file", reportFile)
    if !budget.isEmpty { object.set("budget", Budget.json(budget)) }
    // Only the exceptions are written.
    if resumesAfterFailure { object.set("after_failure", "resume") }
    if !rests { object.set("rest", "never") }
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "'agent'")
    self.init(
      command: try reader.string("command"), adapter: try reader.string("adapter"),
      timeoutSeconds: try reader.optionalInteger("timeout"),
      maxConcurrent: try reader.optionalInteger("max_concurrent"),
      maxTurns: try reader.optionalInteger("max_turns"), env: try reader.strings("env"))
    name = try reader.optionalString("name") ?? name
    model = try reader.optionalString("model")
    home = try reader.strings("home")
    args = try reader.strings("args")
    permissions = try reader.strings("permissions")
    silenceSeconds = try reader.optionalInteger("silence")
    continuations = try reader.optionalInteger("continuations")
    reportFile = try reader.optionalString("report_file")
    rests = try !reader.mark("rest", "never")
    resumesAfterFailure = try reader.mark("after_failure", "resume")
    if let value = reader.optional("budget") { budget = try Budget.limits(value) }
    try reader.end()
  }
}

extension StopRule {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("alike", alike)
    object.set("failed", failedPercent)
    object.set("of", of)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "'stop'")
    self.init(
      alike: try reader.optionalInteger("alike"), failedPercent: try reader.optionalInteger("failed"),
      of: try reader.integer("of"))
    guard Self.alikeRange.contains(alike ?? 2), Self.percent.contains(failedPercent ?? 1),
      Self.window.contains(of)
    else { throw JSONFault("a number of 'stop' is out of range") }
    try reader.end()
  }
}

extension Plan.Worktree {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("copy", copy)
    object.set("setup", setup)
    object.set("keep", keep)
    object.set("read", read)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "'worktree'")
    self.init(
      copy: try reader.strings("copy"), setup: try reader.optionalString("setup"),
      keep: try reader.flag("keep"))
    read = try reader.strings("read")
    try reader.end()
  }
}

extension Plan.Resource {
  /// Its capacity, or its values; a map where machines share it.
  var json: JSON {
    if values.isEmpty && !isShared { return .integer(Int64(capacity)) }
    var object = ObjectBuilder()
    if values.isEmpty { object.set("count", capacity) }
    object.set("values", values)
    object.set("shared", isShared)
    return object.json
  }

  init(name: String, json: JSON) throws(JSONFault) {
    if case .integer(let capacity) = json {
      self.init(name: name, capacity: Int(capacity))
      return
    }
    var reader = try ObjectReader(json, "the resource '\(name)'")
    let values = try reader.strings("values")
    self.init(
      name: name, capacity: try reader.optionalInteger("count") ?? values.count, values: values,
      isShared: try reader.flag("shared"))
    try reader.end()
  }
}

extension Plan.MachineShare {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("memory", memoryBytes)
    object.set("disk", diskBytes)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "'limits'")
    self.init(
      memoryBytes: try reader.optionalInteger("memory"), diskBytes: try reader.optionalInteger("disk"))
    try reader.end()
  }
}

extension Plan.Gate {
  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "'gate'")
    var verifiers: [Plan.Verifier] = []
    for item in try reader.array("verifiers") { verifiers.append(try Plan.Verifier(json: item)) }
    let guards = try Plan.Guard.list(try reader.strings("guards"))
    self.init(verifiers: verifiers, guards: guards, keep: try reader.strings("keep"))
    if let value = reader.optional("setup") { setup = try Setup(json: value) }
    train = try reader.optionalInteger("train")
    if let train, !Plan.Gate.trainRange.contains(train) {
      throw JSONFault("'train' of the gate is out of range")
    }
    protected = try reader.strings("protected")
    allowsKnown = try reader.mark("known", "allow")
    falsifies = try reader.flag("falsify")
    toolchain = try reader.optionalString("toolchain")
    if let value = reader.optional("judge") { judge = try Judge(json: value) }
    try reader.end()
  }
}

extension Plan.Guard {
  static func list(_ words: [String]) throws(JSONFault) -> [Plan.Guard] {
    var guards: [Plan.Guard] = []
    for word in words {
      guard let found = Plan.Guard(rawValue: word) else { throw JSONFault("no guard is called '\(word)'") }
      guards.append(found)
    }
    return guards
  }
}

extension Plan.Gate.Setup {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("run", run)
    object.set("inputs", inputs)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the gate's 'setup'")
    self.init(run: try reader.string("run"), inputs: try reader.strings("inputs"))
    try reader.end()
  }
}

extension Plan.Verifier {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("name", name)
    object.set("kind", kind.rawValue)
    object.set("run", run)
    object.set("timeout", timeoutSeconds)
    object.set("uses", uses)
    if mutates { object.set("mutates", "allow") }
    object.set("flaky", flaky?.rawValue)
    object.set("remote", remote)
    object.set("env", env)
    if let network { object.set("network", .bool(network)) }
    object.set("paths", paths)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a verifier")
    self.init(
      name: try reader.string("name"), kind: try reader.word("kind", as: Kind.self),
      run: try reader.string("run"), timeoutSeconds: try reader.integer("timeout"),
      uses: try reader.optionalString("uses"), mutates: try reader.mark("mutates", "allow"),
      env: try reader.strings("env"))
    paths = try reader.strings("paths")
    if reader.has("network") { network = try reader.flag("network") }
    if let word = try reader.optionalString("flaky") {
      guard let known = Flaky(rawValue: word) else { throw JSONFault("'flaky' cannot be '\(word)'") }
      flaky = known
    }
    remote = try reader.optionalString("remote")
    try reader.end()
  }
}
