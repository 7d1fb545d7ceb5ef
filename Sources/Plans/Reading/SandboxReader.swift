import Migration

/// Reads what workers and verifiers are shut in, and what they may take.
extension PlanReader {
  func readSandbox(into plan: inout Plan) {
    faults.collect { () throws(PlanFault) in
      guard let text = try fields.text("sandbox") else { return }
      plan.sandbox = try PlanReader.choice(
        text, "answer to 'sandbox'", known: Plan.SandboxWish.allCases.map(\.rawValue))
    }
    faults.collect { () throws(PlanFault) in
      guard let text = try fields.text("network") else { return }
      let state: Switch = try PlanReader.choice(
        text, "answer to 'network'", known: Switch.allCases.map(\.rawValue))
      plan.hasNetwork = state == .on
    }
    plan.home = PlanReader.places(fields, "home", relative: false, faults)
    if let node = fields.node("limits") {
      plan.limits = faults.collect(try machineShare(node)) ?? plan.limits
    }
  }

  private enum Switch: String, CaseIterable { case on, off }

  private func machineShare(_ node: Node) throws(PlanFault) -> Plan.MachineShare {
    let inner = try Fields(node, KnownKeys.machineShare, in: "'limits'", faults)
    return Plan.MachineShare(
      memoryBytes: faults.found(try PlanReader.bytes(inner, "memory")),
      diskBytes: faults.found(try PlanReader.bytes(inner, "disk")))
  }

  /// `512m`, `4g`: in units of 1024.
  private static func bytes(_ fields: Fields, _ key: String) throws(PlanFault) -> Int? {
    guard let text = try fields.text(key) else { return nil }
    let lower = text.value.lowercased()
    let shift: Int
    switch lower.last {
    case "m": shift = 20
    case "g": shift = 30
    case "t": shift = 40
    default: shift = 0
    }
    guard shift > 0, let number = Int(lower.dropLast()), (1...1_000_000).contains(number) else {
      throw text.mark.fault(
        "'\(key)' is \(quoted(text.value)), which is no amount of memory or disk",
        hint: "write it like 512m, 4g or 1t")
    }
    return number << shift
  }

  /// Places in the user's home, or anywhere, as a shell would have them.
  static func places(_ fields: Fields, _ key: String, relative: Bool, _ faults: Faults) -> [String] {
    fields.texts(key).compactMap { text in
      let parts = text.value.split(separator: "/", omittingEmptySubsequences: false)
      let isRooted = text.value.hasPrefix("/") || text.value.hasPrefix("~/")
      let isPlain = !parts.dropFirst(isRooted ? 1 : 0).contains {
        $0.isEmpty || $0 == "." || (!relative && $0 == "..")
      }
      guard isPlain, isRooted || relative, !text.value.contains("\0") else {
        faults.add(
          text.mark.fault(
            "\(quoted(text.value)) in '\(key)' is no place",
            hint: relative
              ? "write ~/x, /x, or ../x for what lies beside the repository" : "write ~/x, or /x"))
        return nil
      }
      return text.value
    }
  }
}
