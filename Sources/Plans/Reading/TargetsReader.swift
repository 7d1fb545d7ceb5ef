import Migration

/// Reads which repositories a plan's steps are done in.
extension PlanReader {
  /// Whether the plan is for other repositories than the one it lies in.
  var hasTargets: Bool { fields.node("targets") != nil }

  /// The names that templates may use of a target.
  var targetNames: [String] { hasTargets ? PromptNames.target : [] }

  /// What `targets:` says; `nil` where there is none.
  func fleet(of plan: Plan) -> FleetPlan? {
    guard let node = fields.node("targets") else { return nil }
    requireFleetKeys(plan, node)
    let fleet = faults.collect(try fleet(node))
    guard let fleet else { return nil }
    if case .list(let lines) = fleet.source {
      _ = fleet.members(of: lines, for: plan) { line, message in
        faults.add(Mark(line: line.line, column: node.mark.column).fault(message))
      }
    }
    return fleet
  }

  /// What has no meaning over many repositories is refused, instead of being ignored.
  private func requireFleetKeys(_ plan: Plan, _ node: Node) {
    if plan.migration.utf8.count > FleetPlan.longestName {
      faults.add(
        node.mark.fault(
          "the name \(quoted(plan.migration)) is longer than \(FleetPlan.longestName) bytes",
          hint: "each target's part of it is called after both, so that the name of a fleet is short"))
    }
    if fields.node("base") != nil {
      faults.add(
        node.mark.fault("a plan with 'targets' has no 'base' of its own", hint: "say 'base' in 'targets'"))
    }
    if !plan.budget.total.isEmpty {
      faults.add(
        node.mark.fault(
          "a budget for all is not counted over targets yet", hint: "give 'step' or 'attempt' a budget"))
    }
  }

  private func fleet(_ node: Node) throws(PlanFault) -> FleetPlan {
    if case .list = node.content { return FleetPlan(source: .list(try targetLines(node))) }
    let inner = try Fields(node, KnownKeys.targets, in: "'targets'", faults)
    let given = ["list", "from", "command", "forge"].filter { inner.node($0) != nil }
    guard given.count == 1 else {
      throw node.mark.fault(
        given.isEmpty ? "'targets' names no repositories" : "'targets' has more than one list",
        hint: "give one of 'list', 'from: FILE', 'command: …' and 'forge: …'")
    }
    var fleet: FleetPlan
    if let list = inner.node("list") {
      fleet = FleetPlan(source: .list(try targetLines(list)))
    } else if let file = try inner.text("from") {
      fleet = FleetPlan(source: .file(file.value))
    } else if let query = try inner.text("forge") {
      fleet = FleetPlan(source: .forge(query.value))
      do throws(ForgeQuery.Fault) { _ = try ForgeQuery(query.value) } catch {
        faults.add(query.mark.fault("the query of 'forge': \(error)"))
      }
    } else {
      fleet = FleetPlan(source: .command(try inner.text("command")?.value ?? ""))
    }
    if let text = faults.found(try inner.text("base")) {
      fleet.base = text.value
      if let fault = BranchName.fault(text.value) {
        faults.add(text.mark.fault("the branch \(quoted(text.value)) \(fault)"))
      }
    }
    if let waves = inner.node("waves") { fleet.waves = faults.collect(try sizes(waves)) ?? [] }
    if let stop = inner.node("stop") { fleet.stop = faults.collect(try fleetStop(stop)) }
    return fleet
  }

  private func targetLines(_ node: Node) throws(PlanFault) -> [TargetLine] {
    let items = try node.list("'targets'")
    guard !items.isEmpty else { throw node.mark.fault("'targets' is empty", hint: "add '- https://…'") }
    if items.count > FleetTarget.most {
      throw node.mark.fault("there are more than \(FleetTarget.most) targets")
    }
    var lines: [TargetLine] = []
    for item in items {
      guard let line = faults.collect(try targetLine(item)) else { continue }
      lines.append(line)
    }
    return lines
  }

  private func targetLine(_ node: Node) throws(PlanFault) -> TargetLine {
    if case .text = node.content {
      return TargetLine(url: try node.text("a target").value, line: node.mark.line)
    }
    let inner = try Fields(node, KnownKeys.target, in: "a target", faults)
    let url = try inner.required("url", of: "the target").text("'url'").value
    var line = TargetLine(url: url, line: node.mark.line)
    line.id = faults.found(try inner.text("id"))?.value
    line.base = faults.found(try inner.text("base"))?.value
    line.owner = faults.found(try inner.text("owner"))?.value
    line.labels = inner.texts("labels").map(\.value)
    return line
  }

  /// `[5, 50, rest]`.
  private func sizes(_ node: Node) throws(PlanFault) -> [Int] {
    let items = try node.list("'waves'")
    var sizes: [Int] = []
    for (index, item) in items.enumerated() {
      if case .text("rest", .plain) = item.content, index == items.count - 1 { continue }
      sizes.append(try item.integer("a wave", in: 1...FleetTarget.most))
    }
    if sizes.count > FleetPlan.mostWaves {
      throw node.mark.fault("there are more than \(FleetPlan.mostWaves) waves")
    }
    return sizes
  }

  private func fleetStop(_ node: Node) throws(PlanFault) -> FleetStop {
    let inner = try Fields(node, KnownKeys.targetStop, in: "'stop' of 'targets'", faults)
    return FleetStop(
      failedPercent: try PlanReader.percent(try inner.required("failed", of: "'stop' of 'targets'")))
  }
}
