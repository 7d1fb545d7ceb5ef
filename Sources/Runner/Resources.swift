import Migration

/// The plan's semaphores on this machine, seen from the gate: its verifiers hold some of them while they run,
/// and steps hold them while they are worked on.
struct Resources {
  private let plan: Plan
  private let wanted: Set<String>
  private var used: [String: Int] = [:]

  init(_ state: MigrationState, machine: String) {
    plan = state.plan
    wanted = Set(state.plan.gate.verifiers.compactMap(\.uses))
    guard !wanted.isEmpty else { return }
    for index in state.inFlight {
      guard case .leased(let lease) = state.steps[index].phase, lease.owner.machine == machine
      else { continue }
      for name in state.plan.steps[index].uses { used[name, default: 0] += 1 }
    }
  }

  /// Whether the gate can have what its verifiers hold.
  var areFreeForGate: Bool { wanted.allSatisfy { used[$0, default: 0] < capacity($0) } }

  /// Whether the gate still gets what it needs when this step is begun as well.
  func leavesRoom(_ step: PlannedStep) -> Bool {
    step.uses.allSatisfy { !wanted.contains($0) || used[$0, default: 0] + 1 < capacity($0) }
  }

  private func capacity(_ name: String) -> Int { plan.resources.first { $0.name == name }?.capacity ?? 1 }
}
