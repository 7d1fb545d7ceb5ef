import Migration

extension PlanReader {
  /// A verifier without a name or a command is none; anything else that is wrong in it is told besides.
  func verifier(_ item: Node) throws(PlanFault) -> Plan.Verifier? {
    let fields = try Fields(item, KnownKeys.verifier, in: "a verifier", faults)
    let node = fields.node("remote")
    var remote: (push: String, status: String)?
    if let node { remote = faults.collect(try service(node)) }
    let isRemote = node != nil
    let run =
      isRemote
      ? remote?.status : faults.collect(try fields.required("run", of: "the verifier").text("'run'").value)
    let name = faults.collect(
      try PlanReader.identifier(
        try fields.required("name", of: "the verifier").text("'name'"), "the verifier"))
    var verifier = Plan.Verifier(name: name ?? "", run: run ?? "")
    if isRemote {
      verifier.remote = remote?.push ?? ""
      verifier.timeoutSeconds = Bounds.remoteTimeout
      refuseBesideRemote(fields)
    }
    faults.collect { () throws(PlanFault) in
      guard let kind = try fields.text("kind") else { return }
      let known = Plan.Verifier.Kind.allCases.map(\.rawValue)
      verifier.kind = try PlanReader.choice(kind, "kind", known: known)
    }
    verifier.timeoutSeconds =
      (faults.collect(try fields.seconds("timeout", in: Bounds.timeout)) ?? nil) ?? verifier.timeoutSeconds
    faults.collect { () throws(PlanFault) in
      if let uses = try fields.text("uses") { verifier.uses = try resource(uses) }
    }
    faults.collect { () throws(PlanFault) in
      verifier.mutates = try PlanReader.only("allow", try fields.text("mutates"), of: "mutates")
    }
    faults.collect { () throws(PlanFault) in
      guard let flaky = try fields.text("flaky") else { return }
      let known = Plan.Verifier.Flaky.allCases.map(\.rawValue)
      verifier.flaky = try PlanReader.choice(flaky, "answer to 'flaky'", known: known)
    }
    verifier.network = faults.found(try network(fields))
    verifier.env = PlanReader.variables(fields, faults)
    verifier.paths = globs("paths", of: fields)
    return name == nil ? nil : verifier
  }

  /// `true` and `on`, `false` and `off`.
  private func network(_ fields: Fields) throws(PlanFault) -> Bool? {
    guard let node = fields.node("network") else { return nil }
    if case .text(let word, _) = node.content, let state = PlanReader.switches[word] { return state }
    throw node.mark.fault(
      "'network' must be on or off, not \(node.shown)",
      hint: "without it a verifier has the network that the plan gives to all of them")
  }

  private static let switches = ["true": true, "on": true, "false": false, "off": false]

  /// The verifiers of a gate, without those that only run for steps that name them: those are kept for them.
  func gateVerifiers(_ items: [Node]) -> (verifiers: [Plan.Verifier], lines: [String: Int]) {
    var verifiers: [Plan.Verifier] = []
    var lines: [String: Int] = [:]
    for item in items {
      guard let verifier = faults.found(try verifier(item)) else { continue }
      if let line = lines.updateValue(item.mark.line, forKey: verifier.name.lowercased()) {
        faults.add(
          item.mark.fault(
            "two verifiers are named \(quoted(verifier.name))", hint: "the first is on line \(line)"))
      }
      if faults.collect(try runsWhenNamed(item)) == true {
        named.list.append(verifier)
      } else {
        verifiers.append(verifier)
        named.always.append(verifier.name)
      }
    }
    return (verifiers, lines)
  }

  private func runsWhenNamed(_ item: Node) throws(PlanFault) -> Bool {
    let fields = try Fields(item, KnownKeys.verifier, in: "a verifier", Faults())
    return try PlanReader.only("named", try fields.text("when"), of: "when")
  }

  /// The verifiers under `verifiers` of a step: names of the gate's, or commands of its own.
  func stepVerifiers(_ node: Node) -> [StepEntry.OwnVerifier] {
    var found: [StepEntry.OwnVerifier] = []
    guard let items = faults.collect(try node.list("'verifiers'")) else { return [] }
    if items.isEmpty {
      faults.add(node.mark.fault("the step has no verifiers", hint: "take 'verifiers' out, or name one"))
    }
    for item in items {
      guard let verifier = faults.found(try stepVerifier(item)) else { continue }
      if found.contains(where: { $0.verifier.name.lowercased() == verifier.verifier.name.lowercased() }) {
        faults.add(
          item.mark.fault("two verifiers are named \(quoted(verifier.verifier.name))", hint: "keep one"))
      } else {
        found.append(verifier)
      }
    }
    return found
  }

  private func stepVerifier(_ item: Node) throws(PlanFault) -> StepEntry.OwnVerifier? {
    if case .text(let name, _) = item.content {
      if named.always.contains(name) {
        throw item.mark.fault(
          "\(quoted(name)) is asked of every step already",
          hint: "write 'when: named' at it under 'gate:' to have it run for the steps that name it")
      }
      guard var verifier = named.list.first(where: { $0.name == name }) else {
        throw item.mark.fault(
          "no verifier is named \(quoted(name))",
          hint: Suggestion.nearest(to: name, among: named.list.map(\.name)).map { "did you mean '\($0)'?" }
            ?? "declare it under 'gate:' with 'when: named', or write '{ name: \(name), run: … }'")
      }
      verifier.isOfStep = true
      return StepEntry.OwnVerifier(verifier: verifier)
    }
    guard var verifier = try verifier(item) else { return nil }
    let fields = try Fields(item, KnownKeys.verifier, in: "a verifier", Faults())
    for key in ["remote", "when"] {
      guard let node = fields.node(key) else { continue }
      throw node.mark.fault(
        "a step's own verifier has no '\(key)'", hint: "declare it under 'gate:', with 'when: named'")
    }
    if named.always.contains(where: { $0.lowercased() == verifier.name.lowercased() }) {
      throw item.mark.fault(
        "the gate has a verifier named \(quoted(verifier.name)), too", hint: "give the step's another name")
    }
    verifier.isOfStep = true
    return StepEntry.OwnVerifier(verifier: verifier, run: try fields.text("run"))
  }

  /// Where the candidate is pushed, and the command that asks what became of it.
  private func service(_ node: Node) throws(PlanFault) -> (push: String, status: String) {
    let inner = try Fields(node, KnownKeys.remoteVerifier, in: "'remote'", faults)
    let push = try inner.required("push", of: "'remote'").text("'push'")
    let isOption = push.value.hasPrefix("-")
    if isOption || push.value.isEmpty || push.value.contains(where: { $0.isWhitespace || $0.isNewline }) {
      throw push.mark.fault(
        "\(quoted(push.value)) in 'push' is no remote", hint: "name it as 'git remote' shows it")
    }
    return (push.value, try inner.required("status", of: "'remote'").text("'status'").value)
  }

  /// What only a command on this machine can have.
  private func refuseBesideRemote(_ fields: Fields) {
    for key in ["run", "uses", "mutates", "flaky", "paths", "network", "when"] {
      guard let node = fields.node(key) else { continue }
      faults.add(
        node.mark.fault(
          "'\(key)' and 'remote' do not go together",
          hint: "a verifier runs here, or a service judges: make two of them"))
    }
  }
}
