import Migration

/// Reads which failures a plan's people know, and what is counted to know when it is done.
extension PlanReader {
  func failures() -> [FailurePattern] {
    guard let node = fields.node("failures"), let items = faults.collect(try node.list("'failures'")) else {
      return []
    }
    var patterns: [FailurePattern] = []
    for item in items {
      guard let pattern = faults.collect(try failure(item)) else { continue }
      patterns.append(pattern)
    }
    if patterns.count > FailurePattern.most {
      faults.add(
        node.mark.fault(
          "'failures' has \(patterns.count) patterns; at most \(FailurePattern.most) are allowed",
          hint: "let one pattern match more"))
    }
    return patterns
  }

  private func failure(_ node: Node) throws(PlanFault) -> FailurePattern {
    let inner = try Fields(node, KnownKeys.failure, in: "a pattern of 'failures'", faults)
    let match = try inner.required("match", of: "the pattern").text("'match'")
    let name = try inner.required("as", of: "the pattern").text("'as'")
    let pattern = FailurePattern(match: match.value, name: name.value)
    if let fault = pattern.fault {
      throw match.mark.fault(
        "the pattern \(quoted(match.value)) \(fault)",
        hint: "write it like { match: \"No module named '(.+)'\", as: 'missing $1' }")
    }
    return pattern
  }

  func until(_ node: Node) throws(PlanFault) -> Plan.Until {
    let inner = try Fields(node, KnownKeys.until, in: "'until'", faults)
    let count = try inner.required("count", of: "'until'").text("'count'")
    guard !count.value.isEmpty else {
      throw count.mark.fault(
        "'count' is empty", hint: "give a command that prints a number, such as git grep -c oldlog | wc -l")
    }
    return Plan.Until(count: count.value)
  }
}
