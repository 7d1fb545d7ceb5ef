import Migration

extension Site {
  /// The variables that the user lets through to workers and verifiers: `migrate.passEnvironment`, names
  /// separated by spaces, may be given more than once.
  package var passedVariables: [String] {
    names("migrate.passEnvironment")
  }

  /// The variables that the user lets through to agents alone: `migrate.agentEnvironment`, in the same form.
  /// What no plan could name is passed over.
  package var agentVariables: [String] {
    names("migrate.agentEnvironment").filter { VariableName.fault($0) == nil }
  }

  private func names(_ key: String) -> [String] {
    let values = (try? approvedValues(key)) ?? []
    return values.flatMap { $0.split(separator: " ").map(String.init) }
  }
}
