/// The rules for the names of environment variables that a plan or a user gives to a program.
public enum VariableName {
  /// Why a name cannot be given, as the end of a sentence that begins with it, or `nil`.
  ///
  /// What tells a worker who it is, changes what git does, or brings code into every program is not a plan's
  /// to hand on.
  public static func fault(_ name: String) -> String? {
    let bytes = Array(name.utf8)
    let isPlain = bytes.allSatisfy {
      (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
    }
    guard let first = bytes.first, isPlain, !(0x30...0x39).contains(first), bytes.count <= 255 else {
      return "is no name of a variable"
    }
    if name.hasPrefix("MIGRATE_") { return "is one of git-migrate's own" }
    if name.hasPrefix("GIT_") { return "changes what git does" }
    if ["LD_", "DYLD_"].contains(where: name.hasPrefix) || ["BASH_ENV", "ENV"].contains(name) {
      return "brings code into every program"
    }
    return nil
  }
}

extension Plan {
  /// Which programs are given variables by name, each with where it stands in the plan.
  public var namedVariables: [(place: String, names: [String])] {
    var list: [(place: String, names: [String])] = []
    for agent in allAgents where !agent.env.isEmpty { list.append((agent.place, agent.env)) }
    for verifier in gate.verifiers where !verifier.env.isEmpty {
      list.append(("verifier \(verifier.name)", verifier.env))
    }
    for verifier in ownVerifiers where !verifier.env.isEmpty {
      list.append(("verifier \(verifier.name) of steps", verifier.env))
    }
    return list
  }
}

extension Plan.Agent {
  /// How a person finds it in the plan.
  public var place: String { name == Plan.Agent.defaultName ? "agent" : "agent \(name)" }
}
