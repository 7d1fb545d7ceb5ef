import Migration

/// The verifiers of a gate, as steps may name them.
final class NamedVerifiers {
  /// Those that run for the steps that name them.
  var list: [Plan.Verifier] = []
  /// The names of the others.
  var always: [String] = []
}

/// Reads the front matter's keys. What is wrong is collected, and what it is about keeps its default, so that
/// all faults are found in one reading.
struct PlanReader {
  let faults: Faults
  /// The names under `resources`; `nil` when they could not be read, so that any name may be right.
  private let resourceNames: Set<String>?
  let fields: Fields
  /// What the gate's verifiers are to steps; filled while the gate is read.
  let named = NamedVerifiers()
  private let listed: [Plan.Resource]

  init(_ fields: Fields, _ faults: Faults) {
    self.fields = fields
    self.faults = faults
    let resources = PlanReader.resources(fields, faults)
    resourceNames = resources.names
    listed = resources.list
  }

  func settings() -> Plan {
    let migration = faults.collect(
      try PlanReader.identifier(
        try fields.required("migration", of: "the plan").text("'migration'"), "the migration name",
        fault: Identifier.migrationFault))
    var plan = Plan(migration: migration ?? "")
    plan.base = faults.collect(try branch("base")) ?? nil
    plan.into = (faults.collect(try branch("into")) ?? nil) ?? plan.into
    plan.attempts =
      (faults.collect(try fields.integer("attempts", in: Bounds.attempts)) ?? nil) ?? plan.attempts
    plan.leaseSeconds =
      (faults.collect(try fields.seconds("lease", in: Bounds.lease)) ?? nil) ?? plan.leaseSeconds
    plan.backoff = faults.collect(try backoff()) ?? plan.backoff
    readAgents(into: &plan)
    plan.resources = listed
    if let node = fields.node("worktree") {
      plan.worktree = faults.collect(try worktree(node)) ?? plan.worktree
    }
    readSandbox(into: &plan)
    if let node = fields.node("commit") { plan.commit = faults.collect(try commit(node)) ?? plan.commit }
    if let node = fields.node("refresh") { plan.refreshSeconds = faults.collect(try refresh(node)) }
    if let node = fields.node("stop") { plan.stop = faults.collect(try stop(node)) ?? plan.stop }
    if let node = fields.node("budget") { plan.budget = faults.collect(try budget(node)) ?? plan.budget }
    plan.failures = failures()
    if let node = fields.node("until") { plan.until = faults.collect(try until(node)) }
    readWorkflows(into: &plan)
    plan.closing = closing()
    readPublication(into: &plan)
    readNotify(into: &plan)
    plan.gate = faults.collect(try gate(plan.worktree)) ?? plan.gate
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

  private func branch(_ key: String) throws(PlanFault) -> String? {
    guard let text = try fields.text(key) else { return nil }
    if let reason = BranchName.fault(text.value) {
      throw text.mark.fault(
        "the branch \(quoted(text.value)) \(reason)", hint: "name it as 'git branch' shows it")
    }
    return text.value
  }

  private func backoff() throws(PlanFault) -> Plan.Backoff {
    var backoff = Plan.Backoff()
    guard let node = fields.node("backoff") else { return backoff }
    if case .text = node.content {
      backoff.initialSeconds = try node.seconds("'backoff'", in: Bounds.backoff)
      backoff.maximumSeconds = max(backoff.maximumSeconds, backoff.initialSeconds)
      return backoff
    }
    let inner = try Fields(node, KnownKeys.backoff, in: "'backoff'", faults)
    let initial = faults.found(try inner.seconds("initial", in: Bounds.backoff))
    backoff.initialSeconds = initial ?? backoff.initialSeconds
    let maximum = try inner.seconds("max", in: Bounds.backoff)
    // What one of them should be is not known, so that it cannot be too much.
    if initial == nil, inner.node("initial") != nil { return Plan.Backoff() }
    backoff.maximumSeconds = maximum ?? max(backoff.maximumSeconds, backoff.initialSeconds)
    if backoff.maximumSeconds < backoff.initialSeconds {
      throw (inner.node("max") ?? node).mark.fault(
        "'max' must not be less than 'initial'",
        hint: "'initial' is \(backoff.initialSeconds)s here")
    }
    return backoff
  }

  private static func resources(
    _ fields: Fields, _ faults: Faults
  ) -> (list: [Plan.Resource], names: Set<String>?) {
    guard let node = fields.node("resources") else { return ([], []) }
    guard let entries = faults.collect(try Fields.entries(node, of: "'resources'")) else { return ([], nil) }
    var (resources, names): ([Plan.Resource], Set<String>?) = ([], [])
    for entry in entries {
      let name = faults.collect(try PlanReader.identifier(entry.key, "the resource"))
      let found = faults.collect(try PlanReader.resource(entry.key.value, entry.value, faults))
      if let name { names?.insert(name) } else { names = nil }
      if let name, var found {
        found.name = name
        resources.append(found)
      }
    }
    return (resources, names)
  }

  private func worktree(_ node: Node) throws(PlanFault) -> Plan.Worktree {
    let fields = try Fields(node, KnownKeys.worktree, in: "'worktree'", faults)
    var worktree = Plan.Worktree()
    for text in fields.texts("copy") {
      if let path = faults.collect(try PlanPath.checkedPattern(text)) { worktree.copy.append(path) }
    }
    worktree.setup = faults.collect(try fields.text("setup")?.value) ?? nil
    worktree.read = PlanReader.places(fields, "read", relative: true, faults)
    worktree.keep = (faults.collect(try fields.flag("keep")) ?? nil) ?? false
    return worktree
  }

  /// Whether the verifiers are to be found in the tree: `gate: auto`, or `verifiers: auto` beside other keys.
  var findsGate: Bool {
    switch fields.node("gate")?.content {
    case .text(let word, _): return word == "auto"
    case .map(let entries):
      return entries.contains { entry in
        if case .text("auto", _) = entry.value.content { return entry.key.value == "verifiers" }
        return false
      }
    case .list, nil: return false
    }
  }

  private func gate(_ worktree: Plan.Worktree) throws(PlanFault) -> Plan.Gate {
    let ways = "list 'verifiers' under 'gate:', or write 'gate: none' to merge without any check"
    let node = try fields.required("gate", of: "the plan", hint: ways)
    if case .text("none", _) = node.content { return Plan.Gate() }
    if case .text("auto", _) = node.content {
      return Plan.Gate(setup: worktree.setup.map { Plan.Gate.Setup(run: $0) })
    }
    guard case .map = node.content else {
      throw node.mark.fault("'gate' must be a map or the word none or auto, not \(node.shown)", hint: ways)
    }
    let inner = try Fields(node, KnownKeys.gate, in: "'gate'", faults)
    var gate = Plan.Gate()
    let (verifiers, names) = gateVerifiers(
      findsGate ? [] : faults.collect(try verifiers(inner, node, ways)) ?? [])
    gate.verifiers = verifiers
    gate.guards = guards(inner)
    faults.collect { () throws(PlanFault) in
      gate.allowsKnown = try PlanReader.only("allow", try inner.text("known"), of: "known")
    }
    gate.falsifies = (faults.collect(try inner.flag("falsify")) ?? nil) ?? false
    if gate.falsifies, !findsGate, !gate.verifiers.contains(where: { $0.kind == .test && $0.remote == nil }) {
      faults.add(
        node.mark.fault(
          "'falsify' needs a verifier of kind 'test' that runs here", hint: "take 'falsify' out, or add one"))
    }
    gate.protected = globs("protected", of: fields)
    for text in inner.texts("keep") {
      if let folder = faults.collect(try PlanReader.kept(text)) { gate.keep.append(folder) }
    }
    gate.train = faults.collect(try inner.integer("train", in: Plan.Gate.trainRange)) ?? nil
    if let node = inner.node("judge") { gate.judge = faults.collect(try judge(node)) }
    gate.toolchain = faults.collect(try inner.text("toolchain")?.value) ?? nil
    // What makes a worker's worktree usable makes the gate's usable too, unless the plan knows better.
    gate.setup = worktree.setup.map { Plan.Gate.Setup(run: $0) }
    if let setup = inner.node("setup") { gate.setup = faults.collect(try gateSetup(setup)) }
    if gate.setup != nil, let line = names["setup"] {
      faults.add(
        node.mark.fault(
          "a verifier is named 'setup', as the log of the gate's set-up is",
          hint: "give the verifier on line \(line) another name"))
    }
    return gate
  }

  /// The names under `guards`.
  func guards(_ fields: Fields) -> [Plan.Guard] {
    var guards: [Plan.Guard] = []
    for text in fields.texts("guards") {
      let known = Plan.Guard.allCases.map(\.rawValue)
      let found: Plan.Guard? = faults.collect(try PlanReader.choice(text, "guard", known: known))
      guard let found else { continue }
      if guards.contains(found) {
        faults.add(text.mark.fault("the guard '\(text.value)' is given twice", hint: "keep one"))
      }
      guards.append(found)
    }
    return guards
  }

  /// Globs of paths under a key.
  func globs(_ key: String, of fields: Fields) -> [String] {
    var globs: [String] = []
    for text in fields.texts(key) {
      if let glob = faults.collect(try PlanPath.checkedGlob(text)) { globs.append(glob) }
    }
    return globs
  }

  private func verifiers(_ fields: Fields, _ node: Node, _ ways: String) throws(PlanFault) -> [Node] {
    let list = try fields.required("verifiers", of: "the gate", hint: ways).list("'verifiers'")
    guard !list.isEmpty else { throw node.mark.fault("the gate has no verifiers", hint: ways) }
    return list
  }

  private static func kept(_ text: Text) throws(PlanFault) -> String {
    _ = try PlanPath.readableGlob(Text(value: try PlanPath.checkedPattern(text), mark: text.mark))
    guard text.value.utf8.contains(where: { !"*?./".utf8.contains($0) }) else {
      throw text.mark.fault(
        "\(quoted(text.value)) in 'keep' would keep everything", hint: "name the folders, such as target")
    }
    return text.value
  }

  private func gateSetup(_ node: Node) throws(PlanFault) -> Plan.Gate.Setup {
    if case .text = node.content { return Plan.Gate.Setup(run: try node.text("'setup'").value) }
    let fields = try Fields(node, KnownKeys.gateSetup, in: "the gate's 'setup'", faults)
    let run = faults.collect(try fields.required("run", of: "the set-up").text("'run'").value)
    var setup = Plan.Gate.Setup(run: run ?? "")
    for text in fields.texts("inputs") {
      if let glob = faults.collect(try PlanPath.checkedGlob(text)) { setup.inputs.append(glob) }
    }
    return setup
  }

  /// The names under `env`.
  static func variables(_ fields: Fields, _ faults: Faults) -> [String] {
    var names: [String] = []
    for text in fields.texts("env") {
      if let fault = VariableName.fault(text.value) {
        faults.add(
          text.mark.fault(
            "\(quoted(text.value)) in 'env' \(fault)",
            hint: "name variables of your shell, such as ANTHROPIC_API_KEY; values do not belong in a plan"))
      } else if names.contains(text.value) {
        faults.add(text.mark.fault("the variable '\(text.value)' is given twice", hint: "keep one"))
      } else {
        names.append(text.value)
      }
    }
    return names
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

  func resource(_ text: Text) throws(PlanFault) -> String {
    guard let names = resourceNames, !names.contains(text.value) else { return text.value }
    throw text.mark.fault(
      "no resource is named \(quoted(text.value))",
      hint: Suggestion.nearest(to: text.value, among: names.sorted()).map { "did you mean '\($0)'?" }
        ?? "declare it: 'resources: { \(text.value): 1 }'")
  }

  /// Each heading once, on one line.
  private func closing() -> [String] {
    var headings: [String] = []
    for text in fields.texts("closing") {
      if text.value.contains(where: \.isNewline) || text.value.count > Bounds.title {
        faults.add(text.mark.fault("a heading of 'closing' is one short line", hint: "such as Tests added"))
      } else if headings.contains(where: { $0.lowercased() == text.value.lowercased() }) {
        faults.add(text.mark.fault("the heading \(quoted(text.value)) is given twice", hint: "keep one"))
      } else {
        headings.append(text.value)
      }
    }
    return headings
  }

  private func refresh(_ node: Node) throws(PlanFault) -> Int {
    let inner = try Fields(node, KnownKeys.refresh, in: "'refresh'", faults)
    guard let every = try inner.seconds("every", in: Bounds.refresh) else {
      throw node.mark.fault(
        "'refresh' does not say how often", hint: "write 'refresh: { every: 1h }', or take it out")
    }
    return every
  }

  private func commit(_ node: Node) throws(PlanFault) -> Plan.Commit {
    let inner = try Fields(node, KnownKeys.commit, in: "'commit'", faults)
    var commit = Plan.Commit()
    faults.collect { () throws(PlanFault) in
      guard let text = try inner.text("body") else { return }
      commit.body = try PlanReader.choice(text, "body", known: Plan.Commit.Body.allCases.map(\.rawValue))
    }
    guard inner.node("trailers") != nil else { return commit }
    commit.trailers = []
    for text in inner.texts("trailers") {
      let known = Plan.Commit.Trailer.allCases.map(\.rawValue)
      let trailer: Plan.Commit.Trailer? = faults.collect(
        try PlanReader.choice(text, "trailer", known: known))
      guard let trailer else { continue }
      if commit.trailers.contains(trailer) {
        faults.add(text.mark.fault("the trailer '\(text.value)' is given twice", hint: "keep one"))
      } else {
        commit.trailers.append(trailer)
      }
    }
    return commit
  }

  static func choice<Value: RawRepresentable<String>>(
    _ text: Text, _ subject: String, known: [String]
  ) throws(PlanFault) -> Value {
    guard let value = Value(rawValue: text.value) else {
      throw text.mark.fault(
        "unknown \(subject) \(quoted(text.value))",
        hint: Suggestion.nearest(to: text.value, among: known).map { "did you mean '\($0)'?" }
          ?? "use one of \(known.joined(separator: ", "))")
    }
    return value
  }
}
