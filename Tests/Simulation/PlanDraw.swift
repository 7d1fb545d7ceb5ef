import Draws
import Migration

/// Plans of all shapes.
enum PlanDraw {
  static func plan(_ chance: inout Chance) -> Plan {
    let count: Int
    switch chance.draw(0...19) {
    case 0: count = chance.draw(20...60)
    case 1...5: count = chance.draw(8...20)
    default: count = chance.draw(5...8)
    }
    var plan = Plan(migration: World.migration)
    plan.attempts = chance.draw(1...4)
    plan.leaseSeconds = chance.pick([20, 60, 300, 1200])
    plan.backoff = Plan.Backoff(initialSeconds: chance.pick([0, 0, 5, 30]), maximumSeconds: 60)
    plan.agent = Plan.Agent(
      command: "agent", timeoutSeconds: chance.draw(60...1000),
      maxConcurrent: chance.draw(0...2) == 0 ? chance.draw(1...4) : nil)
    if chance.draw(0...2) == 0 {
      plan.resources = [Plan.Resource(name: "build", capacity: chance.draw(1...2))]
    }
    if chance.draw(0...3) == 0 {
      let values = ["8000", "8001", "8002"].prefix(chance.draw(1...3))
      plan.resources.append(
        Plan.Resource(
          name: "port", capacity: values.count, values: Array(values), isShared: chance.draw(0...1) == 0))
    }
    if chance.draw(0...9) > 0 {
      plan.gate.verifiers = [
        Plan.Verifier(
          name: "test", run: "test-1", timeoutSeconds: chance.draw(10...120),
          uses: plan.resources.first?.name != "build" || chance.draw(0...2) > 0 ? nil : "build")
      ]
    }
    if !plan.gate.verifiers.isEmpty {
      if chance.draw(0...3) == 0 { plan.gate.keep = ["target"] }
      if chance.draw(0...3) == 0 {
        plan.gate.verifiers[0].flaky = chance.pick(Plan.Verifier.Flaky.allCases)
      }
      if chance.draw(0...5) == 0 { plan.gate.verifiers[0].remote = "ci" }
    }
    if chance.draw(0...2) == 0 { plan.gate.train = chance.draw(1...4) }
    if chance.draw(0...3) == 0 { plan.budget.total[.turns] = chance.draw(3...60) }
    if chance.draw(0...3) == 0 { plan.stop = StopRule(alike: 3, failedPercent: 40, of: 6) }
    if chance.draw(0...2) == 0 { plan.refreshSeconds = chance.pick([60, 300, 3600]) }
    if chance.draw(0...3) == 0 { plan.until = Plan.Until(count: "count") }
    if chance.draw(0...2) == 0 { plan.workflow = workflow(&chance) }
    if chance.draw(0...4) == 0 { plan.gate.judge = Plan.Gate.Judge(prompt: "good?") }
    if chance.draw(0...2) == 0 { plan.messages = messages(&chance) }
    let density = chance.draw(0...3)
    plan.steps = (1...count).map { number in
      var step = PlannedStep(id: "S\(number)")
      if number > 1 {
        for _ in 0..<chance.draw(0...density) {
          let need = "S\(chance.draw(max(1, number - 6)...number - 1))"
          if !step.needs.contains(need) { step.needs.append(need) }
        }
      }
      if chance.draw(0...5) == 0 { step.lock = "l\(chance.draw(1...2))" }
      step.uses = plan.resources.map(\.name).filter { _ in chance.draw(0...3) == 0 }
      if chance.draw(0...2) == 0 { step.run = "codemod" }
      if step.run != nil, chance.draw(0...3) == 0 { (step.isShared, step.prompt) = (true, "the rest") }
      if chance.draw(0...9) == 0 { step.priority = chance.draw(-1...1) }
      if chance.draw(0...5) == 0 { step.verifiers = [own(plan, &chance)] }
      return step
    }
    if chance.draw(0...3) == 0 { offer(&plan, &chance) }
    return plan
  }

