import Migration

/// Reads the stages that the work on steps goes through, and who judges what passed.
extension PlanReader {
  func readWorkflows(into plan: inout Plan) {
    if let node = fields.node("workflow") { plan.workflow = workflow(node, "", "'workflow'") }
    guard let node = fields.node("workflows"),
      let entries = faults.collect(try Fields.entries(node, of: "'workflows'"))
    else { return }
    for entry in entries {
      let name = faults.collect(try PlanReader.identifier(entry.key, "the workflow"))
      let found = workflow(entry.value, entry.key.value, "the workflow \(quoted(entry.key.value))")
      if name != nil, let found { plan.workflows.append(found) }
    }
  }

  /// The names that steps may give under `workflow`.
  var workflowNames: Set<String> {
    guard let node = fields.node("workflows"), case .map(let entries) = node.content else { return [] }
    return Set(entries.map(\.key.value))
  }

  /// The workflow that a step names.
  func checkedWorkflow(_ text: Text?) throws(PlanFault) -> String? {
    guard let text else { return nil }
    let names = workflowNames
    guard names.contains(text.value) else {
      throw text.mark.fault(
        "no workflow is named \(quoted(text.value))",
        hint: Suggestion.nearest(to: text.value, among: names.sorted()).map { "did you mean '\($0)'?" }
          ?? "declare it under 'workflows'")
    }
    return text.value
  }

  private func workflow(_ node: Node, _ name: String, _ subject: String) -> Workflow? {
    guard let entries = faults.collect(try Fields.entries(node, of: subject)) else { return nil }
    var workflow = Workflow(name: name, stages: [])
    var marks: [String: Mark] = [:]
    var words: [String: Mark] = [:]
    let before = faults.list.count
    for entry in entries {
      marks[entry.key.value] = entry.key.mark
      guard let stage = faults.found(try stage(entry, isFirst: workflow.stages.isEmpty, &words)) else {
        continue
      }
      workflow.stages.append(stage)
    }
    // What follows from what could not be read is nobody's fault.
    guard faults.list.count == before else { return workflow }
    for fault in workflow.faults {
      let stage = fault.stage ?? ""
      let mark = fault.word.flatMap { words["\(stage)/\($0)"] } ?? marks[stage] ?? node.mark
      let what =
        fault.stage.map { "the stage \(quoted($0)) \(fault.message)" } ?? "\(subject) \(fault.message)"
      faults.add(mark.fault(what, hint: hint(for: fault, in: workflow)))
    }
    return workflow
  }

  private func hint(for fault: WorkflowFault, in workflow: Workflow) -> String? {
    if fault.message.contains("which is no stage") {
      let names = workflow.stages.map(\.name) + Workflow.Target.reserved
      let target = workflow.stage(fault.stage ?? "")?.target(of: fault.word ?? "")?.word ?? ""
      return Suggestion.nearest(to: target, among: names).map { "did you mean '\($0)'?" }
        ?? "a word leads to one of \(names.joined(separator: ", "))"
    }
    return "'git migrate graph --workflow' draws it; gitmigrate-plan(5) says what stages are"
  }

  private func stage(
    _ entry: Node.Entry, isFirst: Bool, _ words: inout [String: Mark]
  ) throws(PlanFault) -> Workflow.Stage? {
    let name = try PlanReader.identifier(entry.key, "the stage")
    let fields = try Fields(entry.value, KnownKeys.stage, in: "the stage \(quoted(name))", faults)
    var stage = Workflow.Stage(name: name, on: [])
    stage.writes = faults.found(try fields.flag("writes")) ?? true
    stage.rounds = faults.found(try fields.integer("rounds", in: Bounds.rounds))
    stage.resume = faults.found(try fields.text("resume")?.value)
    stage.agent = faults.found(try knownAgent(try fields.text("agent")))
    if let prompt = faults.found(try fields.text("prompt")) {
      stage.prompt = prompt.value
      _ = Template.checked(
        prompt.value, at: TemplatePlace(prompt),
        known: PromptNames.known(matched: PromptNames.match + targetNames),
        faults)
    } else if !isFirst {
      faults.add(
        entry.key.mark.fault(
          "the stage \(quoted(name)) has no 'prompt'",
          hint: "only the first stage has the plan's, or the step's, prompt"))
    }
    let on = try fields.required(
      "on", of: "the stage \(quoted(name))", hint: "say what follows from each word: 'on: { DONE: gate }'")
    for answer in faults.collect(try Fields.entries(on, of: "'on'")) ?? [] {
      guard let target = faults.collect(try answer.value.text("what \(quoted(answer.key.value)) leads to"))
      else { continue }
      words["\(name)/\(answer.key.value)"] = answer.key.mark
      stage.on.append(Workflow.Answer(answer.key.value, Workflow.Target(target.value)))
    }
    return stage
  }

  private func knownAgent(_ text: Text?) throws(PlanFault) -> String? {
    guard let text else { return nil }
    let names = agentNames.union(fields.node("agent") == nil ? [] : [Plan.Agent.defaultName])
    guard names.contains(text.value) else {
      throw text.mark.fault(
        "no agent is named \(quoted(text.value))",
        hint: Suggestion.nearest(to: text.value, among: names.sorted()).map { "did you mean '\($0)'?" }
          ?? "declare it under 'agents'")
    }
    return text.value
  }

  /// Who judges what passed.
  func judge(_ node: Node) throws(PlanFault) -> Plan.Gate.Judge {
    let inner = try Fields(node, KnownKeys.judge, in: "'judge'", faults)
    var judge = Plan.Gate.Judge(prompt: "")
    judge.agent = faults.found(try knownAgent(try inner.text("agent")))
    if inner.node("agent") == nil, fields.node("agent") == nil, agentNames.count != 1,
      !agentNames.contains(Plan.Agent.defaultName)
    {
      faults.add(node.mark.fault("the judge names no agent", hint: "add 'agent: NAME' to 'judge'"))
    }
    let prompt = try inner.required("prompt", of: "the judge").text("'prompt'")
    judge.prompt = prompt.value
    _ = Template.checked(
      prompt.value, at: TemplatePlace(prompt),
      known: PromptNames.known(matched: PromptNames.match + targetNames),
      faults)
    return judge
  }
}
