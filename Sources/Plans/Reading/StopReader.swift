import Migration

/// Reads when a migration stops itself.
extension PlanReader {
  func stop(_ node: Node) throws(PlanFault) -> StopRule {
    if node.isNone { return .off }
    guard case .map = node.content else {
      throw node.mark.fault(
        "'stop' must be a map or the word none, not \(node.shown)",
        hint: "write it like { alike: 5, failed: 50%, of: 10 }")
    }
    let inner = try Fields(node, KnownKeys.stop, in: "'stop'", faults)
    var rule = StopRule()
    if let node = inner.node("alike") {
      rule.alike =
        node.isNone
        ? nil : faults.collect(try node.integer("'alike'", in: StopRule.alikeRange)) ?? rule.alike
    }
    if let node = inner.node("failed") {
      rule.failedPercent =
        node.isNone ? nil : faults.collect(try PlanReader.percent(node)) ?? rule.failedPercent
    }
    rule.of = faults.found(try inner.integer("of", in: StopRule.window)) ?? rule.of
    return rule
  }

  /// `50%`.
  static func percent(_ node: Node) throws(PlanFault) -> Int {
    guard case .text(let text, .plain) = node.content, text.hasSuffix("%"),
      let number = Int(text.dropLast()), StopRule.percent.contains(number)
    else {
      throw node.mark.fault(
        "'failed' must be between 1% and 100%, not \(node.shown)", hint: "write it like 50%, or none")
    }
    return number
  }
}

extension Node {
  /// Whether it is the word that turns something off.
  fileprivate var isNone: Bool { if case .text("none", .plain) = content { true } else { false } }
}
