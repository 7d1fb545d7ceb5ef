import Migration

/// Reads the front matter's keys, except the steps.
enum PlanReader {
  static func settings(_ fields: Fields) throws(PlanFault) -> Plan {
    let migration = try identifier(
      try fields.required("migration", of: "the plan").text("'migration'"), "the migration name",
      fault: Identifier.migrationFault)
    var plan = Plan(migration: migration)
    plan.base = try branch(fields, "base")
    plan.into = try branch(fields, "into") ?? plan.into
    plan.attempts = try fields.integer("attempts", in: Bounds.attempts) ?? plan.attempts
    plan.leaseSeconds = try fields.seconds("lease", in: Bounds.lease) ?? plan.leaseSeconds
    plan.backoff = try backoff(fields)
    if let node = fields.node("agent") { plan.agent = try agent(node) }
    plan.resources = try resources(fields)
    if let node = fields.node("worktree") { plan.worktree = try worktree(node) }
    plan.notify = try fields.text("notify")?.value
    plan.gate = try gate(fields, resources: Set(plan.resources.map(\.name)), worktree: plan.worktree)
    return plan
  }

  static func identifier(
    _ text: Text, _ subject: String, fault: (String) -> String? = Identifier.stepFault
  ) throws(PlanFault) -> String {
    if let reason = fault(text.value) {
      throw text.mark.fault(
        "\(subject) \(quoted(text.value)) \(reason)",
        hint: "use letters, digits, '.', '_' and '-', at most \(Identifier.maximumLength) of them")
    }
    return text.value
  }

  private static func branch(_ fields: Fields, _ key: String) throws(PlanFault) -> String? {
    guard let text = try fields.text(key) else { return nil }
    if let reason = BranchName.fault(text.value) {
      throw text.mark.fault(
        "the branch \(quoted(text.value)) \(reason)", hint: "name it as 'git branch' shows it")
    }
    return text.value
  }

  private static func backoff(_ fields: Fields) throws(PlanFault) -> Plan.Backoff {
    var backoff = Plan.Backoff()
    guard let node = fields.node("backoff") else { return backoff }
    if case .text = node.content {
      backoff.initialSeconds = try node.seconds("'backoff'", in: Bounds.backoff)
      backoff.maximumSeconds = max(backoff.maximumSeconds, backoff.initialSeconds)
      return backoff
    }
    let inner = try Fields(node, KnownKeys.backoff, in: "'backoff'")
    backoff.initialSeconds = try inner.seconds("initial", in: Bounds.backoff) ?? backoff.initialSeconds
    let maximum = try inner.seconds("max", in: Bounds.backoff)
    backoff.maximumSeconds = maximum ?? max(backoff.maximumSeconds, backoff.initialSeconds)
    if backoff.maximumSeconds < backoff.initialSeconds {
      throw (inner.node("max") ?? node).mark.fault(
        "'max' must not be less than 'initial'",
        hint: "'initial' is \(backoff.initialSeconds)s here")
    }
    return backoff
  }

  private static func agent(_ node: Node) throws(PlanFault) -> Plan.Agent {
    let fields = try Fields(node, KnownKeys.agent, in: "'agent'")
    let command = try fields.text("command")?.value
    let name = try fields.text("adapter")
    let adapter = Adapter.known.first { $0.name == name?.value }
    let names = Adapter.known.map(\.name)
    if let name, adapter == nil, name.value != Adapter.plainCommand {
      throw name.mark.fault(
        "unknown adapter \(quoted(name.value))",
        hint: "use one of \(names.joined(separator: ", ")), or give the agent's own 'command'")
    }
    let turns = try fields.integer("max_turns", in: Bounds.maxTurns)
    // Ignoring the limit would let an agent run on that somebody meant to stop.
    if turns != nil, command != nil || adapter?.turnsOption == nil {
      throw (fields.node("max_turns") ?? node).mark.fault(
        "'max_turns' has no effect on this agent",
        hint: "only the adapter 'claude' takes it; give any other agent its option in 'command'")
    }
    guard let line = command ?? adapter?.command(maxTurns: turns) else {
      throw fields.mark.fault(
        "'agent' has no 'command'",
        hint: "add 'command: …', or 'adapter: ' with one of \(names.joined(separator: ", "))")
    }
    return Plan.Agent(
      command: line, adapter: adapter?.name ?? Adapter.plainCommand,
      timeoutSeconds: try fields.seconds("timeout", in: Bounds.timeout),
      maxConcurrent: try fields.integer("max_concurrent", in: Bounds.maxConcurrent), maxTurns: turns)
  }

  private static func resources(_ fields: Fields) throws(PlanFault) -> [Plan.Resource] {
    guard let node = fields.node("resources") else { return [] }
    var resources: [Plan.Resource] = []
    for entry in try Fields.entries(node, of: "'resources'") {
      let name = try identifier(entry.key, "the resource")
      let capacity = try entry.value.integer("the count of \(quoted(name))", in: Bounds.capacity)
      resources.append(Plan.Resource(name: name, capacity: capacity))
    }
    return resources
  }

  private static func worktree(_ node: Node) throws(PlanFault) -> Plan.Worktree {
    let fields = try Fields(node, KnownKeys.worktree, in: "'worktree'")
    var copy: [String] = []
    for text in try fields.texts("copy") { copy.append(try PlanPath.checked(text)) }
    return Plan.Worktree(
      copy: copy, setup: try fields.text("setup")?.value, keep: try fields.flag("keep") ?? false)
  }

