import CanonicalJSON

/// The values that resources hand out: which are free, and how an entry names those that a claim was handed.
public enum ResourceValues {
  /// The values by the names of their resources.
  public static func json(_ values: [String: String]) -> JSON {
    let order = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    return .object(order.map { JSON.Member($0.key, .string($0.value)) })
  }

  /// The same read back; what is no text is passed over.
  static func byName(_ json: JSON?) -> [String: String] {
    guard case .object(let members)? = json else { return [:] }
    var values: [String: String] = [:]
    for member in members { if case .string(let value) = member.value { values[member.key] = value } }
    return values
  }
}

extension MigrationState {
  /// What a claim of the step by this machine is handed: of each resource that the step uses, and that has
  /// values, the first one that nobody holds. One of which all are held is left out; the claim is refused
  /// then.
  public func values(for index: Int, machine: String) -> [String: String] {
    var found: [String: String] = [:]
    for name in plan.steps[index].uses {
      guard let resource = plan.resources.first(where: { $0.name == name }), !resource.values.isEmpty else {
        continue
      }
      let held = heldValues(of: resource, machine: machine, besides: index)
      found[name] = resource.values.first { !held.contains($0) }
    }
    return found
  }

  /// The values of a resource that others hold, as far as they count for this machine.
  private func heldValues(of resource: Plan.Resource, machine: String, besides index: Int) -> Set<String> {
    var held = Set<String>()
    for position in inFlight where position != index {
      guard case .leased(let lease) = steps[position].phase,
        resource.isShared || lease.owner.machine == machine
      else { continue }
      if let value = lease.resources[resource.name] { held.insert(value) }
    }
    return held
  }

  /// Why a claim cannot be handed those values, or `nil`.
  func refusal(of values: [String: String], for index: Int, machine: String) -> Refusal? {
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      guard let resource = plan.resources.first(where: { $0.name == name }), resource.values.contains(value),
        plan.steps[index].uses.contains(name)
      else { return Refusal(.invalid, "'\(steps[index].id)' is handed no '\(value)' of '\(name)'") }
      if heldValues(of: resource, machine: machine, besides: index).contains(value) {
        return Refusal(.limited, "'\(value)' of the resource '\(name)' is taken")
      }
    }
    return nil
  }
}

extension Event {
  /// The values that a claim was handed, by the names of their resources.
  var resourceValues: [String: String] { ResourceValues.byName(fact(ClaimFacts.resources)) }
}
