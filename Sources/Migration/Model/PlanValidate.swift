import CanonicalJSON

extension Plan {
  /// The most steps a plan may expand to.
  public static let stepLimit = 100_000

  /// How many attempts a plan may allow.
  public static let attemptsRange = 1...100

  /// Why the expanded plan cannot be carried out, or `nil`. `decide` asks this of every plan that reaches it,
  /// so that a hand-made ledger entry cannot bring in what the plan parser would have refused.
  ///
  /// The last `added` steps are no part of the plan's file.
  public func fault(added: Int = 0) -> String? {
    if let step = steps.dropLast(added).first(where: { $0.resolves != nil || $0.mends != nil }) {
      return "the step '\(step.id)' takes in the base or mends a unit, which no step of a plan does"
    }
    if let step = steps.dropLast(added).first(where: { $0.isAdded || !$0.reverts.isEmpty }) {
      return "the step '\(step.id)' is none that a plan's file has"
    }
    if let judge = gate.judge, judge.prompt.isEmpty { return "the gate's judge has no prompt" }
    if let fault = Identifier.migrationFault(migration) { return "the migration's name \(fault)" }
    if into.isEmpty { return "the integration branch has no name" }
    if let fault = BranchName.fault(into) { return "the name of the integration branch '\(into)' \(fault)" }
    if steps.isEmpty { return "the plan has no steps" }
    if steps.count > Plan.stepLimit { return "the plan has more than \(Plan.stepLimit) steps" }
    if !Plan.attemptsRange.contains(attempts) { return "attempts must be between 1 and 100" }
    if leaseSeconds < 1 || leaseSeconds > maximumLeaseSeconds { return "the lease is out of range" }
    if backoff.initialSeconds < 0 || backoff.maximumSeconds < 0 { return "the back-off is negative" }
    for (place, names) in namedVariables {
      for name in names {
        if let fault = VariableName.fault(name) { return "'\(name)' of the \(place) \(fault)" }
      }
    }
    if failures.count > FailurePattern.most {
      return "the plan knows more than \(FailurePattern.most) failures"
    }
    for pattern in failures {
      if let fault = pattern.fault { return "'\(pattern.match)' of 'failures' \(fault)" }
    }
    if let fault = fleet?.fault(of: self) { return fault }
    if let fault = agentFault() ?? resourceFault() ?? verifierFault() ?? workflowFault() { return fault }
    return stepsFault()
  }

  /// The digest of the gate: verdicts are only ever reused under the same one.
  public var verifierDigest: String {
    SHA256.hexDigest(of: gateJSON(isWhole: false).canonicalBytes)
  }

  /// The digest of what a verdict of the verifiers depends on: guards look at a change, and have a verdict of
  /// their own.
  var verdictDigest: String {
    guard case .object(let members) = gateJSON(isWhole: false) else { return "" }
    var left = ["guards"]
    #if KNOWN_BUGS
      if KnownBug.verdictOfOtherKeep.isOn { left.append("keep") }
    #endif
    return SHA256.hexDigest(of: JSON.object(members.filter { !left.contains($0.key) }).canonicalBytes)
  }

  private func agentFault() -> String? {
    var names = Set<String>()
    for agent in allAgents {
      if let fault = Identifier.stepFault(agent.name) {
        return "the name of the agent '\(agent.name)' \(fault)"
      }
      if !names.insert(agent.name).inserted { return "the agent '\(agent.name)' is declared twice" }
    }
    if let judge = gate.judge {
      guard judge.agent != nil || agent != nil else { return "the gate's judge names no agent" }
      if let name = judge.agent, !names.contains(name) {
        return "the gate's judge names the agent '\(name)', which is none"
      }
    }
    for step in steps {
      guard let name = step.agent, !names.contains(name) else { continue }
      return "the step '\(step.id)' names the agent '\(name)', which is none"
    }
    return nil
  }

  private func resourceFault() -> String? {
    var names = Set<String>()
    for resource in resources {
      if resource.capacity < 1 { return "the resource '\(resource.name)' has no capacity" }
      if !names.insert(resource.name).inserted { return "the resource '\(resource.name)' is declared twice" }
    }
    for verifier in gate.verifiers {
      if let uses = verifier.uses, !names.contains(uses) {
        return "the verifier '\(verifier.name)' uses '\(uses)', which is no resource"
      }
    }
    for step in steps {
      for uses in step.uses + step.verifiers.compactMap(\.uses) where !names.contains(uses) {
        return "the step '\(step.id)' uses '\(uses)', which is no resource"
      }
    }
    return nil
  }

  /// A step's own verifiers run here, each under a name that no other has there.
  private func verifierFault() -> String? {
    let taken = Set((gate.verifiers.map(\.name) + ["setup"]).map { $0.lowercased() })
    for step in steps where !step.verifiers.isEmpty {
      var names = taken
      for verifier in step.verifiers {
        if verifier.remote != nil { return "a verifier of the step '\(step.id)' is a service's" }
        if let fault = Identifier.stepFault(verifier.name) {
          return "the name of a verifier of the step '\(step.id)', '\(verifier.name)', \(fault)"
        }
        if !names.insert(verifier.name.lowercased()).inserted {
          return "the step '\(step.id)' is judged by two verifiers named '\(verifier.name)'"
        }
      }
    }
    return nil
  }

  private func stepsFault() -> String? {
    var exact = Set<String>(minimumCapacity: steps.count)
    var folded = Set<String>(minimumCapacity: steps.count)
    for step in steps {
      if let fault = Identifier.stepFault(step.id) { return "the step id '\(step.id)' \(fault)" }
      if !folded.insert(step.id.lowercased()).inserted { return "the step id '\(step.id)' stands twice" }
      exact.insert(step.id)
    }
    for step in steps {
      for need in step.needs {
        if need == step.id { return "the step '\(step.id)' needs itself" }
        if !exact.contains(need) { return "the step '\(step.id)' needs '\(need)', which is no step" }
      }
    }
    let order = Graph(steps).topologicalOrder
    if order.count < steps.count {
      let sorted = Set(order)
      let first = steps.indices.first { !sorted.contains($0) }.map { steps[$0].id } ?? ""
      return "the needs of the step '\(first)' lead back to it"
    }
    return nil
  }
}

/// The longest a claim may be held without renewal: seven days, in seconds.
public let maximumLeaseSeconds = 7 * 24 * 3600

/// How long after a lease lapsed it may be taken: allows for clocks that differ (DESIGN §2), in seconds.
public let expiryGraceSeconds = 60
