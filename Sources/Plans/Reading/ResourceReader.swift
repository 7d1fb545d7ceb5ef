import Migration

/// Reads what steps share: a count, a list of values, a range of numbers, or a map with one of these.
extension PlanReader {
  static func resource(_ name: String, _ node: Node, _ faults: Faults) throws(PlanFault) -> Plan.Resource {
    switch node.content {
    case .list: return try counted(name, values(name, node))
    case .text(let text, _):
      if let range = try range(name, text, node) { return try counted(name, range) }
      return Plan.Resource(
        name: name, capacity: try node.integer("the count of \(quoted(name))", in: Bounds.capacity))
    case .map:
      let fields = try Fields(node, KnownKeys.resource, in: "the resource \(quoted(name))", faults)
      guard let inner = fields.node("values") ?? fields.node("count") else {
        throw node.mark.fault(
          "the resource \(quoted(name)) has neither 'values' nor 'count'", hint: "write values: [a, b]")
      }
      var resource = try resource(name, inner, faults)
      resource.isShared = try fields.flag("shared") ?? false
      return resource
    }
  }

  private static func counted(_ name: String, _ values: [String]) throws(PlanFault) -> Plan.Resource {
    Plan.Resource(name: name, capacity: values.count, values: values)
  }

  private static func values(_ name: String, _ node: Node) throws(PlanFault) -> [String] {
    var found: [String] = []
    guard case .list(let items) = node.content else { return [] }
    for item in items {
      let text = try item.text("a value of \(quoted(name))")
      guard !text.value.isEmpty,
        !text.value.contains(where: { $0.isWhitespace || $0.isNewline || $0 == "=" }),
        !found.contains(text.value)
      else {
        throw text.mark.fault(
          "\(quoted(text.value)) is no value of \(quoted(name)), or stands there twice",
          hint: "values have neither spaces nor '='")
      }
      found.append(text.value)
    }
    guard Bounds.capacity.contains(found.count) else {
      throw node.mark.fault(
        "the resource \(quoted(name)) has \(found.count) values",
        hint: "give it from \(Bounds.capacity.lowerBound) to \(Bounds.capacity.upperBound)")
    }
    return found
  }

  /// `8000-8099`.
  private static func range(_ name: String, _ text: String, _ node: Node) throws(PlanFault) -> [String]? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = Int(parts[0]), let last = Int(parts[1]) else { return nil }
    guard first >= 0, first <= last, Bounds.capacity.contains(last - first + 1) else {
      throw node.mark.fault(
        "\(quoted(text)) is no range of values of \(quoted(name))",
        hint: "write it like 8000-8099, with at most \(Bounds.capacity.upperBound)")
    }
    return (first...last).map(String.init)
  }
}