  /// What is merged is offered where the ledger is or, of a fleet, in another repository, with a branch and
  /// people of its own.
  private static func offer(_ plan: inout Plan, _ chance: inout Chance) {
    let policy = policy(&chance)
    plan.publish = policy
    guard chance.draw(0...1) == 0 else { return }
    let target = FleetTarget(id: "app", url: "https://forge.test/shop/app", base: "trunk")
    plan.fleet = FleetMember(fleet: "guava", target: target, branch: "migrate/guava", wave: 1)
  }

  /// How what is merged is offered.
  static func policy(_ chance: inout Chance) -> PublishPolicy {
    var policy = PublishPolicy()
    policy.unit = chance.pick([.step, .folder, .migration])
    policy.maxFiles = chance.draw(0...1) == 0 ? chance.draw(1...4) : nil
    policy.fixes = 0
    if chance.draw(0...2) == 0 { policy.window.rate = PublishWindow.Rate(count: 2, seconds: 60) }
    return policy
  }

  /// What a step asks of its own result.
  private static func own(_ plan: Plan, _ chance: inout Chance) -> Plan.Verifier {
    var verifier = Plan.Verifier(
      name: "own", run: "own-\(chance.draw(1...3))", timeoutSeconds: 60,
      uses: plan.resources.first?.name != "build" || chance.draw(0...2) > 0 ? nil : "build")
    verifier.isOfStep = true
    return verifier
  }

  /// Ways to people, who are told at once, gathered, or not at night.
  static func messages(_ chance: inout Chance) -> NotifyPolicy {
    var policy = NotifyPolicy()
    policy.channels = [NotifyChannel(.command, "tell"), NotifyChannel(.webhook, "$HOOK", least: .warning)]
    policy.digestSeconds = chance.pick([0, 0, 60, 900])
    if chance.draw(0...3) == 0 { policy.quiet = QuietHours(start: 1320, end: 420) }
    return policy
  }

  /// Work in stages: written, looked at, mended.
  static func workflow(_ chance: inout Chance) -> Workflow {
    typealias Answer = Workflow.Answer
    var review = Workflow.Stage(
      name: "review", writes: false,
      on: [Answer("APPROVE", .gate), Answer("CHANGES", .stage("fix")), Answer("UNSURE", .person)])
    if chance.draw(0...2) == 0 { review.on.append(Answer("HOPELESS", .block)) }
    return Workflow(stages: [
      Workflow.Stage(name: "implement", on: [Answer("DONE", .stage("review")), Answer("FAILED", .retry)]),
      review,
      Workflow.Stage(
        name: "fix", prompt: "mend", on: [Answer("DONE", .stage("review")), Answer("FAILED", .retry)],
        rounds: chance.draw(1...3), resume: "implement"),
    ])
  }

  /// A person's change of a plan.
  static func amend(_ plan: Plan, steps: [Step], _ chance: inout Chance) -> Plan {
    var next = plan
    switch chance.draw(0...4) {
    case 0:
      next.attempts = chance.draw(1...4)
      let index = chance.draw(0...next.steps.count - 1)
      if chance.draw(0...1) == 0 { next.steps[index].verifiers = [own(next, &chance)] }
    case 1:
      if next.gate.verifiers.isEmpty { break }
      if chance.draw(0...1) == 0 {
        next.gate.verifiers[0].run = "test-\(chance.draw(1...3))"
      } else {
        next.gate.keep = next.gate.keep.isEmpty ? ["target"] : []
      }
    case 2:
      var step = PlannedStep(id: "S\(chance.draw(61...80))")
      if let need = next.steps.first { step.needs = [need.id] }
      if !next.steps.contains(where: { $0.id == step.id }) { next.steps.append(step) }
    case 3:
      let free = steps.filter { !$0.phase.isInFlight && !$0.phase.isTerminal }
      guard !free.isEmpty, next.steps.count > 1 else { break }
      let dropped = chance.pick(free).id
      next.steps.removeAll { $0.id == dropped }
      for index in next.steps.indices { next.steps[index].needs.removeAll { $0 == dropped } }
    default:
      guard next.steps.count > 2 else { break }
      let index = chance.draw(1...next.steps.count - 1)
      let need = next.steps[chance.draw(0...index - 1)].id
      if !next.steps[index].needs.contains(need), next.steps[index].id != need {
        next.steps[index].needs.append(need)
      }
    }
    return next
  }
}
