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
    faults.collect { () throws(PlanFault) in
      guard let network = try fields.flag("network") else { return }
      // A promise that nothing holds is none.
      guard network else {
        throw (fields.node("network") ?? item).mark.fault(
          "no single verifier is kept off the network",
          hint: "'network: off' of the plan keeps all of them off but those with 'network: true'")
      }
      verifier.needsNetwork = true
    }
    verifier.env = PlanReader.variables(fields, faults)
    verifier.paths = globs("paths", of: fields)
    return name == nil ? nil : verifier
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
    for key in ["run", "uses", "mutates", "flaky", "paths"] {
      guard let node = fields.node(key) else { continue }
      faults.add(
        node.mark.fault(
          "'\(key)' and 'remote' do not go together",
          hint: "a verifier runs here, or a service judges: make two of them"))
    }
  }
}