  private static func gate(
    _ fields: Fields, resources: Set<String>, worktree: Plan.Worktree
  ) throws(PlanFault) -> Plan.Gate {
    let ways = "list 'verifiers' under 'gate:', or write 'gate: none' to merge without any check"
    let node = try fields.required("gate", of: "the plan", hint: ways)
    if case .text("none", _) = node.content { return Plan.Gate() }
    guard case .map = node.content else {
      throw node.mark.fault("'gate' must be a map or the word none, not \(node.shown)", hint: ways)
    }
    let inner = try Fields(node, KnownKeys.gate, in: "'gate'")
    let list = try inner.required("verifiers", of: "the gate", hint: ways).list("'verifiers'")
    guard !list.isEmpty else { throw node.mark.fault("the gate has no verifiers", hint: ways) }
    var gate = Plan.Gate()
    var names: [String: Int] = [:]
    for item in list {
      let verifier = try verifier(item, resources: resources)
      if let line = names.updateValue(item.mark.line, forKey: verifier.name.lowercased()) {
        throw item.mark.fault(
          "two verifiers are named \(quoted(verifier.name))", hint: "the first is on line \(line)")
      }
      gate.verifiers.append(verifier)
    }
    for text in try inner.texts("guards") {
      let known = Plan.Guard.allCases.map(\.rawValue)
      let value: Plan.Guard = try choice(text, "guard", known: known)
      if gate.guards.contains(value) {
        throw text.mark.fault("the guard '\(text.value)' is given twice", hint: "keep one")
      }
      gate.guards.append(value)
    }
    for text in try inner.texts("keep") {
      _ = try PlanPath.checkedGlob(text)
      if text.value.utf8.contains(where: { !"*?./".utf8.contains($0) }) {
        gate.keep.append(text.value)
      } else {
        throw text.mark.fault(
          "\(quoted(text.value)) in 'keep' would keep everything", hint: "name the folders, such as target")
      }
    }
    // What makes a worker's worktree usable makes the gate's usable too, unless the plan knows better.
    gate.setup = try inner.node("setup").map(gateSetup) ?? worktree.setup.map { Plan.Gate.Setup(run: $0) }
    if gate.setup != nil, let line = names["setup"] {
      throw node.mark.fault(
        "a verifier is named 'setup', as the log of the gate's set-up is",
        hint: "give the verifier on line \(line) another name")
    }
    return gate
  }

  private static func gateSetup(_ node: Node) throws(PlanFault) -> Plan.Gate.Setup {
    if case .text = node.content { return Plan.Gate.Setup(run: try node.text("'setup'").value) }
    let fields = try Fields(node, KnownKeys.gateSetup, in: "the gate's 'setup'")
    var setup = Plan.Gate.Setup(run: try fields.required("run", of: "the set-up").text("'run'").value)
    for text in try fields.texts("inputs") { setup.inputs.append(try PlanPath.checkedGlob(text)) }
    return setup
  }

  private static func verifier(_ node: Node, resources: Set<String>) throws(PlanFault) -> Plan.Verifier {
    let fields = try Fields(node, KnownKeys.verifier, in: "a verifier")
    let name = try identifier(try fields.required("name", of: "the verifier").text("'name'"), "the verifier")
    var verifier = Plan.Verifier(
      name: name, run: try fields.required("run", of: "the verifier").text("'run'").value)
    if let kind = try fields.text("kind") {
      verifier.kind = try choice(kind, "kind", known: Plan.Verifier.Kind.allCases.map(\.rawValue))
    }
    verifier.timeoutSeconds = try fields.seconds("timeout", in: Bounds.timeout) ?? verifier.timeoutSeconds
    if let uses = try fields.text("uses") { verifier.uses = try resource(uses, resources) }
    if let text = try fields.text("mutates") { verifier.mutates = try only("allow", text, of: "mutates") }
    return verifier
  }

  /// Whether a key is given whose value can only be one word so far.
  static func only(_ word: String, _ text: Text?, of key: String) throws(PlanFault) -> Bool {
    guard let text else { return false }
    guard text.value == word else {
      throw text.mark.fault(
        "'\(key)' can only be '\(word)', not \(quoted(text.value))",
        hint: "write '\(key): \(word)', or take it out")
    }
    return true
  }

  static func resource(_ text: Text, _ resources: Set<String>) throws(PlanFault) -> String {
    guard resources.contains(text.value) else {
      throw text.mark.fault(
        "no resource is named \(quoted(text.value))",
        hint: suggestion(for: text.value, among: resources.sorted()).map { "did you mean '\($0)'?" }
          ?? "declare it: 'resources: { \(text.value): 1 }'")
    }
    return text.value
  }

  private static func choice<Value: RawRepresentable<String>>(
    _ text: Text, _ subject: String, known: [String]
  ) throws(PlanFault) -> Value {
    guard let value = Value(rawValue: text.value) else {
      throw text.mark.fault(
        "unknown \(subject) \(quoted(text.value))",
        hint: suggestion(for: text.value, among: known).map { "did you mean '\($0)'?" }
          ?? "use one of \(known.joined(separator: ", "))")
    }
    return value
  }
}
