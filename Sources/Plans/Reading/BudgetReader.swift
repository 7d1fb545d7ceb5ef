import Migration

/// Reads how much may be used.
extension PlanReader {
  func budget(_ node: Node) throws(PlanFault) -> Budget {
    let fields = try Fields(node, KnownKeys.budget, in: "'budget'", faults)
    var budget = Budget(total: PlanReader.limits(fields))
    if let inner = fields.node("step") {
      budget.step = faults.collect(try limits(inner, "the budget of a step")) ?? [:]
    }
    if let inner = fields.node("attempt") {
      budget.attempt = faults.collect(try limits(inner, "the budget of an attempt")) ?? [:]
    }
    return budget
  }

  /// The limits of one map.
  func limits(_ node: Node, _ subject: String) throws(PlanFault) -> Budget.Limits {
    PlanReader.limits(try Fields(node, KnownKeys.limits, in: subject, faults))
  }

  private static func limits(_ fields: Fields) -> Budget.Limits {
    var limits: Budget.Limits = [:]
    for unit in Budget.Unit.allCases {
      guard let node = fields.node(unit.rawValue),
        let limit = fields.faults.found(try limit(node, unit))
      else { continue }
      limits[unit] = limit
    }
    return limits
  }

  private static func limit(_ node: Node, _ unit: Budget.Unit) throws(PlanFault) -> Int? {
    let subject = "'\(unit.rawValue)'"
    switch unit {
    case .usd:
      guard case .text(let text, .plain) = node.content, let limit = Money.millionths(text), limit > 0 else {
        throw node.mark.fault(
          "\(subject) must be an amount of US dollars above 0, not \(node.shown)",
          hint: "write it like 150 or 2.50")
      }
      return limit
    case .tokens: return try node.integer(subject, in: Bounds.tokens)
    case .turns: return try node.integer(subject, in: Bounds.turns)
    case .wall: return try node.seconds(subject, in: Bounds.wall) * 1000
    }
  }
}
