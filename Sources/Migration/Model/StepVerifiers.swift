extension Plan {
  /// The verifiers that steps have of their own, each command once.
  public var ownVerifiers: [Verifier] {
    var seen: Set<String> = []
    var found: [Verifier] = []
    for step in steps {
      for verifier in step.verifiers
      where seen.insert("\(verifier.name)\0\(verifier.run)\0\(verifier.env.joined(separator: " "))").inserted
      {
        found.append(verifier)
      }
    }
    return found
  }

  /// What a step's result must pass, in that order: the gate's verifiers, then its own.
  public func verifiers(of step: PlannedStep) -> [Verifier] { gate.verifiers + step.verifiers }
}

extension [PlannedStep] {
  /// Their own verifiers, in the order of the steps. Where several steps have some, each one's name begins
  /// with its step's.
  public var ownVerifiers: [Plan.Verifier] {
    let having = filter { !$0.verifiers.isEmpty }
    if having.count < 2 { return having.first?.verifiers ?? [] }
    return having.flatMap { step in
      step.verifiers.map { verifier in
        var named = verifier
        named.name = "\(step.id).\(verifier.name)"
        return named
      }
    }
  }
}
