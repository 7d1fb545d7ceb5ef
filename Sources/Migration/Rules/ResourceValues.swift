import CanonicalJSON

/// The values that resources hand out: which are free, and how an entry names those that a claim was handed.
public enum ResourceValues {
  /// `port=8000`, in the order of the names.
  public static func words(_ values: [String: String]) -> [String] {
    values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { "\($0.key)=\($0.value)" }
  }

  /// The same by name; what names none is passed over.
  static func byName(_ words: [String]) -> [String: String] {
    var values: [String: String] = [:]
    for word in words {
      guard let sign = word.firstIndex(of: "=") else { continue }
      values[String(word[..<sign])] = String(word[word.index(after: sign)...])
    }
    return values
  }
}

extension MigrationState {
  /// What a claim of the step by this machine is handed: of each resource that the step uses, and that has
  /// values, the first one that nobody holds. One of which all are held is left out; the claim is refused then.
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
  var resourceValues: [String: String] {
    guard case .array(let items)? = fact(ClaimFacts.resources) else { return [:] }
    return ResourceValues.byName(items.compactMap { if case .string(let word) = $0 { word } else { nil } })
  }
}
